"""Writing a simulated market to files as a user would have them."""

import json
from pathlib import Path

import polars as pl

from gangru.atomic import write_text
from gangru.market.simulate.codes import as_published, spans_as_published
from gangru.market.simulate.market import SimulatedMarket

SPAN_COLUMNS = {  # files of a code and an interval are told apart by the names of their columns
    "st": {"start": "st_start", "end": "st_end"},
    "suspensions": {"start": "suspended_from", "end": "suspended_until"},
    "listings": {"start": "listed_from", "end": "listed_until"},
}


def write_market(simulated: SimulatedMarket, directory: Path) -> None:
    """Write bars/YYYY.parquet, indices.parquet, simulate.json, and a CSV file of every other table that has rows.

    Columns are those of `market.schema`, but for `SPAN_COLUMNS`. Bars, names and members before a change of code are
    under the old one, as an exchange's files have them; the other tables are under the codes of the last day. Files of
    the same names are overwritten, or removed where their table has no rows; nothing else is touched.
    """
    (directory / "bars").mkdir(parents=True, exist_ok=True)
    changes = simulated.code_changes
    bars = as_published(simulated.bars, changes, "date")
    for (year,), part in bars.group_by(pl.col("date").dt.year(), maintain_order=True):
        part.write_parquet(directory / "bars" / f"{year}.parquet")
    simulated.index_bars.write_parquet(directory / "indices.parquet")
    tables = {
        "securities": simulated.securities,
        "industry": simulated.industry,
        "members": spans_as_published(simulated.members, changes, ("index", "code", "start")),
        "calendar": simulated.calendar,
        "names": spans_as_published(simulated.names, changes, ("code", "start")),
        "st": simulated.st,
        "suspensions": simulated.suspensions,
        "listings": simulated.listings,
        "code_changes": changes,
    }
    for name, table in tables.items():
        _write_csv(table.rename(SPAN_COLUMNS.get(name, {})), directory / f"{name}.csv")
    text = json.dumps(simulated.summary(), indent=2, ensure_ascii=False)
    write_text(directory / "simulate.json", text + "\n")


def _write_csv(table: pl.DataFrame, path: Path) -> None:
    """A file without rows would be refused by an ingest."""
    if table.is_empty():
        path.unlink(missing_ok=True)
    else:
        table.write_csv(path)
