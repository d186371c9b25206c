"""A small fold whose label is planted in the windows, for tests of the trainings."""

import numpy as np
import torch

from gangru.training.batches import FoldData, Sample


def planted_fold(
    train: int = 12, valid: int = 4, stocks: int = 60, days: int = 10, features: int = 4, noise: float = 1.0
) -> FoldData:
    """Windows of noise; the label leans on the newest day of the first feature."""
    random = np.random.default_rng(3)

    def sample(i: int) -> Sample:
        x = random.normal(size=(stocks, days, features)).astype(np.float32)
        label = x[:, -1, 0] + noise * random.normal(size=stocks)
        codes = np.array([f"{600000 + n:06d}.SH" for n in range(stocks)])
        date = np.datetime64("2018-01-01") + 7 * i
        return Sample(date, torch.from_numpy(x), label.astype(np.float64), codes)

    return FoldData(
        tuple(sample(i) for i in range(train)), tuple(sample(train + i) for i in range(valid)), purged=()
    )
