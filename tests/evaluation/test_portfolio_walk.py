"""The portfolio's net value against hand-computed cases and a bookkeeping of shares and cash."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gangru.evaluation.portfolio import Execution, departures, follow, free_execution, months_held
from gangru.market.daily import carried

NAN = np.nan


def everything_allowed(months: int, stocks: int, **changed: np.ndarray) -> Execution:
    fields = {name: np.zeros((months, stocks), dtype=bool) for name in ("no_buy", "no_sell", "departed")}
    fields["priced"] = np.ones((months, stocks), dtype=bool)
    costs = {"buy_cost": np.zeros(months), "sell_cost": np.zeros(months)}
    return Execution(**(fields | costs | changed))


def booked(close, entry, last, targets, allowed):
    """The same portfolio by shares and cash, one stock and one day at a time."""
    stocks = range(close.shape[1])

    def price(day, i):
        while np.isnan(close[day, i]):
            day -= 1
        return close[day, i]

    shares, cash, values, turnovers = dict.fromkeys(stocks, 0.0), 1.0, [], []
    for day in range(entry[0], last + 1):
        total = cash + sum(count * price(day, i) for i, count in shares.items() if count)
        values.append(total)
        if day not in entry or day == last:
            continue
        m = list(entry).index(day)
        if not targets[m].any():
            continue
        before = {i: shares[i] * price(day, i) if shares[i] else 0.0 for i in stocks}
        after = dict.fromkeys(stocks, 0.0)
        free = []
        for i in stocks:
            held = before[i] > 0 and not allowed.departed[m, i]
            if held and (allowed.no_sell[m, i] or (targets[m, i] and allowed.no_buy[m, i])):
                after[i] = before[i]
            elif targets[m, i] and allowed.priced[m, i] and not allowed.no_buy[m, i]:
                free.append(i)
        rest = total - sum(after.values())
        for i in free:
            after[i] = rest / len(free) if rest > 1e-12 * total else 0.0
        if any(before.values()):
            turnovers.append(sum(abs(after[i] - before[i]) for i in stocks) / 2 / total)
        shares = {i: after[i] / price(day, i) if after[i] else 0.0 for i in stocks}
        cash = total - sum(after.values())
    return np.array(values), turnovers


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000))
@example(75628)  # rounding once left a holding of 1e-16 that could not be sold
def test_net_value_and_turnover_agree_with_shares_and_cash(seed):
    rng = np.random.default_rng(seed)
    d, n, entry, last = 40, 7, np.array([3, 12, 20, 33]), 39
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.04, (d, n)), axis=0))
    close[1:][rng.random((d - 1, n)) < 0.15] = NAN
    close[15:, 0] = NAN  # leaves the market
    traded = ~np.isnan(close)
    targets = rng.random((4, n)) < 0.4
    targets[0, 1] = True
    halted = ~traded[entry]
    allowed = everything_allowed(
        4,
        n,
        priced=~halted,
        no_buy=halted | (rng.random((4, n)) < 0.2),
        no_sell=halted | (rng.random((4, n)) < 0.2),
        departed=departures(traded, entry),
    )
    path = follow(carried(close), entry, last, targets, allowed)
    values, turnovers = booked(close, list(entry), last, targets, allowed)
    np.testing.assert_allclose(path.gross, values)
    np.testing.assert_allclose(path.net, values)
    known = path.turnover[~np.isnan(path.turnover)]
    np.testing.assert_allclose(known, turnovers, atol=1e-12)
    np.testing.assert_allclose(np.prod(1 + path.month_return), values[-1])


def test_weights_drift_and_turnover_is_one_sided_against_them():
    # Half in each of A and B; A doubles, so the drift is 2/3 : 1/3; then A is sold for C.
    prices = np.array([[10.0, 10.0, 5.0], [20.0, 10.0, 5.0], [20.0, 10.0, 10.0]])
    targets = np.array([[True, True, False], [False, True, True]])
    path = follow(prices, np.array([0, 1]), 2, targets, everything_allowed(2, 3))
    assert path.gross.tolist() == pytest.approx([1, 1.5, 1.5 * (0.5 * 1 + 0.5 * 2)])
    assert np.isnan(path.turnover[0])
    # Δw: A −2/3, B +1/6, C +1/2: ½ · 4/3
    assert path.turnover[1] == pytest.approx(2 / 3)
    assert path.month_return.tolist() == pytest.approx([0.5, 0.5])


def test_costs_fall_on_what_is_traded_and_show_the_day_after():
    prices = np.array([[10.0, 10.0], [10.0, 10.0], [10.0, 10.0]])
    targets = np.array([[True, False], [False, True]])
    allowed = everything_allowed(2, 2, buy_cost=np.array([0.001, 0.002]), sell_cost=np.array([0.003, 0.004]))
    path = follow(prices, np.array([0, 1]), 2, targets, allowed)
    assert path.gross.tolist() == [1, 1, 1]
    assert path.net.tolist() == pytest.approx([1, 0.999, 0.999 * (1 - 0.002 - 0.004)])


def test_a_purchase_that_fails_leaves_its_share_to_the_others():
    prices = np.array([[10.0, 10.0, 10.0], [11.0, 12.0, 20.0]])
    targets = np.array([[True, True, True]])
    allowed = everything_allowed(1, 3, no_buy=np.array([[False, False, True]]))
    path = follow(prices, np.array([0]), 1, targets, allowed)
    assert path.gross[-1] == pytest.approx(1.15)
    assert path.blocked_buys.tolist() == [1]


def test_where_nothing_can_be_bought_the_money_stays_cash():
    prices = np.array([[10.0], [20.0], [40.0]])
    allowed = everything_allowed(2, 1, no_buy=np.array([[True], [False]]))
    path = follow(prices, np.array([0, 1]), 2, np.ones((2, 1), dtype=bool), allowed)
    assert path.gross.tolist() == [1, 1, 2]
    assert np.isnan(path.turnover).all()  # the second is the first purchase


def test_a_sale_that_fails_keeps_the_drifted_weight():
    # A and B half each; A falls by half: drifted 1/3 : 2/3. A cannot be sold; C gets the remainder.
    prices = np.array([[10.0, 10.0, 10.0], [5.0, 10.0, 10.0], [5.0, 10.0, 13.0]])
    targets = np.array([[True, True, False], [False, False, True]])
    allowed = everything_allowed(2, 3, no_sell=np.array([[False] * 3, [True, False, False]]))
    path = follow(prices, np.array([0, 1]), 2, targets, allowed)
    assert path.gross[-1] == pytest.approx(0.75 * (1 / 3 + 2 / 3 * 1.3))
    assert path.blocked_sells.tolist() == [0, 1]
    assert path.turnover[1] == pytest.approx(2 / 3)


def test_a_stock_that_left_the_market_is_sold_at_its_last_price_and_counted():
    close = np.array([[10.0, 10.0], [8.0, 10.0], [NAN, 10.0], [NAN, 12.0]])
    traded = ~np.isnan(close)
    entry = np.array([0, 2])
    gone = departures(traded, entry)
    assert gone.tolist() == [[False, False], [True, False]]
    halted = ~traded[entry]
    allowed = everything_allowed(2, 2, priced=~halted, no_buy=halted, no_sell=halted, departed=gone)
    path = follow(carried(close), entry, 3, np.array([[True, False], [False, True]]), allowed)
    assert path.gross.tolist() == pytest.approx([1, 0.8, 0.8, 0.96])
    assert path.departed.tolist() == [0, 1]
    assert path.blocked_sells.tolist() == [0, 0]


def test_who_trades_on_the_day_itself_has_not_left():
    traded = np.array([[True, True], [True, False], [False, False]])
    assert departures(traded, np.array([0, 1, 2])).tolist() == [[False, False], [False, True], [True, True]]


def test_a_holding_that_is_still_wanted_is_no_blocked_sale():
    prices = np.array([[10.0, 10.0], [20.0, 10.0], [20.0, 10.0]])
    allowed = everything_allowed(2, 2, no_sell=np.array([[False, False], [True, True]]))
    path = follow(prices, np.array([0, 1]), 2, np.array([[True, True], [True, False]]), allowed)
    assert path.blocked_sells.tolist() == [0, 1]
    assert path.turnover[1] == 0


def test_without_rules_a_halted_target_is_not_bought_and_a_halted_holding_is_sold():
    close = np.array([[10.0, 10.0], [NAN, 10.0], [30.0, 11.0]])
    traded = ~np.isnan(close)
    entry = np.array([0, 1])
    targets = np.array([[True, True], [True, True]])
    path = follow(carried(close), entry, 2, targets, free_execution(traded, entry))
    assert path.gross.tolist() == pytest.approx([1, 1, 1.1])


def test_a_rebalancing_that_aims_at_nothing_changes_nothing():
    prices = np.array([[10.0, 10.0], [20.0, 10.0], [20.0, 20.0]])
    targets = np.array([[True, True], [False, False]])
    path = follow(prices, np.array([0, 1]), 2, targets, everything_allowed(2, 2))
    assert path.gross.tolist() == pytest.approx([1, 1.5, 2])
    assert np.isnan(path.turnover).all()


def test_no_rebalancing_gives_an_empty_path():
    path = follow(
        np.ones((3, 2)), np.zeros(0, dtype=int), 0, np.zeros((0, 2), bool), everything_allowed(0, 2)
    )
    assert len(path.gross) == len(path.row) == len(path.turnover) == 0


def test_months_out_of_the_market_earn_nothing_and_what_follows_is_bought_anew():
    # One stock doubles each month; months 1 and 2 are out.
    prices = 10 * 2.0 ** np.arange(5)[:, None]
    held, targets = np.array([True, False, False, True]), np.array([[True], [False], [False], [True]])
    cost = np.array([0.01, 9, 9, 0.02])
    allowed = everything_allowed(4, 1, buy_cost=cost, sell_cost=cost)
    path = follow(prices, np.array([0, 1, 2, 3]), 4, targets, allowed, held)
    assert path.row.tolist() == [0, 1, 4]
    assert path.gross.tolist() == [1, 2, 4]
    assert path.net.tolist() == pytest.approx([1, 2 * 0.99, 4 * 0.99 * 0.98])
    assert path.month_return[[0, 3]].tolist() == [1, 1]
    assert np.isnan(path.month_return[1:3]).all()
    assert np.isnan(path.turnover).all()  # both are first purchases


def test_a_path_may_begin_after_months_out_of_the_market():
    prices = 10 * 2.0 ** np.arange(4)[:, None]
    held = np.array([False, False, True])
    path = follow(prices, np.arange(3), 3, held[:, None], everything_allowed(3, 1), held)
    assert (path.row.tolist(), path.gross.tolist()) == ([2, 3], [1, 2])
    nothing = follow(
        prices, np.arange(3), 3, held[:, None], everything_allowed(3, 1), np.zeros(3, dtype=bool)
    )
    assert len(nothing.row) == len(nothing.gross) == 0


@pytest.mark.parametrize(
    ("scored", "held"),
    [("1111", "1111"), ("1011", "1111"), ("1001", "1001"), ("1101", "1111"), ("10001011", "10001111"),
     ("10", "11"), ("100", "100"), ("", "")],
)  # fmt: skip
def test_a_lone_month_without_a_score_is_held_and_a_longer_span_is_not(scored, held):
    flags = np.array([c == "1" for c in scored], dtype=bool)
    assert months_held(flags).tolist() == [c == "1" for c in held]
