"""The market store: one Delta table a kind, each write one atomic commit, local or on an object store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from gangru.errors import StoreError
from gangru.market.schema import TABLES, Table

if TYPE_CHECKING:
    from deltalake import DeltaTable

PARTITIONED = frozenset({"bars"})  # by year: a day's revision rewrites one year, not all of them
YEAR = "year"


@dataclass(frozen=True)
class Change:
    """What a write did to a table's rows, by key; with none new, changed or removed there was no commit."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    def __add__(self, other: "Change") -> "Change":
        """Add the rows of two parts of a table."""
        return Change(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
        )

    @property
    def any(self) -> bool:
        """Whether the table's content differs after the write."""
        return bool(self.new or self.changed or self.removed)


@dataclass(frozen=True)
class Store:
    """The tables of `market.schema` under one directory or object-store URI.

    Credentials for an object store come from its usual environment variables. Reading a table that is not
    there gives an empty frame of its columns.
    """

    uri: str

    @classmethod
    def open(cls, uri: str | Path) -> "Store":
        """A store at a path or URI; nothing is created before the first write."""
        return cls(str(uri).rstrip("/") or "/")

    def exists(self) -> bool:
        """Whether any table has been written here."""
        return any(self.delta(name) is not None for name in TABLES)

    def versions(self) -> dict[str, int | None]:
        """Each table's latest version, None where it is not there: what pins a study to its data."""
        tables = {name: self.delta(name) for name in TABLES}
        return {name: None if delta is None else int(delta.version()) for name, delta in tables.items()}

    def scan(self, name: str, version: int | None = None) -> pl.LazyFrame:
        """A lazy frame of a table's columns, rows in no promised order."""
        table = TABLES[name]
        delta = self.delta(name, version)
        if delta is None:
            return empty(table).lazy()
        return conformed(pl.scan_delta(delta), table)

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
        StoreError where the version asked for is not there.
        """
        table = TABLES[name]
        wanted = list(columns) if columns is not None else list(table.columns)
        delta = self.delta(name, version)
        if delta is None:
            return empty(table).select(wanted)
        read = list(dict.fromkeys([*table.key, *wanted]))
        parts = [
            selected(part, table, read, start, end).sort(table.key).select(wanted).collect()
            for part in partitions(delta, table, start, end)
        ]
        return pl.concat(parts) if parts else empty(table).select(wanted)

    def upsert(self, table: Table, frame: pl.DataFrame) -> Change:
        """Add rows of a new key and revise those of a known one; one commit, none where nothing differs.

        `frame` has the table's columns and unique keys. A new value wins; a null leaves what was known.
        Raises StoreError where the table cannot be written.
        """
        delta = self.delta(table.name)
        if delta is None:
            self.write(table, parts_of(table, frame), years=None)
            return Change(new=len(frame))
        changes = {
            year: compared(old, merged(old, new, table), table, new)
            for year, old, new in self.paired(delta, table, frame)
        }
        touched = sorted(year for year, change in changes.items() if change.any)
        if touched:
            again = frame.filter(year_of("date").is_in(touched)) if table.name in PARTITIONED else frame
            parts = (merged(old, new, table) for _, old, new in self.paired(delta, table, again))
            self.write(table, parts, years=touched if table.name in PARTITIONED else None)
        return sum(changes.values(), Change())

    def replace(self, table: Table, frame: pl.DataFrame) -> Change:
        """Make `frame` the table's whole content; one commit, none where nothing differs."""
        old = self.read(table.name)
        change = compared(old, frame.select(list(table.columns)), table)
        if change.any:
            self.write(table, parts_of(table, frame), years=None)
        return change

    def paired(
        self, delta: "DeltaTable", table: Table, frame: pl.DataFrame
    ) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """The stored and the new rows, a year at a time where the table is partitioned, else as year 0."""
        if table.name not in PARTITIONED:
            yield 0, conformed(pl.scan_delta(delta), table).collect(), frame
            return
        for year in frame.select(year_of("date").unique().sort()).to_series():
            old = conformed(pl.scan_delta(delta).filter(pl.col(YEAR) == year), table).collect()
            yield year, old, frame.filter(year_of("date") == year)

    def write(self, table: Table, parts: Iterator[pl.DataFrame], years: list[int] | None) -> None:
        """Commit the parts, one at a time, in place of the given years or of the whole table."""
        import pyarrow as pa
        from deltalake import write_deltalake
        from deltalake.exceptions import DeltaError

        partitioned = table.name in PARTITIONED
        ready = (with_year(part, table).sort(table.key) for part in parts)
        schema = with_year(empty(table), table).to_arrow().schema
        batches = (batch for part in ready for batch in part.to_arrow().to_batches())
        place: dict[str, Any] = {}
        if years is not None:
            place["predicate"] = f"{YEAR} in ({', '.join(map(str, years))})"
        try:
            write_deltalake(
                f"{self.uri}/{table.name}",
                pa.RecordBatchReader.from_batches(schema, batches),
                mode="overwrite",
                partition_by=[YEAR] if partitioned else None,
                **place,
            )
        except (DeltaError, OSError) as error:
            raise StoreError(
                f"{self.uri}/{table.name} could not be written and keeps its last version: {error}"
            ) from error

    def delta(self, name: str, version: int | None = None) -> "DeltaTable | None":
        """The Delta table of this name, None where it has never been written."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        where = f"{self.uri}/{name}"
        try:
            if not DeltaTable.is_deltatable(where):
                return None
            return DeltaTable(where, version=version)
        except TableNotFoundError:
            return None
        except DeltaError as error:
            asked = "" if version is None else f" at version {version}"
            raise StoreError(f"{where} cannot be read{asked}: {error}") from error


def empty(table: Table) -> pl.DataFrame:
    """No rows, with the table's columns."""
    return pl.DataFrame(schema=table.columns)


