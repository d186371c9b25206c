"""What happened to a store: its commits, and fewer, larger files for what many small ones hold."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from gangru.errors import StoreError
from gangru.market.keyed import Change, conformed
from gangru.market.schema import TABLES, Table
from gangru.market.store import PARTITIONED, YEAR, Store
from gangru.market.store_commit import (
    collected,
    insist,
    lazy_rows,
    one_line,
    opened_version,
    refuse_without_files,
)

if TYPE_CHECKING:
    from deltalake import DeltaTable

SMALL = 64 * 2**20  # bytes; two files below it are better one
OnTable = Callable[[str, float], None]  # a table and the share of all that is done


@dataclass(frozen=True)
class Commit:
    """One version of a table: when it came, by what command, and what it did to the rows by key."""

    table: str
    version: int
    time: datetime
    operation: str
    change: Change | None  # None where the commit does not say, as of a vacuum
    command: str
    gangru: str


@dataclass(frozen=True)
class Compaction:
    """What compacting did to a table: its data files before and after, and the unused ones deleted."""

    table: str
    files_before: int
    files_after: int
    deleted: int


def commits(store: Store, names: Collection[str] = (), limit: int | None = None) -> list[Commit]:
    """The newest commits of the tables named, or of all, newest first; at most `limit` of them in all."""
    found = [commit for name in names or TABLES for commit in commits_of(store, name, limit)]
    found.sort(key=lambda commit: (commit.time, commit.version), reverse=True)
    return found[:limit]


def commits_of(store: Store, name: str, limit: int | None) -> list[Commit]:
    """The newest commits of one table."""
    delta = store.delta(name)
    return [] if delta is None else [commit_from(name, entry) for entry in delta.history(limit)]


def commit_from(table: str, entry: Mapping[str, str | int]) -> Commit:
    """One entry of Delta's history; what an older gangru or another program did not record stays empty."""
    counted = {field: int(entry[field]) for field in Change.__dataclass_fields__ if field in entry}
    return Commit(
        table=table,
        version=int(entry["version"]),
        time=datetime.fromtimestamp(int(entry["timestamp"]) / 1000, tz=UTC),
        operation=str(entry.get("write", entry["operation"])).lower(),
        change=Change(**counted) if counted else None,
        command=str(entry.get("command", "")),
        gangru=str(entry.get("gangru", "")),
    )


def compact(
    store: Store,
    pinned: Mapping[str, Collection[int]],
    drop_older_than: timedelta | None = None,
    on_table: OnTable | None = None,
) -> list[Compaction]:
    """Rewrite what lies in several small files, sorted by key, as a version of its own; no row changes.

    Older versions stay, unless `drop_older_than` is given: then the files that no version since, and none of the
    `pinned` ones, needs are deleted for good, and what writers that were killed left behind. A writer that
    has been at work for longer than that would lose its files. Raises StoreError where the store cannot be written.
    """
    done = []
    for place, (name, table) in enumerate(TABLES.items()):
        if on_table is not None:
            on_table(name, place / len(TABLES))
        found = compact_table(store, table, pinned.get(name, ()), drop_older_than)
        if found is not None:
            done.append(found)
    if on_table is not None:
        on_table("", 1.0)
    return done


def compact_table(
    store: Store, table: Table, pinned: Collection[int], drop_older_than: timedelta | None
) -> Compaction | None:
    """Compact one table, then drop old files; None where the table is not there."""
    store.refuse_if_pinned(table)
    where = f"{store.uri}/{table.name}"
    before = insist(where, lambda delta: None if delta is None else merge_files(store, table, delta))
    delta = store.delta(table.name)
    if before is None or delta is None:
        return None
    deleted = 0 if drop_older_than is None else drop_files(delta, pinned, drop_older_than)
    return Compaction(table.name, before, len(delta.file_uris()), deleted)


def merge_files(store: Store, table: Table, delta: "DeltaTable") -> int:
    """Rewrite the years, or the table, that lie in several small files; the number of files before."""
    refuse_without_files(delta)
    files = pl.DataFrame(delta.get_add_actions(flatten=True))
    year = pl.col(f"partition.{YEAR}").cast(pl.Int32) if table.name in PARTITIONED else pl.lit(0)
    small = files.filter(pl.col("size_bytes") < SMALL).group_by(year.alias(YEAR)).len()
    crowded = small.filter(pl.col("len") > 1)[YEAR].sort().to_list()
    if crowded:
        store.put(table, delta, whole_years(delta, table, crowded), "compact", Change(), crowded)
    return len(files)


def whole_years(delta: "DeltaTable", table: Table, years: list[int]) -> Iterator[pl.DataFrame]:
    """The rows of these years, a year at a time, or of the whole table."""
    for year in years:
        rows = lazy_rows(delta)
        rows = rows.filter(pl.col(YEAR) == year) if table.name in PARTITIONED else rows
        yield collected(conformed(rows, table), delta)


def drop_files(delta: "DeltaTable", pinned: Collection[int], older_than: timedelta) -> int:
    """Delete the files that only versions before that time need, but for the pinned ones; how many went."""
    from deltalake.exceptions import DeltaError

    try:
        deleted = delta.vacuum(
            retention_hours=int(older_than.total_seconds() // 3600),
            dry_run=False,
            enforce_retention_duration=False,
            full=True,  # otherwise what a killed writer left behind stays for ever
            keep_versions=sorted({version for version in pinned if 0 <= version <= opened_version(delta)})
            or None,
        )
    except (DeltaError, OSError) as error:
        raise StoreError(f"{delta.table_uri}: old files could not be dropped: {one_line(error)}") from error
    return len(deleted)
