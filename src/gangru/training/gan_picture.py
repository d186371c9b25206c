"""A few real windows of the newest validation date and what the generator made of them, as numbers to be drawn."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gangru.atomic import write_text
from gangru.models.generator import Generator
from gangru.training.batches import FoldData, drawn, epoch_random
from gangru.training.feeding import regenerate
from gangru.training.settings import GanSettings, TrainingSettings

STOCKS = 4
PICTURE_DRAW = 11  # purpose of a random draw, see batches.epoch_random
COLUMNS = ("code", "feature", "day", "real", "generated")


def write_windows(
    path: Path,
    data: FoldData,
    generator: Generator,
    gan: GanSettings,
    training: TrainingSettings,
    names: Sequence[str] | None,
) -> None:
    """Write code, feature, day (0 is the newest), real and generated value of a few stocks, drawn by the seed.

    The date is the fold's newest validation date; values are scaled, as the nets see them. Features without names
    are numbered.
    """
    sample = data.valid[-1]
    stocks = drawn(len(sample.codes_N), STOCKS, epoch_random(training.seed, 0, PICTURE_DRAW))
    chosen = np.arange(len(sample.codes_N)) if stocks is None else stocks
    real_NTF = sample.x_NTF.cpu().numpy()
    fake_NTF = regenerate(generator, sample, gan, training).x_NTF.cpu().numpy()
    days, features = data.shape
    named = names or [f"feature {i + 1}" for i in range(features)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for n in chosen:
        for f, name in enumerate(named):
            pairs = zip(real_NTF[n, :, f], fake_NTF[n, :, f], strict=True)
            writer.writerows(
                (sample.codes_N[n], name, t + 1 - days, f"{real:.4f}", f"{made:.4f}")
                for t, (real, made) in enumerate(pairs)
            )
    write_text(path, text.getvalue())
