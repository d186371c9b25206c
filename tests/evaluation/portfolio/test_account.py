"""The account's values, turnover and orders against cases computed by hand."""

import numpy as np
import pytest

from evaluation.portfolio.tapes import forbidden, tape_of_closes, terms
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.held import months_held
from gangru.evaluation.portfolio.long import follow
from gangru.evaluation.portfolio.path import (
    CASH,
    DEPARTED,
    FILLED,
    LOT,
    LOWER_LIMIT,
    NO_TRADE,
    PARTICIPATION,
    UPPER_LIMIT,
)

NAN = np.nan


def test_weights_drift_and_turnover_is_one_sided_against_them() -> None:
    # Half in each of A and B; A doubles, so the drift is 2/3 : 1/3; then A is sold for C.
    tape = tape_of_closes([[10, 10, 5], [20, 10, 5], [20, 10, 10]])
    weights = np.array([[0.5, 0.5, 0], [0, 0.5, 0.5]])
    path = follow_account(tape, np.array([0, 1]), 2, weights, terms(3))
    assert path.row.tolist() == [0, 1, 2]
    assert path.value.tolist() == pytest.approx([1, 1.5, 1.5 * (0.5 * 1 + 0.5 * 2)])
    assert np.isnan(path.turnover[0])
    assert path.turnover[1] == pytest.approx(2 / 3)  # Δw: A −2/3, B +1/6, C +1/2: ½ · 4/3
    assert path.month_return.tolist() == pytest.approx([0.5, 0.5])


def test_costs_are_paid_from_cash_and_the_first_purchases_show_the_day_after() -> None:
    # 1 = amount · 1.001, so 0.999000999 is held; it is sold at 0.4 % and what comes is bought at 0.2 %.
    tape = tape_of_closes([[10, 10], [10, 10], [10, 10]])
    levies = {"buy_levy": np.array([0.001, 0.002, 0]), "sell_levy": np.array([0.003, 0.004, 0])}
    path = follow(tape, np.array([0, 1]), 2, np.eye(2), terms(3, **levies))
    assert path.gross.tolist() == [1, 1, 1]
    held = 1 / 1.001
    assert path.net.tolist() == pytest.approx([1, held * 0.996 / 1.002, held * 0.996 / 1.002])
    assert path.cost.tolist() == pytest.approx([held * 0.001, 0.004 + 0.996 / 1.002 * 0.002])


def test_a_purchase_that_fails_leaves_its_share_to_the_others() -> None:
    tape = tape_of_closes([[10, 10, 10], [11, 12, 20]], no_buy=forbidden((2, 3), (0, 2)))
    path = follow(tape, np.array([0]), 1, np.full((1, 3), 1 / 3), terms(2))
    assert path.gross[-1] == pytest.approx(1.15)
    assert path.blocked_buys.tolist() == [1]
    orders = path.orders
    assert orders.reason.tolist() == [UPPER_LIMIT, FILLED, FILLED]
    assert orders.wanted.tolist() == pytest.approx([1 / 3, 1 / 2, 1 / 2])
    assert orders.filled.tolist() == pytest.approx([0, 1 / 2, 1 / 2])


def test_where_nothing_can_be_bought_the_money_stays_cash() -> None:
    tape = tape_of_closes([[10], [20], [40]], no_buy=forbidden((3, 1), (0, 0)))
    path = follow_account(tape, np.array([0, 1]), 2, np.ones((2, 1)), terms(3))
    assert path.value.tolist() == [1, 1, 2]
    assert np.isnan(path.turnover).all()  # the second is the first purchase


def test_a_sale_that_fails_keeps_the_drifted_weight() -> None:
    # A and B half each; A falls by half: drifted 1/3 : 2/3. A cannot be sold; C gets the remainder.
    tape = tape_of_closes([[10, 10, 10], [5, 10, 10], [5, 10, 13]], no_sell=forbidden((3, 3), (1, 0)))
    weights = np.array([[0.5, 0.5, 0], [0, 0, 1]])
    path = follow(tape, np.array([0, 1]), 2, weights, terms(3))
    assert path.gross[-1] == pytest.approx(0.75 * (1 / 3 + 2 / 3 * 1.3))
    assert path.blocked_sells.tolist() == [0, 1]
    assert path.turnover[1] == pytest.approx(2 / 3)
    assert LOWER_LIMIT in path.orders.reason


