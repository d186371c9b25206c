"""The account of docs/portfolio.md, kept by hand: one stock, one day, one order at a time.

Written from the page alone, to be compared with the engine. Cells are read from arrays; all arithmetic is Python's on floats
and dicts of stock → number. It is slow on purpose.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evaluation.portfolio.slow_market import SlowMarket
from gangru.evaluation.portfolio.path import CASH, DEPARTED, FILLED, LOT, PARTICIPATION
from gangru.evaluation.portfolio.terms import Tape, Terms

NAN = float("nan")
NO_ORDER = 1e-9  # of the account's value: an amount under it is no order, a cut under it no cut
FORGIVEN = 1e-6  # of a share
SHORT = 0.99  # a purchase of which less can be paid is short of cash
MOST_IMPACT = 0.5  # of an order's amount

# row, stock, side, wanted, filled, cost, reason, retry
Order = tuple[int, int, int, float, float, float, int, bool]


@dataclass
class SlowPath:
    """As AccountPath, in lists; `orders` are tuples in the order of its fields."""

    row: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    month_return: list[float] = field(default_factory=list)
    turnover: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)


@dataclass
class Open:
    """What of a blocked order is left: to sell so many `shares` (None = all there are), or to buy for `yuan`."""

    side: int
    shares: float | None = None
    yuan: float = 0.0


@dataclass
class Wish:
    """One order of a day before it meets the market: `yuan` asked for, `everything` a sale of all shares."""

    stock: int
    side: int
    yuan: float
    everything: bool = False
    retry: bool = False


class Account(SlowMarket):
    """Cash, shares and open orders in a market."""

    def __init__(self, tape: Tape, terms: Terms) -> None:
        super().__init__(tape)
        self.terms = terms
        self.sized = terms.account_yuan > 0
        self.cash = float(terms.account_yuan) if self.sized else 1.0
        self.shares: dict[int, float] = {}
        self.open: dict[int, Open] = {}
        self.orders: list[Order] = []
        self.paid = 0.0  # costs since the last execution day began

    # --- what the account is worth

    def worth(self, price: Callable[[int, int], float], d: int) -> float:
        return self.cash + sum(held * price(d, i) for i, held in self.shares.items())

    def go_ex(self, d: int) -> None:
        """Shares multiply by the factor's change since yesterday."""
        for i in self.shares:
            self.shares[i] *= self.factor(d, i) / self.factor(d - 1, i)
        for i, order in self.open.items():
            if order.shares is not None:
                order.shares *= self.factor(d, i) / self.factor(d - 1, i)

    # --- what an order costs

    def levy(self, d: int, side: int) -> float:
        return float(self.terms.buy_levy[d] if side > 0 else self.terms.sell_levy[d])

    def impact(self, d: int, i: int, yuan: float) -> float:
        """The square-root law, a fraction of the amount."""
        if not self.sized or self.terms.impact == 0:
            return 0.0
        sigma, daily = self.volatility_and_amount(d, i)
        return min(self.terms.impact * sigma * math.sqrt(yuan / daily), MOST_IMPACT) if sigma > 0 else 0.0

    def charge(self, d: int, side: int, yuan: float, by_price: float) -> float:
        """Yuan that an order filled for `yuan` costs; `by_price` is its slippage and impact, a fraction."""
        if yuan <= 0:
            return 0.0
        commission = self.terms.commission * yuan
        if self.sized:
            commission = max(commission, float(self.terms.least[d]))
        return commission + (self.levy(d, side) + by_price) * yuan

    # --- orders

    def steps(self, i: int, shares: float) -> float:
        """Rounded down to what the board allows; the unit account divides at will."""
        if not self.sized:
            return shares
        code = str(self.tape.codes[i])
        if code.endswith(".BJ"):
            least, step = 100, 1
        elif code.startswith(("688", "689")):
            least, step = 200, 1
        else:
            least, step = 100, 100
        whole = math.floor((shares + FORGIVEN) / step) * step
        return float(whole) if whole >= least else 0.0

    def cut(self, d: int, wish: Wish) -> float:
        """The yuan of a wish that lie within its share of the day's amount."""
        if not self.sized or self.terms.max_participation == 0:
            return wish.yuan
        return min(wish.yuan, self.terms.max_participation * float(self.tape.amount[d, wish.stock]))

    def note(self, d: int, wish: Wish, filled: float, cost: float, reason: int) -> None:
        self.orders.append((d, wish.stock, wish.side, wish.yuan, filled, cost, reason, wish.retry))
        self.cash -= wish.side * filled + cost
        self.paid += cost

    def depart(self, d: int) -> None:
        for i in sorted(self.shares):
            if self.never_again(d, i):
                yuan = self.shares.pop(i) * self.last_close(d, i)
                self.note(d, Wish(i, -1, yuan), yuan, self.charge(d, -1, yuan, 0.0), DEPARTED)

    def sell(self, d: int, wish: Wish, tiny: float) -> None:
        """Sell on a day on which nothing blocks it; what lies beyond its share of the day stays open."""
        i, price, held = wish.stock, self.price(d, wish.stock), self.shares[wish.stock]
        within = self.cut(d, wish)
        beyond = wish.yuan - within > tiny
        shares = held if wish.everything and not beyond else min(self.steps(i, within / price), held)
        filled = shares * price
        impact = self.impact(d, i, within)
        reason = PARTICIPATION if beyond else FILLED if filled > 0 else LOT
        self.note(d, wish, filled, self.charge(d, -1, filled, self.terms.slippage + impact), reason)
        self.shares[i] = held - shares
        if shares == held:
            del self.shares[i]
        if beyond and self.terms.carry:
            self.open[i] = Open(-1, None if wish.everything else (wish.yuan - within) / price)

    def buy(self, d: int, wishes: list[Wish], tiny: float) -> None:
        """Buy, on a day on which nothing blocks them, what the cash allows of all wishes together."""
        asked = {wish.stock: self.cut(d, wish) for wish in wishes}
        by_price = {i: self.terms.slippage + self.impact(d, i, yuan) for i, yuan in asked.items()}
        rate = self.terms.commission + self.levy(d, 1)
        needed = sum(yuan * (1 + rate + by_price[i]) for i, yuan in asked.items())
        reserved = len(wishes) * float(self.terms.least[d]) if self.sized else 0.0
        scale = min(1.0, max(self.cash - reserved, 0.0) / needed) if needed > 0 else 1.0
        for wish in wishes:
            i, price = wish.stock, self.price(d, wish.stock)
            within, scaled = asked[i], asked[i] * scale
            shares = self.steps(i, scaled / price)
            filled = shares * price
            beyond, short = wish.yuan - within > tiny, scale < SHORT
            reason = PARTICIPATION if beyond else CASH if short else FILLED if filled > 0 else LOT
            self.note(d, wish, filled, self.charge(d, 1, filled, by_price[i]), reason)
            if shares > 0:
                self.shares[i] = self.shares.get(i, 0.0) + shares
            if wish.yuan - within > tiny and self.terms.carry:
                self.open[i] = Open(1, yuan=wish.yuan - within)

    def stop(self, d: int, wish: Wish, reason: int, shares: float | None) -> None:
        """Note a blocked order, a further try not; with carry it stays open."""
        if not wish.retry:
            self.note(d, wish, 0.0, 0.0, reason)
        if self.terms.carry:
            self.open[wish.stock] = Open(wish.side, shares, wish.yuan if wish.side > 0 else 0.0)

    def retry(self, d: int) -> None:
        """Try the open orders once more, sales first."""
        value = self.worth(self.price, d)
        tiny = NO_ORDER * value
        waiting, self.open = self.open, {}
        purchases = []
        for i in sorted(waiting):
            order = waiting[i]
            if order.side > 0:
                wish = Wish(i, 1, order.yuan, retry=True)
                reason = self.why_blocked(d, i, 1)
                if reason:
                    self.stop(d, wish, reason, None)
                else:
                    purchases.append(wish)
                continue
            held = self.shares[i]
            shares = held if order.shares is None else min(order.shares, held)
            wish = Wish(i, -1, shares * self.price(d, i), everything=order.shares is None, retry=True)
            reason = self.why_blocked(d, i, -1)
            if reason:
                self.stop(d, wish, reason, order.shares)
            else:
                self.sell(d, wish, tiny)
        self.buy(d, purchases, tiny)

    def execute(self, d: int, aim: dict[int, float]) -> float:
        """One execution day; returns its one-sided turnover, NaN for a first purchase."""
        stocks = range(len(self.tape.codes))
        first = not self.shares
        value_before = self.worth(self.price, d)
        before = {i: self.shares.get(i, 0.0) * self.price(d, i) if i in self.shares else 0.0 for i in stocks}
        self.depart(d)
        value = self.worth(self.price, d)
        tiny = NO_ORDER * value
        c = {i: self.shares[i] * self.price(d, i) / value if i in self.shares else 0.0 for i in stocks}
        w = dict(aim)
        if not first:
            distance = sum(abs(w[i] - c[i]) for i in stocks) / 2
            nearer = min(1.0, self.terms.max_turnover / distance) if distance > 0 else 1.0
            w = {i: c[i] + nearer * (w[i] - c[i]) for i in stocks}
        wished, blocked = self.settle(d, w, c)
        for i in sorted(blocked):
            side = 1 if blocked[i] > c[i] else -1
            wish = Wish(i, side, value * abs(blocked[i] - c[i]), everything=blocked[i] < NO_ORDER)
            part = None if wish.everything or side > 0 else wish.yuan / self.price(d, i)
            self.stop(d, wish, self.why_blocked(d, i, side), part)
        asked = [i for i in stocks if i not in blocked and abs(wished[i] - c[i]) >= NO_ORDER]
        for i in asked:
            if wished[i] < c[i]:
                self.sell(d, Wish(i, -1, value * (c[i] - wished[i]), everything=wished[i] < NO_ORDER), tiny)
        self.buy(d, [Wish(i, 1, value * (wished[i] - c[i])) for i in asked if wished[i] > c[i]], tiny)
        after = {i: self.shares[i] * self.price(d, i) if i in self.shares else 0.0 for i in stocks}
        return NAN if first else sum(abs(after[i] - before[i]) for i in stocks) / 2 / value_before

    def settle(
        self, d: int, w: dict[int, float], c: dict[int, float]
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Weights to trade to, and of the stocks whose orders are blocked the weights they would have had."""
        blocked: dict[int, float] = {}
        now = dict(w)
        while True:
            new = [
                i
                for i in now
                if i not in blocked
                and abs(now[i] - c[i]) >= NO_ORDER
                and self.why_blocked(d, i, 1 if now[i] > c[i] else -1)
            ]
            blocked |= {i: now[i] for i in new}
            if not new or self.terms.carry:
                return now, blocked
            others = sum(w[i] for i in w if i not in blocked)
            left = max(sum(w.values()) - sum(c[i] for i in blocked), 0.0)
            scale = left / others if others > 0 else 0.0
            now = {i: c[i] if i in blocked else w[i] * scale for i in w}


def simulate(
    tape: Tape, rows: list[int], last: int, weights: Any, terms: Terms, held: Any = None
) -> SlowPath:
    """Follow an account over the execution days `rows` to the row `last`; see docs/portfolio.md."""
    account, path = Account(tape, terms), SlowPath()
    start, month_end = account.cash, [*rows[1:], last]
    out_before = True  # whether the account was out of the market in the month before
    for m, d in enumerate(rows):
        if held is not None and not held[m]:
            account.cash, account.shares, account.open = account.worth(account.price, d), {}, {}
            path.month_return.append(NAN)
            path.turnover.append(NAN)
            path.cost.append(0.0)
            out_before = True
            continue
        if not path.row:
            path.row.append(d if tape.at_close else d - 1)
            path.value.append(1.0)
        before, account.paid, turnover = account.worth(account.price, d), 0.0, NAN
        aim = {i: float(weights[m][i]) for i in range(len(tape.codes))}
        account.open = {}
        if any(weight > 0 for weight in aim.values()):
            turnover = account.execute(d, aim)
        after = account.worth(account.price, d)
        if not (out_before and tape.at_close):
            path.row.append(d)
            path.value.append(account.worth(account.last_close, d) / start)
        out_before = False
        for e in range(d + 1, month_end[m] + 1):
            account.go_ex(e)
            if e < month_end[m]:
                account.retry(e)
                path.row.append(e)
                path.value.append(account.worth(account.last_close, e) / start)
        if m + 1 == len(rows) or (held is not None and not held[m + 1]):
            path.row.append(month_end[m])
            path.value.append(account.worth(account.price, month_end[m]) / start)
        path.month_return.append(account.worth(account.price, month_end[m]) / after - 1)
        path.turnover.append(turnover)
        path.cost.append(account.paid / before)
    path.orders = account.orders
    return path
