"""Returns of daily net values by calendar month and year, and how often the months won.

Values are (days,), start at 1 on the close before their first return, and their dates ascend. A return belongs to the
month of the day it ends on, so that the first value's own date has none. Nothing is annualised: the first and the
last period hold what the value has of them, and `days` says how much.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.performance import daily_returns
from gangru.market.daily import Bools, Dates, Floats

FIRST_YEAR = 1970  # NumPy counts its years from it
MONTHS = [f"{month:02d}" for month in range(1, 13)]


@dataclass(frozen=True)
class MonthFigures:
    """How one column of a monthly table fared; None without a month. A month of exactly 0 neither wins nor loses.

    `win_rate` is the share of months above 0; of equal best or worst months the first counts; `losing_streak`
    is the most months below 0 in succession.
    """

    months: int = 0
    win_rate: float | None = None
    best_month: str | None = None
    best_return: float | None = None
    worst_month: str | None = None
    worst_return: float | None = None
    losing_streak: int | None = None


def monthly_returns(
    dates: Dates, values: Mapping[str, Floats], benchmark: Floats | None = None
) -> pl.DataFrame:
    """One row a month that has a return: month 'YYYY-MM', days, and a column a value, compounded from its days.

    With a benchmark come `benchmark` and, of every value, `…_excess` (its return less the benchmark's) and
    `…_excess_ratio` ((1 + return) / (1 + the benchmark's) − 1, the growth of value over benchmark; null once
    the benchmark has lost all).
    """
    month = dates.astype("datetime64[M]")
    names = pl.Series("month", np.unique(month[1:]).astype(str).tolist(), dtype=pl.String)
    return period_returns(month, values, benchmark).insert_column(0, names)


def yearly_returns(
    dates: Dates, values: Mapping[str, Floats], benchmark: Floats | None = None
) -> pl.DataFrame:
    """One row a calendar year that has a return: year (Int64), then days and the columns of `monthly_returns`.

    The excess by ratio is the months' compounded; the excess by difference is not made of the months'.
    """
    year = dates.astype("datetime64[Y]")
    names = pl.Series("year", np.unique(year[1:]).astype(np.int64) + FIRST_YEAR, dtype=pl.Int64)
    return period_returns(year, values, benchmark).insert_column(0, names)


def period_returns(period: Dates, values: Mapping[str, Floats], benchmark: Floats | None) -> pl.DataFrame:
    """days and the return columns, one row a period; `period` (days,) is each day's month or year."""
    rows = bounds(period)
    columns = {name: daily_returns(value[rows]) for name, value in values.items()}
    if benchmark is not None:
        usual = daily_returns(benchmark[rows])
        growth = np.where(benchmark[rows][1:] > 0, 1 + usual, np.nan)
        excess = {f"{name}_excess": gain - usual for name, gain in columns.items()}
        by_ratio = {f"{name}_excess_ratio": (1 + gain) / growth - 1 for name, gain in columns.items()}
        columns |= {"benchmark": usual} | excess | by_ratio
    return pl.DataFrame(
        {"days": np.diff(rows)} | columns, schema={"days": pl.Int64} | dict.fromkeys(columns, pl.Float64)
    ).with_columns(pl.selectors.float().fill_nan(None))


def bounds(period: Dates) -> NDArray[np.int64]:
    """Row 0, then the last row of every period that has a return, (periods + 1,); empty without a day."""
    if not len(period):
        return np.zeros(0, dtype=np.int64)
    changes = np.flatnonzero(period[1:] != period[:-1])
    return np.unique(np.concatenate([[0], changes, [len(period) - 1]]))


def year_by_month(monthly: pl.DataFrame, yearly: pl.DataFrame, column: str) -> pl.DataFrame:
    """One column of both tables as year × month: year, '01' … '12', total (the year's); null outside the span."""
    cells = monthly.select(
        pl.col("month").str.slice(0, 4).cast(pl.Int64).alias("year"),
        pl.col("month").str.slice(5, 2),
        pl.col(column),
    )
    months = [pl.col(column).filter(pl.col("month") == month).first().alias(month) for month in MONTHS]
    return (
        cells.group_by("year")
        .agg(months)
        .join(yearly.select("year", pl.col(column).alias("total")), on="year", how="full", coalesce=True)
        .sort("year")
    )


def month_figures(monthly: pl.DataFrame, column: str) -> MonthFigures:
    """Figures of one column of `monthly_returns`, a value's return or its excess; null months are left out first.

    The share of months that beat the benchmark is the win_rate of an excess, the same by difference and by
    ratio.
    """
    known = monthly.drop_nulls(column)
    returns = known[column].to_numpy()
    if not len(returns):
        return MonthFigures()
    best, worst = int(returns.argmax()), int(returns.argmin())
    return MonthFigures(
        months=len(returns),
        win_rate=float((returns > 0).mean()),
        best_month=known["month"][best],
        best_return=float(returns[best]),
        worst_month=known["month"][worst],
        worst_return=float(returns[worst]),
        losing_streak=longest_run(returns < 0),
    )


def longest_run(true: Bools) -> int:
    """The most True in succession."""
    breaks = np.flatnonzero(np.concatenate([[True], ~true, [True]]))
    return int(np.diff(breaks).max() - 1)
