"""One day's orders filled: what is blocked, cut to its share of the day, to lots and to the cash, and what it costs."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.months import Rows
from gangru.evaluation.portfolio.path import (
    CASH,
    FILLED,
    LOT,
    LOWER_LIMIT,
    NO_TRADE,
    PARTICIPATION,
    UPPER_LIMIT,
    Orders,
)
from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.market.daily import Bools, Codes, Floats
from gangru.market.rules import buyable_shares

IMPACT_DAYS = 20  # of the market, before the order's: its volatility and its mean amount
FORGIVEN = 1e-6  # of a share: what rounding leaves a whole lot short of
SHORT = 0.99  # a purchase of which a smaller share can be paid is short of cash; costs alone take less
MOST_IMPACT = 0.5  # of an order's amount


@dataclass(frozen=True)
class Day:
    """What one day offers the stocks that an account deals in, (n,).

    `stock` columns of the market; `price` adjusted, the last close where nothing trades; `factor`; `blocked_buy`,
    `blocked_sell` reasons of `path`, 0 where nothing blocks; `limit` yuan that an order takes at most; `volatility` and
    `usual` daily amount of the days before, NaN where not known.
    """

    row: int
    date: date
    stock: Rows
    codes: Codes
    price: Floats
    factor: Floats
    blocked_buy: NDArray[np.int8]
    blocked_sell: NDArray[np.int8]
    limit: Floats
    volatility: Floats
    usual: Floats


@dataclass(frozen=True)
class Wish:
    """Orders asked for, (n,): units to sell and whether that is all there are, yuan to buy; 0 where none."""

    sell_units: Floats
    sell_all: Bools
    buy_yuan: Floats

    def any(self) -> bool:
        """Whether an order is left."""
        return bool(self.sell_units.any() or self.buy_yuan.any())


@dataclass(frozen=True)
class Filled:
    """What came of a wish, (n,): units sold and bought, what both brought and cost, reasons, and what stays open."""

    sold_units: Floats
    bought_units: Floats
    cash: float  # the change of it
    cost: float
    orders: Orders
    left: Wish


def day_of(tape: Tape, terms: Terms, row: int, stock: Rows) -> Day:
    """The day at a row for some stocks. Sees the day's bars and, for impact, those of the 20 days before."""
    blocked_buy, blocked_sell = blocks(tape, row, stock)
    sized = terms.account_yuan > 0
    limit = np.full(len(stock), np.inf)
    if sized and terms.max_participation > 0:
        limit = terms.max_participation * np.nan_to_num(tape.amount[row, stock])
    volatility = usual = np.full(len(stock), np.nan)
    if sized and terms.impact > 0:
        volatility, usual = usual_trading(tape, row, stock)
    return Day(
        row=row,
        date=np.datetime64(tape.dates[row], "D").item(),
        stock=stock,
        codes=tape.codes[stock],
        price=marks_at(tape, row, stock),
        factor=tape.factor[row, stock],
        blocked_buy=blocked_buy,
        blocked_sell=blocked_sell,
        limit=limit,
        volatility=volatility,
        usual=usual,
    )


