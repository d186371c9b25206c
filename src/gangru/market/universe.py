"""Which stocks may be looked at on a date: published as every listed stock except ST and the newly listed."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import DELISTING, GONE, SUSPENDED, Bools, DailyMarket, Dates
from gangru.settings import Settings, setting


@dataclass(frozen=True)
class UniverseSettings(Settings):
    """Section [universe]."""

    min_listed_days: int = setting(
        120,
        "A stock enters once this many trading days have passed since its listing.",
        unit="trading days",
        ge=0,
    )
    exclude_st: bool = setting(True, "Leave out stocks that are ST as of the date.")
    unknown_st: Literal["keep", "drop"] = setting(
        "keep", "What to do with a stock whose ST state is not known."
    )


@dataclass(frozen=True)
class Universe:
    """Who is eligible on each day, and for each day how many were not, by the first reason that applied.

    Counted are stocks that have traded by the day: who is to be listed later is not known yet.
    """

    eligible: Bools  # (D, N)
    excluded: dict[str, NDArray[np.int64]]  # reason → (D,) counts


def universe(market: DailyMarket, calendar: Dates, settings: UniverseSettings) -> Universe:
    """Decide eligibility, (D, N); day t looks at t's own row, at listings up to t, and at a listing's announced end.

    A stock that did not trade on a day is not eligible on it, nor on the last trading day of its listing: who buys
    then holds what cannot be sold. Age counts the trading days of `calendar` between the latest listing and t; a
    stock without a listing date counts as listed long before. A stock in its delisting period is treated as ST.
    """
    gone = market.status == GONE
    absent = ~market.traded
    young = listed_days(market, calendar) < settings.min_listed_days
    leaving = market.status == DELISTING
    st = market.is_st == 1
    if settings.unknown_st == "drop":
        st |= market.is_st == -1
    if not settings.exclude_st:
        leaving, st = np.zeros_like(absent), np.zeros_like(absent)
    reasons = {
        "delisted": gone,
        "suspended": absent & (market.status == SUSPENDED),
        "not traded": absent,
        "newly listed": young,
        "delisting period": leaving,
        "ST": st,
    }
    eligible = np.ones_like(absent)
    known = np.logical_or.accumulate(market.traded, axis=0)
    excluded = {}
    for reason, mask in reasons.items():
        excluded[reason] = (mask & eligible & known).sum(axis=1)
        eligible &= ~mask
    return Universe(eligible, excluded)


def listed_days(
    market: DailyMarket, calendar: Dates, rows: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Trading days from the latest listing to each date, (D, N): 0 on its day, negative before, large where unknown.

    Listings before the calendar's first day are counted back in weekdays. Between two listings the first one counts.
    `rows` (M,) asks for those dates alone, (M, N).
    """
    today = np.searchsorted(calendar, market.dates if rows is None else market.dates[rows])
    age = today[:, None] - calendar_position(market.list_date, calendar)[None, :]
    age[:, np.isnat(market.list_date)] = np.iinfo(np.int32).max
    for listed_again in market.relisted:
        stocks = np.flatnonzero(~np.isnat(listed_again))
        since = today[:, None] - calendar_position(listed_again[stocks], calendar)[None, :]
        age[:, stocks] = np.where(since >= 0, since, age[:, stocks])
    return age


def calendar_position(days: Dates, calendar: Dates) -> NDArray[np.int64]:
    """Each day's position in the calendar; before its first day negative, counted in weekdays; NaT anywhere."""
    known = np.where(np.isnat(days), calendar[0], days)
    before = np.minimum(np.busday_count(calendar[0], known), 0)
    return np.asarray(np.searchsorted(calendar, known) + before)
