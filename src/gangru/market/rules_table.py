"""The exchange's rules as dated rows: a later change of the law is one more row, a user's own rules are other rows.

A row holds from its `start` until the next row of the same board or name; of two rows with one start the later in the
table wins. Where a row comes from stands in its `source`; docs/rules.md tells how far that was checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.market.daily import Dates

BOARDS = ("main", "star", "chinext", "beijing")
Rounding = Literal["half up", "inward"]
Event = Literal["relisting", "delisting period"]


@dataclass(frozen=True)
class LimitRule:
    """The day's limits on a board from `start` on, in whole percent of the reference price.

    `rounding` to the cent: "half up", or "inward", never beyond the exact percentage.
    """

    board: str
    start: date
    percent: int
    st_percent: int
    rounding: Rounding = "half up"
    source: str = ""


@dataclass(frozen=True)
class ListingRule:
    """The first days of stocks that are listed on a board from `start` on.

    `free_days` have no limit. Without any, the first day lies within `first_day` percent of the issue price.
    """

    board: str
    start: date
    free_days: int
    first_day: tuple[int, int] | None = None
    source: str = ""


@dataclass(frozen=True)
class FreeDayRule:
    """Trading days without a limit, `days` of them, from the day on which a stock meets `event`; on any board."""

    event: Event
    start: date
    days: int
    source: str = ""


@dataclass(frozen=True)
class CostRule:
    """A levy from `start` on, as fractions of the amount bought and sold."""

    name: str
    start: date
    buy: float
    sell: float
    source: str = ""


@dataclass(frozen=True)
class CommissionRule:
    """The least commission of an order from `start` on, in yuan; it counts where the account's size is known."""

    start: date
    least_yuan: float
    source: str = ""


@dataclass(frozen=True)
class LotRule:
    """Sizes of an order to buy on a board from `start` on: at least `least` shares, and then steps of `step`."""

    board: str
    start: date
    least: int
    step: int
    source: str = ""


@dataclass(frozen=True)
class TradingRules:
    """All dated rules; a date before a board's or a levy's first row takes the first row.

    Raises MarketError where a board has no row of a kind that every board needs.
    """

    limits: tuple[LimitRule, ...]
    listings: tuple[ListingRule, ...]
    free_days: tuple[FreeDayRule, ...]
    costs: tuple[CostRule, ...]
    commissions: tuple[CommissionRule, ...]
    lots: tuple[LotRule, ...]

    def __post_init__(self) -> None:
        """Every board needs limits, first days and lots."""
        needed: dict[str, Sequence[LimitRule | ListingRule | LotRule]] = {
            "limits": self.limits,
            "listings": self.listings,
            "lots": self.lots,
        }
        for name, rows in needed.items():
            missing = [board for board in BOARDS if board not in {row.board for row in rows}]
            if missing:
                raise MarketError(f"trading rules: {name} has no row for the board {missing[0]}; add one")


SSE_2026 = "SSE Trading Rules 2026, 3.3.13 and 3.3.17"
RISK_2020 = "SSE risk-warning board measures of 2020-12-31, article 8; SZSE rules of the same day"
REGISTRATION_2023 = "SSE and SZSE Trading Rules 2023"
CHINEXT_2020 = "SZSE special trading provisions for ChiNext 2020, 2.1"
STAR_2019 = "SSE special trading provisions for STAR 2019"
BSE_2021 = "BSE Trading Rules (trial) 2021, 3.3.11 and 3.3.12"
FIRST_DAY = "SSE notice 2013 no. 47, SZSE notice 2014 no. 54"
CLEARING = "China Securities Depository and Clearing"

