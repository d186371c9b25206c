"""Small folds for tests of the Ray engine, and loads that fail or end their process."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gangru.features.settings import FeatureSettings
from gangru.training.batches import FoldData
from gangru.training.fold_run import FoldJob
from gangru.training.fold_source import PanelArrays, PanelFold
from gangru.training.folds import SampleRows
from gangru.training.hardware import hardware
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
from training.fold_data import planted_fold

GAN = GanSettings(
    generator_hidden=16,
    discriminator_channels=(4, 8),
    max_epochs=4,
    min_epochs=4,
    reconstruction_weight=10.0,
    learning_rate=1e-3,
)
PREDICTOR = PredictorSettings(hidden=8, mlp=(8,), learning_rate=1e-3, max_epochs=5, patience=50)


def planted_panel(days: int = 80, stocks: int = 40, features: int = 4) -> PanelArrays:
    """A panel of noise; the label leans on the first feature."""
    random = np.random.default_rng(5)
    values = random.normal(size=(days, stocks, features)).astype(np.float32)
    traded = np.ones((days, stocks), dtype=bool)
    return PanelArrays(
        dates=np.datetime64("2018-01-01") + np.arange(days),
        codes=np.array([f"{600000 + n:06d}.SH" for n in range(stocks)]),
        values=values,
        traded=traded,
        eligible=traded.copy(),
        labels=values[:, :, 0] + random.normal(size=(days, stocks)),
        carry=np.ones(features, dtype=bool),
    )


@dataclass(frozen=True)
class Held:
    """Gives a panel, as a study's inputs do; cannot be pickled, so that no panel travels unseen."""

    panel: PanelArrays

    def __call__(self) -> PanelArrays:
        return self.panel

    def __reduce__(self) -> Any:
        raise TypeError("a panel was to travel with its task")


def panel_fold(panel: PanelArrays, last: int = 70) -> PanelFold:
    """A fold whose newest sample date is at row `last`."""
    rows = last - 3 * np.arange(12)[::-1]
    return PanelFold(
        Held(panel),
        SampleRows(rows[:9], rows[9:9], rows[9:]),
        FeatureSettings(window=8, min_bars=6, names=()),
    )


def fold_job(directory: Path, load: Any = planted_fold, name: str = "2018-12-31", **changes: Any) -> FoldJob:
    """A fold of a second or two, with a manifest like a study's."""
    manifest = {"data_versions": {"bars": 1}, "hardware": hardware(1), "features": ["a", "b", "c", "d"]}
    parts = {
        "kind": "gan",
        "gan": GAN,
        "predictor": PREDICTOR,
        "training": TrainingSettings(stocks_per_date=30, threads=1),
    } | changes
    return FoldJob(
        name, directory, load, settings_text="[gan]\n", default_text="[gan]\n", manifest=manifest, **parts
    )


@dataclass(frozen=True)
class Counted:
    """A load that leaves a mark each time it is called, then does what `how` says."""

    marks: Path
    how: str

    def __call__(self) -> FoldData:
        self.marks.mkdir(exist_ok=True)
        calls = len(list(self.marks.iterdir()))
        (self.marks / f"{calls}-{os.getpid()}").touch()
        if self.how == "ends its process" or (self.how == "ends its process once" and not calls):
            os._exit(1)
        if self.how == "raises":
            raise KeyError("no such column")
        data = planted_fold()
        if self.how == "is not finite":
            data.train[2].x_NTF[7, 3, 1] = float("nan")
        return data

    @property
    def calls(self) -> int:
        """How often it was called, by whatever process."""
        return len(list(self.marks.iterdir()))
