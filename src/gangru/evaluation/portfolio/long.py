"""The long portfolio of a factor as two accounts side by side: gross, where nothing is charged, and net."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.months import Rows
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.path import DEPARTED, LOWER_LIMIT, NO_TRADE, UPPER_LIMIT, Orders
from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.market.daily import Bools, Floats


@dataclass(frozen=True)
class PortfolioPath:
    """A portfolio's days and execution days.

    `row` (days,) rows of the market's axis, without those of months that it is out of; `gross` and `net` (days,) net
    values from 1; `month_return` (M,) gross, NaN for a month it is out of; `turnover` (M,) one-sided, gross; `cost`
    (M,) of the net account in parts of its value; `blocked_buys`, `blocked_sells`, `departed` (M,) counts of orders on
    the execution days; `orders` all of the net account.
    """

    row: Rows
    gross: Floats
    net: Floats
    month_return: Floats
    turnover: Floats
    cost: Floats
    blocked_buys: NDArray[np.int64]
    blocked_sells: NDArray[np.int64]
    departed: NDArray[np.int64]
    orders: Orders


def follow(
    tape: Tape, rows: Rows, last: int, weights: Floats, terms: Terms, held: Bools | None = None
) -> PortfolioPath:
    """Follow the same aims gross and net; the arguments of `follow_account`. Terms without costs are followed once."""
    free = terms.without_costs()
    gross = follow_account(tape, rows, last, weights, free, held)
    net = gross if terms is free else follow_account(tape, rows, last, weights, terms, held)
    orders = net.orders
    blocked = np.isin(orders.reason, (NO_TRADE, UPPER_LIMIT, LOWER_LIMIT))
    return PortfolioPath(
        row=gross.row,
        gross=gross.value,
        net=net.value,
        month_return=gross.month_return,
        turnover=gross.turnover,
        cost=net.cost,
        blocked_buys=per_month(orders, rows, blocked & (orders.side > 0)),
        blocked_sells=per_month(orders, rows, blocked & (orders.side < 0)),
        departed=per_month(orders, rows, orders.reason == DEPARTED),
        orders=orders,
    )


def per_month(orders: Orders, rows: Rows, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of the chosen orders were asked for on each execution day, (M,)."""
    at = orders.row[chosen & ~orders.retry]
    return np.bincount(np.searchsorted(rows, at), minlength=len(rows))
