"""What became of the last long list: each pick's return over the month that followed, and the list's figures."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from gangru.market.daily import Codes, Floats

OUTCOME: dict[str, type[pl.DataType]] = {"return": pl.Float64, "excess": pl.Float64}


@dataclass(frozen=True)
class Outcome:
    """A long list's figures; fractions, all None where no pick's return is known.

    `stocks` picked, `known` of them with a return; `mean_return` of those in equal weights, `usual` the universe's,
    `excess` their difference; `hit_rate` the share of picks that beat the universe's mean. `best` and `worst` are
    codes.
    """

    stocks: int = 0
    known: int = 0
    mean_return: float | None = None
    usual: float | None = None
    excess: float | None = None
    hit_rate: float | None = None
    best: str | None = None
    worst: str | None = None


def outcome_table(picks: pl.DataFrame, codes: Codes, returns: Floats, usual: float) -> pl.DataFrame:
    """The long list of `picks` with the return (N,) of each stock over the month, and its excess over `usual`.

    A pick that did not trade on the entry day could not be bought: its return is null.
    """
    known = pl.DataFrame(
        {"code": codes.tolist(), "return": returns}, schema={"code": pl.String, "return": pl.Float64}
    )
    listed = picks.filter(pl.col("in_long_list")).join(known, on="code", how="left", maintain_order="left")
    excess = (pl.col("return") - usual).alias("excess")
    return listed.with_columns(pl.col("return").fill_nan(None)).with_columns(excess.fill_nan(None))


def outcome(table: pl.DataFrame, usual: float) -> Outcome:
    """The figures of an `outcome_table`; equal returns go by rank."""
    known = table.drop_nulls("return")
    if known.is_empty():
        return Outcome(stocks=len(table))
    mean = float(known["return"].to_numpy().mean())
    ordered = known.sort("return", descending=True, maintain_order=True)
    has_usual = bool(np.isfinite(usual))
    return Outcome(
        stocks=len(table),
        known=len(known),
        mean_return=mean,
        usual=usual if has_usual else None,
        excess=mean - usual if has_usual else None,
        hit_rate=float((known["return"].to_numpy() > usual).mean()) if has_usual else None,
        best=str(ordered["code"][0]),
        worst=str(ordered["code"][-1]),
    )
