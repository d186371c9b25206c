"""An account followed from one execution day to the next: the rules of docs/portfolio.md, vectorised over stocks.

M execution days × N stocks; D days of the market's axis. Holdings are kept in units of the adjusted price (raw shares ÷
factor), so that what goes ex changes nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.months import Rows
from gangru.evaluation.portfolio.filling import (
    Day,
    Filled,
    Wish,
    blocks,
    costs,
    day_of,
    fill,
    joined,
    marks_at,
    orders_of,
)
from gangru.evaluation.portfolio.path import DEPARTED, FILLED, AccountPath, Orders
from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.evaluation.portfolio.wanted import NOTHING, nearer, settled
from gangru.market.daily import Bools, Floats


@dataclass
class Account:
    """An account in motion: cash in yuan, units of each stock's adjusted price (N,), and what is written down."""

    tape: Tape
    terms: Terms
    cash: float
    units: Floats
    rows: list[Rows] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    orders: list[Orders] = field(default_factory=list)

    def worth(self, row: int) -> float:
        """Cash and holdings at the execution price of a day, yuan."""
        stock = np.flatnonzero(self.units > 0)
        return self.cash + float(self.units[stock] @ marks_at(self.tape, row, stock))

    def write(self, first: int, last: int) -> None:
        """Write down the values at the closes of the rows from `first` to `last`, which nothing was traded between.

        Each row is summed by itself: a matrix product rounds a row by how many others there are, that is by the future.
        """
        if first > last:
            return
        stock = np.flatnonzero(self.units > 0)
        self.rows.append(np.arange(first, last + 1))
        worth = np.ascontiguousarray(self.tape.held[first : last + 1, stock] * self.units[stock])
        self.values.append(self.cash + worth.sum(axis=1))

    def take(self, day: Day, filled: Filled) -> None:
        """Change the holdings by what was filled."""
        self.units[day.stock] += filled.bought_units - filled.sold_units
        self.cash += filled.cash
        self.orders.append(filled.orders)

    def turn_to_cash(self, row: int) -> None:
        """Leave everything at the day's price, without orders: the account is out of the market."""
        self.cash = self.worth(row)
        self.units = np.zeros_like(self.units)


def follow_account(
    tape: Tape, rows: Rows, last: int, weights: Floats, terms: Terms, held: Bools | None = None
) -> AccountPath:
    """Follow an account that aims at `weights` (M, N) on the execution days `rows` (M,), ascending, to the row `last`.

    A row of weights that are all 0 leaves the account as it is. Months that are not `held` (M,) are left out: the value
    stands still, and the account begins anew. Each day's value sees prices up to that day; only whether a stock ever
    trades again looks further, to the end of the tape.
    """
    months, ends = len(rows), np.append(rows[1:], last)
    there = np.ones(months, dtype=bool) if held is None else held
    start = terms.account_yuan or 1.0
    account = Account(tape, terms, start, np.zeros(len(tape.codes)))
    month_return, turnover, cost = (np.full(months, np.nan) for _ in range(3))
    for m in np.flatnonzero(there).tolist():
        row, end = int(rows[m]), int(ends[m])
        first, final = m == 0 or not there[m - 1], m + 1 == months or not there[m + 1]
        if not account.rows:
            account.rows.append(np.array([row if tape.at_close else row - 1]))
            account.values.append(np.array([account.cash]))
        before, paid = account.worth(row), 0.0
        wish: Wish | None = None
        if weights[m].any():
            turnover[m], wish, paid = rebalance(account, row, weights[m])
        opened = account.worth(row)
        paid += carry_on(account, row, end, wish, written_from=row + 1 if first and tape.at_close else row)
        closed = account.worth(end)
        month_return[m], cost[m] = closed / opened - 1, paid / before
        if final:
            account.rows.append(np.array([end]))
            account.values.append(np.array([closed]))
            account.turn_to_cash(end)
    return AccountPath(
        np.concatenate(account.rows) if account.rows else np.arange(0),
        np.concatenate(account.values) / start if account.rows else np.zeros(0),
        month_return,
        turnover,
        cost,
        joined(account.orders),
    )


