"""The account of a size kept by hand against figures from paper: lots, minimum, participation, impact."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.portfolio.paper_markets import NAN, filled, marked, reasons, tape, tape_with, terms
from evaluation.portfolio.slow_account import Account, simulate
from gangru.evaluation.portfolio.path import (
    FILLED,
    LOT,
    PARTICIPATION,
)


def test_lots_of_each_board() -> None:
    # 10,000 yuan of each at 30: 333.3 shares; main and ChiNext 300, STAR and Beijing 333.
    codes = ("000001.SZ", "300001.SZ", "600000.SH", "688001.SH", "830001.BJ")
    path = simulate(tape(np.full((2, 5), 30.0), codes), [0], 1, [[0.2] * 5], terms(2, account_yuan=50_000))
    assert [order[4] for order in path.orders] == [9_000, 9_000, 9_000, 9_990, 9_990]
    # At 60: 166 shares; a STAR order needs 200, one in Beijing 100.
    path = simulate(tape(np.full((2, 5), 60.0), codes), [0], 1, [[0.2] * 5], terms(2, account_yuan=50_000))
    assert [order[4] for order in path.orders] == [6_000, 6_000, 6_000, 0, 9_960]
    assert reasons(path, 0) == dict.fromkeys(range(5), FILLED) | {3: LOT}


def test_a_millionth_of_a_share_is_forgiven() -> None:
    account = Account(tape([[10.0]]), terms(1, account_yuan=1))
    assert [account.steps(0, shares) for shares in (299.9999991, 299.9999)] == [300, 200]


def test_a_part_is_sold_in_lots_and_all_of_a_holding_whole() -> None:
    # 1000 shares of A, 10 % more by a dividend: 1100. Half of the account is 550 shares: 500 are sold. Then all 600.
    market = tape([[10, 10]] * 3 + [[10, 10]], factor=[[1, 1], [1.1, 1], [1.15, 1], [1.15, 1]])
    path = simulate(market, [0, 1, 2], 3, [[1, 0], [0.5, 0], [0, 1]], terms(4, account_yuan=10_000))
    assert filled(path, 1, 0) == -5_000
    assert filled(path, 2, 0) == pytest.approx(-600 * 1.15 / 1.1 * 10)


def test_the_broker_takes_his_minimum_and_each_purchase_reserves_it() -> None:
    # Two orders of 5,000 at 0.1 %: (10,000 − 2 · 5) / (10,000 · 1.001) = 0.998; 4,990.01 / 10 → 400 shares each.
    # The minimum of 5 is more than 4 yuan of commission.
    terms_ = terms(2, account_yuan=10_000, commission=0.001, least=np.full(2, 5.0))
    path = simulate(tape([[10, 10], [10, 10]]), [0], 1, [[0.5, 0.5]], terms_)
    assert [order[4:6] for order in path.orders] == [(4_000, 5), (4_000, 5)]
    assert path.value[-1] == pytest.approx(9_990 / 10_000)
    assert path.cost == pytest.approx([0.001])


def test_an_order_is_cut_to_its_share_of_the_day_and_the_rest_waits_where_orders_are_carried() -> None:
    # 10,000 wanted, a tenth of 35,000 a day: 3,500 at 10 → 300 shares, 3,000 yuan. Beyond the share: 6,500, then 3,000.
    market = tape([[10]] * 4, amount=np.full((4, 1), 35_000.0))
    terms_ = terms(4, account_yuan=10_000, max_participation=0.1)
    path = simulate(market, [0], 3, [[1]], terms_)
    assert [(*order[3:5], order[6]) for order in path.orders] == [(10_000, 3_000, PARTICIPATION)]
    path = simulate(market, [0], 3, [[1]], replace(terms_, carry=True))
    assert [order[3:5] for order in path.orders] == [(10_000, 3_000), (6_500, 3_000), (3_000, 3_000)]


def test_a_sale_of_all_beyond_its_share_goes_on_until_all_is_gone() -> None:
    # 1000 shares at 10, at most 4,500 yuan a day: 400, 400, then the 200 left.
    market = tape([[10]] * 6, amount=np.array([[1e9]] + [[45_000.0]] * 5))
    terms_ = terms(6, account_yuan=10_000, max_participation=0.1, carry=True)
    path = simulate(tape_with(market, 2), [0, 1], 5, [[1, 0], [0, 0.5]], terms_)
    sales = [order[3:5] for order in path.orders if order[2] < 0]
    assert sales == [(10_000, 4_000), (6_000, 4_000), (2_000, 2_000)]


def test_the_shares_that_were_to_be_sold_go_ex_while_they_wait() -> None:
    # Half of 1000 shares waits, 500; a split makes them 1000 of 2000, sold at 5.
    market = tape([[10], [10], [5], [5]], factor=[[1], [1], [2], [2]], no_sell=marked((4, 1), (1, 0)))
    path = simulate(market, [0, 1], 3, [[1], [0.5]], terms(4, account_yuan=10_000, carry=True))
    assert [order[3:5] for order in path.orders if order[0] > 0] == [(5_000, 0), (5_000, 5_000)]


def test_a_sale_pays_impact_too() -> None:
    # Returns 0 and +10 % before the sale of 1000 shares at 8.91, at an ADV of 40,000: σ = 0.1 / √2.
    close = [[9.0], [9.0], [9.9], [8.91], [8.91]]
    market = tape(close, amount=np.full((5, 1), 40_000.0))
    path = simulate(
        tape_with(market, 2), [1, 3], 4, [[1, 0], [0, 0.5]], terms(5, account_yuan=9_000, impact=1.0)
    )
    sold = next(order for order in path.orders if order[2] < 0)
    assert sold[4] == 8_910
    assert sold[5] == pytest.approx(8_910 * (0.1 / 2**0.5) * (8_910 / 40_000) ** 0.5)


def test_impact_is_the_square_root_law() -> None:
    # Returns +10 %, −10 %: σ = √(2 · 0.01) = 0.1414; ADV 40,000 (three days); the order of 10,000: 0.1414 · √¼ = 7.07 %.
    # Scaled to the cash: 10,000 / 1.0707 = 9,339.6 at 9.9 → 900 shares, 8,910 yuan.
    close = [[10.0], [11.0], [9.9], [9.9], [9.9]]
    market = tape(close, amount=np.array([[30_000.0], [40_000.0], [50_000.0], [1.0], [1.0]]))
    path = simulate(market, [3], 4, [[1]], terms(5, account_yuan=10_000, impact=1.0))
    sigma = 0.02**0.5
    assert path.orders[0][4] == pytest.approx(8_910)
    assert path.orders[0][5] == pytest.approx(8_910 * sigma / 2)


def test_impact_leaves_out_days_without_trading_and_those_more_than_twenty_days_ago() -> None:
    # The jump and its end lie more than 20 days back; over the 20 days before the order nothing moves.
    close = np.full((25, 1), 10.0)
    close[1] = 20.0
    close[10] = NAN
    charged = terms(25, account_yuan=10_000, impact=1.0)
    assert simulate(tape(close), [23], 24, [[1]], charged).orders[0][5] == 0
    path = simulate(tape(close), [22], 24, [[1]], charged)
    # Days 2–21 but 10 are 19; the return of day 2 is −½ against its last close, which lies before the 20 days: mean −1/38.
    mean = -0.5 / 19
    sigma = ((18 * mean**2 + (-0.5 - mean) ** 2) / 18) ** 0.5
    order = path.orders[0]
    assert order[5] == pytest.approx(order[4] * sigma * (10_000 / 1e9) ** 0.5)
