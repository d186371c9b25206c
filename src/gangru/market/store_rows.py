"""A stored table's rows, a year at a time where the table is partitioned: read, and paired with those of a write."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from gangru.market.keyed import conformed, empty
from gangru.market.schema import Table
from gangru.market.store_commit import collected, lazy_rows

if TYPE_CHECKING:
    from deltalake import DeltaTable

PARTITIONED = frozenset({"bars"})  # by year: a day's revision rewrites one year, not all of them
YEAR = "year"


def rows_of(
    delta: "DeltaTable",
    table: Table,
    columns: list[str],
    start: date | None = None,
    end: date | None = None,
) -> pl.DataFrame:
    """The rows between two dates, both included, in ascending order of the key, a year at a time."""
    read = list(dict.fromkeys([*table.key, *columns]))
    parts = [
        in_order(collected(between(part, table, read, start, end), delta), table.key).select(columns)
        for part in partitions(delta, table, start, end)
    ]
    return pl.concat(parts) if parts else empty(table).select(columns)


def in_order(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The rows in ascending order of the key; those of one file are so as a rule, and to see that is soon done."""
    follows = pl.lit(value=True)
    for name in reversed(key):
        now, before = pl.col(name), pl.col(name).shift(1)
        follows = (now > before) | ((now == before) & follows)
    return rows if rows.select(follows.slice(1).all(ignore_nulls=False)).item() else rows.sort(key)


def partitions(
    delta: "DeltaTable", table: Table, start: date | None, end: date | None
) -> Iterator[pl.LazyFrame]:
    """The stored rows a year at a time, ascending, without the years outside the span."""
    rows = lazy_rows(delta)
    if table.name not in PARTITIONED:
        yield rows
        return
    for year in sorted({int(part[YEAR]) for part in delta.partitions()}):
        if (start is None or year >= start.year) and (end is None or year <= end.year):
            yield rows.filter(pl.col(YEAR) == year)


def between(
    rows: pl.LazyFrame, table: Table, columns: list[str], start: date | None, end: date | None
) -> pl.LazyFrame:
    """The columns asked for of the rows between two dates, both included."""
    if start is not None:
        rows = rows.filter(pl.col("date") >= start)
    if end is not None:
        rows = rows.filter(pl.col("date") <= end)
    return conformed(rows, table).select(columns)


def paired(
    delta: "DeltaTable", table: Table, frame: pl.DataFrame, *, whole: bool = False
) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
    """The stored and the new rows, a year at a time where the table is partitioned, else as year 0.

    Where the key has a date, the stored rows are those of the new rows' days, unless the `whole` is wanted.
    """
    rows = lazy_rows(delta)
    for new in parts_of(table, frame):
        old, year = rows, 0
        if table.name in PARTITIONED:
            year = new.select(year_of("date").first()).item()
            old = old.filter(pl.col(YEAR) == year)
        if "date" in table.key and not whole:
            old = old.filter(
                pl.col("date").is_between(*new.select(pl.col("date").min(), last=pl.col("date").max()).row(0))
            )
        yield year, collected(conformed(old, table), delta), new


def parts_of(table: Table, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The frame, a year at a time where the table is partitioned: a write holds one year twice, not all."""
    if table.name not in PARTITIONED:
        yield frame.select(list(table.columns))
        return
    for year in frame.select(year_of("date").unique().sort()).to_series():
        yield frame.filter(year_of("date") == year).select(list(table.columns))


def of_years(table: Table, frame: pl.DataFrame, years: Sequence[int]) -> pl.DataFrame:
    """The rows of these years, where the table is partitioned."""
    return frame.filter(year_of("date").is_in(years)) if table.name in PARTITIONED else frame


def with_year(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Add the column that only the Delta table has, where the table is partitioned."""
    return frame.with_columns(year_of("date").alias(YEAR)) if table.name in PARTITIONED else frame


def year_of(name: str) -> pl.Expr:
    """A date column's year, Int32."""
    return pl.col(name).dt.year()
