"""A fold's data out of plain arrays: what a machine needs to train that has no store.

Legend: D days, N stocks, F features, T days of a window.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangru.features.settings import FeatureSettings
from gangru.features.windows import windows_of_date
from gangru.features.windows_on_device import device_windows_of_date, on_device
from gangru.training.batches import FoldData, Sample
from gangru.training.folds import Rows, SampleRows
from gangru.training.loop import device_of


@dataclass(frozen=True)
class PanelArrays:
    """Unscaled features (D, N, F) float32, NaN where nothing was traded; who traded and who is eligible (D, N); labels.

    Labels (D, N) are NaN where they are not known. `carry` (F,) says which features are carried over a gap. Dates and
    codes name the axes, both ascending.
    """

    dates: NDArray[np.datetime64]
    codes: NDArray[np.str_]
    values: NDArray[np.float32]
    traded: NDArray[np.bool_]
    eligible: NDArray[np.bool_]
    labels: NDArray[np.float64]
    carry: NDArray[np.bool_]


@dataclass(frozen=True)
class PanelFold:
    """One fold's data, made when it is called; `arrays` gives the panel, which is made when it is first needed.

    With `device` = cpu windows are made by `threads` threads (0 = one a core, at most 8); else on that device, to which
    the days that the fold needs go once.
    """

    arrays: Callable[[], PanelArrays]
    rows: SampleRows
    features: FeatureSettings
    device: str = "cpu"
    threads: int = 0

    def __call__(self) -> FoldData:
        """Scaled windows and labels of the fold's sample dates; sees no bar after the last label's day.

        Raises TrainingError where the device is not there.
        """
        arrays, device = self.arrays(), device_of(self.device)
        rows = np.concatenate([self.rows.train, self.rows.valid])
        if device.type == "cpu":
            samples = samples_of(arrays, rows, self.features, self.threads)
        else:
            samples = on_device_samples(arrays, rows, self.features, device)
        train = len(self.rows.train)
        return FoldData(samples[:train], samples[train:], purged=tuple(arrays.dates[self.rows.purged]))


def samples_of(
    arrays: PanelArrays, rows: Rows, features: FeatureSettings, threads: int = 0
) -> tuple[Sample, ...]:
    """The dates at `rows`: windows of the eligible stocks that end on them, labels and codes."""
    samples = []
    for row in rows:
        windows = windows_of_date(arrays, row, arrays.eligible[row], features, threads)
        samples.append(sample_of(arrays, row, windows.stocks, torch.from_numpy(windows.x_NTF)))
    return tuple(samples)


def on_device_samples(
    arrays: PanelArrays, rows: Rows, features: FeatureSettings, device: torch.device
) -> tuple[Sample, ...]:
    """The same samples, windows made on the device and left there.

    The panel's days from the first window's first to the last row lie on the device meanwhile, one copy of them.
    """
    first = max(int(rows.min()) - features.window + 1, 0)
    held = on_device(arrays, first, int(rows.max()), device)
    samples = []
    for row in rows:
        windows = device_windows_of_date(held, arrays, row, arrays.eligible[row], features)
        samples.append(sample_of(arrays, row, windows.stocks, windows.x_NTF))
    return tuple(samples)


def sample_of(arrays: PanelArrays, row: int, stocks: NDArray[np.int64], x_NTF: Tensor) -> Sample:
    """A date's windows with the stocks' labels and codes."""
    return Sample(arrays.dates[row], x_NTF, arrays.labels[row, stocks], arrays.codes[stocks])
