"""Trading days: from the store, from the exchange, and beyond what either knows."""

import warnings
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.errors import MarketError
from gangru.market.calendar import exchange_days, last_on_or_before, month_ends, trading_days
from gangru.market.schema import BARS, CALENDAR
from gangru.market.store import Store, empty


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def test_the_store_s_calendar_is_taken_at_its_word(store: Store) -> None:
    own = [date(2020, 1, 4), date(2020, 1, 2)]  # a Saturday: an own calendar may say so
    store.upsert(CALENDAR, pl.DataFrame({"date": own}))
    assert trading_days(store).tolist() == sorted(own)


def test_without_a_calendar_the_exchange_s_days_and_the_bars_make_one(store: Store) -> None:
    bar = empty(BARS).vstack(
        pl.DataFrame({"code": ["600000.SH"], "date": [date(2020, 1, 25)]}).select(
            pl.col(n) if n in ("code", "date") else pl.lit(None, dtype=t).alias(n)
            for n, t in BARS.columns.items()
        )
    )
    store.upsert(BARS, bar)
    known = trading_days(store)
    assert np.datetime64("2020-01-25") in known  # a Saturday, and the spring festival: only the bars say so
    assert np.datetime64("2020-01-23") in known
    assert np.datetime64("2020-01-31") not in known  # the holiday was extended
    assert (np.diff(known) > np.timedelta64(0, "D")).all()


def test_the_exchange_s_days_reach_back_to_its_opening_and_know_its_holidays() -> None:
    known = exchange_days()
    assert known[0] <= np.datetime64("1990-12-19")
    year = known[known.astype("datetime64[Y]") == np.datetime64("2019")]
    assert len(year) == 244


def test_a_horizon_beyond_the_calendar_gets_weekdays_and_a_warning(store: Store) -> None:
    store.upsert(CALENDAR, pl.DataFrame({"date": [date(2026, 12, 30), date(2026, 12, 31)]}))
    with pytest.warns(UserWarning, match=r"ends on 2026-12-31: 3 weekdays up to 2027-01-05"):
        known = trading_days(store, until=date(2027, 1, 5))
    assert (
        known.tolist() == days("2026-12-30", "2026-12-31", "2027-01-01", "2027-01-04", "2027-01-05").tolist()
    )


def test_a_horizon_far_beyond_the_exchange_s_does_not_crash(store: Store) -> None:
    with pytest.warns(UserWarning, match="taken as trading days"):
        known = trading_days(store, until=date(2060, 1, 2))
    assert known[-1] == np.datetime64("2060-01-02")


def test_a_horizon_within_the_calendar_does_not_warn(store: Store) -> None:
    store.upsert(CALENDAR, pl.DataFrame({"date": [date(2026, 12, 30), date(2026, 12, 31)]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(trading_days(store, until=date(2026, 12, 31))) == 2


def test_month_ends_leave_out_a_month_that_has_weekdays_left() -> None:
    whole = days("2019-01-30", "2019-01-31", "2019-02-01", "2019-02-28", "2019-03-01")
    assert month_ends(whole).tolist() == days("2019-01-31", "2019-02-28").tolist()
    assert (
        month_ends(days("2019-03-28", "2019-03-29")).tolist() == days("2019-03-29").tolist()
    )  # a Friday; 30th, 31st off
    assert month_ends(days("2019-03-27", "2019-03-28")).tolist() == []
    assert month_ends(days()).tolist() == []


@given(st.sets(st.dates(date(2018, 1, 1), date(2022, 12, 31)), min_size=1))
def test_month_ends_are_what_a_loop_finds(chosen: set[date]) -> None:
    ordered = sorted(chosen)
    slow = {}
    for day in ordered:
        slow[day.year, day.month] = day
    last = ordered[-1]
    month = [d for d in exchange_like_weekdays(last.year, last.month) if d > last]
    expected = [d for key, d in slow.items() if key != (last.year, last.month) or not month]
    assert month_ends(np.array(ordered, dtype="datetime64[D]")).tolist() == expected


def exchange_like_weekdays(year: int, month: int) -> list[date]:
    every = [date(year, month, d) for d in range(1, 29)]
    for d in (29, 30, 31):
        try:
            every.append(date(year, month, d))
        except ValueError:
            break
    return [d for d in every if d.weekday() < 5]


def test_the_last_day_on_or_before_is_found_or_refused() -> None:
    known = days("2018-12-27", "2018-12-28", "2019-01-02")
    assert last_on_or_before(known, date(2018, 12, 31)) == np.datetime64("2018-12-28")
    assert last_on_or_before(known, np.datetime64("2019-01-02")) == np.datetime64("2019-01-02")
    with pytest.raises(
        MarketError, match="no trading day on or before 2018-12-26: the calendar begins with 2018-12-27"
    ):
        last_on_or_before(known, date(2018, 12, 26))
