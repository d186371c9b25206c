"""The factor of some stocks alone, for `gangru evaluate --factor`: restrict.py WORKSPACE STUDY OUT.

Writes OUT/STUDY-NAME.parquet (date, code, pret, factor) for each restriction. The first two are known on the factor
date, the third is not: it says how much survivorship could matter and is no portfolio.

    liquid   no limit at the day's close, and not of the fifth of the universe with the smallest amounts of 20 days
    sound    no row of the day with an inferred ST flag, an estimated amount or estimated shares
    alive    traded in the data's last 120 days: not those that have left the market

`factor` is standardised anew over the stocks that are left; raw pRet is as it was.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from gangru.evaluation.portfolio.micro_caps import least_liquid, usual_amounts
from gangru.market.daily import Bools
from gangru.market.rules import can_buy, can_sell
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.workspace import open_workspace

LAST = 120  # days of the data in which who has left does not trade


def liquid(inputs: Inputs, rows: np.ndarray) -> Bools:
    """Traded at a free price on the day, and not of the least liquid fifth of the universe, (M, N)."""
    market = inputs.market
    free = can_buy(market, rows=rows) & can_sell(market, rows=rows)
    return np.asarray(free & ~least_liquid(inputs.universe.eligible[rows], usual_amounts(market, rows)))


def flagged(inputs: Inputs, rows: np.ndarray) -> pl.DataFrame:
    """date and code of the days on which something was inferred or estimated."""
    dates = inputs.market.dates[rows].astype("datetime64[D]").tolist()
    flags = ("st_inferred", "amount_est", "shares_est")
    bars = inputs.workspace.store.scan("bars").filter(pl.col("date").is_in(dates))
    there = [name for name in flags if name in bars.collect_schema().names()]
    any_flag = pl.any_horizontal(pl.col(name).fill_null(value=False) for name in there)
    return bars.filter(any_flag).select("date", "code").collect()


def standardised(table: pl.DataFrame) -> pl.DataFrame:
    """The factor with mean 0 and standard deviation 1 over each date's stocks."""
    own = pl.col("factor")
    return table.with_columns((own - own.mean().over("date")) / own.std(ddof=0).over("date"))


def main() -> None:
    """Write the restricted tables."""
    root, study, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    inputs = load_inputs(open_workspace(root, study))
    table = pl.read_parquet(inputs.workspace.factor_path).select("date", "code", "pret", "factor")
    dates = table["date"].unique().sort()
    rows = np.searchsorted(inputs.market.dates, dates.to_numpy().astype("datetime64[D]"))
    place = pl.DataFrame({"code": inputs.market.codes.tolist(), "n": np.arange(len(inputs.market.codes))})
    nth = table.join(place, on="code", maintain_order="left", how="left")["n"].to_numpy()
    m = np.searchsorted(dates.to_numpy(), table["date"].to_numpy())
    gone = set(inputs.market.codes[~inputs.market.traded[-LAST:].any(axis=0)].tolist())
    left = {
        "liquid": table.filter(pl.Series(liquid(inputs, rows)[m, nth])),
        "sound": table.join(flagged(inputs, rows), on=["date", "code"], how="anti", maintain_order="left"),
        "alive": table.filter(~pl.col("code").is_in(list(gone))),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, some in left.items():
        standardised(some).write_parquet(out / f"{study}-{name}.parquet")
        sys.stdout.write(f"{name}: {len(some):,} of {len(table):,} rows\n")


if __name__ == "__main__":
    main()
