"""Information coefficients: the correlation of a factor with the return that follows, over one date's stocks.

M dates × N stocks; NaN where a stock has no score or no return.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from gangru.evaluation.chunks import chunks
from gangru.evaluation.months import Rows
from gangru.market.daily import Bools, Floats
from gangru.market.ranks import average_ranks

HORIZONS_DAYS = (1, 5, 10, 20, 40, 60)
CONSTANT = 1e-12  # a spread below this share of the largest value is rounding, not a spread


def forward_returns(prices: Floats, traded: Bools, entry: Rows, exit_: Rows) -> Floats:
    """Simple return from the close of row `entry` to that of row `exit_`, (M, N).

    `prices` (D, N) are adjusted closes carried over days without trading and after a series ends, as a holder
    has them. NaN where the stock did not trade on the entry day: nobody could buy it there.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        returns = prices[exit_] / prices[entry] - 1
    return np.where(traded[entry], returns, np.nan)


def unit_deviations(x_MN: Floats, count: Floats) -> Floats:
    """Deviations from each row's mean scaled to a sum of squares of 1; NaN rows where the row is constant."""
    known = ~np.isnan(x_MN)
    filled = np.where(known, x_MN, 0)
    largest = np.abs(filled).max(axis=1, keepdims=True, initial=0)
    scaled = filled / np.where(largest > 0, largest, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.where(known, scaled - scaled.sum(axis=1, keepdims=True) / count[:, None], 0)
        length = np.sqrt((deviation**2).sum(axis=1, keepdims=True))
        return deviation / np.where(length > CONSTANT * np.sqrt(count)[:, None], length, np.nan)


def pearson(x_MN: Floats, y_MN: Floats, min_stocks: int) -> Floats:
    """Pearson correlation of each row over the stocks that have both values, (M,).

    NaN with fewer than `min_stocks` of them or where either side is constant.
    """
    return correlations(x_MN, y_MN, min_stocks, lambda values: values)


def spearman(x_MN: Floats, y_MN: Floats, min_stocks: int) -> Floats:
    """Spearman correlation of each row, ties at their mean rank; otherwise as `pearson`."""
    return correlations(x_MN, y_MN, min_stocks, average_ranks)


def correlations(x_MN: Floats, y_MN: Floats, min_stocks: int, measured: Callable[[Floats], Floats]) -> Floats:
    """Correlation of each row of what is `measured` of both sides, over the stocks that have both."""
    out = np.full(len(x_MN), np.nan)
    for part in chunks(*x_MN.shape):
        both = ~np.isnan(x_MN[part]) & ~np.isnan(y_MN[part])
        count = both.sum(axis=1).astype(float)
        x, y = (unit_deviations(measured(np.where(both, side[part], np.nan)), count) for side in (x_MN, y_MN))
        out[part] = np.where(count >= min_stocks, np.clip((x * y).sum(axis=1), -1, 1), np.nan)
    return out


def mean_of_defined(values: Floats) -> float | None:
    """Mean of what is not NaN; None where nothing is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None


def decay(scores_MN: Floats, prices: Floats, traded: Bools, entry: Rows, min_stocks: int) -> pl.DataFrame:
    """Mean IC of the months' scores with returns over 1 to 60 trading days from the entry close.

    `prices` and `traded` (D, N) end where the evaluation may look last; a horizon counts the months whose
    return is known by then. Columns horizon_days, rank_ic, ic, months.
    """
    rows = []
    for horizon in HORIZONS_DAYS:
        known = entry + horizon < len(prices)
        returns = forward_returns(prices, traded, entry[known], entry[known] + horizon)
        rank_ic = spearman(scores_MN[known], returns, min_stocks)
        rows.append(
            {
                "horizon_days": horizon,
                "rank_ic": mean_of_defined(rank_ic),
                "ic": mean_of_defined(pearson(scores_MN[known], returns, min_stocks)),
                "months": int((~np.isnan(rank_ic)).sum()),
            }
        )
    schema = {"horizon_days": pl.Int64, "rank_ic": pl.Float64, "ic": pl.Float64, "months": pl.Int64}
    return pl.DataFrame(rows, schema=schema)
