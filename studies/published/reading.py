"""What the seven-year study left of each of its studies, and how its figures are written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Document = dict[str, Any]
Row = list[str]


def split(cells: str) -> Row:
    """Cells of a row written as one text."""
    return [cell.strip() for cell in cells.split("|")]


PUBLISHED_END = "2025-04-28"
# The broker's own figures to PUBLISHED_END, as its edition of 2025-05 prints them.
PUBLISHED = split(
    "published, to 2025-04-28 | 11.73 | 0.90 | 0.22 | 11.44 | 36.06 | 23.80 | 1.66 |  | 27.29 | 0.83 | 24.89"
)
JUDGED = "2022-01"  # from here on nothing was chosen by what it earns
LAST = "2025-05"  # the last return month that the data have whole
NAMES = {
    "main": "GAN_GRU, published form",
    "gan-1": "GAN_GRU, seed 1",
    "gan-2": "GAN_GRU, seed 2",
    "gru": "plain GRU",
    "gru-1": "plain GRU, seed 1",
    "gru-2": "plain GRU, seed 2",
    "recon": "GAN_GRU, λ = 10",
    "ae": "AE_GRU",
    "lightgbm": "LightGBM",
    "reversal": "reversal and turnover, no model",
    "best": "best preset",
}
# What is run to explain a difference: its title, and the study of which it changes one thing.
EXPLAINING = {
    "full": ("GAN_GRU, trained on all stocks", "main"),
    "gru-full": ("plain GRU, trained on all stocks", "gru"),
    "gru-novwap": ("plain GRU, without vwap and close / vwap", "gru"),
    "gru-block": ("plain GRU, validated on a random block", "gru"),
    "gru-lag0": ("plain GRU, labels from the day's own close", "gru"),
    "ae": ("plain GRU, on windows of the autoencoder", "gru"),
}


@dataclass(frozen=True)
class Study:
    """One study's evaluations, all months and up to the published day, and each training's metrics and manifest.

    Trainings are named by their date, those of further seeds and kinds also by theirs: 2018-12-31/seed-1.
    """

    name: str
    whole: Document
    cut: Document
    folds: dict[str, Document]
    manifests: dict[str, Document]

    @property
    def title(self) -> str:
        return NAMES.get(self.name, self.name)


def read_study(runs: Path, name: str) -> Study | None:
    """A study where both evaluations are there."""
    one = read_evaluated(runs, name)
    return one if one is not None and one.cut else None


def read_evaluated(runs: Path, name: str) -> Study | None:
    """A study that is evaluated, perhaps under way: of some trainings alone, and without `cut`."""
    files = [runs / name / "evaluation.json", runs / name / "cut.json"]
    if not files[0].exists():
        return None
    whole, cut = (json.loads(path.read_text("utf-8")) if path.exists() else {} for path in files)
    folds, manifests = (
        {
            path.parent.relative_to(runs / name).as_posix(): json.loads(path.read_text("utf-8"))
            for path in sorted((runs / name).glob(f"20*/**/{file}.json"))
        }
        for file in ("metrics", "manifest")
    )
    return Study(name, whole, cut, folds, manifests)


def percent(value: float | None, digits: int = 2) -> str:
    """A fraction as percent, without the sign."""
    return "" if value is None or np.isnan(value) else f"{100 * value:.{digits}f}"


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.{digits}f}"


def months(document: Document, key: str, first: str = "", last: str = "9") -> np.ndarray:
    """A monthly series between two months, NaN where a month has none."""
    rows = [row[key] for row in document["series"] if first <= row["month"] <= last]
    return np.array([np.nan if value is None else value for value in rows])
