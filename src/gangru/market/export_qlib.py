"""The store as a Qlib data directory: calendar, instruments, and a binary file a stock and field.

Prices are written as Qlib has them, price × factor and volume / factor in single precision, and are missing on days
without trading. What that cannot hold, and the tables for which Qlib has no place, lie as Parquet in a folder of ours,
which Qlib passes over.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from gangru import __version__
from gangru.errors import InputError, StoreError
from gangru.market.calendar import Dates, trading_days
from gangru.market.qlib_bins import (
    INDEX_FIELDS,
    STOCK_FIELDS,
    adjusted_bars,
    adjusted_index_bars,
    instrument_of,
    kept_rows,
    write_bins,
)
from gangru.market.schema import BARS, CALENDAR, INDEX_BARS, MEMBERS, Table
from gangru.market.sources.protocol import OnProgress, unheard
from gangru.market.sources.qlib_directory import (
    DAYS,
    DAYS_AHEAD,
    EVERYBODY,
    FEATURES,
    FORMAT,
    INSTRUMENTS,
    MANIFEST,
    OWN,
    STILL_SO,
)
from gangru.market.sources.qlib_lists import FACTS, KEPT_BARS
from gangru.market.store import Store

ROWS = 1_000_000  # bars held at a time


@dataclass(frozen=True)
class QlibExport:
    """What was written: how many of each; `kept_beside` are the bars that lie in our own folder."""

    stocks: int
    indices: int
    days: int
    bars: int
    kept_beside: int
    files: int


def export_qlib(
    store: Store,
    target: Path,
    start: date | None = None,
    end: date | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> QlibExport:
    """Write the bars from `start` to `end`, both included, and every fact as a Qlib data directory.

    The directory appears whole or not at all; with `overwrite` one that was written by this function is replaced.
    Raises InputError where `target` holds anything else, StoreError where there are no bars.
    """
    target = target.resolve()
    if not target.name:
        raise InputError(f"{target} cannot be an export: name a directory below it")
    part, old = (target.with_name(f".{target.name}.gangru-{suffix}") for suffix in ("part", "old"))
    demand_ours(part)
    demand_ours(old)
    if old.exists() and not target.exists():
        old.rename(target)  # stopped between the two renames below
    demand_free(target, overwrite)
    for leftover in (part, old):
        remove(leftover)
    part.mkdir(parents=True)
    try:
        done = write_directory(store, part, start, end, on_progress or unheard)
        if target.exists():
            target.rename(old)
        part.rename(target)
    finally:
        remove(part)
    remove(old)
    return done


def demand_ours(leftover: Path) -> None:
    """Raise InputError where something lies in the place of an earlier export's leftovers that is none of them."""
    ours = (leftover / MANIFEST).is_file() or not holds_files(leftover)
    if os.path.lexists(leftover) and (leftover.is_symlink() or not leftover.is_dir() or not ours):
        raise InputError(f"{leftover} is in the way and was not written by gangru export: move it elsewhere")


def holds_files(folder: Path) -> bool:
    """Whether anything but folders lies in it."""
    return any(not path.is_dir() or path.is_symlink() for path in folder.rglob("*"))


def remove(export: Path) -> None:
    """Remove an export, and last of it what says that it is ours: a removal that was stopped can be gone on with."""
    for folder in (FEATURES, INSTRUMENTS):
        shutil.rmtree(export / folder, ignore_errors=True)
    shutil.rmtree(export, ignore_errors=True)


def demand_free(target: Path, overwrite: bool) -> None:
    """Raise InputError where something is there that may not be replaced."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / MANIFEST).is_file():
        raise InputError(
            f"{target} exists and was not written by gangru export: name a directory that does not exist"
        )
    if not overwrite:
        raise InputError(
            f"{target} is an export already: add --overwrite to replace it, or name another directory"
        )


def write_directory(
    store: Store, root: Path, start: date | None, end: date | None, on_progress: OnProgress
) -> QlibExport:
    """Write everything into a directory that nobody looks at yet."""
    on_progress("counting", 0.0)
    counts = counted(store, BARS.name, start, end)
    index_counts = counted(store, INDEX_BARS.name, start, end)
    if counts.is_empty():
        span = f" from {start or 'the first'} to {end or 'the last'}" if start or end else ""
        raise StoreError(f"{store.uri} has no bars{span}: ingest some, or ask for other days")
    days, every = days_between(store, start, end)
    write_manifest(root, {})  # first of all: by it an export that was killed is known as ours
    write_lists(root, days, every, counts)
    write_manifest(root, write_members(store, root))
    write_facts(store, root)
    files, kept = 0, []
    total = int(counts["rows"].sum())
    for codes in groups_of(index_counts):
        points = adjusted_index_bars(bars_of(store, INDEX_BARS, codes, start, end))
        files += write_bins(root, points, days, INDEX_FIELDS)
    done = 0
    for codes in groups_of(counts):
        on_progress(f"writing {codes[0]} to {codes[-1]}", done / total)
        bars = bars_of(store, BARS, codes, start, end)
        numbers = adjusted_bars(bars)
        kept.append(kept_rows(bars, numbers))
        files += write_bins(root, numbers, days, STOCK_FIELDS)
        done += len(bars)
    beside = pl.concat(kept)
    beside.write_parquet(root / KEPT_BARS)
    on_progress("writing", 1.0)
    return QlibExport(len(counts), len(index_counts), len(days), total, len(beside), files)


def bars_of(
    store: Store, table: Table, codes: list[str], start: date | None, end: date | None
) -> pl.DataFrame:
    """Some codes' rows, sorted by code and date."""
    rows = between(store.scan(table.name), start, end).filter(pl.col("code").is_in(codes))
    return rows.collect().sort("code", "date")


