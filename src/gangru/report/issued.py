"""What a report is told about issued editions: its own place in the archive, and what older ones said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ROUNDING = 0.00005  # half of the last digit in which an IC or a return is printed
Kind = Literal["data", "settings", "code", "packages", "training", "factor"]


@dataclass(frozen=True)
class InputChange:
    """One thing that an edition was made of and that is another now; `item`, `then` and `now` come from records."""

    kind: Kind
    item: str
    then: str
    now: str


@dataclass(frozen=True)
class FigureChange:
    """One figure of an edition that another revision of it has otherwise; all three as they are printed."""

    where: str
    issued: str
    now: str


@dataclass(frozen=True)
class EarlierRevision:
    """An earlier revision of the same month: when it was issued, how many figures differ, the first of them, why."""

    revision: int
    issued_on: str
    figures: int
    changes: Sequence[FigureChange] = ()
    inputs: Sequence[InputChange] = ()


@dataclass(frozen=True)
class EditionMark:
    """What an edition says of itself: its revision, None for a draft; the day of issue; the hash of its inputs.

    `earlier` are the revisions of the same month before it, oldest first.
    """

    revision: int | None
    issued_on: str | None
    inputs_sha256: str
    reason: str | None = None
    earlier: Sequence[EarlierRevision] = ()


@dataclass(frozen=True)
class PastEdition:
    """An edition of an older month: what it said, and what is computed now in its place. Fractions; None: not defined.

    rank_ic, excess (of the long portfolio) of the month and ic_mean up to it: as issued, and `_now`. `stocks` of its
    long list, `stocks_now` of today's list of the same date and `kept`, those in both, None where that date has no
    factor now; over the month that followed, mean return in equal weights of the list as issued, of today's list and
    of all stocks ranked, by today's prices. `changes` are what it was made of and is another now, where a figure
    changed. `superseded`: a later revision of the month was issued.
    """

    month: str
    revision: int
    issued_on: str
    rank_ic: float | None
    rank_ic_now: float | None
    excess: float | None
    excess_now: float | None
    ic_mean: float | None
    ic_mean_now: float | None
    list_date: str | None
    stocks: int
    stocks_now: int | None
    kept: int | None
    list_return: float | None
    list_return_now: float | None
    usual_return: float | None
    changes: Sequence[InputChange] = ()
    superseded: bool = False

    @property
    def pairs(self) -> tuple[tuple[float | None, float | None], ...]:
        """Each figure as issued and as recomputed."""
        return (
            (self.rank_ic, self.rank_ic_now),
            (self.excess, self.excess_now),
            (self.ic_mean, self.ic_mean_now),
        )

    @property
    def changed(self) -> bool:
        """Whether a figure would be printed otherwise today, or the long list holds other stocks."""
        return any(moved(then, now) for then, now in self.pairs) or self.list_changed

    @property
    def list_changed(self) -> bool:
        """Whether the long list of the same date holds other stocks today."""
        return self.kept is not None and not self.stocks == self.kept == self.stocks_now


def moved(then: float | None, now: float | None) -> bool:
    """Whether a figure has changed by more than the rounding in print."""
    if then is None or now is None:
        return then is not now
    return abs(now - then) >= ROUNDING
