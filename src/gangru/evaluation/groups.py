"""Stocks sorted into equal groups by the factor of a date, and what the groups earned.

M months × N stocks.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.ic import mean_of_defined, spearman
from gangru.market.daily import Bools, Floats
from gangru.market.ranks import ascending

MONTHS_PER_YEAR = 12
ROUNDING = 1e-9  # 0.1 × 30 stocks is 3, not 2.9999999999999996


def places(scores_MN: Floats) -> NDArray[np.int64]:
    """Place of each stock within its row, 0 for the highest score, (M, N); −1 without a score.

    Equal scores keep the order of the columns, so a table sorted by code gives the same places on any
    machine.
    """
    order, equal = ascending(-scores_MN)
    tied = equal.any(axis=1)
    order[tied] = np.argsort(-scores_MN[tied], axis=1, kind="stable")
    place = np.empty(scores_MN.shape, dtype=np.int64)
    np.put_along_axis(place, order, np.arange(scores_MN.shape[1])[None, :], axis=1)
    return np.where(np.isnan(scores_MN), -1, place)


def top_count(stocks: NDArray[np.int64], fraction: float, at_least: int = 1) -> NDArray[np.int64]:
    """Size of the top `fraction` of each count: rounded down, but `at_least` so many where they exist."""
    share = np.floor(stocks * fraction + ROUNDING).astype(np.int64)
    return np.asarray(np.minimum(np.maximum(share, at_least), stocks))


def top(scores_MN: Floats, fraction: float) -> Bools:
    """The best `fraction` of each row's scored stocks, rounded down, at least one, (M, N)."""
    place = places(scores_MN)
    count = top_count((place >= 0).sum(axis=1), fraction)
    return (place >= 0) & (place < count[:, None])


def group_numbers(scores_MN: Floats, groups: int) -> NDArray[np.int64]:
    """Group of each stock, 1 lowest … `groups` highest, of equal size but for one, (M, N); 0 without a score.

    The highest of ten groups is the top tenth of `top` wherever a row has ten stocks or more.
    """
    place = places(scores_MN)
    count = (place >= 0).sum(axis=1, keepdims=True)
    ascending = count - 1 - place
    number = ascending * groups // np.maximum(count, 1) + 1
    return np.where(place >= 0, number, 0)


def group_means(
    number: NDArray[np.int64], returns_MN: Floats, groups: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Equal-weight mean return of each group and month, (M, groups), and how many stocks it is of.

    Groups are formed before the entry day: a stock without a return counts in its group's border, not in its
    mean.
    """
    m = len(number)
    used = (number > 0) & ~np.isnan(returns_MN)
    cell = (np.arange(m)[:, None] * groups + number - 1)[used]
    count = np.bincount(cell, minlength=m * groups).reshape(m, groups)
    total = np.bincount(cell, weights=returns_MN[used], minlength=m * groups).reshape(m, groups)
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / count, np.nan), count


def annualised(monthly: Floats) -> float | None:
    """Compound return a year of monthly returns, NaN months left out; None without any."""
    defined = monthly[~np.isnan(monthly)]
    if not len(defined):
        return None
    return float(np.prod(1 + defined) ** (MONTHS_PER_YEAR / len(defined)) - 1)


def decile_table(
    scores_MN: Floats, returns_MN: Floats, universe_return: Floats, groups: int
) -> tuple[pl.DataFrame, float | None]:
    """Mean results of the groups, and their monotonicity: Spearman of group number with mean monthly return.

    `returns_MN` are the months' returns from the entry close, `universe_return` (M,) the universe's
    equal-weight mean of them. Columns decile, monthly_return, monthly_excess (over the universe),
    annual_return (compounded), n (mean number of stocks in the months that have any).
    """
    means, counts = group_means(group_numbers(scores_MN, groups), returns_MN, groups)
    excess = means - universe_return[:, None]
    scored = counts[counts.any(axis=1)]
    mean_return = [mean_of_defined(means[:, g]) for g in range(groups)]
    table = pl.DataFrame(
        {
            "decile": np.arange(1, groups + 1),
            "monthly_return": mean_return,
            "monthly_excess": [mean_of_defined(excess[:, g]) for g in range(groups)],
            "annual_return": [annualised(means[:, g]) for g in range(groups)],
            "n": np.rint(scored.mean(axis=0)).astype(np.int64)
            if len(scored)
            else np.zeros(groups, dtype=np.int64),
        },
        schema={
            "decile": pl.Int64,
            "monthly_return": pl.Float64,
            "monthly_excess": pl.Float64,
            "annual_return": pl.Float64,
            "n": pl.Int64,
        },
    )
    known = np.array([[np.nan if value is None else value for value in mean_return]])
    rho = spearman(np.arange(1.0, groups + 1)[None, :], known, min_stocks=2)[0]
    return table, None if np.isnan(rho) else float(rho)
