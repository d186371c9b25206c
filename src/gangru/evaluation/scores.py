"""A table of factors as one cross-section a month, with a count of every row that is not used and why.

K factor months × N stocks of the market.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import EvaluationError
from gangru.evaluation.columns import TABLE, typed
from gangru.market.daily import Codes, Dates, Floats

Drops = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Scores:
    """The newest cross-section of every month that has one.

    `month` and `date` (K,) ascending, `factor` (K, N), `raw` (K, N) the raw prediction or None where the
    table has none; NaN where a stock has no score.
    """

    month: Dates
    date: Dates
    factor: Floats
    raw: Floats | None
    drops: Drops = field(default_factory=dict)


def factor_rows(
    factor: pl.DataFrame, days: Dates, codes: Codes, source: str = TABLE
) -> tuple[pl.DataFrame, Drops]:
    """The rows of a factor table that can be used, and the counts of the others by reason.

    `factor` has columns date, code, factor and perhaps pret, read as `typed` does; `days` are the data's trading days,
    ascending, `codes` (N,) the market's stocks. Returns columns row (of the stock in `codes`), date, factor, pret. A
    row is counted under the first reason that it meets. Of rows that repeat a date and code the first stays where all
    agree; none where they differ. Raises EvaluationError naming `source` where a column is missing or of no use.
    """
    table = typed(factor, source)
    drops: Drops = {}

    def keep(condition: pl.Expr, reason: str) -> None:
        nonlocal table
        kept = table.filter(condition.fill_null(value=False))
        drops[("factor", reason)] = len(table) - len(kept)
        table = kept

    keep(~pl.col("unread"), "factor is no number")
    keep(pl.col("factor").is_finite(), "factor missing or not finite")
    keep(pl.col("date").is_not_null(), "date cannot be read")
    keep(pl.col("date") >= days[0].item(), "date before the data")
    keep(pl.col("date") <= days[-1].item(), "date after the data")
    keep(pl.col("date").is_in(days.tolist()), "date is no trading day")
    keep(pl.col("code").is_not_null(), "code cannot be read")
    known = pl.DataFrame(
        {"code": codes.tolist(), "row": np.arange(len(codes))}, schema_overrides={"code": pl.String}
    )
    table = table.join(known, on="code", how="left", maintain_order="left")
    keep(pl.col("row").is_not_null(), "code is not in the market")
    agrees = (pl.col("factor").n_unique().over("date", "code") == 1) & (
        pl.col("pret").n_unique().over("date", "code") == 1
    )
    keep(agrees, "date and code repeated with different values")
    keep(pl.struct("date", "code").is_first_distinct(), "date and code repeated")
    return table.select("row", "date", "factor", "pret"), drops


def monthly_scores(
    rows: pl.DataFrame,
    drops: Drops,
    last: np.datetime64 | None,
    stocks: int,
    *,
    raw: bool,
    source: str = TABLE,
) -> Scores:
    """Scatter the newest date of every month into (K, N) arrays.

    `rows` as of `factor_rows`; dates after the day `last` are left out and counted, as are all but the newest
    date of a month. `stocks` is N; `raw` tells whether the table has raw predictions. Raises EvaluationError
    naming `source` where no row is left.
    """
    counts = dict(drops)
    seen = rows if last is None else rows.filter(pl.col("date") <= last.item())
    if seen.is_empty() and not rows.is_empty():
        first = rows["date"].to_numpy().min()
        raise EvaluationError(
            f"the first date of {source} is {first}: expected a return month from {first.astype('datetime64[M]') + 1} "
            "on, or an earlier factor date"
        )
    counts[("factor", "date after the last return month")] = len(rows) - len(seen)
    month = pl.col("date").dt.truncate("1mo")
    kept = seen.filter(pl.col("date") == pl.col("date").max().over(month))
    counts[("factor", "date is not its month's newest")] = len(seen) - len(kept)
    if kept.is_empty():
        reasons = "; ".join(f"{reason}: {count}" for (_, reason), count in counts.items() if count)
        raise EvaluationError(
            f"no row of {source} can be evaluated ({reasons or 'it is empty'}); expected dates as 2020-01-31 or "
            "20200131 within the data, codes as 600519.SH, and a number each"
        )
    dates, k = np.unique(kept["date"].to_numpy().astype("datetime64[D]"), return_inverse=True)
    n = kept["row"].to_numpy()

    def scatter(name: str) -> Floats:
        out = np.full((len(dates), stocks), np.nan)
        value = kept[name].fill_null(float("nan")).to_numpy()
        out[k, n] = np.where(np.isfinite(value), value, np.nan)
        return out

    return Scores(
        dates.astype("datetime64[M]"), dates, scatter("factor"), scatter("pret") if raw else None, counts
    )


def dated_scores(
    rows: pl.DataFrame, days: Dates, last: np.datetime64, stocks: int
) -> tuple[NDArray[np.int64], Floats]:
    """Every factor date up to `last`: its rows on the axis `days`, ascending, (K,), and the scores, (K, N)."""
    seen = rows.filter(pl.col("date") <= last.item())
    dates, k = np.unique(seen["date"].to_numpy().astype("datetime64[D]"), return_inverse=True)
    scores = np.full((len(dates), stocks), np.nan)
    scores[k, seen["row"].to_numpy()] = seen["factor"].to_numpy()
    return np.searchsorted(days, dates), scores


def of_months(scores: Floats, score_months: Dates, wanted: Dates) -> Floats:
    """The cross-sections of the wanted months, (M, N); NaN throughout for a month without one."""
    k = np.minimum(np.searchsorted(score_months, wanted), len(score_months) - 1)
    found = score_months[k] == wanted
    return np.where(found[:, None], scores[k], np.nan)