def test_an_order_that_scaling_turns_round_is_kept_too() -> None:
    # Now A ½, B ½. Wanted: A 0.55, B 0.45, but B cannot be sold: it keeps 0.5, A is scaled to 0.5 and nothing is traded.
    # With C wanted at 0.2 and A at 0.8 − and C blocked: A asks for all, B of 0.5 stays, so A keeps its half.
    closes = [[10, 10, 10], [10, 10, 10], [10, 10, 10]]
    stuck = tape_of_closes(closes, no_sell=forbidden((3, 3), (1, 1)))
    path = follow_account(stuck, np.array([0, 1]), 2, np.array([[0.5, 0.5, 0], [0.55, 0.45, 0]]), terms(3))
    assert path.turnover[1] == pytest.approx(0)
    # A wants from 0.3 to 0.35 and cannot be sold; B from 0.7 to 0.05 cannot be sold; C is wanted at 0.6. B keeps 0.7, so A is
    # scaled to 0.35 · 0.3/0.95 = 0.11 < 0.3, a sale, which is blocked: A keeps 0.3 and C gets nothing.
    tight = tape_of_closes(closes, no_sell=forbidden((3, 3), (1, 0), (1, 1)))
    path = follow_account(tight, np.array([0, 1]), 2, np.array([[0.3, 0.7, 0], [0.35, 0.05, 0.6]]), terms(3))
    assert path.turnover[1] == pytest.approx(0)
    assert sorted(path.orders.stock[path.orders.reason == LOWER_LIMIT].tolist()) == [0, 1]


def test_a_stock_that_left_the_market_is_sold_at_its_last_price_and_counted() -> None:
    tape = tape_of_closes([[10, 10], [8, 10], [NAN, 10], [NAN, 12]])
    path = follow(tape, np.array([0, 2]), 3, np.eye(2), terms(4))
    assert path.gross.tolist() == pytest.approx([1, 0.8, 0.8, 0.96])
    assert path.departed.tolist() == [0, 1]
    assert path.blocked_sells.tolist() == [0, 0]
    assert path.turnover[1] == pytest.approx(1)
    assert (path.orders.reason == DEPARTED).sum() == 1


def test_a_halted_target_is_not_bought_and_a_halted_holding_is_kept() -> None:
    tape = tape_of_closes([[10, 10, 10], [NAN, 10, NAN], [30, 11, 20]])
    weights = np.array([[0.5, 0.5, 0], [0, 0.5, 0.5]])
    path = follow(tape, np.array([0, 1]), 2, weights, terms(3))
    # A keeps its half though it is not wanted; C cannot be bought, so B gets what remains: half.
    assert path.gross.tolist() == pytest.approx([1, 1, 0.5 * 3 + 0.5 * 1.1])
    assert (path.blocked_buys.tolist(), path.blocked_sells.tolist()) == ([0, 1], [0, 1])
    assert (path.orders.reason == NO_TRADE).sum() == 2


def test_without_rules_a_halted_holding_is_sold_at_its_last_price() -> None:
    tape = tape_of_closes([[10, 10], [NAN, 10], [30, 11]]).without_rules()
    path = follow_account(tape, np.array([0, 1]), 2, np.eye(2), terms(3))
    assert path.value.tolist() == pytest.approx([1, 1, 1.1])


def test_a_rebalancing_that_aims_at_nothing_changes_nothing() -> None:
    tape = tape_of_closes([[10, 10], [20, 10], [20, 20]])
    path = follow_account(tape, np.array([0, 1]), 2, np.array([[0.5, 0.5], [0, 0]]), terms(3))
    assert path.value.tolist() == pytest.approx([1, 1.5, 2])
    assert np.isnan(path.turnover).all()


def test_no_rebalancing_gives_an_empty_path() -> None:
    path = follow_account(tape_of_closes([[1, 1]] * 3), np.zeros(0, dtype=int), 0, np.zeros((0, 2)), terms(3))
    assert len(path.value) == len(path.row) == len(path.turnover) == len(path.orders.row) == 0


