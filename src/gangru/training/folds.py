"""When to train, on which sample dates, and how they split: trading days in, positions out.

Published: every 30 June and 31 December; 80 dates, every 5th of the past 400. Decided: the newest fifth
validates, or by a setting a random block, and training dates whose labels meet a validation label are purged.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.errors import TrainingError
from gangru.training.settings import TrainingSettings

Dates = NDArray[np.datetime64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """One training: its nominal date, the trading day it was trained on, and the span it serves.

    It serves the trading days t with trained_on < t ≤ serves_to.
    """

    nominal: np.datetime64
    trained_on: np.datetime64
    serves_to: np.datetime64

    @property
    def name(self) -> str:
        """The nominal date, which names the run directory."""
        return str(self.nominal)


@dataclass(frozen=True)
class SampleRows:
    """Positions of a fold's sample dates on the date axis, each ascending."""

    train: Rows
    purged: Rows
    valid: Rows


def half_year_ends(first: np.datetime64, last: np.datetime64) -> Dates:
    """Every 30 June and 31 December from `first` to `last`, both included."""
    years = range(int(str(first)[:4]), int(str(last)[:4]) + 1)
    ends = [np.datetime64(f"{year}-{day}") for year in years for day in ("06-30", "12-31")]
    return np.array([end for end in ends if first <= end <= last], dtype="datetime64[D]")


def history_needed(settings: TrainingSettings, reach: int, window: int) -> int:
    """Trading days before the training day that its oldest window needs."""
    return reach + settings.sample_step * (settings.sample_dates - 1) + window - 1


def due_folds(
    calendar: Dates, data: Dates, settings: TrainingSettings, reach: int, window: int
) -> list[Fold]:
    """The trainings that are due: nominal dates from settings.first to settings.last with enough history in `data`.

    `calendar` are trading days reaching past the data, `data` the days that have bars. A training is due once the data
    reach its trading day. Where settings.folds names some, only those are given; each serves the half year after it as
    ever. Raises TrainingError where a training asked for lacks history or is not due, or none is due.
    """
    needed = history_needed(settings, reach, window)
    asked = np.datetime64(settings.first) if settings.first else None
    last = np.datetime64(settings.last) if settings.last else half_year_ends(data[0], calendar[-1])[-1]
    folds = []
    for nominal in half_year_ends(asked if asked is not None else data[0], last):
        trained_on = calendar[np.searchsorted(calendar, nominal, side="right") - 1]
        if trained_on > data[-1] or trained_on < data[0]:
            continue
        row = int(np.searchsorted(data, trained_on))
        if row < needed:
            if asked is not None:
                raise TrainingError(
                    f"the training of {nominal} needs {needed} trading days before {trained_on}, the store has {row}: "
                    "ingest earlier bars or set training.first later"
                )
            continue
        folds.append(Fold(nominal, trained_on, serves_to(calendar, nominal)))
    if not folds:
        raise TrainingError(
            f"no training is due: a training needs {needed} trading days of history up to a 30 June or 31 December, "
            f"the store has {len(data)} days from {data[0]} to {data[-1]}"
        )
    return chosen(folds, settings.folds)


def chosen(due: list[Fold], names: tuple[str, ...]) -> list[Fold]:
    """The folds of these nominal dates, all where none is named. Raises TrainingError for one that is not due."""
    unknown = sorted(set(names) - {fold.name for fold in due})
    if unknown:
        raise TrainingError(
            f"training.folds names {unknown[0]}, which is not due: due are {', '.join(fold.name for fold in due)}"
        )
    return [fold for fold in due if not names or fold.name in names]


def serves_to(calendar: Dates, nominal: np.datetime64) -> np.datetime64:
    """Last trading day on or before the half-year end after `nominal`, or that end itself beyond the calendar."""
    following = half_year_ends(nominal + np.timedelta64(1, "D"), nominal + np.timedelta64(200, "D"))[0]
    if following > calendar[-1]:
        return np.datetime64(following)
    return np.datetime64(calendar[np.searchsorted(calendar, following, side="right") - 1])


def sample_rows(trained_row: int, settings: TrainingSettings, reach: int, draw: int = 0) -> SampleRows:
    """Positions T − reach − step·k, k = 0 … dates − 1, split and purged. Every label is known at T.

    Split by time the newest validate; by block a contiguous run of dates does, at a place drawn from the seed and
    `draw`. A training date is dropped when its label's days and a validation label's meet, so that no training label
    sees a day that validates. Raises TrainingError where none is left.
    """
    rows = trained_row - reach - settings.sample_step * np.arange(settings.sample_dates)[::-1]
    count = settings.validation_dates
    start = len(rows) - count
    if settings.split == "block":
        start = int(np.random.default_rng([settings.seed, draw]).integers(start + 1))
    valid = rows[start : start + count]
    others = np.delete(rows, slice(start, start + count))
    meets = (others + reach >= valid[0]) & (others <= valid[-1] + reach)
    if meets.all():
        raise TrainingError(
            f"none of {settings.sample_dates} sample dates is left to train: {len(valid)} validate, {len(others)} are "
            "purged; raise training.sample_dates or lower training.validation_share"
        )
    return SampleRows(train=others[~meets], purged=others[meets], valid=valid)
