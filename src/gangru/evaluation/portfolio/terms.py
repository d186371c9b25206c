"""What an account trades on and under which terms. The rules of the account stand in docs/portfolio.md.

D days of the market's axis × N stocks.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from gangru.errors import EvaluationError
from gangru.evaluation.months import Rows
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.daily import Bools, Codes, DailyMarket, Dates, Floats, carried
from gangru.market.rules import OrderPrice, cost_rates, fillable, least_commission


@dataclass(frozen=True)
class Tape:
    """The market as an account meets it.

    (D, N): `close` and `price`, at which orders are filled, in raw yuan, NaN where nothing traded; `factor` turns them
    into back-adjusted ones; `amount` in yuan; `no_buy`, `no_sell` where the rules forbid it; `held` the adjusted
    closes, carried, as a holder has them. `at_close` tells that `price` is the close; `free` that no rule holds, and a
    holding that does not trade is sold at its last price.
    """

    dates: Dates
    codes: Codes
    close: Floats
    price: Floats
    factor: Floats
    amount: Floats
    no_buy: Bools
    no_sell: Bools
    held: Floats
    at_close: bool = True
    free: bool = False

    @cached_property
    def last_trades(self) -> Rows:
        """Row of each stock's last day of trading, (N,); −1 where it never trades."""
        traded = ~np.isnan(self.close)
        return np.where(traded.any(axis=0), len(traded) - 1 - traded[::-1].argmax(axis=0), -1)

    def without_rules(self) -> "Tape":
        """The same market where only a purchase of what does not trade fails."""
        never = np.broadcast_to(np.zeros((1, 1), dtype=bool), self.close.shape)
        return replace(self, no_buy=never, no_sell=never, free=True)


@dataclass(frozen=True)
class Fills:
    """What an execution rule says: `price` (D, N) in raw yuan, NaN where no order is filled; on the days asked for, who
    can be bought and who sold, (M, N).
    """

    price: Floats
    can_buy: Bools
    can_sell: Bools


class ExecutionRule(Protocol):
    """A user's own way of filling orders, handed to an evaluation in place of `portfolio.execution`."""

    def fills(self, market: DailyMarket, rows: Rows) -> Fills:
        """Prices of all days of the market and who can be dealt in on the days at `rows`.

        The market ends with what the evaluation may see. An order of a day is filled at that day's price: a rule that
        reads later days buys with what nobody knows.
        """
        ...


@dataclass(frozen=True)
class Terms:
    """What orders cost and how they are cut.

    `commission` a side, `buy_levy` and `sell_levy` (D,) of the day, `slippage`: fractions of the amount. `account_yuan`
    above 0 brings lots, `least` (D,) yuan of commission an order, `impact` and `max_participation` (0 = no bound).
    `carry`: blocked orders stay open till the next execution day. `max_turnover` is one-sided.
    """

    commission: float
    buy_levy: Floats
    sell_levy: Floats
    least: Floats
    slippage: float = 0.0
    account_yuan: float = 0.0
    impact: float = 0.0
    max_participation: float = 0.0
    max_turnover: float = 1.0
    carry: bool = False

    def without_costs(self) -> "Terms":
        """The same account where nothing is charged; itself where nothing is."""
        levies = self.buy_levy.any() or self.sell_levy.any() or self.least.any()
        if not (self.commission or self.slippage or self.impact or levies):
            return self
        nothing = np.zeros_like(self.buy_levy)
        return replace(
            self, commission=0.0, buy_levy=nothing, sell_levy=nothing, least=nothing, slippage=0.0, impact=0.0
        )


def free_terms(days: int) -> Terms:
    """A unit account on so many days that nothing is charged: the benchmark's."""
    nothing = np.zeros(days)
    return Terms(commission=0.0, buy_levy=nothing, sell_levy=nothing, least=nothing)


def tape_of(
    market: DailyMarket, execution: OrderPrice | ExecutionRule, *, obey_rules: bool, rows: Rows | None = None
) -> Tape:
    """The market at one price of the day, with the rules or as `Tape.without_rules`; a rule of a user's has both.

    With `rows`, ascending, the rules are looked up on those days alone, and on all others they forbid every order.
    """
    no_buy, no_sell = (np.ones(market.close.shape, dtype=bool) for _ in range(2))
    at = slice(None) if rows is None else rows
    if not isinstance(execution, str):
        fills = own_fills(market, execution, np.arange(len(market.dates)) if rows is None else rows)
        price, no_buy[at], no_sell[at] = fills.price, ~fills.can_buy, ~fills.can_sell
    else:
        price = execution_price(market, execution)
        if obey_rules:
            buy, sell = fillable(market, price=execution, rows=rows)
            no_buy[at], no_sell[at] = ~buy, ~sell
    tape = Tape(
        dates=market.dates,
        codes=market.codes,
        close=market.close,
        price=price,
        factor=market.factor,
        amount=market.amount,
        no_buy=no_buy,
        no_sell=no_sell,
        held=carried(market.adjusted("close")),
        at_close=execution == "close",
    )
    return tape if obey_rules else tape.without_rules()


def own_fills(market: DailyMarket, rule: ExecutionRule, rows: Rows) -> Fills:
    """What a user's rule says. Raises EvaluationError where it is not of the market's shape."""
    fills, (days, stocks) = rule.fills(market, rows), market.close.shape
    for name, values, count in (
        ("price", fills.price, days),
        ("can_buy", fills.can_buy, len(rows)),
        ("can_sell", fills.can_sell, len(rows)),
    ):
        if np.shape(values) != (count, stocks):
            raise EvaluationError(
                f"{type(rule).__name__}.fills gives {name} of shape {np.shape(values)}: expected {(count, stocks)}"
            )
    return fills


def execution_price(market: DailyMarket, execution: OrderPrice) -> Floats:
    """Raw yuan at which orders of a day are filled, (D, N); the mean of the four prices where there is no vwap."""
    if execution == "close":
        return market.close
    if execution == "open":
        return market.open
    mean = (market.open + market.high + market.low + market.close) / 4
    vwap = market.vwap()
    return np.where(np.isnan(vwap), mean, vwap)


def terms_of(settings: PortfolioSettings, dates: Dates) -> Terms:
    """The terms that the settings ask for, with the levies in force on each date."""
    buy_levy, sell_levy = cost_rates(dates, 0.0)
    sized = settings.account_yuan > 0
    return Terms(
        commission=settings.commission,
        buy_levy=buy_levy,
        sell_levy=sell_levy,
        least=least_commissions(dates) if sized else np.zeros(len(dates)),
        slippage=settings.slippage_bps / 10_000,
        account_yuan=settings.account_yuan,
        impact=settings.impact if sized else 0.0,
        max_participation=settings.max_participation if sized else 0.0,
        max_turnover=settings.max_turnover,
        carry=settings.unfilled == "carry",
    )


def least_commissions(dates: Dates) -> Floats:
    """What a broker takes at least for an order of each date, in yuan, (D,)."""
    return np.array(
        [least_commission(day) for day in dates.astype("datetime64[D]").tolist()], dtype=np.float64
    )
