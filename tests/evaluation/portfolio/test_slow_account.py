"""The account kept by hand against figures from paper: what the engine is compared with must itself be right."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.portfolio.paper_markets import NAN, filled, marked, reasons, tape, terms
from evaluation.portfolio.random_markets import random_case
from evaluation.portfolio.slow_account import simulate
from gangru.evaluation.portfolio.path import (
    CASH,
    DEPARTED,
    FILLED,
    LOWER_LIMIT,
    NO_TRADE,
    UPPER_LIMIT,
)
from gangru.evaluation.portfolio.terms import terms_of
from gangru.evaluation.settings import PortfolioSettings


def test_first_purchase_starts_at_one_and_follows_its_stocks() -> None:
    # Half in each: A 10 → 12, B 20 → 19, so ½ · 1.2 + ½ · 0.95
    path = simulate(tape([[10, 20], [11, 20], [12, 19]]), [0], 2, [[0.5, 0.5]], terms(3))
    assert path.row == [0, 1, 2]
    assert path.value == pytest.approx([1, 1.05, 1.075])
    assert path.month_return == pytest.approx([0.075])
    assert np.isnan(path.turnover).all()
    assert [order[:6] for order in path.orders] == [(0, 0, 1, 0.5, 0.5, 0), (0, 1, 1, 0.5, 0.5, 0)]
    assert reasons(path, 0) == {0: FILLED, 1: FILLED}


def test_turnover_is_one_sided_against_drifted_weights() -> None:
    # A doubles: ⅔ A, ⅓ B; to ½ B, ½ C: A −⅔, B +⅙, C +½ → ½ · 4/3
    path = simulate(
        tape([[10, 10, 5], [20, 10, 5], [20, 10, 10]]), [0, 1], 2, [[0.5, 0.5, 0], [0, 0.5, 0.5]], terms(3)
    )
    assert path.value == pytest.approx([1, 1.5, 1.5 * (0.5 + 1)])
    assert path.turnover[1] == pytest.approx(2 / 3)


def test_nothing_happens_to_the_value_on_an_ex_dividend_day_and_more_shares_are_sold_after_it() -> None:
    # 10 → 5 with a factor of 1 → 2: 1000 shares have become 2000, all sold at 5.
    market = tape([[10, 4], [5, 4], [5, 4]], factor=[[1, 1], [2, 1], [2, 1]])
    path = simulate(market, [0, 1], 2, [[1, 0], [0, 1]], terms(3, account_yuan=10_000))
    assert path.value == pytest.approx([1, 1, 1])
    assert filled(path, 1, 0) == pytest.approx(-10_000)
    assert filled(path, 1, 1) == pytest.approx(10_000)


def test_a_halted_stock_keeps_its_value_over_an_ex_dividend_day() -> None:
    # The halted close of 10 is 8 after the dividend of a quarter (1.25 as many shares), then it trades at 9.
    market = tape([[10], [NAN], [9]], factor=[[1], [1.25], [1.25]])
    path = simulate(market, [0], 2, [[1]], terms(3))
    assert path.value == pytest.approx([1, 1, 9 * 1.25 / 10])


def test_what_a_blocked_purchase_would_have_cost_goes_to_the_others() -> None:
    # A cannot be bought: B and C, ¼ each, are scaled by 1 / ½; B doubles: ½ · 2 + ½.
    market = tape([[10, 10, 10], [30, 20, 10]], no_buy=marked((2, 3), (0, 0)))
    path = simulate(market, [0], 1, [[0.5, 0.25, 0.25]], terms(2))
    assert path.value[-1] == pytest.approx(1.5)
    assert reasons(path, 0) == {0: UPPER_LIMIT, 1: FILLED, 2: FILLED}
    assert path.orders[0][3:5] == (0.5, 0.0)


def test_what_is_wanted_of_less_than_all_stays_so_when_a_purchase_is_blocked() -> None:
    # Σw = 0.8 and A is blocked: B gets 0.8, a fifth stays cash; B doubles.
    market = tape([[NAN, 10], [30, 20]])
    path = simulate(market, [0], 1, [[0.5, 0.3]], terms(2))
    assert path.value[-1] == pytest.approx(1.8)
    assert reasons(path, 0)[0] == NO_TRADE


def test_a_blocked_sale_keeps_its_drifted_weight_and_the_others_share_the_rest() -> None:
    # A 10 → 5: weights ⅓, ⅔ of 0.75; A stays, C gets the ⅔ of B; A −20 %, C +30 %.
    market = tape([[10, 10, 10], [5, 10, 10], [4, 10, 13]], no_sell=marked((3, 3), (1, 0)))
    path = simulate(market, [0, 1], 2, [[0.5, 0.5, 0], [0, 0, 1]], terms(3))
    assert path.value[-1] == pytest.approx(0.75 * (0.8 / 3 + 1.3 * 2 / 3))
    assert path.turnover[1] == pytest.approx(2 / 3)
    assert reasons(path, 1) == {0: LOWER_LIMIT, 1: FILLED, 2: FILLED}


def test_a_direction_turned_by_scaling_is_kept_too_and_the_others_scaled_anew() -> None:
    # c = A 0.6, B 0.3, C 0.1; w = A 0, B 0.36, C 0.64. A cannot be sold: scale 0.4 turns B to a sale (0.144 < 0.3),
    # which is blocked: B keeps 0.3 and C gets 1 − 0.9 = 0.1: no order at all.
    market = tape(np.full((3, 3), 10.0), no_sell=marked((3, 3), (1, 0), (1, 1)))
    path = simulate(market, [0, 1], 2, [[0.6, 0.3, 0.1], [0, 0.36, 0.64]], terms(3))
    today = [order[1:5] for order in path.orders if order[0] == 1]
    assert [each[:2] for each in today] == [(0, -1), (1, -1)]
    assert [each[2] for each in today] == pytest.approx([0.6, 0.3 - 0.144])
    assert path.turnover[1] == pytest.approx(0)


def test_where_more_is_kept_than_wanted_the_others_are_sold() -> None:
    # c = A 0.9, B 0.1; w = B 0.5 only: A is kept, 0.5 − 0.9 < 0, so B is aimed at with 0.
    market = tape(np.full((3, 2), 10.0), no_sell=marked((3, 2), (1, 0)))
    path = simulate(market, [0, 1], 2, [[0.9, 0.1], [0, 0.5]], terms(3))
    assert filled(path, 1, 1) == pytest.approx(-0.1)


def test_a_carried_purchase_is_filled_two_days_later_with_the_yuan_asked_for() -> None:
    # Half in each; A is sealed on days 0 and 1, bought on day 2 at 20 for ½; then 20 → 30.
    close = [[10, 10], [15, 10], [20, 10], [30, 10]]
    market = tape(close, no_buy=marked((4, 2), (0, 0), (1, 0)))
    path = simulate(market, [0], 3, [[0.5, 0.5]], terms(4, carry=True))
    assert path.value == pytest.approx([1, 1, 1, 0.5 + 0.5 * 1.5])
    tries = [(order[0], order[4], order[6], order[7]) for order in path.orders if order[1] == 0]
    assert tries == [(0, 0, UPPER_LIMIT, False), (2, 0.5, FILLED, True)]


def test_a_carried_sale_leaves_its_cash_and_a_new_execution_day_closes_what_is_open() -> None:
    # A is to be sold for B on day 1, is sold on day 2 at 5: half of the account is cash when B doubles.
    market = tape([[10, 10], [10, 10], [5, 10], [5, 20]], no_sell=marked((4, 2), (1, 0)))
    path = simulate(market, [0, 1], 3, [[1, 0], [0, 1]], terms(4, carry=True))
    assert [(order[:3], order[6]) for order in path.orders if order[0] > 0] == [
        ((1, 0, -1), LOWER_LIMIT),
        ((1, 1, 1), CASH),
        ((2, 0, -1), FILLED),
    ]
    assert path.value == pytest.approx([1, 1, 0.5, 0.5])
    shut = replace(market, no_sell=marked((4, 2), (1, 0), (2, 0)))
    again = simulate(shut, [0, 1, 2], 3, [[1, 0], [0, 1], [1, 0]], terms(4, carry=True))
    assert {order[7] for order in again.orders} == {False}


def test_costs_fall_on_both_sides_and_purchases_are_scaled_to_the_cash() -> None:
    # Buy for 1 / 1.011 (1 % commission, 0.1 % slippage); stays at 10; nothing is left in cash.
    terms_ = terms(2, commission=0.01, slippage=0.001)
    path = simulate(tape([[10], [10]]), [0], 1, [[1]], terms_)
    assert path.value[-1] == pytest.approx(1 / 1.011)
    assert path.cost == pytest.approx([0.011 / 1.011])
    assert path.month_return == pytest.approx([0])
    assert reasons(path, 0) == {0: CASH}  # 1 / 1.011 is less than 99 % of what was asked for


def test_stamp_duty_falls_on_the_28th_of_august_2023() -> None:
    # Friday 25: 0.1 % + 0.001 % transfer fee; Monday 28: 0.05 % + 0.001 %.
    market = tape([[10]] * 4, first="2023-08-24")
    free = PortfolioSettings(commission=0.0)
    for sold, levy in ((1, 0.00101), (2, 0.00051)):
        rows, wanted = [0, sold], [[0.5], [0.25]]
        path = simulate(market, rows, 3, wanted, terms_of(free, market.dates))
        bought, sale = path.orders
        assert bought[5] == pytest.approx(0.5 * 0.00001)
        assert sale[5] == pytest.approx(sale[4] * levy)


def test_a_lone_month_without_a_score_closes_open_orders() -> None:
    market = tape(np.full((5, 1), 10.0), no_buy=marked((5, 1), (0, 0), (1, 0)))
    path = simulate(market, [0, 2], 4, [[1], [0]], terms(5, carry=True))
    assert [(order[0], order[4]) for order in path.orders] == [(0, 0)]


def test_a_holding_that_never_trades_again_leaves_at_its_last_price_without_slippage() -> None:
    # A 10 → 8, then gone: 0.8 less 1 % commission and 0.1 % duty goes to B, which costs 1 % + 2 % more.
    market = tape([[10, 10], [8, 10], [NAN, 10], [NAN, 20]])
    terms_ = terms(4, commission=0.01, slippage=0.02, sell_levy=np.full(4, 0.001))
    path = simulate(market, [0, 2], 3, [[0.5, 0], [0, 1]], terms_)
    sold = 0.5 * 0.8
    left = [order for order in path.orders if order[6] == DEPARTED]
    assert [order[:3] for order in left] == [(2, 0, -1)]
    assert left[0][3:6] == pytest.approx((sold, sold, sold * 0.011))
    before = 1 - 0.5 * 1.03 + sold  # cash and A, valued at its last price
    assert path.value[2] == pytest.approx((before - sold * 0.011) / 1.03)  # the day's costs show on the day
    assert path.value[3] == pytest.approx((before - sold * 0.011) / 1.03 * 2)


def test_a_holding_that_left_counts_in_turnover() -> None:
    # A of ½ leaves, B of ½ becomes 1: ½ · (½ + ½)
    market = tape([[10, 10], [NAN, 10], [NAN, 10]])
    path = simulate(market, [0, 1], 2, [[0.5, 0.5], [0, 1]], terms(3))
    assert path.turnover[1] == pytest.approx(0.5)


def test_turnover_is_capped_by_coming_nearer_but_not_at_a_first_purchase() -> None:
    # ½ Σ|w − c| = 1 from A to B; at most 0.2: a fifth of the way.
    path = simulate(tape(np.full((3, 2), 10.0)), [0, 1], 2, [[1, 0], [0, 1]], terms(3, max_turnover=0.2))
    assert [filled(path, 0, 0), filled(path, 1, 0), filled(path, 1, 1)] == pytest.approx([1, -0.2, 0.2])
    assert path.turnover[1] == pytest.approx(0.2)


def test_months_out_of_the_market_stand_still_and_the_next_begins_anew() -> None:
    # It doubles every day; days 1 and 2 begin months out of the market.
    close = 10 * 2.0 ** np.arange(5)[:, None]
    held = [True, False, False, True]
    path = simulate(tape(close), [0, 1, 2, 3], 4, [[1], [0], [0], [1]], terms(5), held)
    assert (path.row, path.value) == ([0, 1, 4], pytest.approx([1, 2, 4]))
    assert path.month_return == pytest.approx([1, NAN, NAN, 1], nan_ok=True)
    assert np.isnan(path.turnover).all()
    assert sum(order[2] for order in path.orders) == 2  # two purchases, no sale


def test_a_lone_month_without_a_score_leaves_the_shares_as_they_are() -> None:
    path = simulate(tape([[10, 10], [20, 10], [20, 20]]), [0, 1], 2, [[0.5, 0.5], [0, 0]], terms(3))
    assert path.value == pytest.approx([1, 1.5, 2])
    assert len(path.orders) == 2
    assert np.isnan(path.turnover[1])


def test_at_the_open_the_base_is_the_day_before_and_a_months_end_is_at_the_open() -> None:
    # Bought at 10 on day 1, close 11; day 2 closes at 12; sold at the open of day 3, 13, for B at 5, which closes at 6:
    # the last row is B's open of day 4, 8.
    opened = np.array([[9, 5], [10, 5], [11, 5], [13, 5], [9, 8.0]])
    close = [[9, 5], [11, 5], [12, 5], [1, 6], [1, 9.0]]
    market = tape(close, price=opened, at_close=False)
    path = simulate(market, [1, 3], 4, [[1, 0], [0, 1]], terms(5))
    assert path.row == [0, 1, 2, 3, 4]
    assert path.value == pytest.approx([1, 1.1, 1.2, 1.3 * 6 / 5, 1.3 * 8 / 5])
    assert path.month_return == pytest.approx([0.3, 0.6])


def test_after_months_out_of_the_market_the_day_of_a_purchase_at_the_open_counts() -> None:
    close = [[10.0], [10.0], [10.0], [10.0], [12.0], [15.0]]
    market = tape(close, price=np.full((6, 1), 10.0), at_close=False)
    path = simulate(market, [1, 2, 3, 4], 5, [[1], [0], [0], [1]], terms(6), [True, False, False, True])
    assert path.row == [0, 1, 2, 4, 5]
    assert path.value == pytest.approx([1, 1, 1, 1.2, 1])


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_bought_and_sold_on_one_day_and_the_books_agree_with_the_value(seed: int) -> None:
    case = random_case(seed)
    path = simulate(case.tape, case.rows, case.last, case.weights, case.terms, case.held)
    traded = [order[:2] for order in path.orders if order[4] > 0]
    assert len(traded) == len(set(traded))
    assert all(order[4] == 0 for order in path.orders if order[6] in (NO_TRADE, UPPER_LIMIT, LOWER_LIMIT))
    # Without anything charged the months' returns make up the value.
    gross = simulate(case.tape, case.rows, case.last, case.weights, case.terms.without_costs(), case.held)
    assert np.prod([1 + r for r in gross.month_return if r == r]) == pytest.approx((gross.value or [1])[-1])


@pytest.mark.parametrize("seed", range(200))
def test_no_purchase_takes_cash_below_nothing(seed: int) -> None:
    case = random_case(seed)
    path = simulate(case.tape, case.rows, case.last, case.weights, case.terms)
    cash = case.terms.account_yuan or 1.0
    for order in path.orders:
        before, cash = cash, cash - order[2] * order[4] - order[5]
        if order[2] > 0 and order[4] > 0:
            assert before > 0
            assert cash > -0.01 * bool(case.terms.account_yuan) - 1e-9  # a millionth of a share is forgiven
