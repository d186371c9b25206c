"""The market store: one Delta table a kind, each write one atomic commit, local or on an object store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from gangru.errors import StoreError
from gangru.market.keyed import Change, compared, conformed, empty, merged, unknown
from gangru.market.schema import BOOKKEEPING, TABLES, Table
from gangru.market.store_commit import (
    commit,
    content_version,
    insist,
    lazy_rows,
    open_delta,
    opened_version,
)
from gangru.market.store_rows import (
    PARTITIONED,
    YEAR,
    of_years,
    paired,
    parts_of,
    rows_of,
    with_year,
)

if TYPE_CHECKING:
    from deltalake import DeltaTable

__all__ = ["ABSENT", "PARTITIONED", "YEAR", "Change", "Store"]

ABSENT = -1  # the pin of a table that was not there
Revision = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Store:
    """The tables of `market.schema` under one directory or object-store URI.

    Credentials for an object store come from its usual environment variables. Reading a table that is not
    there gives an empty frame of its columns. A store opened with pins shows these versions of the tables and
    takes no writes; several processes may write to one that is not pinned.
    """

    uri: str
    pins: Mapping[str, int] = field(default_factory=dict, hash=False)

    @classmethod
    def open(cls, uri: str | Path, pins: Mapping[str, int] | None = None) -> "Store":
        """A store at a path or URI, its tables at the pinned versions; nothing is created before the first write.

        A pin of ABSENT is a table that was not there; tables without a pin are read at their latest version.
        Raises StoreError for a pin of no table.
        """
        for name in pins or {}:
            if name not in TABLES:
                raise StoreError(f"there is no table {name} to pin; the store has {', '.join(TABLES)}")
        return cls(str(uri).rstrip("/") or "/", dict(pins or {}))

    def pinned(self) -> "Store":
        """The store as it is now: what other processes write from here on is not seen."""
        tables = {name: self.delta(name) for name in TABLES}
        opened = {name: ABSENT if delta is None else opened_version(delta) for name, delta in tables.items()}
        return replace(self, pins=opened)

    def unpinned(self) -> "Store":
        """The same store at its latest versions, open to writes."""
        return replace(self, pins={})

    def exists(self) -> bool:
        """Whether any table has been written here."""
        return any(self.delta(name) is not None for name in TABLES)

    def versions(self) -> dict[str, int | None]:
        """The version that last changed each table's rows, up to its pin; None where the table is not there."""
        tables = {name: self.delta(name) for name in TABLES}
        return {name: None if delta is None else content_version(delta) for name, delta in tables.items()}

    def market_versions(self) -> dict[str, int | None]:
        """The versions of the tables that say something of the market: what a study stands on."""
        return {name: version for name, version in self.versions().items() if name not in BOOKKEEPING}

    def scan(self, name: str, version: int | None = None) -> pl.LazyFrame:
        """A lazy frame of a table's columns, rows in no promised order."""
        table = TABLES[name]
        delta = self.delta(name, version)
        if delta is None:
            return empty(table).lazy()
        return conformed(lazy_rows(delta), table)

    def read(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        start: date | None = None,
        end: date | None = None,
        version: int | None = None,
    ) -> pl.DataFrame:
        """A table's rows in ascending order of its key.

        `start` and `end`, both included, choose rows by their date and go with tables that have one. Raises
        StoreError where the version asked for is not there, or was dropped by a compaction.
        """
        table = TABLES[name]
        wanted = list(columns) if columns is not None else list(table.columns)
        delta = self.delta(name, version)
        if delta is None:
            return empty(table).select(wanted)
        return rows_of(delta, table, wanted, start, end)

    def upsert(self, table: Table, frame: pl.DataFrame) -> Change:
        """Add rows of a new key and revise those of a known one; one commit, none where nothing differs.

        `frame` has the table's columns and unique keys. A new value wins; a null leaves what was known. Where
        every row that differs is new, files are added and none is rewritten. Raises StoreError where the table
        cannot be written.
        """
        self.refuse_if_pinned(table)

        def attempt(delta: "DeltaTable | None") -> Change:
            if delta is None:
                change = Change(new=len(frame))
                self.put(table, None, parts_of(table, frame), "upsert", change)
                return change
            changes = {
                year: compared(old, merged(old, new, table), table, new)
                for year, old, new in paired(delta, table, frame)
            }
            change = sum(changes.values(), Change())
            touched = sorted(year for year, part in changes.items() if part.any)
            again = of_years(table, frame, touched)
            if change.only_new:
                added = (unknown(old, new, table) for _, old, new in paired(delta, table, again))
                self.put(table, delta, added, "upsert", change)
            elif change.any:
                whole = (merged(old, new, table) for _, old, new in paired(delta, table, again, whole=True))
                self.put(table, delta, whole, "upsert", change, touched)
            return change

        return insist(f"{self.uri}/{table.name}", attempt)

    def revise(
        self,
        table: Table,
        revision: Revision,
        operation: str = "revise",
        record: Mapping[str, str] | None = None,
    ) -> Change:
        """Make what `revision` gives for the table's present rows its whole content; one commit, none if equal.

        `revision` gets the rows in the order of the key and is asked again where another process committed in
        the meantime; `record` stands in the commit. Raises StoreError where the table cannot be written.
        """
        self.refuse_if_pinned(table)

        def attempt(delta: "DeltaTable | None") -> Change:
            columns = list(table.columns)
            old = empty(table) if delta is None else rows_of(delta, table, columns)
            after = revision(old).select(columns)
            change = compared(old, after, table)
            if delta is not None and change.only_new:
                self.put(
                    table,
                    delta,
                    parts_of(table, unknown(old, after, table)),
                    operation,
                    change,
                    record=record,
                )
            elif change.any:
                parts = parts_of(table, after)
                self.put(table, delta, parts, operation, change, None if delta is None else [], record)
            return change

        return insist(f"{self.uri}/{table.name}", attempt)

    def replace(self, table: Table, frame: pl.DataFrame) -> Change:
        """Make `frame` the table's whole content; one commit, none where nothing differs.

        A frame that was computed from the table's rows belongs in `revise`, which sees what others wrote since.
        """
        return self.revise(table, lambda _: frame, operation="replace")

    def put(
        self,
        table: Table,
        delta: "DeltaTable | None",
        parts: Iterator[pl.DataFrame],
        operation: str,
        change: Change,
        years: Sequence[int] | None = None,
        record: Mapping[str, str] | None = None,
    ) -> None:
        """Commit the parts after `delta`'s version: appended, or in place of the given years, or, where [], of all."""
        columns = with_year(empty(table), table)
        partitioned = table.name in PARTITIONED
        commit(
            f"{self.uri}/{table.name}",
            delta,
            (with_year(part, table).sort(table.key) for part in parts),
            columns,
            {
                "write": operation,
                **{name: str(count) for name, count in asdict(change).items()},
                **(record or {}),
            },
            partition=YEAR if partitioned else None,
            append=years is None,
            predicate=f"{YEAR} in ({', '.join(map(str, years))})" if partitioned and years else None,
        )

    def refuse_if_pinned(self, table: Table) -> None:
        """Raise StoreError where this store shows pinned versions."""
        if self.pins:
            raise StoreError(
                f"{self.uri}/{table.name} is opened at pinned versions ({shown(self.pins)}), which nothing can be "
                "written to: take the pins out (data.pins), or write through `unpinned()`"
            )

    def delta(self, name: str, version: int | None = None) -> "DeltaTable | None":
        """The Delta table of this name at a version, its pin or its latest; None where it has never been written."""
        asked = version if version is not None else self.pins.get(name)
        if asked == ABSENT:
            return None
        delta = open_delta(f"{self.uri}/{name}", asked)
        if delta is None and asked is not None:
            raise StoreError(
                f"{self.uri}/{name} cannot be read at version {asked}: there is no such table here"
            )
        return delta


def shown(pins: Mapping[str, int]) -> str:
    """The pins as text."""
    return ", ".join(f"{name} {version}" for name, version in pins.items())
