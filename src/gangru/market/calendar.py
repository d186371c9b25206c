"""Trading days: the store's own calendar, or the exchange's as `exchange_calendars` knows it."""

import functools
import warnings
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import MarketError

if TYPE_CHECKING:
    from gangru.market.store import Store

Dates = NDArray[np.datetime64]


def trading_days(store: "Store", until: date | None = None) -> Dates:
    """Every known trading day, ascending datetime64[D], reaching at least to `until`.

    From the store's calendar table; without one, the Shanghai exchange's days united with the dates of the
    store's bars. Known holidays beyond the last bar are no look ahead: the exchange announces them
    beforehand. Where `until` lies beyond what is known, weekdays are appended with a warning.
    """
    own = as_days(store.read("calendar")["date"])
    if len(own):
        days = np.unique(own)
    else:
        bar_dates = store.scan("bars").select(pl.col("date").unique()).collect()["date"]
        days = np.union1d(exchange_days(), as_days(bar_dates))
    return extended(days, until)


@functools.cache
def exchange_days() -> Dates:
    """The Shanghai exchange's trading days from its opening to the last year whose holidays are known."""
    import exchange_calendars

    name = "XSHG"
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # pandas to the calendar's authors, not to our user
        known = exchange_calendars.get_calendar(name)
        whole = exchange_calendars.get_calendar(name, start=known.bound_min(), end=known.bound_max())
    days = whole.sessions.to_numpy().astype("datetime64[D]")
    days.flags.writeable = False
    return np.asarray(days)


def extended(days: Dates, until: date | None) -> Dates:
    """Append the weekdays after the last day up to `until`, with a warning, where the days end before it."""
    if until is None or np.datetime64(until, "D") <= days[-1]:
        return days
    beyond = np.arange(days[-1] + 1, np.datetime64(until, "D") + 1)
    weekdays = beyond[np.is_busday(beyond)]
    if len(weekdays):
        warnings.warn(
            f"the calendar ends on {days[-1]}: {len(weekdays)} weekdays up to {until} are taken as trading "
            "days; ingest a calendar file that reaches further",
            stacklevel=3,
        )
    return np.concatenate([days, weekdays])


def month_ends(days: Dates) -> Dates:
    """The last trading day of every complete month of ascending `days`.

    The last month is complete where no weekday of it is left after its last day; whether the weekdays left
    are holidays cannot be told from the days alone.
    """
    if not len(days):
        return days
    months = days.astype("datetime64[M]")
    last = np.append(months[1:] != months[:-1], True)
    rest = np.arange(days[-1] + 1, (months[-1] + 1).astype("datetime64[D]"))
    last[-1] = not np.is_busday(rest).any()
    return np.asarray(days[last])


def last_on_or_before(days: Dates, day: date | np.datetime64) -> np.datetime64:
    """The last of ascending `days` on or before `day`; raises MarketError where there is none."""
    asked = np.array([day], dtype="datetime64[D]")
    position = int(np.searchsorted(days, asked, side="right")[0]) - 1
    if position < 0:
        first = days[0] if len(days) else "nothing"
        raise MarketError(f"no trading day on or before {day}: the calendar begins with {first}")
    return np.datetime64(days[position], "D")


def as_days(dates: pl.Series) -> Dates:
    """A Polars date column as datetime64[D]."""
    return dates.to_numpy().astype("datetime64[D]")
