"""The evaluation's tables over time: months, days and years."""

import numpy as np
import polars as pl

from gangru.evaluation.conventions import Measured
from gangru.evaluation.ic import mean_of_defined
from gangru.evaluation.months import ENTRY_LAG, ReturnMonths
from gangru.evaluation.performance import drawdown, max_drawdown
from gangru.market.daily import Dates, Floats


def month_table(
    months: ReturnMonths, factor_dates: Dates, factor: Measured, t_to_t: Measured, raw: Measured | None
) -> pl.DataFrame:
    """One row a return month; `factor_dates` (M,) has NaT for a month without a factor. Undefined is null.

    turnover and the blocked orders are those of the rebalancing that opens the month; excess_return is a
    difference.
    """
    long, benchmark = factor.long, factor.benchmark
    none = np.full(len(months), np.nan)
    table = pl.DataFrame(
        {
            "month": months.names(),
            "factor_date": factor_dates.astype("datetime64[D]"),
            "ic": factor.ic,
            "rank_ic": factor.rank_ic,
            "n": factor.n,
            "ic_t_to_t": t_to_t.ic,
            "rank_ic_t_to_t": t_to_t.rank_ic,
            "raw_ic": raw.ic if raw else none,
            "raw_rank_ic": raw.rank_ic if raw else none,
            "long_return": long.month_return,
            "benchmark_return": benchmark.month_return,
            "excess_return": long.month_return - benchmark.month_return,
            "turnover": long.turnover,
            "blocked_buys": long.blocked_buys,
            "blocked_sells": long.blocked_sells,
        },
        schema_overrides={"month": pl.String, "factor_date": pl.Date, "n": pl.Int64},
    )
    return table.with_columns(pl.selectors.float().fill_nan(None))


def net_value_table(dates: Dates, measured: Measured) -> pl.DataFrame:
    """One row a day in the market, from the first purchase to the last return's end; columns of `evaluation.result`."""
    long, benchmark = measured.long.gross, measured.benchmark.value
    excess = long / benchmark
    return pl.DataFrame(
        {
            "date": dates[measured.long.row].astype("datetime64[D]"),
            "long": long,
            "long_net": measured.long.net,
            "benchmark": benchmark,
            "excess": excess,
            "drawdown": drawdown(long),
            "excess_drawdown": drawdown(excess),
        },
        schema_overrides={"date": pl.Date},
    )


def yearly_table(months: ReturnMonths, measured: Measured) -> pl.DataFrame:
    """One row a calendar year of return months.

    annual_return and benchmark_return are compounded over the months that the year has, not annualised, and that the
    portfolio is in the market; null where it is out in all of them; excess is their difference; max_drawdown is the
    long portfolio's within the year, a positive fraction.
    """
    year = months.month.astype("datetime64[Y]")
    # position in the path of each month's last close, after the first value; of the one before where it has none
    last = np.searchsorted(measured.long.row, months.exit(ENTRY_LAG), side="right") - 1
    closing = np.append(0, np.maximum(last, 0))
    rows = []
    for value in np.unique(year):
        m = np.flatnonzero(year == value)
        days = slice(int(closing[m[0]]), int(closing[m[-1] + 1]) + 1)
        long, benchmark = measured.long.gross[days], measured.benchmark.value[days]
        gain, usual = growth(long), growth(benchmark)
        rows.append(
            {
                "year": int(str(value)),
                "months": len(m),
                "ic_mean": mean_of_defined(measured.ic[m]),
                "rank_ic_mean": mean_of_defined(measured.rank_ic[m]),
                "annual_return": gain,
                "benchmark_return": usual,
                "excess": None if gain is None or usual is None else gain - usual,
                "max_drawdown": max_drawdown(long),
            }
        )
    schema = {"year": pl.Int64, "months": pl.Int64} | dict.fromkeys(
        ("ic_mean", "rank_ic_mean", "annual_return", "benchmark_return", "excess", "max_drawdown"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema)


def growth(value: Floats) -> float | None:
    """Last over first, less 1; None with fewer than 2 values."""
    return float(value[-1] / value[0] - 1) if len(value) > 1 else None
