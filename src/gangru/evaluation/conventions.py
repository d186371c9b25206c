"""One score measured under one convention of dates: its ICs, its long portfolio and the benchmark beside it.

M months × N stocks; D days of the market's axis.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.ic import forward_returns, pearson, spearman
from gangru.evaluation.months import ENTRY_LAG, ReturnMonths, Rows
from gangru.evaluation.portfolio.benchmark import Benchmark, index_benchmark, of_traded, universe_benchmark
from gangru.evaluation.portfolio.held import months_held
from gangru.evaluation.portfolio.long import PortfolioPath, follow
from gangru.evaluation.portfolio.targets import target_weights
from gangru.evaluation.portfolio.terms import ExecutionRule, Tape, Terms, tape_of, terms_of
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.market.daily import Bools, DailyMarket, Dates, Floats


@dataclass(frozen=True)
class Ground:
    """What every score is measured on; nothing in it is later than the evaluation may look.

    `prices` (D, N) adjusted closes, carried; `traded` (D, N); `months` the return months; `universe` (M, N) the
    benchmark's stocks and `industry` (M, N) the industries, −1 unknown, both as of each factor date; `tape` what the
    portfolio trades on at the settings' price, `close_tape` at the close, both on `order_rows` alone; `terms` of the
    account; `index` (D,) closes of the benchmark, carried, None where it is the universe.
    """

    dates: Dates
    prices: Floats
    traded: Bools
    months: ReturnMonths
    universe: Bools
    industry: NDArray[np.int16]
    tape: Tape
    close_tape: Tape
    terms: Terms
    index: Floats | None = None


@dataclass(frozen=True)
class Measured:
    """Monthly ICs and their stocks (M,), returns (M, N) from entry close to exit close, weights aimed at (M, N), and
    what portfolio and benchmark did with them.
    """

    ic: Floats
    rank_ic: Floats
    n: NDArray[np.int64]
    returns: Floats
    aims: Floats
    long: PortfolioPath
    benchmark: Benchmark


def ground(
    market: DailyMarket,
    months: ReturnMonths,
    universe: Bools,
    industry: NDArray[np.int16],
    portfolio: PortfolioSettings,
    index: Floats | None = None,
    execution: ExecutionRule | None = None,
) -> Ground:
    """Derive from a market, already cut to what may be seen, what measuring needs.

    `execution` fills the portfolio's orders in place of the settings' price and the market's rules.
    """
    rows, obey = order_rows(months, portfolio), portfolio.obey_rules
    filled = execution or portfolio.execution
    close_tape = tape_of(market, "close", obey_rules=obey, rows=rows)
    return Ground(
        dates=market.dates,
        prices=close_tape.held,
        traded=market.traded,
        months=months,
        universe=universe,
        industry=industry,
        tape=close_tape if filled == "close" else tape_of(market, filled, obey_rules=obey, rows=rows),
        close_tape=close_tape,
        terms=terms_of(portfolio, market.dates),
        index=index,
    )


def order_rows(months: ReturnMonths, portfolio: PortfolioSettings) -> Rows:
    """The days on which an account may deal, ascending: at both conventions' entries, or whenever an order is open."""
    if portfolio.unfilled == "carry" and len(months):
        return np.arange(months.start[0], months.exit(ENTRY_LAG)[-1] + 1)
    return np.union1d(months.entry(0), months.entry(ENTRY_LAG))


def measure(
    scores_MN: Floats, on: Ground, lag: int, settings: EvaluationSettings, portfolio: PortfolioSettings
) -> Measured:
    """Measure the months' scores from one entry close to the next, `lag` trading days after each factor date.

    With a lag the portfolio is traded at the settings' price, else at the close. The benchmark is an index, or holds
    the universe in equal weights, rebalanced on the same days and prices, without rules or costs. Both are out of the
    market in two or more successive months without a score.
    """
    entry, last, held = account_span(on.months, lag, scores_MN)
    returns = forward_returns(on.prices, on.traded, entry, on.months.exit(lag))
    tape = on.tape if lag == ENTRY_LAG else on.close_tape
    aims = target_weights(scores_MN, on.industry, on.universe, portfolio)
    if tape.free:
        aims = of_traded(aims, tape, entry)
    long = follow(tape, entry, last, aims, on.terms, held)
    if on.index is None:
        benchmark = universe_benchmark(tape, entry, last, on.universe, held)
    else:
        benchmark = index_benchmark(on.index, on.dates, entry, last, held, long.row)
    return Measured(
        ic=pearson(scores_MN, returns, settings.min_stocks),
        rank_ic=spearman(scores_MN, returns, settings.min_stocks),
        n=(~np.isnan(scores_MN) & ~np.isnan(returns)).sum(axis=1),
        returns=returns,
        aims=aims,
        long=long,
        benchmark=benchmark,
    )


def account_span(months: ReturnMonths, lag: int, scores_MN: Floats) -> tuple[Rows, int, Bools]:
    """Execution rows (M,), the row of the last return's end, and the months that the account is in the market (M,)."""
    exit_ = months.exit(lag)
    return months.entry(lag), int(exit_[-1]) if len(exit_) else 0, months_held(scored_rows(scores_MN))


def scored_rows(scores_MN: Floats) -> Bools:
    """The months in which any stock has a score, (M,)."""
    return np.asarray((~np.isnan(scores_MN)).any(axis=1))
