"""Limits and what can be dealt in, looked up on some days: the same as on all days, at those rows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gangru.market.daily import DELISTING, DailyMarket, carried, carried_to
from gangru.market.rules import can_buy, can_sell, fillable, market_limits, reference_price
from gangru.market.universe import listed_days

from markets import random_market

NAN = np.nan
values = arrays(
    float, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.sampled_from([1.0, 2.0, NAN])
)


def carried_slowly(array):
    out = array.copy()
    for day in range(1, len(array)):
        for stock in range(array.shape[1]):
            if np.isnan(out[day, stock]):
                out[day, stock] = out[day - 1, stock]
    return out


@given(values)
def test_the_last_value_is_carried(array):
    np.testing.assert_array_equal(carried(array), carried_slowly(array))


@given(values, st.data())
def test_carried_to_some_days_is_what_carried_has_there(array, data):
    rows = np.array(sorted(data.draw(st.lists(st.integers(0, len(array) - 1)))), dtype=np.int64)
    np.testing.assert_array_equal(carried_to(rows, array), carried_slowly(array)[rows])


def eventful(seed: int) -> DailyMarket:
    """A market of all boards around 2020-08-24 with sealed days, new listings, relistings, ST, delisting periods."""
    rng = np.random.default_rng(seed)
    calm = random_market(days=60, stocks=40, seed=seed, gaps=0.1)
    reference = reference_price(calm.close, calm.factor)
    sealed = np.where(rng.random(calm.close.shape) < 0.5, 1.1, 0.9) * reference
    struck = (rng.random(calm.close.shape) < 0.15) & ~np.isnan(calm.close) & ~np.isnan(sealed)
    close = np.round(np.where(struck, sealed, calm.close), 2)
    codes = np.array(
        [f"{head}{k:03}.{end}" for head, end in zip(("600", "300", "688", "830"), ("SH", "SZ", "SH", "BJ"), strict=True)
         for k in range(10)]
    )  # fmt: skip
    dates = np.busday_offset("2020-07-20", np.arange(60), roll="forward").astype("datetime64[D]")
    status = np.zeros(close.shape, dtype=np.int8)
    status[30:, ::9] = DELISTING
    listed = np.where(rng.random(40) < 0.4, rng.choice(dates, 40), np.datetime64("2010-01-04"))
    again = np.where(rng.random((1, 40)) < 0.2, rng.choice(dates, (1, 40)), np.datetime64("NaT"))
    order = np.argsort(codes)
    return replace(
        calm, dates=dates, codes=codes[order], close=close, open=close, low=np.minimum(close, calm.low),
        high=np.maximum(close, calm.high), is_st=rng.integers(-1, 2, close.shape).astype(np.int8), status=status,
        list_date=listed.astype("datetime64[D]"), relisted=again.astype("datetime64[D]"),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chosen", [[], [0], [59], [0, 1, 2, 35, 36], list(range(60))])
def test_some_days_are_those_of_all_days(seed, chosen):
    market, rows = eventful(seed), np.array(chosen, dtype=np.int64)
    free = np.random.default_rng(seed).random(market.close.shape) < 0.05
    for price in ("close", "open", "vwap"):
        buy, sell = can_buy(market, price=price, free=free), can_sell(market, price=price, free=free)
        assert not buy[rows].all() or len(rows) < 2
        np.testing.assert_array_equal(can_buy(market, price=price, free=free, rows=rows), buy[rows])
        np.testing.assert_array_equal(can_sell(market, price=price, free=free, rows=rows), sell[rows])
        for one, both in zip(fillable(market, price=price, free=free, rows=rows), (buy, sell), strict=True):
            np.testing.assert_array_equal(one, both[rows])
    for some, every in zip(market_limits(market, rows=rows), market_limits(market), strict=True):
        np.testing.assert_array_equal(some, every[rows])
    np.testing.assert_array_equal(
        listed_days(market, market.dates, rows), listed_days(market, market.dates)[rows]
    )


def test_the_made_up_market_has_what_the_rules_tell_apart():
    market = eventful(0)
    lower, upper = market_limits(market)
    unlimited = np.isnan(upper) & ~np.isnan(reference_price(market.close, market.factor))
    assert unlimited.sum() > 20
    assert (market.traded & ~can_buy(market)).sum() > 50
    assert (market.traded & ~can_sell(market)).sum() > 50
    width = np.round((upper - lower) / (upper + lower), 2)
    assert {0.05, 0.1, 0.2, 0.3} <= set(width[~np.isnan(width)].tolist())
