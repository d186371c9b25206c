"""Where a factor works: its ICs and long excess inside each class of stocks, and makers of classes.

M months × N stocks. A class is a label as of each factor date, −1 where unknown.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.groups import group_numbers
from gangru.evaluation.headline import icir
from gangru.evaluation.ic import mean_of_defined, pearson, spearman
from gangru.evaluation.industry import long_excess
from gangru.market.daily import Bools, Floats

Labels = NDArray[np.int64]

THIRDS = 3
OUT, IN = range(2)

SCHEMA = {
    "label": pl.String,
    "ic": pl.Float64,
    "icir": pl.Float64,
    "rank_ic": pl.Float64,
    "rank_icir": pl.Float64,
    "months": pl.Int64,
    "months_too_few": pl.Int64,
    "n": pl.Float64,
    "long_excess": pl.Float64,
    "excess_months": pl.Int64,
}


def breakdown_table(
    scores_MN: Floats,
    returns_MN: Floats,
    universe_MN: Bools,
    labels_MN: Labels,
    names: Sequence[str],
    *,
    fraction: float,
    min_stocks: int,
) -> pl.DataFrame:
    """One row a label, in the order of `names`, which `labels_MN` indexes.

    ic and rank_ic are means of the monthly Pearson and Spearman correlations inside the label, icir and rank_icir
    their means over standard deviations, not annualised; months counts those with a rank IC, months_too_few those with
    fewer than `min_stocks` stocks with score and return, in which nothing is measured; n is the mean number of such
    stocks over all months. long_excess is the mean of `industry.long_excess`: best `fraction`, at least 3 stocks, less
    the label's own universe in equal weights; excess_months counts its months.
    """
    rows = []
    for j, name in enumerate(names):
        stocks = np.flatnonzero((labels_MN == j).any(axis=0))
        inside = labels_MN[:, stocks] == j
        score = np.where(inside, scores_MN[:, stocks], np.nan)
        ret = np.where(inside, returns_MN[:, stocks], np.nan)
        long = long_excess(score, ret, universe_MN[:, stocks] & inside, fraction)
        rows.append({"label": name, **figures(score, ret, long, min_stocks)})
    return pl.DataFrame(rows, schema=SCHEMA)


def figures(
    score_MN: Floats, returns_MN: Floats, excess: Floats, min_stocks: int
) -> dict[str, float | int | None]:
    """The figures of one class from its scores, returns and long excess (M,), NaN outside it; names as in SCHEMA."""
    n = (~np.isnan(score_MN) & ~np.isnan(returns_MN)).sum(axis=1)
    ic = pearson(score_MN, returns_MN, min_stocks)
    rank_ic = spearman(score_MN, returns_MN, min_stocks)
    measured = np.where(n >= min_stocks, excess, np.nan)
    return {
        "ic": mean_of_defined(ic),
        "icir": icir(ic),
        "rank_ic": mean_of_defined(rank_ic),
        "rank_icir": icir(rank_ic),
        "months": int((~np.isnan(rank_ic)).sum()),
        "months_too_few": int((n < min_stocks).sum()),
        "n": mean_of_defined(n.astype(float)),
        "long_excess": mean_of_defined(measured),
        "excess_months": int((~np.isnan(measured)).sum()),
    }


def thirds(values_MN: Floats, scores_MN: Floats) -> Labels:
    """Thirds by a value as of each date among its scored stocks: 0 lowest, 1, 2 highest, −1 without either, (M, N).

    Of equal size but for one; equal values keep the order of the columns.
    """
    return group_numbers(np.where(np.isnan(scores_MN), np.nan, values_MN), THIRDS) - 1


def membership(member_MN: Bools) -> Labels:
    """IN (1) for a member of an index as of the date, OUT (0) for every other stock, (M, N)."""
    return np.where(member_MN, IN, OUT)
