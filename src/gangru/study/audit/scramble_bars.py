"""Bars whose every column is noise after a day, with rows missing, rows added, and stocks that come and go."""

import numpy as np
import polars as pl

from gangru.market.daily import Floats
from gangru.market.schema import BARS
from gangru.study.audit.future import Future, Random

MISSING = 0.03  # of the later rows, at random
HALT_DAYS = 5


def other_bars(bars: pl.DataFrame, future: Future) -> tuple[pl.DataFrame, int]:
    """The bars with noise after the day, and how many rows that were replaced, removed or added; the past as it was."""
    random = future.random(0)
    past = bars.filter(pl.col("date") <= future.after)
    own = bars.filter(pl.col("date") > future.after)
    later = pl.concat([own, appended_bars(bars, future)])
    newcomers = coming_bars(later, future, random)
    kept = pl.concat([remaining(later, future, random), newcomers])
    changed = len(later) + len(newcomers)
    del later, own, newcomers
    return pl.concat([past, noisy(kept, random)]).sort(BARS.key), changed


def appended_bars(bars: pl.DataFrame, future: Future) -> pl.DataFrame:
    """The last day's bars once more on every day that the data do not reach."""
    last = bars.filter(pl.col("date") == bars["date"].max())
    parts = [last.with_columns(pl.lit(day, dtype=pl.Date).alias("date")) for day in future.appended]
    return pl.concat(parts) if parts else last.clear()


def coming_bars(later: pl.DataFrame, future: Future, random: Random) -> pl.DataFrame:
    """Bars of the new codes, made of others'; the first has one on every later day, so that no day is empty."""
    parts = [later.unique("date", keep="first", maintain_order=True)]
    codes = list(future.coming)
    begins = future.some_day(random, len(codes))
    for code, begin in zip(codes[1:], begins[1:], strict=True):
        parts.append(later.filter(pl.col("code") == future.coming[code], pl.col("date") >= begin))
    return pl.concat(
        [part.with_columns(pl.lit(code).alias("code")) for code, part in zip(codes, parts, strict=True)]
    )


def remaining(later: pl.DataFrame, future: Future, random: Random) -> pl.DataFrame:
    """The later bars without those of who left, fell silent or is halted, and without some at random."""
    ends = pl.DataFrame(
        {"code": list(future.leaving), "_end": list(future.leaving.values())},
        schema={"code": pl.String, "_end": pl.Date},
    )
    week = future.days[:HALT_DAYS]
    kept = later.join(ends, on="code", how="left", maintain_order="left").filter(
        pl.Series(random.random(len(later)) >= MISSING),
        pl.col("_end").is_null() | (pl.col("date") < pl.col("_end")),
        ~pl.col("code").is_in(list(future.silent)),
        ~(pl.col("code").is_in(list(future.halted)) & (pl.col("date") <= week[-1])),
    )
    return kept.drop("_end")


def noisy(rows: pl.DataFrame, random: Random) -> pl.DataFrame:
    """Rows with noise in every column but code and date; some prices out of order, some factors and shares unknown."""
    n = len(rows)

    def spread(width: float) -> Floats:
        return np.exp(random.normal(0, width, n))

    def base(name: str, unknown: float) -> Floats:
        return rows[name].fill_null(unknown).fill_nan(unknown).to_numpy()

    def flag(share: float, unknown: float = 0.0) -> pl.Series:
        flags = pl.Series(random.random(n) < share)
        return pl.select(pl.when(pl.Series(random.random(n) >= unknown)).then(flags)).to_series()

    close = base("close", 10.0) * spread(0.3)
    open_ = close * spread(0.02)
    high, low = np.maximum(open_, close) * spread(0.01), np.minimum(open_, close) * spread(0.01)
    volume = np.maximum(base("volume", 1e6), 100) * spread(1) * (random.random(n) > 0.01)
    price = np.where(random.random(n) < 0.7, low + random.random(n) * (high - low), close * spread(0.3))
    silent = rows["code"].is_in(rows["code"].unique().sort().gather_every(10).implode()).to_numpy()
    factor = np.where(silent | (random.random(n) < 0.05), np.nan, base("factor", 1.0) * spread(0.3))
    shares = np.where(random.random(n) < 0.05, np.nan, base("float_shares", 1e8) * spread(0.5))
    made = {
        "open": open_,
        "high": high,
        "low": low,
        "close": close,
        "factor": factor,
        "volume": volume,
        "amount": volume * price,
        "float_shares": shares,
    }
    return rows.with_columns(
        *(pl.Series(name, values, nan_to_null=True) for name, values in made.items()),
        flag(0.3, unknown=0.1).alias("is_st"),
        flag(0.02).alias("suspended"),
        *(flag(0.3).alias(name) for name in ("amount_est", "shares_est", "st_inferred")),
    ).select(list(BARS.columns))


def other_index_bars(bars: pl.DataFrame, future: Future) -> tuple[pl.DataFrame, int]:
    """The indices' bars with noise after the day, some missing; and how many rows that touched."""
    random = future.random(1)
    later = bars.filter(pl.col("date") > future.after)
    kept = later.filter(pl.Series(random.random(len(later)) >= MISSING))
    columns = ("open", "high", "low", "close", "volume", "amount")
    noise = [pl.col(c) * pl.Series(np.exp(random.normal(0, 0.3, len(kept)))) for c in columns]
    return pl.concat([bars.filter(pl.col("date") <= future.after), kept.with_columns(noise)]), len(later)
