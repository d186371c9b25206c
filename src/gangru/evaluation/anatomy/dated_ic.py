"""ICs of every factor date, however dense, with the return over any number of trading days.

M factor dates × N stocks; D trading days of the market; H horizons.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.chunks import chunks
from gangru.evaluation.headline import icir
from gangru.evaluation.ic import forward_returns, mean_of_defined, unit_deviations
from gangru.evaluation.months import Rows
from gangru.evaluation.performance import DAYS_PER_YEAR
from gangru.evaluation.significance import newey_west_lag, newey_west_t
from gangru.market.daily import Bools, Dates, Floats
from gangru.market.ranks import average_ranks

HORIZONS_DAYS = (1, 2, 3, 5, 10, 15, 20, 30, 40, 50, 60)
ROUNDING = 1e-9  # 20 days over a spacing of 20 are one period, not two


@dataclass(frozen=True)
class DatedIcs:
    """Pearson (`ic`) and Spearman (`rank_ic`) of each factor date and horizon, and the stocks they are of, (M, H).

    `rows` (M,) are the factor dates' positions among the trading days, ascending. NaN where undefined; n is 0 where
    the return is not known yet.
    """

    rows: Rows
    horizons: tuple[int, ...]
    ic: Floats
    rank_ic: Floats
    n: NDArray[np.int64]


@dataclass(frozen=True)
class Scored:
    """One side of the correlations: the stocks used, (M, N), how many, (M,), unit deviations of values and ranks."""

    used: Bools
    count: Floats
    values: Floats
    ranks: Floats


def dated_ics(
    scores_MN: Floats,
    rows: Rows,
    prices: Floats,
    traded: Bools,
    *,
    lag: int,
    min_stocks: int,
    horizons: Sequence[int] = HORIZONS_DAYS,
) -> DatedIcs:
    """ICs of each date's scores with the return from the close `lag` trading days later, over each horizon.

    `prices` and `traded` (D, N) as in `ic.forward_returns`; they end where the evaluation may look last. A date whose
    return ends later has none.
    """
    shape = (len(rows), len(horizons))
    out = DatedIcs(
        rows, tuple(horizons), np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    )
    for part in chunks(*scores_MN.shape):
        side: Scored | None = None
        for h, horizon in enumerate(horizons):
            entry = rows[part] + lag
            known = entry + horizon < len(prices)
            returns = forward_returns(prices, traded, entry[known], entry[known] + horizon)
            at = np.flatnonzero(known) + part.start
            used = ~np.isnan(scores_MN[at]) & ~np.isnan(returns)
            if side is None or not np.array_equal(side.used, used):
                side = scored(scores_MN[at], used)
            enough = side.count >= min_stocks
            returns = np.where(used, returns, np.nan)
            out.ic[at, h] = np.where(enough, products(side.values, returns, side.count), np.nan)
            ranks = average_ranks(returns)
            out.rank_ic[at, h] = np.where(enough, products(side.ranks, ranks, side.count), np.nan)
            out.n[at, h] = side.count.astype(np.int64)
    return out


def scored(scores_MN: Floats, used: Bools) -> Scored:
    """The scores' side over the stocks `used`: it is the same for all horizons, whose returns begin together."""
    count = used.sum(axis=1).astype(float)
    values = np.where(used, scores_MN, np.nan)
    return Scored(used, count, unit_deviations(values, count), unit_deviations(average_ranks(values), count))


def products(unit_MN: Floats, other_MN: Floats, count: Floats) -> Floats:
    """Correlation of each row from one side's unit deviations and the other side's values, (M,)."""
    return np.asarray(np.clip((unit_MN * unit_deviations(other_MN, count)).sum(axis=1), -1, 1))


def ic_table(dates: Dates, ics: DatedIcs, horizon: int) -> pl.DataFrame:
    """One row a factor date for one of the horizons: date, ic, rank_ic, n. `dates` (D,) are the trading days."""
    h = ics.horizons.index(horizon)
    table = pl.DataFrame(
        {
            "date": dates[ics.rows].astype("datetime64[D]"),
            "ic": ics.ic[:, h],
            "rank_ic": ics.rank_ic[:, h],
            "n": ics.n[:, h],
        },
        schema_overrides={"date": pl.Date, "n": pl.Int64},
    )
    return table.with_columns(pl.col("ic", "rank_ic").fill_nan(None))


def mean_spacing(rows: Rows) -> float | None:
    """Mean trading days from one factor date to the next; None with fewer than 2."""
    return float(rows[-1] - rows[0]) / (len(rows) - 1) if len(rows) > 1 else None


def periods_of(horizon: int, spacing: float | None) -> int:
    """How many factor dates a horizon spans, rounded up; 1 where there is one date."""
    return 1 if spacing is None else max(math.ceil(horizon / spacing - ROUNDING), 1)


FIGURES = ("dates", "mean", "std", "icir", "icir_annual", "t", "positive")


def figures(values: Floats, periods: int, spacing: float | None) -> dict[str, float | int | None]:
    """The figures of one kind of IC at one horizon, by the names in FIGURES.

    std with n − 1; icir = mean / std an observation, icir_annual × √(242 / spacing in trading days); t Newey–West's
    with the horizon in `periods`; positive the share above 0. NaN dates are left out; dates counts the others.
    """
    defined = values[~np.isnan(values)]
    per_date = icir(defined)
    annual = None if per_date is None or spacing is None else per_date * math.sqrt(DAYS_PER_YEAR / spacing)
    return {
        "dates": len(defined),
        "mean": mean_of_defined(defined),
        "std": float(defined.std(ddof=1)) if len(defined) > 1 else None,
        "icir": per_date,
        "icir_annual": annual,
        "t": newey_west_t(defined, newey_west_lag(len(defined), periods)),
        "positive": mean_of_defined((defined > 0).astype(float)),
    }


def horizon_table(ics: DatedIcs) -> pl.DataFrame:
    """One row a horizon: horizon_days, periods (the horizon in factor dates), and FIGURES of both kinds of IC.

    Columns ic_dates, ic_mean, … of Pearson's and rank_ic_dates, rank_ic_mean, … of Spearman's.
    """
    spacing = mean_spacing(ics.rows)
    rows = []
    for h, horizon in enumerate(ics.horizons):
        periods = periods_of(horizon, spacing)
        row: dict[str, float | int | None] = {"horizon_days": horizon, "periods": periods}
        for kind, values in (("ic", ics.ic), ("rank_ic", ics.rank_ic)):
            row |= {
                f"{kind}_{name}": value for name, value in figures(values[:, h], periods, spacing).items()
            }
        rows.append(row)
    kinds = {f"{kind}_{name}": pl.Float64 for kind in ("ic", "rank_ic") for name in FIGURES}
    schema = {"horizon_days": pl.Int64, "periods": pl.Int64} | kinds
    return pl.DataFrame(rows, schema=schema | {"ic_dates": pl.Int64, "rank_ic_dates": pl.Int64})
