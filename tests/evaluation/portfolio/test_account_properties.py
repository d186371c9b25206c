"""What holds of every account on random markets: where the money is, what a day may do, and that nothing is known early."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaluation.portfolio.random_markets import Case, random_case
from gangru.evaluation.portfolio import account
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.filling import Day, marks_at
from gangru.evaluation.portfolio.path import DEPARTED, AccountPath
from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.market.daily import carried

SEEDS = st.integers(0, 100_000)
EACH = settings(max_examples=150, deadline=None, derandomize=True)


def followed(case: Case) -> AccountPath:
    rows = np.array(case.rows, dtype=np.int64)
    return follow_account(case.tape, rows, case.last, case.weights, case.terms, case.held)


def in_the_market(seed: int) -> Case:
    """A case whose account is never out of the market: all its money moves by orders."""
    case = random_case(seed)
    return replace(case, held=np.ones(len(case.rows), dtype=bool))


def days_of(case: Case, path: AccountPath) -> Iterator[tuple[int, float, np.ndarray, float]]:
    """Each day with orders: its row, and cash, units and costs so far after it, replayed from the orders alone."""
    orders, tape = path.orders, case.tape
    cash, paid, units = case.terms.account_yuan or 1.0, 0.0, np.zeros(len(tape.codes))
    for row in np.unique(orders.row).tolist():
        for k in np.flatnonzero(orders.row == row).tolist():
            stock, side, yuan = orders.stock[k], int(orders.side[k]), orders.filled[k]
            if yuan > 0:
                units[stock] += side * yuan / marks_at(tape, row, np.array([stock]))[0]
            cash -= side * yuan + orders.cost[k]
            paid += orders.cost[k]
        yield row, cash, units.copy(), paid


@given(SEEDS)
@EACH
def test_the_orders_alone_give_the_values_and_gross_of_the_same_fills_is_no_less(seed: int) -> None:
    case = in_the_market(seed)
    path, start = followed(case), case.terms.account_yuan or 1.0
    states = list(days_of(case, path))
    for row, value in zip(path.row[1:-1], path.value[1:-1], strict=True):
        before = [state for state in states if state[0] <= row]
        cash, units, paid = before[-1][1:] if before else (start, np.zeros(len(case.tape.codes)), 0.0)
        holding = np.nansum(np.where(np.abs(units) > 1e-12, units * case.tape.held[row], 0))
        assert (cash + holding) / start == pytest.approx(value, abs=1e-7)
        assert paid >= 0
        assert (cash + paid + holding) / start >= value - 1e-7


@given(SEEDS)
@EACH
def test_cash_and_shares_are_never_less_than_nothing(seed: int) -> None:
    # A sale may bring less than the least commission that it pays: cash lacks that at most, for each sale of the day.
    case = in_the_market(seed)
    path, start = followed(case), case.terms.account_yuan or 1.0
    for row, cash, units, _ in days_of(case, path):
        sales = int(((path.orders.row <= row) & (path.orders.side < 0)).sum())
        assert cash >= -case.terms.least[row] * sales - 1e-9 * start
        worth = np.abs(np.where(units == 0, 0, units * np.nan_to_num(case.tape.held[row])))
        assert (units >= -1e-9 * (1 + worth)).all() or (worth[units < 0] < 1e-6 * start).all()


@given(SEEDS)
@EACH
def test_after_each_execution_the_weights_are_at_most_one(seed: int) -> None:
    case = in_the_market(seed)
    for row, cash, units, _ in days_of(case, followed(case)):
        held = np.flatnonzero(np.abs(units) > 1e-12)
        holding = float(units[held] @ marks_at(case.tape, row, held))
        least = 5 * len(case.tape.codes) if case.terms.account_yuan else 0
        assert holding / (cash + holding + least) <= 1 + 1e-9


@given(SEEDS)
@EACH
def test_a_stock_is_bought_or_sold_once_a_day_and_only_where_that_is_allowed(seed: int) -> None:
    case = random_case(seed)
    orders = followed(case).orders
    dealt = orders.filled > 0
    times = Counter(zip(orders.row[dealt].tolist(), orders.stock[dealt].tolist(), strict=True))
    assert all(
        count == 1 for count in times.values()
    )  # so that nothing bought on a day is sold on it, nor the reverse
    real = dealt & (orders.reason != DEPARTED)
    row, stock, buys = orders.row[real], orders.stock[real], orders.side[real] > 0
    assert not np.isnan(case.tape.price[row, stock]).any()
    assert not case.tape.no_buy[row, stock][buys].any()
    assert not case.tape.no_sell[row, stock][~buys].any()
    left = orders.reason == DEPARTED
    assert (case.tape.last_trades[orders.stock[left]] < orders.row[left]).all()


@given(SEEDS)
@EACH
def test_orders_are_filled_in_part_at_most_and_costs_are_no_gain(seed: int) -> None:
    case = random_case(seed)
    path = followed(case)
    orders, start = path.orders, case.terms.account_yuan or 1.0
    assert (orders.filled <= orders.wanted * (1 + 1e-9) + 1e-9 * start).all()
    assert (orders.cost >= 0).all()
    assert (orders.wanted > 0).all()
    assert (path.cost[case.held] >= 0).all()
    if case.terms.max_participation and case.terms.account_yuan:
        real = orders.reason != DEPARTED
        most = case.terms.max_participation * case.tape.amount[orders.row[real], orders.stock[real]]
        assert (orders.filled[real] <= np.nan_to_num(most) * (1 + 1e-9)).all()


@given(SEEDS)
@EACH
def test_turnover_is_within_its_cap_departures_aside(seed: int) -> None:
    case = random_case(seed)
    path, start = followed(case), case.terms.account_yuan or 1.0
    orders = path.orders
    for m in np.flatnonzero(~np.isnan(path.turnover)).tolist():
        left = (orders.row == case.rows[m]) & (orders.reason == DEPARTED)
        at = np.searchsorted(path.row, case.rows[m])
        worth = path.value[max(at - 1, 0)] * start / 4  # a bound from below of the value before the trades
        assert path.turnover[m] <= case.terms.max_turnover + orders.filled[left].sum() / worth + 1e-9


def with_another_future(tape: Tape, day: int, seed: int, *, gaps: bool) -> Tape:
    """Everything after a day drawn anew; with `gaps` also when stocks trade, but for the last day."""
    rng = np.random.default_rng(seed)
    days, stocks = tape.close.shape
    later = np.zeros((days, stocks), dtype=bool)
    later[day + 1 :] = True
    shape = tape.close.shape
    moved = np.exp(rng.normal(0, 0.5, shape))

    def drawn(values: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.where(later, other, values)

    close, price = tape.close.copy(), tape.price.copy()
    if gaps:
        traded = rng.random(shape) < 0.7
        traded[-1] = ~np.isnan(tape.close[-1])
        some = np.where(np.isnan(close), 10.0, close)
        close = drawn(close, np.where(traded, some, np.nan))
        price = drawn(price, np.where(traded, np.where(np.isnan(price), 10.0, price), np.nan))
    close, price = drawn(close, close * moved), drawn(price, price * moved)
    price = close if tape.at_close else price
    factor = drawn(tape.factor, np.where(np.isnan(tape.factor), 1.0, tape.factor) * np.exp(rng.random(shape)))
    return replace(
        tape,
        close=close,
        price=price,
        factor=factor,
        amount=drawn(tape.amount, np.exp(rng.normal(12, 3, shape))),
        no_buy=drawn(tape.no_buy, rng.random(shape) < 0.3).astype(bool),
        no_sell=drawn(tape.no_sell, rng.random(shape) < 0.3).astype(bool),
        held=carried(close * factor),
    )


def trading_on(tape: Tape) -> Tape:
    """The tape with a last day on which all trade, so that nobody departs before it."""
    close, price, factor = tape.close.copy(), tape.price.copy(), tape.factor.copy()
    close[-1], factor[-1] = 10.0, np.where(np.isnan(factor[-1]), 1.0, factor[-1])
    price = close if tape.at_close else price
    price[-1] = 10.0
    return replace(tape, close=close, price=price, factor=factor, held=carried(close * factor))


def twins(seed: int, share: float, *, gaps: bool) -> tuple[Case, int, AccountPath, AccountPath]:
    """A case, a day, and the account's path under two futures after that day."""
    case = random_case(seed)
    case = replace(case, tape=trading_on(case.tape))
    day = int(share * (case.last - 1))
    other = replace(case, tape=with_another_future(case.tape, day, seed + 1, gaps=gaps))
    return case, day, followed(case), followed(other)


