"""IC and long excess return inside each industry, the industry taken as of the factor's date.

M months × N stocks, J industries.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.groups import places, top_count
from gangru.evaluation.ic import mean_of_defined, spearman
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


def industry_table(
    scores_MN: Floats,
    returns_MN: Floats,
    universe_MN: Bools,
    industry_MN: NDArray[np.int16],
    names: list[str],
    *,
    fraction: float,
    small: int,
) -> pl.DataFrame:
    """Each industry's IC (Spearman) and long excess, of the last month and the mean of the past 12.

    `industry_MN` indexes `names` as of each factor date, −1 where unknown. An industry enters where it has a
    scored stock in the last 12 months; `n` counts its stocks with score and return in the last one. The
    year's means are null with fewer than 12 months, and are of the months in which the figure is defined.
    Columns as in `evaluation.result`.
    """
    months = len(scores_MN)
    if not months:
        return pl.DataFrame(schema=SCHEMA)
    recent = slice(max(months - YEAR_MONTHS, 0), months)
    scores, returns, universe, industry = (
        array[recent] for array in (scores_MN, returns_MN, universe_MN, industry_MN)
    )
    rows = []
    for j, name in enumerate(names):
        stocks = np.flatnonzero((industry == j).any(axis=0))
        inside = industry[:, stocks] == j
        score = np.where(inside, scores[:, stocks], np.nan)
        if np.isnan(score).all():
            continue
        ret = np.where(inside, returns[:, stocks], np.nan)
        ic = spearman(score, ret, MIN_STOCKS)
        excess = long_excess(score, ret, universe[:, stocks] & inside, fraction)
        n = int((~np.isnan(score[-1]) & ~np.isnan(ret[-1])).sum())
        rows.append(
            {
                "industry": name,
                "n": n,
                "ic_month": last_value(ic),
                "ic_year": mean_of_defined(ic) if months >= YEAR_MONTHS else None,
                "excess_month": last_value(excess),
                "excess_year": mean_of_defined(excess) if months >= YEAR_MONTHS else None,
                "small": n < small,
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def last_value(values: Floats) -> float | None:
    """The last value, None where it is NaN."""
    return None if np.isnan(values[-1]) else float(values[-1])


def lost(table: pl.DataFrame, column: str) -> int | None:
    """How many industries have a negative excess in `column`; None where none is defined."""
    defined = table[column].drop_nulls()
    return int((defined < 0).sum()) if len(defined) else None