def rebalance(account: Account, row: int, weights: Floats) -> tuple[float, Wish | None, float]:
    """Trade towards the weights (N,); the turnover, what stays open and the yuan of costs."""
    stock = np.flatnonzero((account.units > 0) | (weights > 0))
    day = day_of(account.tape, account.terms, row, stock)
    worth, was = account.worth(row), account.units[stock].copy()
    before = weights_of(was, day, worth)
    paid = depart(account, day)
    value = account.worth(row)
    current = weights_of(account.units[stock], day, value)
    wanted = weights[stock]
    if before.any():
        wanted = nearer(current, wanted, account.terms.max_turnover)
    if not account.terms.carry:
        wanted, missed, side = settled(wanted, current, day.blocked_buy == FILLED, day.blocked_sell == FILLED)
        account.orders += blocked_orders(day, missed * value, side)
    wish = wish_for(wanted - current, wanted, account.units[stock], day, value)
    filled = fill(wish, day, account.terms, account.cash, retry=False)
    account.take(day, filled)
    after = weights_of(account.units[stock], day, worth)
    turnover = float(np.abs(after - before).sum() / 2) if before.any() else np.nan
    return turnover, on_all(account, stock, filled.left) if account.terms.carry else None, paid + filled.cost


def blocked_orders(day: Day, yuan: Floats, side: NDArray[np.int8]) -> list[Orders]:
    """What was asked of the stocks that keep their weight, (n,): purchases where `side` is 1, sales where it is −1."""
    none = np.zeros(len(yuan))
    sales = orders_of(day, np.where(side < 0, yuan, 0), none, none, day.blocked_sell, -1, retry=False)
    purchases = orders_of(day, np.where(side > 0, yuan, 0), none, none, day.blocked_buy, 1, retry=False)
    return [sales, purchases]


def weights_of(units: Floats, day: Day, value: float) -> Floats:
    """What the units are worth in parts of a value, (n,)."""
    return np.where(units > 0, units * np.where(units > 0, day.price, 0), 0) / value


def wish_for(change: Floats, wanted: Floats, units: Floats, day: Day, value: float) -> Wish:
    """Orders that change the weights by `change`; of a stock that is not wanted all units are to be sold."""
    down, up = change < -NOTHING, change > NOTHING
    whole = down & (wanted < NOTHING)
    part = np.minimum(-change * value / np.where(down, day.price, 1), units)
    return Wish(np.where(whole, units, np.where(down, part, 0)), whole, np.where(up, change * value, 0))


def depart(account: Account, day: Day) -> float:
    """Turn holdings that never trade again to cash at their last price; the costs, those of a sale."""
    units = account.units[day.stock]
    gone = (units > 0) & (account.tape.last_trades[day.stock] < day.row)
    if not gone.any():
        return 0.0
    yuan = np.where(gone, units * np.where(gone, day.price, 0), 0)
    cost = costs(yuan, account.terms.sell_levy[day.row], day, account.terms)
    account.cash += float(yuan.sum() - cost.sum())
    account.units[day.stock[gone]] = 0
    reason = np.full(len(yuan), DEPARTED, dtype=np.int8)
    account.orders.append(orders_of(day, yuan, yuan, cost, reason, -1, retry=False))
    return float(cost.sum())


def on_all(account: Account, stock: Rows, wish: Wish) -> Wish:
    """A wish for some stocks as one for all, (N,)."""
    sell, whole, buy = (np.zeros(len(account.units), dtype=kind) for kind in (float, bool, float))
    sell[stock], whole[stock], buy[stock] = wish.sell_units, wish.sell_all, wish.buy_yuan
    return Wish(sell, whole, buy)


def carry_on(account: Account, row: int, end: int, wish: Wish | None, *, written_from: int) -> float:
    """Write down the days before `end`, trying open orders on each day after `row`; the yuan of costs."""
    paid, written = 0.0, written_from
    for day_row in range(row + 1, end):
        if wish is None or not wish.any():
            break
        stock = np.flatnonzero((wish.sell_units > 0) | (wish.buy_yuan > 0))
        blocked_buy, blocked_sell = blocks(account.tape, day_row, stock)
        free = ((wish.sell_units[stock] > 0) & (blocked_sell == FILLED)) | (
            (wish.buy_yuan[stock] > 0) & (blocked_buy == FILLED)
        )
        if not free.any():
            continue
        account.write(written, day_row - 1)
        written = day_row
        day = day_of(account.tape, account.terms, day_row, stock[free])
        tried = Wish(wish.sell_units[day.stock], wish.sell_all[day.stock], wish.buy_yuan[day.stock])
        filled = fill(tried, day, account.terms, account.cash, retry=True)
        account.take(day, filled)
        paid += filled.cost
        for name in ("sell_units", "sell_all", "buy_yuan"):
            getattr(wish, name)[day.stock] = getattr(filled.left, name)
    account.write(written, end - 1)
    return paid