def same_up_to(case: Case, day: int, first: AccountPath, second: AccountPath) -> bool:
    """Whether values, turnover and orders of two paths are the same bytes up to a day."""
    months = np.array(case.rows) <= day
    pairs = [(first.value[first.row <= day], second.value[second.row <= day])]
    pairs.append((first.turnover[months], second.turnover[months]))
    for name in ("row", "stock", "side", "wanted", "filled", "cost", "reason", "retry"):
        mine, other = (getattr(path.orders, name)[path.orders.row <= day] for path in (first, second))
        pairs.append((mine, other))
    return all(one.tobytes() == other.tobytes() for one, other in pairs)


@given(SEEDS, st.floats(0, 1), st.booleans())
# The example: a matrix product over the days to the next trade rounded each by how many there were.
@example(seed=41, share=0.75, gaps=True)
@EACH
def test_the_values_up_to_a_day_know_nothing_of_later(seed: int, share: float, gaps: bool) -> None:
    # What is looked up ahead is whether a stock ever trades again: with a last trade on the last day in both, it is not.
    assert same_up_to(*twins(seed, share, gaps=gaps))


def test_the_other_future_is_another_one_and_a_look_at_tomorrow_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [twins(seed, 0.5, gaps=False) for seed in range(40)]
    assert sum(first.value[-1] != second.value[-1] for _, _, first, second in made) > 30
    real = account.day_of

    def day_of(tape: Tape, terms: Terms, row: int, stock: np.ndarray) -> Day:
        day, ahead = real(tape, terms, row, stock), tape.held[min(row + 1, len(tape.held) - 1), stock]
        return replace(day, price=np.where(np.isnan(ahead), day.price, ahead))

    monkeypatch.setattr(account, "day_of", day_of)
    assert not all(same_up_to(*twins(seed, 0.5, gaps=False)) for seed in range(200))


def test_a_departure_is_decided_by_what_comes_later_and_by_nothing_else() -> None:
    from evaluation.portfolio.tapes import tape_of_closes, terms

    nan = np.nan
    for again, value in (
        (nan, 1.5),
        (10.0, 1.0),
    ):  # does the first stock, halted on day 1, trade again on day 3?
        tape = tape_of_closes([[10, 10], [nan, 10], [nan, 15], [again, 15]])
        path = follow_account(tape, np.array([0, 1]), 3, np.eye(2), terms(4))
        assert path.value[:3].tolist() == pytest.approx([1, 1, value])
