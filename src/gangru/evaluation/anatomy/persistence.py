"""How long a factor lasts: rank autocorrelation, half-life, coverage and what changes in its groups.

M factor dates × N stocks. Nothing here looks at a return.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.ic import mean_of_defined, spearman
from gangru.market.daily import Bools, Dates, Floats

LAGS = tuple(range(1, 13))  # factor dates
HALF = 0.5


def lagged_rank_correlation(scores_MN: Floats, lag: int, min_stocks: int) -> Floats:
    """Spearman correlation of each date's factor with that of `lag` factor dates before, (M,).

    Over the stocks scored on both dates, ranked among themselves. NaN on the first `lag` dates, with fewer than
    `min_stocks` such stocks and where either side is constant.
    """
    m = len(scores_MN)
    out = np.full(m, np.nan)
    out[lag:] = spearman(scores_MN[lag:], scores_MN[: max(m - lag, 0)], min_stocks)
    return out


def autocorrelation_table(scores_MN: Floats, min_stocks: int, lags: Sequence[int] = LAGS) -> pl.DataFrame:
    """Mean rank autocorrelation of each lag. Columns lag, rank_autocorrelation, dates (pairs it is the mean of)."""
    rows = []
    for lag in lags:
        rho = lagged_rank_correlation(scores_MN, lag, min_stocks)
        rows.append(
            {
                "lag": lag,
                "rank_autocorrelation": mean_of_defined(rho),
                "dates": int((~np.isnan(rho)).sum()),
            }
        )
    schema = {"lag": pl.Int64, "rank_autocorrelation": pl.Float64, "dates": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def half_life(autocorrelations: pl.DataFrame) -> float | None:
    """The lag at which the mean autocorrelation first falls to one half, in factor dates: months of a monthly factor.

    `autocorrelations` has lag, ascending, and rank_autocorrelation. Linear between lags, lag 0 being 1; a lag without
    a value is passed over. None where it never falls so far.
    """
    known = autocorrelations.drop_nulls("rank_autocorrelation")
    lag, value = 0.0, 1.0
    for next_lag, next_value in known.select("lag", "rank_autocorrelation").iter_rows():
        if next_value <= HALF:
            return float(lag + (value - HALF) / (value - next_value) * (next_lag - lag))
        lag, value = float(next_lag), next_value
    return None


def coverage_table(factor_dates: Dates, scores_MN: Floats, eligible_MN: Bools) -> pl.DataFrame:
    """Share of each date's eligible stocks that have a score. Columns date, eligible, scored, coverage.

    `factor_dates` (M,); `eligible_MN` says which stocks could have had a score. A score of another stock does not
    count. coverage is null on a date without an eligible stock.
    """
    eligible = eligible_MN.sum(axis=1)
    scored = (eligible_MN & ~np.isnan(scores_MN)).sum(axis=1)
    coverage = np.where(eligible > 0, scored / np.maximum(eligible, 1), np.nan)
    table = pl.DataFrame(
        {
            "date": factor_dates.astype("datetime64[D]"),
            "eligible": eligible,
            "scored": scored,
            "coverage": coverage,
        },
        schema_overrides={"date": pl.Date, "eligible": pl.Int64, "scored": pl.Int64},
    )
    return table.with_columns(pl.col("coverage").fill_nan(None))


def group_sizes(number_MN: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Stocks in each group 1 … `groups` of each date, (M, groups); 0 is no group."""
    m = len(number_MN)
    cell = number_MN + np.arange(m)[:, None] * (groups + 1)
    count = np.bincount(cell.ravel(), minlength=m * (groups + 1))
    return np.asarray(count.reshape(m, groups + 1)[:, 1:])


def group_turnover(number_MN: NDArray[np.int64], groups: int) -> Floats:
    """Share of each group's stocks that were not in it one factor date before, (M, groups).

    `number_MN` as of `groups.group_numbers`, 0 for a stock in none. NaN on the first date and where the group is empty
    on either date. Source: alphalens, quantile_turnover.
    """
    out = np.full((len(number_MN), groups), np.nan)
    now, before = number_MN[1:], number_MN[:-1]
    size, size_before = group_sizes(now, groups), group_sizes(before, groups)
    stayed = group_sizes(np.where(now == before, now, 0), groups)
    share = 1 - stayed / np.maximum(size, 1)
    out[1:] = np.where((size > 0) & (size_before > 0), share, np.nan)
    return out


def turnover_table(number_MN: NDArray[np.int64], groups: int) -> pl.DataFrame:
    """Mean turnover of each group. Columns group, turnover, dates (those that it is the mean of)."""
    turnover = group_turnover(number_MN, groups)
    return pl.DataFrame(
        {
            "group": np.arange(1, groups + 1),
            "turnover": [mean_of_defined(turnover[:, g]) for g in range(groups)],
            "dates": (~np.isnan(turnover)).sum(axis=0),
        },
        schema={"group": pl.Int64, "turnover": pl.Float64, "dates": pl.Int64},
    )