def test_months_out_of_the_market_earn_nothing_and_what_follows_is_bought_anew() -> None:
    # One stock doubles each month; months 1 and 2 are out.
    tape = tape_of_closes((10 * 2.0 ** np.arange(5)[:, None]).tolist())
    held = np.array([True, False, False, True])
    levy = np.array([0.01, 9, 9, 0.02, 0])
    path = follow(tape, np.arange(4), 4, held[:, None].astype(float), terms(5, buy_levy=levy), held)
    assert path.row.tolist() == [0, 1, 4]
    assert path.gross.tolist() == [1, 2, 4]
    assert path.net.tolist() == pytest.approx([1, 2 / 1.01, 4 / 1.01 / 1.02])
    assert path.month_return[[0, 3]].tolist() == [1, 1]
    assert np.isnan(path.month_return[1:3]).all()
    assert np.isnan(path.turnover).all()  # both are first purchases


def test_a_path_may_begin_after_months_out_of_the_market() -> None:
    tape = tape_of_closes((10 * 2.0 ** np.arange(4)[:, None]).tolist())
    held = np.array([False, False, True])
    path = follow_account(tape, np.arange(3), 3, held[:, None].astype(float), terms(4), held)
    assert (path.row.tolist(), path.value.tolist()) == ([2, 3], [1, 2])
    nothing = follow_account(
        tape, np.arange(3), 3, held[:, None].astype(float), terms(4), np.zeros(3, dtype=bool)
    )
    assert len(nothing.row) == len(nothing.value) == 0


def test_orders_at_the_open_begin_on_the_day_before_and_end_at_an_open() -> None:
    # Bought at 10 on day 1, which closes at 12; at 15 on day 2 (close 20) A is sold for B, which opens day 3 at 9.
    closes, opens = [[8, 5], [12, 5], [20, 5], [22, 6]], [[8, 5], [10, 5], [15, 10], [21, 9]]
    tape = tape_of_closes(closes, price=np.array(opens, dtype=float), at_close=False)
    path = follow_account(tape, np.array([1, 2]), 3, np.eye(2), terms(4))
    assert path.row.tolist() == [0, 1, 2, 3]
    assert path.value.tolist() == pytest.approx([1, 1.2, 1.5 * 5 / 10, 1.5 * 9 / 10])
    assert path.month_return.tolist() == pytest.approx([0.5, -0.1])


def test_an_open_order_is_filled_on_the_first_day_that_lets_it() -> None:
    # B is sealed on days 1 and 2, bought at 12 on day 3 with the half that was kept for it.
    tape = tape_of_closes(
        [[10, 10], [10, 10], [10, 11], [10, 12], [10, 24]], no_buy=forbidden((5, 2), (1, 1), (2, 1))
    )
    path = follow_account(tape, np.array([1]), 4, np.full((1, 2), 0.5), terms(5, carry=True))
    assert path.value.tolist() == pytest.approx([1, 1, 1, 0.5 + 0.5 * 2])
    assert path.orders.retry.tolist() == [False, False, True]
    assert path.orders.row.tolist() == [1, 1, 3]


def test_an_open_sale_waits_for_its_day_and_its_cash_for_the_next_execution() -> None:
    tape = tape_of_closes(
        [[10, 10], [10, 10], [9, 10], [8, 10], [4, 20]], no_sell=forbidden((5, 2), (1, 0), (2, 0))
    )
    path = follow_account(tape, np.array([0, 1]), 4, np.eye(2), terms(5, carry=True))
    # A's sale is open until day 3, at 8: cash 0.8. B was to be bought with all on day 1, without cash, and is closed.
    assert path.value.tolist() == pytest.approx([1, 1, 0.9, 0.8, 0.8])
    assert CASH in path.orders.reason


def test_a_turnover_cap_goes_part_of_the_way() -> None:
    tape = tape_of_closes([[10, 10], [10, 10], [10, 20]])
    path = follow_account(tape, np.array([0, 1]), 2, np.eye(2), terms(3, max_turnover=0.25))
    assert path.turnover[1] == pytest.approx(0.25)
    assert path.value[-1] == pytest.approx(0.75 + 0.25 * 2)


