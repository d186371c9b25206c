"""An industry's IC and long excess month by month, by the evaluation's own formulas."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from gangru.evaluation.ic import spearman
from gangru.evaluation.industry import MIN_STOCKS, long_excess
from gangru.market.daily import Floats
from gangru.serve.factors import FactorBook

SCHEMA = {"month": pl.String, "date": pl.Date, "n": pl.Int64, "ic": pl.Float64, "excess": pl.Float64}


def scored_months(book: FactorBook, months: Mapping[date, pl.DataFrame]) -> pl.DataFrame:
    """The frames of `cross_sections.month_frame` under each other, with the book's factor beside them."""
    if not months:
        return pl.DataFrame()
    whole = pl.concat([months[day] for day in sorted(months)])
    return whole.join(book.table.select("date", "code", "factor"), on=["date", "code"], how="left")


def industry_months(scored: pl.DataFrame, industry: str, fraction: float) -> pl.DataFrame:
    """Columns month (of the return), date (of the factor), n, ic and excess of each month whose return is known.

    `n` counts stocks with factor and return; the long list is the industry's best `fraction`, at least three.
    """
    if scored.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    own = scored.filter(pl.col("industry") == industry)
    known = scored.group_by("date").agg(pl.col("ret").is_not_null().any()).filter("ret")["date"].sort()
    own = own.filter(pl.col("date").is_in(known.implode()))
    if own.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    dates, m = np.unique(own["date"].to_numpy(), return_inverse=True)
    codes = own["code"].unique().sort()
    n = codes.search_sorted(own["code"]).to_numpy()

    def scattered(name: str) -> Floats:
        out = np.full((len(dates), len(codes)), np.nan)
        out[m, n] = own[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return out

    score, ret = scattered("factor"), scattered("ret")
    inside = scattered("eligible") == 1
    excess = long_excess(score, ret, inside, fraction)
    months = [str(day.astype("datetime64[M]") + 1) for day in dates]
    table = pl.DataFrame(
        {
            "month": months,
            "date": dates.astype("datetime64[D]"),
            "n": (~np.isnan(score) & ~np.isnan(ret)).sum(axis=1),
            "ic": spearman(score, ret, MIN_STOCKS),
            "excess": excess,
        },
        schema_overrides=SCHEMA,
    )
    return table.with_columns(pl.col("ic", "excess").fill_nan(None))
