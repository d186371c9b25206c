"""The lists of a Qlib directory as pieces: days, members, listings, and the tables that we laid beside them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from gangru.errors import InputError
from gangru.market.codes import is_index_code
from gangru.market.schema import (
    BARS,
    CALENDAR,
    CODE_CHANGES,
    INDUSTRY,
    LISTINGS,
    MEMBERS,
    NAMES,
    SECURITIES,
    ST,
    SUSPENSIONS,
    Table,
)
from gangru.market.sources.columns import read_dates
from gangru.market.sources.protocol import Piece, Span
from gangru.market.sources.qlib_directory import DAYS, OWN, STILL_SO, QlibDirectory, spelled_codes

KEPT_BARS = (
    f"{OWN}/{BARS.name}.parquet"  # rows that the files cannot hold: without trading, or without a factor
)
FACTS = (SECURITIES, NAMES, LISTINGS, CODE_CHANGES, ST, SUSPENSIONS, INDUSTRY)  # what Qlib has no place for
NAMED = 5  # of many things passed over, so many are named


def calendar(directory: QlibDirectory) -> Piece:
    """The trading days, those ahead among them."""
    days = {*directory.days.tolist(), *directory.days_ahead.tolist()}
    path = directory.root / OWN / f"{CALENDAR.name}.parquet"
    if directory.manifest is not None and path.is_file():
        days |= set(read_table(path, CALENDAR)["date"])
    frame = pl.DataFrame({"date": sorted(days)}, schema={"date": pl.Date})
    return Piece(CALENDAR.name, frame, str(directory.root / DAYS))


def facts(directory: QlibDirectory) -> Iterator[Piece]:
    """The tables that `gangru export qlib` laid beside the files."""
    if directory.manifest is None:
        return
    for table in FACTS:
        path = directory.root / OWN / f"{table.name}.parquet"
        if path.is_file():
            yield Piece(table.name, read_table(path, table), str(path))


def kept_bars(directory: QlibDirectory, span: Span) -> pl.DataFrame | None:
    """The bars beside the files that win over them, of the days asked for; None in a foreign directory."""
    path = directory.root / KEPT_BARS
    if directory.manifest is None or not path.is_file():
        return None
    rows = read_table(path, BARS)
    since = pl.lit(value=True) if span.since is None else pl.col("date") >= span.since
    until = pl.lit(value=True) if span.until is None else pl.col("date") <= span.until
    return rows.filter(since & until)


def read_table(path: Path, table: Table) -> pl.DataFrame:
    """A table of ours; raises InputError where it is cut, or where a column is missing or of another type."""
    try:
        rows = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as wrong:
        raise InputError(f"{path} is no whole Parquet file (truncated?): export again") from wrong
    for name, dtype in table.columns.items():
        if rows.schema.get(name) != dtype:
            found = f"is of type {rows.schema[name]}" if name in rows.columns else "is missing"
            raise InputError(f"{path}: column {name} {found}, {table.name} have it as {dtype}: export again")
    return rows.select(list(table.columns))


def members(directory: QlibDirectory, path: Path, rows: pl.DataFrame) -> Piece:
    """A list of instruments as the members of the index that it is named after; a row is the list's line."""
    named = (directory.manifest or {}).get("indices", {})
    line = rows["line"]
    frame = rows.select(
        pl.lit(named.get(path.stem, path.stem)).alias("index"),
        "code",
        "start",
        lasting(rows["end"], directory),
    )
    return Piece(MEMBERS.name, frame, str(path), places=line.gather, ends="inclusive")


def lasting(ends: pl.Series, directory: QlibDirectory) -> pl.Series:
    """Last days as text, null where it lasts: Qlib writes 2099, or the last day that its data had.

    Ours says 2099 and nothing else.
    """
    days = read_dates(ends)
    last = STILL_SO if directory.manifest is not None else directory.days[-1].item()
    return ends.set(days >= min(last, STILL_SO), None).alias("end")


def listed(directory: QlibDirectory, path: Path, rows: pl.DataFrame) -> Iterator[Piece]:
    """Spans of the whole market as listings.

    A span that ends before the calendar is a stock that left. One that begins with the calendar says nothing of its
    first day, and where it lasts as well, nothing at all.
    """
    codes = rows["code"].replace_strict(
        spelled_codes(rows["code"].unique().to_list()), return_dtype=pl.String
    )
    rows = rows.with_columns(lasting(rows["end"], directory))
    begins = read_dates(rows["start"]) <= directory.days[0].item()
    silent = begins & rows["end"].is_null()
    kept = rows.filter(~(is_index_code(codes) | silent).fill_null(value=False))
    if kept.is_empty():
        return
    left = int(kept["end"].is_not_null().sum())
    note = (
        (f"{path}: {left} stocks end before {directory.days[-1]} and are taken as delisted then",)
        if left
        else ()
    )
    frame = kept.select("code", "start", "end")
    yield Piece(LISTINGS.name, frame, str(path), places=kept["line"].gather, ends="inclusive", notes=note)


def without_features(path: Path, rows: pl.DataFrame, codes: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence on the instruments of the whole market that have no numbers."""
    spelled = spelled_codes(rows["code"].unique().to_list())
    there = set(codes.values())
    bare = [
        f"{code} (line {line})"
        for line, code in rows.select("line", "code").iter_rows()
        if spelled[code] not in there
    ]
    return (f"{path}: {len(bare)} instruments without features: {shortened(bare)}",) if bare else ()


def shortened(names: Sequence[str]) -> str:
    """The first few names and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
