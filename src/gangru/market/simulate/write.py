"""Writing a simulated market to files as a user would have them."""

import json
from pathlib import Path

import polars as pl

from gangru.market.simulate.market import SimulatedMarket


def write_market(simulated: SimulatedMarket, directory: Path) -> None:
    """Write bars/YYYY.parquet, securities.csv, industry.csv, indices.parquet, members.csv, calendar.csv, simulate.json.

    Columns are those of `market.schema`. Files of the same names are overwritten; nothing else is touched.
    """
    (directory / "bars").mkdir(parents=True, exist_ok=True)
    for (year,), bars in simulated.bars.group_by(pl.col("date").dt.year(), maintain_order=True):
        bars.write_parquet(directory / "bars" / f"{year}.parquet")
    simulated.index_bars.write_parquet(directory / "indices.parquet")
    simulated.securities.write_csv(directory / "securities.csv")
    simulated.industry.write_csv(directory / "industry.csv")
    simulated.members.write_csv(directory / "members.csv")
    simulated.calendar.write_csv(directory / "calendar.csv")
    text = json.dumps(simulated.summary(), indent=2, ensure_ascii=False)
    (directory / "simulate.json").write_text(text + "\n", encoding="utf-8")
