"""The dated trading rules: hand cases around every boundary, in cents."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.market.daily import DailyMarket
from gangru.market.rules import (
    RULES,
    LimitRule,
    cannot_buy,
    cannot_sell,
    cost_rates,
    limit_prices,
    market_limits,
    reference_price,
)


def limits_of(code, day, base, *, is_st=0, age=-1, **options):
    lower, upper = limit_prices(
        np.array([code]),
        np.array([day], dtype="datetime64[D]"),
        np.array([[base]]),
        np.array([[is_st]], dtype=np.int8),
        np.array([[age]]),
        **options,
    )
    return lower[0, 0], upper[0, 0]


@pytest.mark.parametrize(
    ("code", "day", "is_st", "lower", "upper"),
    [
        ("600519.SH", "2020-01-02", 0, 9.00, 11.00),
        ("000001.SZ", "2020-01-02", 0, 9.00, 11.00),
        ("002415.SZ", "2020-01-02", -1, 9.00, 11.00),  # unknown counts as not ST
        ("600519.SH", "2026-07-03", 1, 9.50, 10.50),
        ("600519.SH", "2026-07-05", 1, 9.50, 10.50),
        ("600519.SH", "2026-07-06", 1, 9.00, 11.00),
        ("300750.SZ", "2020-08-21", 0, 9.00, 11.00),
        ("300750.SZ", "2020-08-23", 0, 9.00, 11.00),
        ("300750.SZ", "2020-08-24", 0, 8.00, 12.00),
        ("301001.SZ", "2021-07-01", 1, 8.00, 12.00),
        ("688981.SH", "2020-07-30", 0, 8.00, 12.00),
        ("689009.SH", "2021-01-04", 1, 8.00, 12.00),
        ("830799.BJ", "2022-01-04", 0, 7.00, 13.00),
        ("430047.BJ", "2022-01-04", 1, 7.00, 13.00),
        ("920002.BJ", "2024-10-08", 0, 7.00, 13.00),
    ],
)
def test_limits_follow_board_date_and_st(code, day, is_st, lower, upper):
    assert limits_of(code, day, 10.00, is_st=is_st) == (lower, upper)


@pytest.mark.parametrize(
    ("base", "lower", "upper"),
    [
        (10.05, 9.05, 11.06),  # 904.5 and 1105.5 hundredths of a cent up: both halves go up
        (10.15, 9.14, 11.17),  # 913.5, 1116.5
        (1.15, 1.04, 1.27),  # 103.5, 126.5, where floats give 1.26
        (9.99, 8.99, 10.99),  # 899.1, 1098.9
        (0.04, 0.03, 0.05),  # rounding would leave no room: one tick at least
        (0.01, 0.01, 0.02),
    ],
)
def test_limits_are_rounded_half_up_in_cents(base, lower, upper):
    assert limits_of("600000.SH", "2020-01-02", base) == (lower, upper)


@given(st.integers(min_value=10, max_value=300_000), st.sampled_from([("600000.SH", 10), ("688001.SH", 20)]))
def test_limits_agree_with_decimal_arithmetic(cents, board):
    code, percent = board
    base = Decimal(cents) / 100
    lower, upper = limits_of(code, "2021-01-04", float(base))
    tick = Decimal("0.01")
    assert upper == float((base * (100 + percent) / 100).quantize(tick, ROUND_HALF_UP))
    assert lower == float((base * (100 - percent) / 100).quantize(tick, ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("code", "day", "age", "free"),
    [
        ("688001.SH", "2019-07-22", 0, True),
        ("688001.SH", "2019-07-26", 4, True),
        ("688001.SH", "2019-07-29", 5, False),
        ("300900.SZ", "2020-08-24", 0, True),
        ("301000.SZ", "2021-06-01", 4, True),
        ("301000.SZ", "2021-06-01", 5, False),
        ("600900.SH", "2023-04-10", 0, True),
        ("001380.SZ", "2023-04-14", 4, True),
        ("001380.SZ", "2023-04-14", 5, False),
        ("001380.SZ", "2023-04-14", -1, False),
        ("873001.BJ", "2023-04-14", 0, True),
        ("873001.BJ", "2023-04-14", 1, False),
        ("600900.SH", "2023-04-07", 1, False),
    ],
)
def test_first_days_without_a_limit(code, day, age, free):
    lower, upper = limits_of(code, day, 10.00, age=age)
    assert np.isnan(lower) == np.isnan(upper) == free


@pytest.mark.parametrize(("code", "day"), [("600900.SH", "2023-04-07"), ("300850.SZ", "2020-08-21")])
def test_a_held_first_day_is_counted_from_the_issue_price(code, day):
    assert limits_of(code, day, 10.05, age=0) == (6.43, 14.47)  # 643.2 and 1447.2 cents


def test_the_rule_of_the_listing_day_serves_the_days_after_it():
    dates = np.array(["2020-08-20", "2020-08-21", "2020-08-24", "2020-08-25"], dtype="datetime64[D]")
    age = np.array([[0], [1], [2], [3]])
    base = np.full((4, 1), 10.0)
    _, upper = limit_prices(np.array(["300860.SZ"]), dates, base, np.zeros((4, 1), np.int8), age)
    assert upper[:, 0].tolist() == [14.4, 11.0, 12.0, 12.0]


def test_days_declared_free_and_days_without_a_base_have_no_limit():
    assert np.isnan(limits_of("600000.SH", "2020-01-02", 10.0, free=np.array([[True]]))).all()
    assert np.isnan(limits_of("600000.SH", "2020-01-02", np.nan)).all()


def test_a_user_adds_a_row_to_the_table():
    looser = replace(RULES, limits=(*RULES.limits, LimitRule("main", date(2030, 1, 1), 15, 15)))
    assert limits_of("600000.SH", "2029-12-31", 10.0, rules=looser) == (9.0, 11.0)
    assert limits_of("600000.SH", "2030-01-01", 10.0, rules=looser) == (8.5, 11.5)


def test_reference_price_takes_off_the_dividend_and_lasts_over_a_suspension():
    close = np.array([[10.00], [np.nan], [np.nan], [9.60], [4.90]])
    factor = np.array([[1.0], [1.0], [1.0], [10.0 / 9.7], [2 * 10.0 / 9.7]])
    reference = reference_price(close, factor)[:, 0]
    assert np.isnan(reference[0])
    assert reference[1:].tolist() == [10.00, 10.00, 9.70, 4.80]


def market(
    close, *, low=None, high=None, factor=None, code="600000.SH", start="2020-01-02", list_date="NaT", st=0
):
    shape = (len(close), 1)
    close = np.array(close, dtype=float).reshape(shape)

    def column(values):
        return close if values is None else np.array(values, dtype=float).reshape(shape)

    ones = np.ones(shape)
    return DailyMarket(
        dates=np.datetime64(start) + np.arange(len(close)),
        codes=np.array([code]),
        open=column(low),
        high=column(high),
        low=column(low),
        close=close,
        factor=ones if factor is None else column(factor),
        volume=ones,
        amount=ones,
        float_shares=ones,
        is_st=np.full(shape, st, dtype=np.int8),
        list_date=np.array([list_date], dtype="datetime64[D]"),
    )


def test_no_buying_sealed_up_no_selling_sealed_down_and_nothing_while_suspended():
    bars = market([10.00, 11.00, np.nan, 9.90, 9.91, 10.89])
    assert cannot_buy(bars)[:, 0].tolist() == [False, True, True, False, False, False]
    assert cannot_sell(bars)[:, 0].tolist() == [False, False, True, True, False, False]


def test_an_ex_dividend_day_is_no_limit_day():
    bars = market([10.00, 9.00], factor=[1.0, 10.0 / 9.0])
    assert not cannot_sell(bars)[1, 0]
    assert cannot_sell(market([10.00, 9.00]))[1, 0]


def test_vwap_is_blocked_only_on_a_day_of_one_price():
    close, low = [10.00, 11.00, 12.10], [10.00, 10.40, 12.10]
    bars = market(close, low=low)
    assert cannot_buy(bars, price="vwap")[:, 0].tolist() == [False, False, True]
    assert cannot_buy(bars, price="close")[:, 0].tolist() == [False, True, True]
    assert cannot_buy(bars, price="open")[:, 0].tolist() == [False, False, True]
    fall = market([10.00, 9.00, 8.10], high=[10.00, 9.80, 8.10])
    assert cannot_sell(fall, price="vwap")[:, 0].tolist() == [False, False, True]


def test_st_stocks_are_sealed_at_five_percent():
    assert cannot_buy(market([10.00, 10.50], st=1))[1, 0]
    assert not cannot_buy(market([10.00, 10.50], st=-1))[1, 0]


def test_a_star_listing_has_no_limit_for_five_days():
    bars = market([np.nan, 30.0, 60.0, 40.0, 70.0, 20.0, 24.0], code="688001.SH", list_date="2020-01-03")
    _, upper = market_limits(bars)
    assert np.isnan(upper[:6, 0]).all()
    assert upper[6, 0] == 24.0
    assert cannot_buy(bars)[:, 0].tolist() == [True, False, False, False, False, False, True]


@pytest.mark.parametrize(
    ("day", "buy", "sell"),
    [
        ("2022-04-28", 0.00027, 0.00127),
        ("2022-04-29", 0.00026, 0.00126),
        ("2023-08-27", 0.00026, 0.00126),
        ("2023-08-28", 0.00026, 0.00076),
        ("1999-01-04", 0.00027, 0.00127),
    ],
)
def test_costs_follow_their_dates(day, buy, sell):
    rates = cost_rates(np.array([day], dtype="datetime64[D]"))
    assert rates[0][0] == pytest.approx(buy, abs=1e-12)
    assert rates[1][0] == pytest.approx(sell, abs=1e-12)


def test_commission_is_paid_on_both_sides():
    buy, sell = cost_rates(np.array(["2024-01-02"], dtype="datetime64[D]"), commission=0.001)
    assert buy[0] == pytest.approx(0.00101)
    assert sell[0] == pytest.approx(0.00151)
