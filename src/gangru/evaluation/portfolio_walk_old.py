"""The daily net value of a portfolio that is rebalanced to equal weights at given closes.

M rebalancings × N stocks; D days of the market's axis.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.months import Rows
from gangru.market.daily import Bools, Floats

DUST = 1e-12  # what rounding leaves beside weights that sum to 1: invested, it would be a holding that binds later


@dataclass(frozen=True)
class Execution:
    """What can be done at the closes of the rebalancing days.

    (M, N): `priced` where the stock trades that day, `no_buy` and `no_sell` where the rules forbid it,
    `departed` where the stock never trades again within the data and is sold at its last price. `buy_cost`
    and `sell_cost` (M,) are fractions of the amount traded.
    """

    priced: Bools
    no_buy: Bools
    no_sell: Bools
    departed: Bools
    buy_cost: Floats
    sell_cost: Floats


@dataclass(frozen=True)
class PortfolioPath:
    """A portfolio's days and rebalancings.

    `row` (days,) rows of the market's axis from the first rebalancing to the last return's end, without the days
    of months that the portfolio is out of; `gross` and `net` (days,) net values that start at 1, without and with
    costs; `month_return` (M,) gross, from each rebalancing to the next, NaN for a month it is out of; `turnover`
    (M,) one-sided, NaN for a first purchase and where nothing was aimed at; `blocked_buys`, `blocked_sells` and
    `departed` (M,) counts of stocks.
    """

    row: Rows
    gross: Floats
    net: Floats
    month_return: Floats
    turnover: Floats
    blocked_buys: NDArray[np.int64]
    blocked_sells: NDArray[np.int64]
    departed: NDArray[np.int64]


def free_execution(traded: Bools, entry: Rows) -> Execution:
    """No rules, no costs: what trades that day can be bought, everything held sold at its last price."""
    never = np.zeros((len(entry), traded.shape[1]), dtype=bool)
    zero = np.zeros(len(entry))
    return Execution(traded[entry], never, never, departures(traded, entry), zero, zero)


def departures(traded: Bools, entry: Rows) -> Bools:
    """Stocks whose last trade within the data lies before each rebalancing, (M, N).

    The one place that looks ahead of a rebalancing, to the end of what the evaluation may see: whether a halt
    ends is known to the holder only later, and until then he has the last price either way.
    """
    days, stocks = traded.shape
    last = np.where(traded.any(axis=0), days - 1 - traded[::-1].argmax(axis=0), -1)
    return np.asarray(np.broadcast_to(last, (len(entry), stocks)) < entry[:, None])


def rebalance(drifted: Floats, target: Bools, allowed: Execution, m: int) -> tuple[Floats, int, int]:
    """Weights after rebalancing `m`, (N,), and how many buys and sells were blocked.

    A target that cannot be bought is left out, or stays at its drifted weight where it is held; a held stock
    that cannot be sold stays at its drifted weight; the other targets share the remainder equally. Without
    any, it is cash.
    """
    held = (drifted > 0) & ~allowed.departed[m]
    no_buy, no_sell = allowed.no_buy[m], allowed.no_sell[m]
    buyable = allowed.priced[m] & ~no_buy
    frozen = held & (no_sell | (target & no_buy))
    chosen = target & buyable & ~frozen
    weights = np.where(frozen, drifted, 0.0)
    remainder = 1 - weights.sum()
    if chosen.any() and remainder > DUST:
        weights[chosen] = remainder / chosen.sum()
    return weights, int((target & ~buyable).sum()), int((held & no_sell & ~target).sum())


def walk(prices: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Growth of a portfolio left alone, (days,) from 1, and its drifted weights at the end, (N,).

    `prices` (days, N) are carried adjusted closes whose first row is the purchase; what the weights leave
    over is cash, which earns nothing.
    """
    held = np.flatnonzero(weights > 0)
    growth = prices[:, held] / prices[0, held]
    value = 1 + (growth - 1) @ weights[held]
    drifted = np.zeros(len(weights))
    drifted[held] = weights[held] * growth[-1] / value[-1]
    return value, drifted


def months_held(scored: Bools) -> Bools:
    """The months a portfolio is in the market, (M,): those with a score, and a lone one between that has none.

    One missed month leaves the book as it is; two or more in a row are no result of the scores, and nobody may be
    taken to hold a book of half a year ago: they are out.
    """
    missed = ~scored
    before, after = np.append(False, missed[:-1]), np.append(missed[1:], False)
    return np.asarray(scored | ~(before | after))


def follow(
    prices: Floats, entry: Rows, last: int, targets: Bools, allowed: Execution, held: Bools | None = None
) -> PortfolioPath:
    """Follow a portfolio bought at the rows `entry`, (M,) ascending, to the row `last`.

    `prices` (D, N) are adjusted closes, carried; `targets` (M, N) the stocks aimed at, equally weighted; a
    rebalancing that aims at nothing leaves the portfolio as it is. Months that are not `held` (M,) are left out:
    the values stand still over them, and the portfolio begins anew after them as it did at first. The costs of a
    rebalancing lower the net value of the day after it, so that both values start at 1. Each day's value sees prices
    up to that day.
    """
    months = len(entry)
    ends = np.append(entry[1:], last)
    weights = np.zeros(prices.shape[1])
    gross, net = [np.ones(1)], [np.ones(1)]
    rows: list[Rows] = []
    month_return, turnover = np.full(months, np.nan), np.full(months, np.nan)
    blocked_buys, blocked_sells, departed = (np.zeros(months, dtype=np.int64) for _ in range(3))
    for m in range(months):
        if held is not None and not held[m]:
            weights = np.zeros_like(weights)
            continue
        cost, drifted = 0.0, weights
        if targets[m].any():
            weights, blocked_buys[m], blocked_sells[m] = rebalance(drifted, targets[m], allowed, m)
            change = weights - drifted
            cost = allowed.buy_cost[m] * change.clip(0).sum() + allowed.sell_cost[m] * (-change).clip(0).sum()
            departed[m] = int(((drifted > 0) & allowed.departed[m]).sum())
            turnover[m] = np.abs(change).sum() / 2 if drifted.any() else np.nan
        value, weights = walk(prices[entry[m] : ends[m] + 1], weights)
        month_return[m] = value[-1] - 1
        gross.append(gross[-1][-1] * value[1:])
        net.append(net[-1][-1] * (1 - cost) * value[1:])
        rows.append(np.arange(entry[m] + (1 if rows else 0), ends[m] + 1))
    return PortfolioPath(
        np.concatenate(rows) if rows else np.arange(0),
        np.concatenate(gross) if rows else np.zeros(0),
        np.concatenate(net) if rows else np.zeros(0),
        month_return,
        turnover,
        blocked_buys,
        blocked_sells,
        departed,
    )
