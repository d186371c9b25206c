"""Trading days: from the store, from the exchange, and beyond what either knows."""

import warnings
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import MarketError
from gangru.market.calendar import (
    CalendarSource,
    exchange_days,
    extended,
    trading_days,
)
from gangru.market.holidays import festival_days, known_holidays
from gangru.market.keyed import empty
from gangru.market.schema import BARS, CALENDAR
from gangru.market.store import Store


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def bar(day: date) -> pl.DataFrame:
    """One bar of which nothing matters but its date."""
    row = {"code": "600000.SH", "date": day, **dict.fromkeys(("open", "high", "low", "close", "volume"), 1.0)}
    return pl.concat([empty(BARS), pl.DataFrame([row])], how="diagonal_relaxed")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def test_the_store_s_calendar_is_taken_at_its_word(store: Store) -> None:
    own = [date(2020, 1, 4), date(2020, 1, 2)]  # a Saturday: an own calendar may say so
    store.upsert(CALENDAR, pl.DataFrame({"date": own}))
    assert trading_days(store).tolist() == sorted(own)


def test_without_a_calendar_the_exchange_s_days_and_the_bars_make_one(store: Store) -> None:
    store.upsert(BARS, bar(date(2020, 1, 25)))
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


def test_a_horizon_beyond_the_calendar_gets_weekdays_without_known_holidays_and_a_warning(
    store: Store,
) -> None:
    store.upsert(CALENDAR, pl.DataFrame({"date": [date(2026, 12, 30), date(2026, 12, 31)]}))
    with pytest.warns(UserWarning, match=r"ends on 2026-12-31: 2 weekdays up to 2027-01-05"):
        known = trading_days(store, until=date(2027, 1, 5))
    assert known.tolist() == days("2026-12-30", "2026-12-31", "2027-01-04", "2027-01-05").tolist()


@pytest.mark.parametrize(
    ("source", "first", "last"),
    [
        ("file", "2020-01-02", "2020-01-04"),
        ("data", "2020-01-25", "2020-01-25"),
        ("auto", "2020-01-02", "2020-01-04"),
    ],
)
def test_a_source_that_is_asked_for_is_taken_alone(
    store: Store, source: CalendarSource, first: str, last: str
) -> None:
    store.upsert(CALENDAR, pl.DataFrame({"date": [date(2020, 1, 2), date(2020, 1, 4)]}))
    store.upsert(BARS, bar(date(2020, 1, 25)))
    known = trading_days(store, source=source)
    assert (str(known[0]), str(known[-1])) == (first, last)


def test_the_exchange_s_calendar_heeds_neither_file_nor_bars(store: Store) -> None:
    store.upsert(CALENDAR, pl.DataFrame({"date": [date(2020, 1, 4)]}))
    store.upsert(BARS, bar(date(2020, 1, 25)))
    assert trading_days(store, source="exchange").tolist() == exchange_days().tolist()


@pytest.mark.parametrize(("source", "lacks"), [("file", "no calendar"), ("data", "no bars")])
def test_a_source_without_a_day_is_an_error_that_says_what_to_do(
    store: Store, source: CalendarSource, lacks: str
) -> None:
    with pytest.raises(MarketError, match=f"{lacks}.*data.calendar to auto"):
        trading_days(store, source=source)


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(0, 40_000))
@settings(max_examples=60, deadline=None)
def test_days_beyond_the_calendar_never_fail_and_are_open_weekdays_in_order(last: date, more: int) -> None:
    until = last + timedelta(more)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = extended(np.array([last], dtype="datetime64[D]"), until)
    beyond = known[1:]
    assert (np.diff(known) > np.timedelta64(0, "D")).all()
    assert np.is_busday(beyond).all()
    closed = set(known_holidays(last.year, until.year).tolist())
    slow = [last + timedelta(d) for d in range(1, min(more, 800) + 1)]
    open_days = [day for day in slow if day.weekday() < 5 and day not in closed]
    assert beyond.tolist()[: len(open_days)] == open_days


