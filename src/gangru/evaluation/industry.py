"""IC and long excess return inside each industry, the industry taken as of the factor's date.

M months × N stocks, J industries.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.groups import places, top_count
from gangru.evaluation.ic import spearman
from gangru.market.daily import Bools, Floats

MIN_STOCKS = 3  # published: an industry's long portfolio has at least three
YEAR_MONTHS = 12

SCHEMA = {
    "industry": pl.String,
    "n": pl.Int64,
    "ic_month": pl.Float64,
    "ic_year": pl.Float64,
    "excess_month": pl.Float64,
    "excess_year": pl.Float64,
    "small": pl.Boolean,
}
MONTHS = {"industry": pl.String, "month": pl.String, "n": pl.Int64, "ic": pl.Float64, "excess": pl.Float64}


def row_means(values: Floats) -> Floats:
    """Mean of each row's values that are not NaN, (M,); NaN where a row has none."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(
            np.where(known, values, 0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
        )


def long_excess(scores_MN: Floats, returns_MN: Floats, universe_MN: Bools, fraction: float) -> Floats:
    """Return of the best `fraction` (at least 3) by score less the universe's equal-weight return, (M,).

    All arrays hold one industry's stocks. The list is formed on the factor date; who does not trade on the
    entry day has no return and is left out of the mean. NaN with fewer than 3 scored stocks.
    """
    place = places(scores_MN)
    stocks = (place >= 0).sum(axis=1)
    held = (place >= 0) & (place < top_count(stocks, fraction, MIN_STOCKS)[:, None])
    excess = row_means(np.where(held, returns_MN, np.nan)) - row_means(
        np.where(universe_MN, returns_MN, np.nan)
    )
    return np.where(stocks >= MIN_STOCKS, excess, np.nan)


def industry_months(
    scores_MN: Floats,
    returns_MN: Floats,
    universe_MN: Bools,
    industry_MN: NDArray[np.int16],
    names: list[str],
    month_names: list[str],
    *,
    fraction: float,
) -> pl.DataFrame:
    """Each industry's IC (Spearman) and long excess of every month in which it has a scored stock.

    `industry_MN` indexes `names` as of each factor date, −1 where unknown; `n` counts the stocks with score and
    return. Columns: industry, month, n, ic, excess; an undefined figure is null. Industries in the order of `names`,
    months ascending.
    """
    tables = [pl.DataFrame(schema=MONTHS)]
    for j, name in enumerate(names):
        stocks = np.flatnonzero((industry_MN == j).any(axis=0))
        inside = industry_MN[:, stocks] == j
        score = np.where(inside, scores_MN[:, stocks], np.nan)
        scored = ~np.isnan(score)
        seen = np.flatnonzero(scored.any(axis=1))
        if not len(seen):
            continue
        ret = np.where(inside, returns_MN[:, stocks], np.nan)
        columns = {
            "industry": [name] * len(seen),
            "month": [month_names[m] for m in seen],
            "n": (scored & ~np.isnan(ret)).sum(axis=1)[seen],
            "ic": spearman(score, ret, MIN_STOCKS)[seen],
            "excess": long_excess(score, ret, universe_MN[:, stocks] & inside, fraction)[seen],
        }
        tables.append(pl.DataFrame(columns, schema_overrides=MONTHS))
    return pl.concat(tables).with_columns(pl.col("ic", "excess").fill_nan(None))


def industry_table(history: pl.DataFrame, month_names: list[str], *, small: int) -> pl.DataFrame:
    """Each industry's IC and long excess of the last month and the mean of the past 12, from `industry_months`.

    An industry enters where it has a scored stock in the last 12 months; `n` counts its stocks with score and
    return in the last one. The year's means are null with fewer than 12 months, and are of the months in which the
    figure is defined. Columns as in `evaluation.result`.
    """
    if not month_names:
        return pl.DataFrame(schema=SCHEMA)
    last = pl.col("month") == month_names[-1]
    recent = history.filter(pl.col("month").is_in(month_names[-YEAR_MONTHS:]))
    table = recent.group_by("industry", maintain_order=True).agg(
        pl.col("n").filter(last).sum().cast(pl.Int64),
        pl.col("ic").filter(last).first().alias("ic_month"),
        pl.col("ic").mean().alias("ic_year"),
        pl.col("excess").filter(last).first().alias("excess_month"),
        pl.col("excess").mean().alias("excess_year"),
    )
    if len(month_names) < YEAR_MONTHS:
        unknown = pl.lit(None, dtype=pl.Float64)
        table = table.with_columns(ic_year=unknown, excess_year=unknown)
    return table.with_columns((pl.col("n") < small).alias("small")).select(list(SCHEMA))


def lost(table: pl.DataFrame, column: str) -> int | None:
    """How many industries have a negative excess in `column`; None where none is defined."""
    defined = table[column].drop_nulls()
    return int((defined < 0).sum()) if len(defined) else None
