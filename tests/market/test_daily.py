"""Bars as arrays: what is missing stays missing, and is never made up."""

from datetime import date

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.market.daily import DailyMarket
from gangru.market.loading import daily_market
from gangru.market.schema import BARS, SECURITIES
from gangru.market.store import empty

DAYS = [date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6), date(2020, 1, 7), date(2020, 1, 8)]


def market(factor: list[float | None], suspended: list[bool] | None = None) -> DailyMarket:
    rows = {name: [10.0] * 5 for name in ("open", "high", "low", "close")} | {
        "volume": [100.0] * 5,
        "factor": factor,
    }
    frame = pl.DataFrame(
        rows | {"date": DAYS, "code": ["600000.SH"] * 5, "suspended": suspended or [False] * 5}
    )
    bars = pl.concat([empty(BARS), frame], how="diagonal_relaxed")
    return daily_market(bars, empty(SECURITIES), np.array(DAYS, dtype="datetime64[D]"))


def test_a_missing_factor_is_the_last_one_and_no_crash() -> None:
    assert market([7.0, 7.0, None, 7.0, 7.0]).adjusted("close")[:, 0].tolist() == [70.0] * 5


def test_a_factor_that_begins_late_is_no_return_and_counts_from_its_first_value() -> None:
    told = market([None, None, 7.0, None, 14.0])
    assert told.factor[:, 0].tolist() == [1.0, 1.0, 1.0, 1.0, 2.0]
    assert told.adjusted("close")[:, 0].tolist() == [10.0] * 4 + [20.0]


def test_a_factor_from_the_first_trade_on_is_as_delivered() -> None:
    told = market([None, 7.0, 7.0, None, 14.0], [True, False, False, False, False])
    assert np.isnan(told.factor[0, 0])
    assert told.factor[1:, 0].tolist() == [7.0, 7.0, 7.0, 14.0]


@given(
    st.lists(st.tuples(st.none() | st.sampled_from([0.5, 2.0, 3.0]), st.booleans()), min_size=5, max_size=5)
)
@settings(max_examples=200, deadline=None)
def test_no_day_looks_at_a_later_factor(drawn: list[tuple[float | None, bool]]) -> None:
    """The days up to each are the same bytes when every later factor is taken away."""
    factor, suspended = [f for f, _ in drawn], [s for _, s in drawn]
    whole = market(factor, suspended)
    for day in range(1, 6):
        cut = market(factor[:day] + [None] * (5 - day), suspended)
        for name in ("close", "factor"):
            assert getattr(cut, name)[:day].tobytes() == getattr(whole, name)[:day].tobytes()


def test_a_stock_without_any_factor_is_taken_as_it_is() -> None:
    assert market([None] * 5).adjusted("close")[:, 0].tolist() == [10.0] * 5


def test_suspended_rows_are_masked() -> None:
    assert market([1.0] * 5, [False, True, False, False, False]).traded[:, 0].tolist() == [
        True,
        False,
        True,
        True,
        True,
    ]


def test_the_first_days_end_there() -> None:
    cut = market([1.0] * 5).first_days(3)
    assert len(cut.dates) == len(cut.close) == len(cut.is_st) == 3
