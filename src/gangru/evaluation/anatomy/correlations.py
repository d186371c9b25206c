"""A factor beside others: how alike they are, what each predicts, and what it predicts beyond each.

M months × N stocks.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from gangru.evaluation.anatomy.purified import before_and_after, monthly_ics, purified
from gangru.evaluation.ic import mean_of_defined, pearson, spearman
from gangru.market.daily import Floats

SCHEMA = {
    "other": pl.String,
    "rank_correlation": pl.Float64,
    "correlation": pl.Float64,
    "months": pl.Int64,
    "other_ic": pl.Float64,
    "other_rank_ic": pl.Float64,
    "other_months": pl.Int64,
    "ic": pl.Float64,
    "rank_ic": pl.Float64,
    "residual_ic": pl.Float64,
    "residual_rank_ic": pl.Float64,
    "share_left": pl.Float64,
    "residual_t": pl.Float64,
    "residual_months": pl.Int64,
}


def correlation_table(
    scores_MN: Floats, others: Mapping[str, Floats], returns_MN: Floats, min_stocks: int
) -> pl.DataFrame:
    """One row a factor (M, N) of `others`, in their order.

    rank_correlation and correlation are means of the monthly Spearman and Pearson correlations of both factors, over
    `months` with a rank correlation. other_ic and other_rank_ic are the other's own, over all stocks that it scores, in
    other_months. The residual is that of a least-squares regression on the other, each date, over the stocks that have
    both; ic and rank_ic are the factor's own over the same stocks and residual_months, share_left the residual's rank
    IC over that, residual_t its Newey–West t.
    """
    rows = []
    for name, other in others.items():
        both = np.where(np.isnan(other), np.nan, scores_MN)
        rank = spearman(scores_MN, other, min_stocks)
        own = monthly_ics(other, returns_MN, min_stocks)
        residual = purified(both, [other], min_stocks).residual
        left = before_and_after(
            monthly_ics(both, returns_MN, min_stocks), monthly_ics(residual, returns_MN, min_stocks)
        )
        rows.append(
            {
                "other": name,
                "rank_correlation": mean_of_defined(rank),
                "correlation": mean_of_defined(pearson(scores_MN, other, min_stocks)),
                "months": int((~np.isnan(rank)).sum()),
                "other_ic": mean_of_defined(own.ic),
                "other_rank_ic": mean_of_defined(own.rank_ic),
                "other_months": int((~np.isnan(own.rank_ic)).sum()),
                "ic": left["ic_before"],
                "rank_ic": left["rank_ic_before"],
                "residual_ic": left["ic"],
                "residual_rank_ic": left["rank_ic"],
                "share_left": left["share_left"],
                "residual_t": left["t"],
                "residual_months": left["months"],
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)
