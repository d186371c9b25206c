"""Which stocks may be looked at on a date: published as every listed stock except ST and the newly listed."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Bools, DailyMarket, Dates
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
    """Who is eligible on each day, and for each day how many were not, by the first reason that applied."""

    eligible: Bools  # (D, N)
    excluded: dict[str, NDArray[np.int64]]  # reason → (D,) counts


def universe(market: DailyMarket, calendar: Dates, settings: UniverseSettings) -> Universe:
    """Decide eligibility, (D, N); day t looks at t's own row and at listing dates up to t alone.

    A stock that did not trade on a day is not eligible on it. Age counts the trading days of `calendar` between the
    listing date and t; a stock without a listing date counts as listed long before.
    """
    absent = ~market.traded
    young = listed_days(market, calendar) < settings.min_listed_days
    st = (market.is_st == 1) if settings.exclude_st else np.zeros_like(absent)
    if settings.exclude_st and settings.unknown_st == "drop":
        st |= market.is_st == -1
    reasons = {"not traded": absent, "newly listed": young & ~absent, "ST": st & ~young & ~absent}
    eligible = ~(absent | young | st)
    return Universe(eligible, {reason: mask.sum(axis=1) for reason, mask in reasons.items()})


def listed_days(market: DailyMarket, calendar: Dates) -> NDArray[np.int64]:
    """Trading days from listing to each date, (D, N): 0 on the listing day, negative before, large where unknown.

    Listings before the calendar's first day are counted back in weekdays.
    """
    known = ~np.isnat(market.list_date)
    listed = np.where(known, market.list_date, calendar[0])
    before = np.minimum(np.busday_count(calendar[0], listed), 0)
    position = np.searchsorted(calendar, listed) + before
    age = np.searchsorted(calendar, market.dates)[:, None] - position[None, :]
    return np.where(known[None, :], age, np.iinfo(np.int32).max)