@pytest.mark.parametrize(
    "until", [date(1, 1, 1), date(1980, 5, 5), date(2050, 2, 3), date(2100, 12, 31), date(9999, 12, 31)]
)
def test_no_date_is_too_early_or_too_late(store: Store, until: date) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = trading_days(store, until=until)
    assert len(known) >= len(exchange_days())
    assert known[-1] >= np.datetime64(until) - np.timedelta64(10, "D")


def test_no_known_holiday_was_ever_a_trading_day_and_most_closures_stay_unknown() -> None:
    exchange = exchange_days()
    first, last = 2008, int(str(exchange[-1])[:4])
    holidays = known_holidays(first, last)
    assert np.intersect1d(holidays, exchange).tolist() == []
    every = np.arange(f"{first}-01-01", f"{last + 1}-01-01", dtype="datetime64[D]")
    closed = np.setdiff1d(every[np.is_busday(every)], exchange)
    known = np.intersect1d(closed, holidays)
    years = last - first + 1
    assert (
        6 <= len(known) / years <= 10
    )  # of some 18: the rest are bridge days, announced late in the year before
    assert 8 <= (len(closed) - len(known)) / years <= 12


def new_moon(k: int) -> float:
    """Julian day of a new moon in terrestrial time, to some minutes: Meeus, ch. 49, the terms above 0.005 days."""
    t = k / 1236.85
    m = np.radians(2.5534 + 29.10535670 * k)
    moon = np.radians(201.5643 + 385.81693528 * k + 0.0107582 * t**2)
    f = np.radians(160.7108 + 390.67050284 * k - 0.0016118 * t**2)
    mean = 2451550.09766 + 29.530588861 * k + 0.00015437 * t**2
    periodic = (
        -0.40720 * np.sin(moon) + 0.17241 * np.sin(m) + 0.01608 * np.sin(2 * moon) + 0.01039 * np.sin(2 * f)
    )
    return float(mean + periodic + 0.00739 * np.sin(moon - m) - 0.00514 * np.sin(moon + m))


def test_the_festivals_of_the_moon_fall_on_its_days() -> None:
    """Day 1, 5 and 15 of a month that begins with the day of the new moon in Beijing, within the error of the terms."""
    first = date(1970, 1, 1).toordinal()
    moons = [new_moon(k) - 2440587.5 - 70 / 86400 + 8 / 24 for k in range(80, 1300)]
    starts = {int(np.floor(moon + slack)) for moon in moons for slack in (-0.015, 0.015)}
    table = festival_days()
    assert sorted(table) == list(range(2008, 2100))
    for spring, qingming, boat, moon in table.values():
        assert spring.toordinal() - first in starts
        assert boat.toordinal() - 4 - first in starts
        assert moon.toordinal() - 14 - first in starts
        assert date(spring.year, 1, 21) <= spring <= date(spring.year, 2, 21)
        assert 80 < (boat - spring).days < 154
        assert 97 <= (moon - boat).days < 130
        assert qingming in (date(spring.year, 4, 4), date(spring.year, 4, 5))


def test_the_law_of_a_year_is_the_one_in_force() -> None:
    def of(year: int) -> set[str]:
        return {str(day) for day in known_holidays(year, year)}

    assert {"2013-02-09", "2013-02-11"} <= of(2013)
    assert "2013-02-12" not in of(2013)  # eve and two days
    assert "2014-01-30" not in of(2014)  # the eve was worked
    assert {"2025-01-28", "2025-01-31", "2025-05-02"} <= of(2025)
    assert "2024-05-02" not in of(2024)
    assert known_holidays(1900, 1999).tolist() == []
    assert {str(day)[5:] for day in known_holidays(2100, 2100)} == {
        "01-01", "05-01", "05-02", "10-01", "10-02", "10-03",
    }  # fmt: skip


def test_a_horizon_far_beyond_the_exchange_s_does_not_crash(store: Store) -> None:
    with pytest.warns(UserWarning, match="taken as trading days"):
        known = trading_days(store, until=date(2060, 1, 2))
    assert known[-1] == np.datetime64("2060-01-02")


def test_a_horizon_within_the_calendar_does_not_warn(store: Store) -> None:
    store.upsert(CALENDAR, pl.DataFrame({"date": [date(2026, 12, 30), date(2026, 12, 31)]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(trading_days(store, until=date(2026, 12, 31))) == 2