RULES = TradingRules(
    limits=(
        LimitRule("main", date(1996, 12, 16), 10, 10, source="CSRC notice of December 1996"),
        LimitRule("main", date(1998, 4, 22), 10, 5, source="SSE and SZSE: special treatment, April 1998"),
        LimitRule("main", date(2026, 7, 6), 10, 10, source=SSE_2026),
        LimitRule("star", date(2019, 7, 22), 20, 20, source=STAR_2019),
        LimitRule("chinext", date(2009, 10, 30), 10, 10, source="SZSE Trading Rules 2006"),
        LimitRule("chinext", date(2020, 8, 24), 20, 20, source=CHINEXT_2020),
        LimitRule("beijing", date(2021, 11, 15), 30, 30, source=BSE_2021),
    ),
    listings=(
        ListingRule("main", date(1996, 12, 16), 1, source="CSRC notice of December 1996"),
        ListingRule("main", date(2013, 12, 13), 0, (64, 144), source=FIRST_DAY),
        ListingRule("main", date(2023, 4, 10), 5, source=REGISTRATION_2023),
        ListingRule("star", date(2019, 7, 22), 5, source=STAR_2019),
        ListingRule("chinext", date(2009, 10, 30), 1, source="SZSE Trading Rules 2006"),
        ListingRule("chinext", date(2014, 6, 13), 0, (64, 144), source=FIRST_DAY),
        ListingRule("chinext", date(2020, 8, 24), 5, source=CHINEXT_2020),
        ListingRule("beijing", date(2021, 11, 15), 1, source=BSE_2021),
    ),
    free_days=(
        FreeDayRule("relisting", date(2006, 7, 1), 1, source="SSE Trading Rules 2006; SZSE 2012, 3.3.17"),
        FreeDayRule("delisting period", date(2012, 12, 17), 0, source="SZSE Trading Rules 2012, 4.5.2"),
        FreeDayRule("delisting period", date(2020, 12, 31), 1, source=RISK_2020),
    ),
    costs=(
        CostRule("stamp duty", date(2008, 9, 19), 0.0, 0.001, source="Ministry of Finance, 2008-09-19"),
        CostRule("stamp duty", date(2023, 8, 28), 0.0, 0.0005, source="Ministry of Finance, 2023 no. 39"),
        CostRule("transfer fee", date(2015, 8, 1), 0.00002, 0.00002, source=f"{CLEARING}, 2015-07-09"),
        CostRule("transfer fee", date(2022, 4, 29), 0.00001, 0.00001, source=f"{CLEARING}, 2022-04-28"),
    ),
    commissions=(CommissionRule(date(2002, 5, 1), 5.0, source="CSRC 2002 no. 21"),),
    lots=(
        LotRule("main", date(1996, 12, 16), 100, 100, source="SSE and SZSE Trading Rules"),
        LotRule("star", date(2019, 7, 22), 200, 1, source=STAR_2019),
        LotRule("chinext", date(2009, 10, 30), 100, 100, source="SZSE Trading Rules"),
        LotRule("beijing", date(2021, 11, 15), 100, 1, source=BSE_2021),
    ),
)

Dated = LimitRule | ListingRule | FreeDayRule | CostRule | CommissionRule | LotRule
Row = TypeVar("Row", LimitRule, ListingRule, FreeDayRule, CostRule, CommissionRule, LotRule)


def in_force(rows: Sequence[Row], dates: Dates) -> tuple[list[Row], NDArray[np.int64]]:
    """The rows by ascending start, and for each date the position of the last that had begun, (D,).

    `rows` are those of one board, event or levy; a date before all of them takes the first.
    """
    ordered = sorted(rows, key=lambda row: row.start)
    starts = np.array([row.start for row in ordered], dtype="datetime64[D]")
    begun = np.searchsorted(starts, dates.astype("datetime64[D]"), side="right") - 1
    return ordered, np.maximum(begun, 0)


def rule_on(rows: Sequence[Row], day: date) -> Row:
    """The row in force on one day, of the rows of one board, event or levy."""
    ordered, position = in_force(rows, np.array([day], dtype="datetime64[D]"))
    return ordered[int(position[0])]
