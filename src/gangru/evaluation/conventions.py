"""One score measured under one convention of dates: its ICs, its long portfolio and the benchmark beside it.

M months × N stocks; D days of the market's axis.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.groups import top
from gangru.evaluation.ic import forward_returns, pearson, spearman
from gangru.evaluation.months import ReturnMonths
from gangru.evaluation.portfolio import (
    Execution,
    PortfolioPath,
    follow,
    free_execution,
    months_held,
)
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.market.daily import Bools, DailyMarket, Dates, Floats, carried
from gangru.market.rules import can_buy, can_sell, cost_rates


@dataclass(frozen=True)
class Ground:
    """What every score is measured on; nothing in it is later than the evaluation may look.

    `prices` (D, N) adjusted closes, carried; `traded`, `no_buy`, `no_sell` (D, N), the last two by the
    market's rules; `months` the return months; `universe` (M, N) the benchmark's stocks as of each factor
    date.
    """

    dates: Dates
    prices: Floats
    traded: Bools
    no_buy: Bools
    no_sell: Bools
    months: ReturnMonths
    universe: Bools


@dataclass(frozen=True)
class Measured:
    """Monthly ICs and their stocks (M,), returns (M, N) from entry to exit, and both portfolios' paths."""

    ic: Floats
    rank_ic: Floats
    n: NDArray[np.int64]
    returns: Floats
    long: PortfolioPath
    benchmark: PortfolioPath


def ground(market: DailyMarket, months: ReturnMonths, universe: Bools) -> Ground:
    """Derive from a market, already cut to what may be seen, what measuring needs."""
    return Ground(
        dates=market.dates,
        prices=carried(market.adjusted("close")),
        traded=market.traded,
        no_buy=~can_buy(market),
        no_sell=~can_sell(market),
        months=months,
        universe=universe,
    )


def measure(
    scores_MN: Floats, on: Ground, lag: int, settings: EvaluationSettings, portfolio: PortfolioSettings
) -> Measured:
    """Measure the months' scores from one entry close to the next, `lag` trading days after each factor date.

    The benchmark holds the universe in equal weights, rebalanced on the same days, without rules or costs. Both are
    out of the market in two or more successive months without a score.
    """
    entry, exit_ = on.months.entry(lag), on.months.exit(lag)
    returns = forward_returns(on.prices, on.traded, entry, exit_)
    last = int(exit_[-1]) if len(on.months) else 0
    free = free_execution(on.traded, entry)
    held = months_held(scored_rows(scores_MN))
    return Measured(
        ic=pearson(scores_MN, returns, settings.min_stocks),
        rank_ic=spearman(scores_MN, returns, settings.min_stocks),
        n=(~np.isnan(scores_MN) & ~np.isnan(returns)).sum(axis=1),
        returns=returns,
        long=follow(
            on.prices,
            entry,
            last,
            top(scores_MN, portfolio.fraction),
            execution(on, lag, free, portfolio),
            held,
        ),
        benchmark=follow(on.prices, entry, last, on.universe, free, held),
    )


def scored_rows(scores_MN: Floats) -> Bools:
    """The months in which any stock has a score, (M,)."""
    return np.asarray((~np.isnan(scores_MN)).any(axis=1))


def execution(on: Ground, lag: int, free: Execution, portfolio: PortfolioSettings) -> Execution:
    """`free` with the dated costs and, where the settings say so, the dated rules of the entry days."""
    entry = on.months.entry(lag)
    buy_cost, sell_cost = cost_rates(on.dates[entry], float(portfolio.commission))
    costly = replace(free, buy_cost=buy_cost, sell_cost=sell_cost)
    if not portfolio.obey_rules:
        return costly
    return replace(costly, no_buy=on.no_buy[entry], no_sell=on.no_sell[entry])
