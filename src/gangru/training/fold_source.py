"""A fold's data out of plain arrays: what a machine needs to train that has no store.

Legend: D days, N stocks, F features, T days of a window.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gangru.features.settings import FeatureSettings
from gangru.features.windows import windows_of_date
from gangru.training.batches import FoldData, Sample
from gangru.training.folds import SampleRows


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
    """One fold's data, made when it is called; `arrays` gives the panel, which is made when it is first needed."""

    arrays: Callable[[], PanelArrays]
    rows: SampleRows
    features: FeatureSettings

    def __call__(self) -> FoldData:
        """Scaled windows and labels of the fold's sample dates; sees no bar after the last label's day."""
        arrays = self.arrays()
        return FoldData(
            train=tuple(sample_of(arrays, row, self.features) for row in self.rows.train),
            valid=tuple(sample_of(arrays, row, self.features) for row in self.rows.valid),
            purged=tuple(arrays.dates[self.rows.purged]),
        )


def sample_of(arrays: PanelArrays, row: int, features: FeatureSettings) -> Sample:
    """The eligible stocks of the date at `row`: windows that end on it, labels and codes."""
    windows = windows_of_date(arrays, row, arrays.eligible[row], features)
    x_NTF = torch.from_numpy(windows.x_NTF)
    return Sample(windows.date, x_NTF, arrays.labels[row, windows.stocks], arrays.codes[windows.stocks])