def test_an_account_buys_lots_keeps_the_rest_as_cash_and_pays_the_least_commission() -> None:
    # 5,000 yuan, at 12.34: 405 shares could be paid, 400 are bought for 4,936 yuan and 5 yuan of commission.
    tape = tape_of_closes([[12.34], [20.0]])
    path = follow_account(
        tape, np.array([0]), 1, np.ones((1, 1)),
        terms(2, account_yuan=5_000.0, commission=0.0002, least=np.full(2, 5.0)),
    )  # fmt: skip
    assert path.orders.filled[0] == pytest.approx(4_936)
    assert path.orders.cost[0] == pytest.approx(5)
    assert path.value[-1] * 5_000 == pytest.approx(400 * 20 + 5_000 - 4_936 - 5)


def test_less_than_a_lot_is_not_bought() -> None:
    tape = tape_of_closes([[60.0], [70.0]], codes=np.array(["688001.SH"]))
    path = follow_account(tape, np.array([0]), 1, np.ones((1, 1)), terms(2, account_yuan=10_000.0))
    assert path.orders.reason.tolist() == [LOT]  # 166 shares, and STAR asks for 200
    assert path.value.tolist() == [1, 1]


def test_an_order_takes_no_more_than_its_share_of_the_day() -> None:
    tape = tape_of_closes([[10.0], [10.0], [20.0]], amount=np.full((3, 1), 300_000.0))
    path = follow_account(
        tape, np.array([0]), 2, np.ones((1, 1)), terms(3, account_yuan=100_000.0, max_participation=0.1)
    )
    assert path.orders.reason.tolist() == [PARTICIPATION]
    assert path.value[-1] * 100_000 == pytest.approx(70_000 + 3_000 * 20)
    carried_on = follow_account(
        tape, np.array([0]), 2, np.ones((1, 1)),
        terms(3, account_yuan=100_000.0, max_participation=0.1, carry=True),
    )  # fmt: skip
    assert carried_on.orders.wanted.tolist() == pytest.approx([100_000, 70_000])
    assert carried_on.value[-1] * 100_000 == pytest.approx(40_000 + 6_000 * 20)


def test_impact_is_volatility_times_the_root_of_the_orders_share() -> None:
    closes = [[10.0], [11.0], [9.9], [9.9], [9.9]]
    tape = tape_of_closes(closes, amount=np.array([[3e6], [4e6], [2e6], [9e9], [9e9]]))
    path = follow_account(
        tape, np.array([3]), 4, np.ones((1, 1)), terms(5, account_yuan=10_000.0, impact=0.5)
    )
    # Returns before day 3: +10 %, −10 %: deviation √0.02 = 14.1 %; mean amount 3 million.
    rate = 0.5 * np.sqrt(0.02) * np.sqrt(10_000 / 3e6)
    assert path.orders.cost[0] / path.orders.filled[0] == pytest.approx(rate)


def test_what_goes_ex_changes_nothing_and_lots_count_the_shares_of_the_day() -> None:
    # 10 for 10 on day 1: 100 shares become 200, of which a half is sold: 100 shares, one lot.
    tape = tape_of_closes([[20.0], [10.0], [12.0]], factor=np.array([[1.0], [2.0], [2.0]]))
    path = follow_account(tape, np.array([0, 1]), 2, np.array([[1.0], [0.5]]), terms(3, account_yuan=2_000.0))
    assert path.value.tolist() == pytest.approx([1, 1, (1_000 + 100 * 12) / 2_000])


@pytest.mark.parametrize(
    ("scored", "held"),
    [("1111", "1111"), ("1011", "1111"), ("1001", "1001"), ("1101", "1111"), ("10001011", "10001111"),
     ("10", "11"), ("100", "100"), ("", "")],
)  # fmt: skip
def test_a_lone_month_without_a_score_is_held_and_a_longer_span_is_not(scored: str, held: str) -> None:
    flags = np.array([c == "1" for c in scored], dtype=bool)
    assert months_held(flags).tolist() == [c == "1" for c in held]
