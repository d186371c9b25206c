"""What an evaluation holds: plain tables and numbers, the same for terminal, JSON and report.

Every rate is a fraction. A figure that is not defined is None, and `notes` says why.
"""

from dataclasses import dataclass, field

import polars as pl

from gangru.evaluation.anatomy.whole import Anatomy
from gangru.evaluation.headline import Headline
from gangru.evaluation.industry import MONTHS as INDUSTRY_MONTHS
from gangru.evaluation.outcome import OUTCOME, Outcome
from gangru.evaluation.picks import SCHEMA as PICKS
from gangru.evaluation.trading import Trading

SEED_FIGURES = {
    "seed": pl.Int64,
    "ic_mean": pl.Float64,
    "icir": pl.Float64,
    "raw_ic_mean": pl.Float64,
    "annual_excess": pl.Float64,
}


@dataclass(frozen=True)
class Evaluation:
    """One factor's evaluation up to its last return month.

    Tables (Polars):
      series      month 'YYYY-MM', factor_date, ic (Pearson), rank_ic (Spearman), n, ic_t_to_t, rank_ic_t_to_t, raw_ic,
                  raw_rank_ic, long_return, benchmark_return, excess_return, turnover, blocked_buys, blocked_sells
      net_value   date, long, long_net, benchmark, excess, drawdown, excess_drawdown
                  (values start at 1; excess = long / benchmark; drawdowns are ≤ 0)
      yearly      year, months, ic_mean, rank_ic_mean, annual_return, benchmark_return, excess, max_drawdown
      deciles     decile (1 lowest factor … 10 highest), monthly_return, monthly_excess, annual_return, n
      decay       horizon_days, rank_ic, ic, months
      industries  industry, n, ic_month, ic_year, excess_month, excess_year, small
                  (ic_* are headline ICs inside the industry; excess_* of its long portfolio over its own equal weight;
                  small marks those with fewer stocks than the setting asks)
      industry_months  industry, month, n, ic, excess: the same figures of every month
      picks       rank, code, name, industry, score, percentile, tradable, listed_days, previous_percentile, change,
                  in_long_list (of the factor date after the last return month; every stock with a factor, best first;
                  listed_days are trading days since the listing)
      last_picks  the columns of picks, return, excess: the long list of the last return month's factor date, with
                  what became of it from entry close to exit close
      drops       stage, reason, count
      seeds       seed, ic_mean, icir, raw_ic_mean, annual_excess: each seed's nets alone, where several are averaged
    """

    study: str
    first_month: str | None
    last_month: str | None
    picks_date: str | None
    headline: Headline
    headline_pearson: Headline
    headline_raw: Headline
    headline_t: Headline
    series: pl.DataFrame
    net_value: pl.DataFrame
    yearly: pl.DataFrame
    deciles: pl.DataFrame
    decay: pl.DataFrame
    industries: pl.DataFrame
    picks: pl.DataFrame
    drops: pl.DataFrame
    monotonicity: float | None  # Spearman of decile number and mean return
    industries_lost: (
        int | None
    )  # industries whose long portfolio lost to its own equal weight in the last month
    industries_lost_1y: int | None
    notes: list[str] = field(default_factory=list)
    anatomy: Anatomy | None = None  # where the whole evaluation was asked for
    trading: Trading | None = None
    seeds: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SEED_FIGURES))
    industry_months: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=INDUSTRY_MONTHS))
    last_picks: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PICKS | OUTCOME))
    last_picks_outcome: Outcome = field(default_factory=Outcome)