def counted(store: Store, table: str, start: date | None, end: date | None) -> pl.DataFrame:
    """Each code's rows, first and last day, sorted by code."""
    rows = between(store.scan(table), start, end)
    return (
        rows.group_by("code")
        .agg(pl.len().alias("rows"), pl.col("date").min().alias("first"), pl.col("date").max().alias("last"))
        .sort("code")
        .collect()
    )


def between(rows: pl.LazyFrame, start: date | None, end: date | None) -> pl.LazyFrame:
    """The rows of the days from `start` to `end`, both included."""
    if start is not None:
        rows = rows.filter(pl.col("date") >= start)
    return rows if end is None else rows.filter(pl.col("date") <= end)


def days_between(store: Store, start: date | None, end: date | None) -> tuple[Dates, Dates]:
    """The days from the first bar to the last, which series are positions in, and those with what lies ahead."""
    tables = (BARS.name, INDEX_BARS.name)
    seen = [
        between(store.scan(name), start, end).select(pl.col("date").unique()).collect() for name in tables
    ]
    with_bars = pl.concat(seen)["date"].to_numpy().astype("datetime64[D]")
    known = trading_days(store, with_bars.max().item())
    every = np.union1d(known[known >= with_bars.min()], with_bars)
    return every[every <= with_bars.max()], every


def write_lists(root: Path, days: Dates, every: Dates, counts: pl.DataFrame) -> None:
    """Write the calendars, and the days from each stock's first bar to its last: no index is in the market."""
    for name, listed in ((DAYS, days), (DAYS_AHEAD, every)):
        write_lines(root / name, [str(day) for day in listed])
    spans = counts.select("code", "first", "last").iter_rows()
    write_lines(
        root / INSTRUMENTS / f"{EVERYBODY}.txt",
        [f"{instrument_of(code)}\t{first}\t{last}" for code, first, last in spans],
    )


def write_members(store: Store, root: Path) -> dict[str, str]:
    """Write a list of instruments for each index; returns the index by its list, a name in small letters."""
    named: dict[str, str] = {}
    for (index,), rows in store.read(MEMBERS.name).group_by("index", maintain_order=True):
        stem = re.sub(r"[^a-z0-9._-]", "_", str(index).lower())
        while stem in named or stem == EVERYBODY:
            stem += "_"
        named[stem] = str(index)
        lines = [
            f"{instrument_of(code)}\t{start}\t{STILL_SO if end is None else end - timedelta(days=1)}"
            for code, start, end in rows.select("code", "start", "end").iter_rows()
        ]
        write_lines(root / INSTRUMENTS / f"{stem}.txt", lines)
    return named


def write_lines(path: Path, lines: list[str]) -> None:
    """Write a line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def write_facts(store: Store, root: Path) -> None:
    """Write the tables for which Qlib has no place, and the store's own calendar where it has one."""
    for table in (*FACTS, CALENDAR):
        rows = store.read(table.name)
        if len(rows):
            rows.write_parquet(root / OWN / f"{table.name}.parquet")


def write_manifest(root: Path, named: dict[str, str]) -> None:
    """Say that the directory is ours and which indices its lists of instruments are of."""
    manifest = {
        "format": FORMAT,
        "made_by": f"gangru {__version__}",
        "units": {
            "price": "yuan × factor",
            "volume": "shares / factor",
            "amount": "yuan",
            "float_shares": "shares",
        },
        "indices": named,
    }
    write_lines(root / MANIFEST, [json.dumps(manifest, ensure_ascii=False, indent=2)])


def groups_of(counts: pl.DataFrame) -> Iterator[list[str]]:
    """Codes in order, as many together as have about `ROWS` bars."""
    number = (counts["rows"].cum_sum() - counts["rows"]) // ROWS
    for _, group in counts.with_columns(number.alias("_group")).group_by("_group", maintain_order=True):
        yield group["code"].to_list()