def conformed(rows: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """Exactly the table's columns: those that an older store lacks are null."""
    there = rows.collect_schema().names()
    return rows.select(
        pl.col(name).cast(dtype) if name in there else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in table.columns.items()
    )


def partitions(
    delta: "DeltaTable", table: Table, start: date | None, end: date | None
) -> Iterator[pl.LazyFrame]:
    """The stored rows a year at a time, ascending, without the years outside the span."""
    rows = pl.scan_delta(delta)
    if table.name not in PARTITIONED:
        yield rows
        return
    for year in sorted({int(part[YEAR]) for part in delta.partitions()}):
        if (start is None or year >= start.year) and (end is None or year <= end.year):
            yield rows.filter(pl.col(YEAR) == year)


def selected(
    rows: pl.LazyFrame, table: Table, columns: list[str], start: date | None, end: date | None
) -> pl.LazyFrame:
    """The columns asked for of the rows between two dates, both included."""
    if start is not None:
        rows = rows.filter(pl.col("date") >= start)
    if end is not None:
        rows = rows.filter(pl.col("date") <= end)
    return conformed(rows, table).select(columns)


def merged(old: pl.DataFrame, new: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The old rows revised and extended by the new; a null in a new row leaves what was known."""
    values = [name for name in table.columns if name not in table.key]
    keys = list(table.key)
    known = new.join(old, on=keys, how="left", suffix="_old")
    revised = known.select(*keys, *[pl.coalesce(name, f"{name}_old") for name in values])
    untouched = old.join(new, on=keys, how="anti")
    return pl.concat([untouched.select(list(table.columns)), revised.select(list(table.columns))])


def compared(old: pl.DataFrame, after: pl.DataFrame, table: Table, new: pl.DataFrame | None = None) -> Change:
    """Count what differs between rows before and after; with `new`, unchanged counts those keys alone."""
    keys = list(table.key)
    values = [name for name in table.columns if name not in table.key]
    both = after.join(
        old.with_columns(pl.lit(value=True).alias("_known")), on=keys, how="left", suffix="_old"
    )
    differs = pl.any_horizontal(
        pl.lit(value=False), *[pl.col(n).ne_missing(pl.col(f"{n}_old")) for n in values]
    )
    known = pl.col("_known").is_not_null()
    counts = both.select(known=known.sum(), changed=(known & differs).sum())
    known_rows, changed = counts.row(0)
    added = len(after) - known_rows
    asked = len(after) if new is None else len(new)
    return Change(added, changed, asked - added - changed, len(old) - known_rows)


def parts_of(table: Table, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The frame, a year at a time where the table is partitioned: a write holds one year twice, not all."""
    if table.name not in PARTITIONED:
        yield frame.select(list(table.columns))
        return
    for year in frame.select(year_of("date").unique().sort()).to_series():
        yield frame.filter(year_of("date") == year).select(list(table.columns))


def with_year(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Add the column that only the Delta table has, where the table is partitioned."""
    return frame.with_columns(year_of("date").alias(YEAR)) if table.name in PARTITIONED else frame


def year_of(name: str) -> pl.Expr:
    """A date column's year, Int32."""
    return pl.col(name).dt.year()
