"""The stocks that the factor likes on a date, best first."""

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.groups import places
from gangru.evaluation.portfolio.targets import long_count
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.daily import Bools, Codes, Floats
from gangru.market.ranks import average_ranks

IndustryIndex = tuple[NDArray[np.int16], list[str]]  # positions in the list of names, −1 unknown
NamesOn = Callable[[date], pl.DataFrame]  # code and name of every stock on a day

UNKNOWN_AGE = np.iinfo(np.int32).max  # `listed_days` of a stock whose listing is not known

SCHEMA: dict[str, type[pl.DataType]] = {
    "rank": pl.Int64,
    "code": pl.String,
    "name": pl.String,
    "industry": pl.String,
    "score": pl.Float64,
    "percentile": pl.Float64,
    "tradable": pl.Boolean,
    "listed_days": pl.Int64,
    "previous_percentile": pl.Float64,
    "change": pl.Float64,
    "in_long_list": pl.Boolean,
}


def percentiles(scores: Floats) -> Floats:
    """Place among the scored stocks, 0 worst to 1 best, ties at their mean, (N,); NaN without a score."""
    rank = average_ranks(scores[None, :])[0]
    count = int((~np.isnan(rank)).sum())
    return np.asarray(rank if count == 1 else (rank - 1) / max(count - 1, 1))


def pick_table(
    codes: Codes,
    scores: Floats,
    previous: Floats | None,
    *,
    buyable: Bools,
    portfolio: PortfolioSettings,
    listed: NDArray[np.int64] | None = None,
) -> pl.DataFrame:
    """All stocks scored on a factor date, best first; columns of `evaluation.result` but name and industry.

    (N,): `scores` of the date, `previous` of the factor date before it or None, `buyable` at the date's
    close, `listed` trading days since the listing, as `market.universe.listed_days` has them. Sees the factor date
    and the one before, nothing later.
    """
    place = places(scores[None, :])[0]
    count = int((place >= 0).sum())
    best_first = np.argsort(np.where(place >= 0, place, len(scores)), kind="stable")[:count]
    now = percentiles(scores)[best_first]
    before = (np.full(len(scores), np.nan) if previous is None else percentiles(previous))[best_first]
    chosen = long_count(count, portfolio)
    age = np.full(len(scores), UNKNOWN_AGE) if listed is None else listed
    table = pl.DataFrame(
        {
            "rank": np.arange(1, count + 1),
            "code": codes[best_first].tolist(),
            "score": scores[best_first],
            "percentile": now,
            "tradable": buyable[best_first],
            "listed_days": age[best_first],
            "previous_percentile": before,
            "change": now - before,
            "in_long_list": np.arange(count) < chosen,
        },
        schema={name: kind for name, kind in SCHEMA.items() if name not in ("name", "industry")},
    )
    known = pl.when(pl.col("listed_days") < UNKNOWN_AGE).then(pl.col("listed_days"))
    return table.with_columns(
        pl.col("previous_percentile", "change").fill_nan(None), known.alias("listed_days")
    )


def described(
    table: pl.DataFrame, codes: Codes, industry: IndustryIndex, names: pl.DataFrame
) -> pl.DataFrame:
    """Add each stock's name and its industry, null where unknown.

    `industry` holds the positions (1, N) of `codes` as of the picks' date, `names` code and name as of it.
    """
    index, industry_names = industry
    labels = np.array([*industry_names, None], dtype=object)[index[0]]
    classes = pl.DataFrame(
        {"code": codes.tolist(), "industry": labels.tolist()},
        schema={"code": pl.String, "industry": pl.String},
    )
    known = names.select(pl.col("code", "name").cast(pl.String)).unique(
        "code", keep="last", maintain_order=True
    )
    joined = table.join(known, on="code", how="left", maintain_order="left")
    return joined.join(classes, on="code", how="left", maintain_order="left").select(list(SCHEMA))
