"""Trading days: from the store's own calendar, the exchange's, or the bars; and beyond what those know."""

import functools
import warnings
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.market.holidays import known_holidays

if TYPE_CHECKING:
    from gangru.market.store import Store

Dates = NDArray[np.datetime64]
CalendarSource = Literal["auto", "file", "exchange", "data"]


def trading_days(store: "Store", until: date | None = None, source: CalendarSource = "auto") -> Dates:
    """Every known trading day, ascending datetime64[D], reaching at least to `until`.

    `source` says whose days they are: `file` the store's calendar table, `exchange` the Shanghai exchange's as
    exchange_calendars has them, `data` the dates of the store's bars; `auto` is the table, and without one the
    exchange's united with the bars'. Known holidays beyond the last bar are no look ahead: the exchange announces
    them beforehand. Where `until` lies beyond what is known, weekdays that are no known holiday are appended, with
    a warning. Raises MarketError where the source has no day at all.
    """
    days = known_days(store, source)
    if not len(days):
        asked = {"file": "no calendar: ingest one", "data": "no bars: ingest some"}.get(
            source, "no trading day"
        )
        raise MarketError(f"calendar = {source!r}: the store has {asked}, or set data.calendar to auto")
    return extended(days, until)


def known_days(store: "Store", source: CalendarSource) -> Dates:
    """The days that a source has itself, ascending."""
    if source == "exchange":
        return exchange_days()
    if source in ("file", "auto"):
        own = np.unique(as_days(store.read("calendar")["date"]))
        if source == "file" or len(own):
            return own
    bar_dates = as_days(store.scan("bars").select(pl.col("date").unique()).collect()["date"])
    return np.unique(bar_dates) if source == "data" else np.union1d(exchange_days(), bar_dates)


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
    """Append the weekdays after the last day up to `until` that are no known holiday, with a warning.

    What is not known years ahead are the bridge days around the holidays, about nine a year, and closures for
    other reasons; nothing is appended where the days reach `until`.
    """
    if until is None or np.datetime64(until, "D") <= days[-1]:
        return days
    beyond = np.arange(days[-1] + 1, np.datetime64(until, "D") + 1)
    holidays = known_holidays(beyond[0].item().year, until.year)
    open_days = beyond[np.is_busday(beyond, holidays=holidays)]
    if len(open_days):
        warnings.warn(
            f"the calendar ends on {days[-1]}: {len(open_days)} weekdays up to {until} that are no known holiday "
            "are taken as trading days; ingest a calendar file that reaches further",
            stacklevel=3,
        )
    return np.concatenate([days, open_days])


def as_days(dates: pl.Series) -> Dates:
    """A Polars date column as datetime64[D]."""
    return dates.to_numpy().astype("datetime64[D]")