def blocks(tape: Tape, row: int, stock: Rows) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Why orders of a day to buy and to sell some stocks fail, both (n,), 0 where they do not."""
    absent = np.isnan(tape.price[row, stock])
    return (
        blocked(absent, tape.no_buy[row, stock], UPPER_LIMIT),
        blocked(absent & (not tape.free), tape.no_sell[row, stock], LOWER_LIMIT),
    )


def blocked(absent: Bools, forbidden: Bools, reason: int) -> NDArray[np.int8]:
    """Why an order fails, 0 where it does not."""
    return np.where(absent, NO_TRADE, np.where(forbidden, reason, FILLED)).astype(np.int8)


def marks_at(tape: Tape, row: int, stock: Rows) -> Floats:
    """Adjusted execution price of the day, (n,); for a stock that does not trade its last close before."""
    if tape.at_close:
        return np.asarray(tape.held[row, stock])
    price = tape.price[row, stock] * tape.factor[row, stock]
    return np.asarray(np.where(np.isnan(price), tape.held[max(row - 1, 0), stock], price))


def usual_trading(tape: Tape, row: int, stock: Rows) -> tuple[Floats, Floats]:
    """Deviation of daily returns and mean daily amount over the traded of the 20 days before; NaN with fewer than 2."""
    days = np.arange(max(row - IMPACT_DAYS, 0), row)
    traded = ~np.isnan(tape.close[days][:, stock])
    before = np.where((days > 0)[:, None], tape.held[np.maximum(days - 1, 0)][:, stock], np.nan)
    returns = np.where(traded, tape.held[days][:, stock], np.nan) / before - 1
    known = ~np.isnan(returns)
    count = known.sum(axis=0)
    enough = np.where(count >= 2, count, np.nan)
    mean = np.where(known, returns, 0).sum(axis=0) / enough
    squares = np.where(known, (returns - mean) ** 2, 0).sum(axis=0)
    amount = np.where(traded, np.nan_to_num(tape.amount[days][:, stock]), 0).sum(axis=0)
    return np.sqrt(squares / (enough - 1)), amount / np.where(traded.any(axis=0), traded.sum(axis=0), np.nan)


def impact_rates(day: Day, terms: Terms, yuan: Floats) -> Floats:
    """Square-root impact of orders of so many yuan, in parts of them; 0 where the usual trading is not known."""
    if not terms.impact:
        return np.zeros(len(yuan))
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = terms.impact * day.volatility * np.sqrt(yuan / day.usual)
    return np.minimum(np.where(np.isfinite(rate), rate, 0.0), MOST_IMPACT)


def fill(wish: Wish, day: Day, terms: Terms, cash: float, *, retry: bool) -> Filled:
    """Sales first, then purchases with the cash that there is then."""
    sold, proceeds, sell_cost, sales, open_units = sell(wish, day, terms, retry)
    cash_then = cash + proceeds - sell_cost.sum()
    bought, paid, buy_cost, purchases, open_yuan = buy(wish, day, terms, cash_then, retry)
    return Filled(
        sold_units=sold,
        bought_units=bought,
        cash=proceeds - float(sell_cost.sum()) - paid - float(buy_cost.sum()),
        cost=float(sell_cost.sum() + buy_cost.sum()),
        orders=joined([sales, purchases]),
        left=Wish(open_units, wish.sell_all & (open_units > 0), open_yuan),
    )


def sell(wish: Wish, day: Day, terms: Terms, retry: bool) -> tuple[Floats, float, Floats, Orders, Floats]:
    """Units sold, what they brought, the costs, the orders, and the units that stay to be sold."""
    asked = wish.sell_units * np.where(wish.sell_units > 0, day.price, 0)
    ready = (asked > 0) & (day.blocked_sell == FILLED)
    cut = np.where(ready, np.minimum(asked, day.limit), 0)
    units = np.where(ready, wish.sell_units, 0)
    beyond = ready & (cut < asked)
    with np.errstate(invalid="ignore", divide="ignore"):
        units = np.where(beyond, cut / day.price, units)
    if terms.account_yuan > 0:
        part = ready & ~(wish.sell_all & ~beyond)
        units = np.where(part, whole_lots(day, units), units)
    yuan = units * np.where(units > 0, day.price, 0)
    levy = terms.sell_levy[day.row] + terms.slippage + impact_rates(day, terms, cut)
    cost = costs(yuan, levy, day, terms)
    reason = np.where(beyond, PARTICIPATION, np.where(ready & (units == 0), LOT, day.blocked_sell))
    orders = orders_of(day, asked, yuan, cost, reason, -1, retry)
    beyond_units = wish.sell_units - np.where(wish.sell_all, units, cut / np.where(beyond, day.price, 1))
    left = np.where(beyond, beyond_units, np.where(ready, 0, wish.sell_units))
    return units, float(yuan.sum()), cost, orders, left


def buy(
    wish: Wish, day: Day, terms: Terms, cash: float, retry: bool
) -> tuple[Floats, float, Floats, Orders, Floats]:
    """Units bought, what was paid for them, the costs, the orders, and the yuan that stay to be spent."""
    asked = wish.buy_yuan
    ready = (asked > 0) & (day.blocked_buy == FILLED)
    cut = np.where(ready, np.minimum(asked, day.limit), 0)
    beyond = ready & (cut < asked)
    levy = terms.buy_levy[day.row] + terms.slippage + impact_rates(day, terms, cut)
    needed = float((cut * (1 + terms.commission + levy)).sum())
    available = max(cash - terms.least[day.row] * int(np.count_nonzero(cut)), 0.0)
    scale = min(1.0, available / needed) if needed > 0 else 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        units = np.where(ready, cut * scale / day.price, 0)
    if terms.account_yuan > 0:
        units = whole_lots(day, units)
    yuan = units * np.where(units > 0, day.price, 0)
    cost = costs(yuan, levy, day, terms)
    short = CASH if scale < SHORT else FILLED
    rounded = np.where(ready & (units == 0), LOT, day.blocked_buy)
    reason = np.where(beyond, PARTICIPATION, np.where(ready & (short == CASH), CASH, rounded))
    orders = orders_of(day, asked, yuan, cost, reason, 1, retry)
    left = np.where(ready, asked - cut, asked)
    return units, float(yuan.sum()), cost, orders, left


def whole_lots(day: Day, units: Floats) -> Floats:
    """Units rounded down to sizes that may be ordered."""
    shares = np.nan_to_num(units * day.factor) + FORGIVEN
    allowed = buyable_shares(day.codes, day.date, shares)
    return np.where(allowed > 0, allowed / np.where(allowed > 0, day.factor, 1), 0)


def costs(yuan: Floats, levy: Floats, day: Day, terms: Terms) -> Floats:
    """Commission, at least the broker's minimum an order, and what is charged by the amount."""
    commission = np.where(yuan > 0, np.maximum(terms.commission * yuan, terms.least[day.row]), 0)
    return np.asarray(commission + levy * yuan)


def orders_of(
    day: Day, asked: Floats, yuan: Floats, cost: Floats, reason: NDArray[np.int8], side: int, retry: bool
) -> Orders:
    """The orders of a side that were asked for."""
    k = np.flatnonzero(asked > 0)
    return Orders(
        row=np.full(len(k), day.row),
        stock=day.stock[k],
        side=np.full(len(k), side, dtype=np.int8),
        wanted=asked[k],
        filled=yuan[k],
        cost=cost[k],
        reason=reason[k].astype(np.int8),
        retry=np.full(len(k), retry),
    )


def joined(parts: list[Orders]) -> Orders:
    """Orders one after another."""
    if not parts:
        nothing = np.zeros(0)
        whole, small = nothing.astype(np.int64), nothing.astype(np.int8)
        return Orders(whole, whole, small, nothing, nothing, nothing, small, nothing.astype(np.bool_))
    return Orders(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("row", "stock", "side", "wanted", "filled", "cost", "reason", "retry")
        )
    )
