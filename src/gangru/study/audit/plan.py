"""What an audit asks: the fold that it trains, its days, and what is compared on each of them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from gangru.factor.dates import factor_rows
from gangru.study.audit import spans
from gangru.study.audit.outputs import dates_to_predict
from gangru.study.inputs import Inputs
from gangru.study.workspace import Workspace
from gangru.training.folds import Fold

FUTURE_DAYS = 20  # trading days that a random day has after it, at least


@dataclass(frozen=True)
class Question:
    """One day of the audit: what is compared on it, beside all that is dated up to it.

    `inputs` compares the fold's samples up to the day, `weights` trains the twin's fold, `table` runs the factor stage.
    """

    day: date
    predicted_on: list[np.datetime64]
    inputs: bool = False
    weights: bool = False
    table: bool = False


@dataclass(frozen=True)
class Plan:
    """What one audit asks: the fold that is trained, its days, and where it works."""

    own: Workspace
    fold: Fold
    questions: tuple[Question, ...]
    root: Path
    seed: int


def planned(inputs: Inputs, folds: list[Fold], dates: int, seed: int, root: Path) -> Plan:
    """Choose the fold and the days: its training day, the day before its first validation date, and random ones.

    The fold is the last with enough days after it to be a future, else the last. The first random day lies in the
    span that the fold serves, where it has a factor date; the others anywhere with a window before and days after.
    """
    market, settings = inputs.market, inputs.workspace.settings
    enough = [f for f in folds if market.date_index(f.trained_on) + FUTURE_DAYS < len(market.dates)]
    fold = (enough or folds)[-1]
    own = spans.spans_of(inputs, [fold])[0]
    served = factor_rows(market.dates, inputs.calendar, "month_end")
    served = served[served > own.trained]
    random = np.random.default_rng([seed, 7])
    first, last = settings.features.window + settings.label.reach, len(market.dates) - 1 - FUTURE_DAYS
    free = np.setdiff1d(np.arange(first, max(last, first + 1)), [own.trained, own.valid[0] - 1])
    rows = np.sort(random.permutation(free)[:dates])
    late = free[free >= served[0]] if len(served) else free[:0]
    if len(rows) and len(late):
        rows[-1] = late[random.integers(len(late))]
    asked = {own.trained: (True, True, False), int(own.valid[0]) - 1: (True, False, False)}
    asked |= {int(row): (False, False, bool(len(served) and row >= served[0])) for row in rows}
    questions = []
    for row in sorted(asked):
        day = market.dates[row].item()
        questions.append(Question(day, dates_to_predict(inputs, day), *asked[row]))
    return Plan(inputs.workspace, fold, tuple(questions), root, seed)
