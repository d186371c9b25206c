"""The dated trading rules: hand cases around every boundary, in cents."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.errors import InputError, MarketError
from gangru.market.daily import DELISTING, GONE, SUSPENDED, DailyMarket
from gangru.market.rules import (
    buyable_shares,
    can_buy,
    can_sell,
    cost_rates,
    least_commission,
    limit_prices,
    limit_prices_of,
    market_limits,
    reference_price,
)
from gangru.market.rules_table import RULES, CommissionRule, CostRule, LimitRule, LotRule


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
        ("600519.SH", "1998-04-21", 1, 9.00, 11.00),
        ("600519.SH", "1998-04-22", 1, 9.50, 10.50),
        ("688981.SH", "2019-07-22", 0, 8.00, 12.00),
        ("302132.SZ", "2025-02-18", 0, 8.00, 12.00),
        ("830799.BJ", "2021-11-15", 0, 7.00, 13.00),
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
    looser = replace(RULES, limits=(LimitRule("main", date(2030, 1, 1), 15, 15), *RULES.limits))
    assert limits_of("600000.SH", "2029-12-31", 10.0, rules=looser) == (9.0, 11.0)
    assert limits_of("600000.SH", "2030-01-01", 10.0, rules=looser) == (8.5, 11.5)


def test_a_board_without_rules_is_refused_by_name():
    with pytest.raises(MarketError, match="lots has no row for the board beijing"):
        replace(RULES, lots=tuple(row for row in RULES.lots if row.board != "beijing"))


@pytest.mark.parametrize(
    ("base", "lower", "upper"),
    [
        (2.85, 2.00, 3.70),  # 199.5 up and 370.5 down, where half up gives 3.71
        (17.09, 11.97, 22.21),  # 1196.3 and 2221.7
        (10.00, 7.00, 13.00),
        (0.01, 0.01, 0.02),
    ],
)
def test_a_row_that_rounds_inward_never_goes_beyond_its_percentage(base, lower, upper):
    inward = replace(RULES, limits=tuple(replace(row, rounding="inward") for row in RULES.limits))
    assert limits_of("920002.BJ", "2024-10-08", base, rules=inward) == (lower, upper)
    assert limits_of("920002.BJ", "2024-10-08", 2.85) == (2.00, 3.71)


def test_a_percentage_of_ones_own_rounds_in_whole_cents():
    def seven(rounding):
        own = LimitRule("main", date(2030, 1, 1), 7, 7, rounding)
        return replace(RULES, limits=(*RULES.limits, own))

    def limits(base, rounding="half up"):
        return limits_of("600000.SH", "2030-01-01", base, rules=seven(rounding))

    assert limits(1.07) == (1.00, 1.14)  # 99.51 and 114.49 cents
    assert limits(0.93) == (0.86, 1.00)  # 86.49 and 99.51
    assert limits(0.57, "inward") == (0.54, 0.60)  # 53.01 and 60.99


CASES = st.tuples(
    st.sampled_from(["600000.SH", "688001.SH", "300001.SZ", "920002.BJ"]),
    st.dates(date(1996, 12, 16), date(2030, 12, 31)),
    st.booleans(),
)


@given(CASES, st.integers(min_value=1, max_value=300_000), st.integers(min_value=1, max_value=300_000))
def test_limits_are_whole_cents_around_the_base_symmetric_and_monotone(case, one, other):
    code, day, is_st = case
    small, large = sorted((one, other))
    found = [limit_prices_of(code, day, cents / 100, is_st=is_st) for cents in (small, large)]
    cents = [[Decimal(repr(price)) * 100 for price in pair] for pair in found]
    assert all(price == price.to_integral_value() and price >= 1 for pair in cents for price in pair)
    for base, (lower, upper) in zip((small, large), cents, strict=True):
        assert lower < upper
        assert lower <= base < upper
        if base > 1:
            assert abs((upper - base) - (base - lower)) <= 1  # a half cent goes up on both sides
    assert cents[0][0] <= cents[1][0]
    assert cents[0][1] <= cents[1][1]


def test_one_stock_on_one_day_is_asked_in_any_spelling():
    day = date(2026, 7, 3)
    for code in ("600519.SH", "sh600519", "600519"):
        assert limit_prices_of(code, day, 10.05, is_st=True) == (9.55, 10.55)
    assert limit_prices_of("688001", date(2019, 7, 26), 10.0, days_since_listing=4) is None
    assert limit_prices_of("688001", date(2019, 7, 29), 10.0, days_since_listing=5) == (8.0, 12.0)
    assert limit_prices_of("600519", day, 10.05, free=True) is None


@pytest.mark.parametrize("code", ["60051", "AAPL", "000300.SH"])
def test_what_names_no_stock_has_no_limits(code):
    with pytest.raises(InputError, match="no stock code"):
        limit_prices_of(code, date(2020, 1, 2), 10.0)


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_price_has_no_limits(price):
    with pytest.raises(InputError, match="yuan above 0"):
        limit_prices_of("600519", date(2020, 1, 2), price)


@pytest.mark.parametrize(
    ("code", "day", "age", "expected"),
    [
        ("300860.SZ", "2020-08-24", 1, (8.0, 12.0)),  # listed on the Friday before the reform
        ("300860.SZ", "2020-08-25", 1, None),
        ("600900.SH", "2023-04-11", 2, (9.0, 11.0)),  # listed on 2023-04-07
        ("600900.SH", "2023-04-11", 1, None),
        ("600900.SH", "2013-12-12", 0, None),
        ("600900.SH", "2013-12-13", 0, (6.4, 14.4)),
        ("300850.SZ", "2014-06-12", 0, None),
        ("300850.SZ", "2014-06-13", 0, (6.4, 14.4)),
        ("830799.BJ", "2021-11-15", 0, None),
    ],
)
def test_a_listing_keeps_the_rule_of_its_day_however_few_days_are_asked_for(code, day, age, expected):
    found = limit_prices_of(code, date.fromisoformat(day), 10.0, days_since_listing=age)
    assert found == expected


def test_a_reform_within_the_days_asked_for_begins_on_its_day():
    days = np.array(["2020-08-20", "2020-08-21", "2020-08-24", "2020-08-25"], dtype="datetime64[D]")
    age = np.array([[-1, -1], [0, -1], [1, 0], [2, 1]])  # listed before the reform, and on its day
    not_st = np.zeros(age.shape, dtype=np.int8)
    _, upper = limit_prices(np.array(["300860.SZ", "300999.SZ"]), days, np.full(age.shape, 10.0), not_st, age)
    np.testing.assert_array_equal(upper, [[11.0, 11.0], [14.4, 11.0], [12.0, np.nan], [12.0, np.nan]])


def test_reference_price_takes_off_the_dividend_and_lasts_over_a_suspension():
    close = np.array([[10.00], [np.nan], [np.nan], [9.60], [4.90]])
    factor = np.array([[1.0], [1.0], [1.0], [10.0 / 9.7], [2 * 10.0 / 9.7]])
    reference = reference_price(close, factor)[:, 0]
    assert np.isnan(reference[0])
    assert reference[1:].tolist() == [10.00, 10.00, 9.70, 4.80]


def test_half_a_cent_of_a_reference_price_goes_up_whatever_side_its_float_is_on():
    close, factor = np.array([[2.01], [1.0]]), np.array([[1.0], [2.0]])
    assert close[0, 0] / 2 * 100 < 100.5
    assert reference_price(close, factor)[1, 0] == 1.01


def test_a_factor_that_changes_while_nothing_trades_counts_from_the_next_trade():
    close, factor = np.array([[10.0], [np.nan], [5.1]]), np.array([[1.0], [2.0], [2.0]])
    assert reference_price(close, factor)[1:, 0].tolist() == [10.0, 5.0]


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
    assert can_buy(bars)[:, 0].tolist() == [True, False, False, True, True, True]
    assert can_sell(bars)[:, 0].tolist() == [True, True, False, False, True, True]


def test_a_users_own_rules_hold_for_limits_orders_and_delisting_periods():
    bars = market([10.00, 11.00, 9.90, 10.39, 9.97], start="2024-01-02")
    tight = replace(RULES, limits=(LimitRule("main", date(2000, 1, 1), 4, 4), *RULES.limits))
    tight = replace(
        tight, limits=tuple(row for row in tight.limits if row.board != "main" or row.percent == 4)
    )
    assert market_limits(bars, rules=tight)[1][1:, 0].tolist() == [10.40, 11.44, 10.30, 10.81]
    assert can_buy(bars, rules=tight)[:, 0].tolist() == [True, False, True, False, True]
    assert can_sell(bars, rules=tight)[:, 0].tolist() == [True, True, False, True, False]
    leaving = status_of(market([10.00, 10.50, 4.00], start="2024-01-02"), (DELISTING, slice(2, 3)))
    assert np.isnan(market_limits(leaving)[1][2, 0])
    bound = replace(RULES, free_days=())
    assert market_limits(leaving, rules=bound)[1][2, 0] == 11.55


def status_of(bars, *rows):
    status = np.zeros(bars.close.shape, dtype=np.int8)
    for state, days in rows:
        status[days, 0] = state
    return replace(bars, status=status)


def test_the_first_day_of_a_delisting_period_has_no_limit_since_the_end_of_2020():
    close = [10.00, 10.50, 4.00, 4.40, 4.84]
    leaving = (DELISTING, slice(2, 5))
    before = status_of(market(close, start="2020-12-27"), leaving)
    after = status_of(market(close, start="2021-01-04"), leaving)
    assert market_limits(before)[0][2, 0] == 9.45
    assert np.isnan(market_limits(after)[0][2, 0])
    assert can_sell(after)[:, 0].tolist() == [True] * 5
    assert can_buy(after)[:, 0].tolist() == [True, True, True, False, False]


def test_a_delisting_period_is_free_on_its_first_traded_day_alone():
    close = [10.00, np.nan, 4.00, np.nan, 4.20, 4.62]
    states = ((DELISTING, slice(1, 6)), (SUSPENDED, [1, 3]))
    bars = status_of(market(close, start="2021-01-04"), *states)
    assert np.isnan(market_limits(bars)[1][:, 0]).tolist() == [True, False, True, False, False, False]
    already = status_of(market(close, start="2021-01-04"), (DELISTING, slice(0, 6)))
    assert np.isnan(market_limits(already)[1][:, 0]).tolist() == [True] + [False] * 5


def test_in_its_delisting_period_a_stock_is_limited_like_one_that_is_not_st():
    bars = market([10.00, 10.50, 10.00, 11.00], st=1, start="2020-06-01")
    leaving = status_of(bars, (DELISTING, slice(2, 4)))
    assert market_limits(bars)[1][:, 0].tolist()[1:] == [10.50, 11.03, 10.50]
    assert market_limits(leaving)[1][:, 0].tolist()[1:] == [10.50, 11.55, 11.00]


@pytest.mark.parametrize("listed", ["NaT", "2001-05-18"])
def test_only_the_first_day_of_a_relisting_has_no_limit(listed):
    bars = market([10.00, np.nan, np.nan, 25.00, 27.50, 30.25], start="2024-01-02", list_date=listed)
    again = status_of(bars, (GONE, slice(1, 3)))
    again = replace(again, relisted=np.array([["2024-01-04"]], dtype="datetime64[D]"))
    assert np.isnan(market_limits(again)[1][:, 0]).tolist() == [True, False, False, True, False, False]
    assert can_buy(again)[:, 0].tolist() == [True, False, False, True, False, False]
    assert not can_buy(bars)[3, 0]


def test_a_relisting_outside_the_days_frees_none():
    bars = market([10.00, 11.00], start="2024-01-02")
    for day in ("2023-12-29", "2024-02-01"):
        away = replace(bars, relisted=np.array([[day]], dtype="datetime64[D]"))
        assert market_limits(away)[1][1, 0] == 11.00


def test_the_caller_adds_days_without_a_limit():
    bars = market([10.00, 16.00])
    assert not can_buy(bars)[1, 0]
    free = np.array([[False], [True]])
    assert can_buy(bars, free=free)[1, 0]
    assert np.isnan(market_limits(bars, free=free)[1][1, 0])


def test_an_ex_dividend_day_is_no_limit_day():
    bars = market([10.00, 9.00], factor=[1.0, 10.0 / 9.0])
    assert can_sell(bars)[1, 0]
    assert not can_sell(market([10.00, 9.00]))[1, 0]


def test_vwap_is_blocked_only_on_a_day_of_one_price():
    close, low = [10.00, 11.00, 12.10], [10.00, 10.40, 12.10]
    bars = market(close, low=low)
    assert can_buy(bars, price="vwap")[:, 0].tolist() == [True, True, False]
    assert can_buy(bars, price="close")[:, 0].tolist() == [True, False, False]
    assert can_buy(bars, price="open")[:, 0].tolist() == [True, True, False]
    fall = market([10.00, 9.00, 8.10], high=[10.00, 9.80, 8.10])
    assert can_sell(fall, price="vwap")[:, 0].tolist() == [True, True, False]


def test_st_stocks_are_sealed_at_five_percent():
    assert not can_buy(market([10.00, 10.50], st=1))[1, 0]
    assert can_buy(market([10.00, 10.50], st=-1))[1, 0]


def test_a_star_listing_has_no_limit_for_five_days():
    bars = market([np.nan, 30.0, 60.0, 40.0, 70.0, 20.0, 24.0], code="688001.SH", list_date="2020-01-03")
    _, upper = market_limits(bars)
    assert np.isnan(upper[:6, 0]).all()
    assert upper[6, 0] == 24.0
    assert can_buy(bars)[:, 0].tolist() == [False, True, True, True, True, True, False]


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


def test_a_levy_of_ones_own_is_paid_once_beside_the_others():
    day = np.array(["2024-01-02"], dtype="datetime64[D]")
    own = replace(RULES, costs=(*RULES.costs, CostRule("own", date(2020, 1, 1), 0.01, 0.02)))
    for with_own, without, levy in zip(
        cost_rates(day, rules=own), cost_rates(day), (0.01, 0.02), strict=True
    ):
        assert with_own[0] == pytest.approx(without[0] + levy)


def test_a_broker_whose_least_commission_changes_takes_that_of_the_day():
    own = replace(
        RULES, commissions=(CommissionRule(date(2000, 1, 1), 5.0), CommissionRule(date(2024, 1, 2), 1.0))
    )
    assert [least_commission(date(2024, 1, day), own) for day in (1, 2)] == [5.0, 1.0]


@pytest.mark.parametrize(
    ("code", "wanted", "bought"),
    [
        ("600000.SH", [99, 100, 199, 250], [0, 100, 100, 200]),
        ("300750.SZ", [99, 100, 199, 250], [0, 100, 100, 200]),
        ("688981.SH", [199, 200, 201, 250.7], [0, 200, 201, 250]),
        ("920002.BJ", [99, 100, 101, 250.7], [0, 100, 101, 250]),
    ],
)
def test_orders_to_buy_have_the_sizes_of_their_board(code, wanted, bought):
    codes = np.array([code] * 4)
    assert buyable_shares(codes, date(2024, 1, 2), np.array(wanted, dtype=float)).tolist() == bought


def test_a_later_lot_rule_takes_over_on_its_day():
    single = replace(RULES, lots=(*RULES.lots, LotRule("main", date(2030, 1, 1), 100, 1)))
    bought = [
        buyable_shares(
            np.array(["600000.SH"]), date(2030, 1, 1) - k * timedelta(1), np.array([150.0]), single
        )
        for k in (0, 1)
    ]
    assert [x[0] for x in bought] == [150, 100]


def test_the_least_commission_is_the_rule_of_the_day():
    assert least_commission(date(2024, 1, 2)) == 5.0
    assert least_commission(date(2024, 1, 2), replace(RULES, commissions=())) == 0.0
