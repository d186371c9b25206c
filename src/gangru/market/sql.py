"""One SQL query over the tables of a store, read-only, by DuckDB where it is installed, else by Polars."""

import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import polars as pl

from gangru.atomic import written
from gangru.errors import StoreError
from gangru.market.schema import TABLES
from gangru.market.store import Store
from gangru.market.store_commit import one_line

if TYPE_CHECKING:
    import pyarrow as pa

Engine = Literal["duckdb", "polars"]
Form = Literal["csv", "parquet"]
BATCH = 100_000  # rows
SHUT = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",  # a query names tables, not this program's variables
}
LITERALS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|[\"`]((?:[^\"`]|\"\")*)[\"`]", re.DOTALL)
# What reads only; Polars' own statements that change its tables, and its functions that read files, are refused.
READING = re.compile(r"\s*\(*\s*(select|with|from|show|explain|describe)\b", re.IGNORECASE)
FILES = re.compile(r"\b(read|scan)_\w+\s*\(", re.IGNORECASE)
# For Polars, which nothing else shuts off, wherever they stand: comments in comments and $$texts$$ hide from LITERALS.
FILES_ANYWHERE = re.compile(r"\b(read|scan)_\w", re.IGNORECASE)

NOT_IN_CSV = (pl.Binary, pl.Object)


def default_engine() -> Engine:
    """DuckDB where it is installed (extra `sql`), else Polars."""
    return "duckdb" if find_spec("duckdb") else "polars"


def query(store: Store, text: str, engine: Engine | None = None) -> Iterator[pl.DataFrame]:
    """The rows that a query over the store's tables gives, in batches of which the first may be empty.

    All tables of `market.schema` are there, those never written without rows, at the store's pins. Raises
    StoreError with the engine's own words where the query is none, is not of the reading kind, or fails.
    """
    # Without comments and texts, and names without their quotes: "read_csv"('x') is a call of read_csv.
    bare = LITERALS.sub(lambda found: found[1] or " ", text).strip().rstrip(";")
    if not READING.match(bare) or ";" in bare:
        raise StoreError("gangru sql takes one statement that reads, as in: select count(*) from bars")
    engine = engine or default_engine()
    if FILES.search(bare) or (engine == "polars" and FILES_ANYWHERE.search(text)):
        raise StoreError(
            "gangru sql reads the store's tables alone, no other files: no read_… or scan_… in a query"
        )
    return by_duckdb(store, text) if engine == "duckdb" else by_polars(store, text)


def by_duckdb(store: Store, text: str) -> Iterator[pl.DataFrame]:
    """The query by DuckDB, shut off from files, network and this program's own variables."""
    import duckdb

    with duckdb.connect(":memory:", config=dict(SHUT)) as connection:
        for name in TABLES:
            connection.register(
                name, store.scan(name)
            )  # scanned when asked, columns and rows as the query needs
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        try:
            batches = connection.sql(text).to_arrow_reader(BATCH)
            refuse_intervals(batches.schema)
            yield pl.DataFrame(batches.schema.empty_table())
            for batch in batches:
                yield pl.DataFrame(batch)
        except (duckdb.Error, OSError, pl.exceptions.PolarsError) as error:
            raise StoreError(f"DuckDB: {first_lines(error)}") from error


def refuse_intervals(schema: "pa.Schema") -> None:
    """Raise StoreError for a column of calendar intervals, at any depth, which Polars has no type for."""
    for column in schema:
        if "month_day_nano_interval" in str(column.type):
            raise StoreError(
                f"column {column.name} holds intervals, which gangru sql cannot give: cast them, as in "
                "cast(… as varchar)"
            )


def by_polars(store: Store, text: str) -> Iterator[pl.DataFrame]:
    """The query by Polars' own SQL, which knows fewer functions."""
    context = pl.SQLContext({name: store.scan(name) for name in TABLES})
    try:
        rows = context.execute(text)
        yield pl.DataFrame(schema=rows.collect_schema())
        yield from rows.collect_batches(chunk_size=BATCH)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"Polars' SQL: {first_lines(error)}") from error


def first_lines(error: Exception) -> str:
    """An engine's error without its picture of the query."""
    return one_line(str(error).split("\n\n", maxsplit=1)[0])


def limited(batches: Iterable[pl.DataFrame], limit: int) -> tuple[pl.DataFrame, int]:
    """The first rows as one frame, and how many more there are."""
    kept: list[pl.DataFrame] = []
    rows = total = 0
    for batch in batches:
        if not kept or rows < limit:
            kept.append(batch.head(limit - rows))
            rows += len(kept[-1])
        total += len(batch)
    return pl.concat(kept), total - rows


def write_answer(batches: Iterable[pl.DataFrame], path: Path, form: Form) -> int:
    """Write a query's rows to a file, which appears whole or not at all; the number of rows.

    Raises OSError where the file cannot be written, StoreError where a column has no form in it.
    """
    with written(path) as file:
        return write_csv(batches, file) if form == "csv" else write_parquet(batches, file)


def write_csv(batches: Iterable[pl.DataFrame], file: BinaryIO) -> int:
    """Write batches as CSV with one header; raises StoreError for a column of lists, structures or bytes."""
    rows = 0
    for place, batch in enumerate(batches):
        for name, dtype in batch.schema.items():
            if dtype.is_nested() or dtype in NOT_IN_CSV:
                raise StoreError(
                    f"column {name} ({dtype}) has no form in a CSV file: cast it to text in the query, or write Parquet"
                )
        batch.write_csv(file, include_header=place == 0)
        rows += len(batch)
    return rows


def write_parquet(batches: Iterable[pl.DataFrame], file: BinaryIO) -> int:
    """Write batches as row groups of a Parquet file."""
    from pyarrow.parquet import ParquetWriter

    rows, writer = 0, None
    for batch in batches:
        table = batch.to_arrow()
        writer = writer or ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
        rows += len(batch)
    if writer is not None:
        writer.close()
    return rows
