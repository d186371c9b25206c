"""Rows by key: what a write adds to them and changes in them, and the columns that a table promises."""

from dataclasses import dataclass

import polars as pl

from gangru.market.schema import Table


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

    @property
    def only_new(self) -> bool:
        """Whether rows were added and all that were there stayed as they were."""
        return self.new > 0 and not (self.changed or self.removed)


def empty(table: Table) -> pl.DataFrame:
    """No rows, with the table's columns."""
    return pl.DataFrame(schema=table.columns)


def conformed(rows: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """Exactly the table's columns: those that an older store lacks are null."""
    there = rows.collect_schema()
    return rows.select(
        (pl.col(name) if there[name] == dtype else pl.col(name).cast(dtype))
        if name in there
        else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in table.columns.items()
    )


def merged(old: pl.DataFrame, new: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The old rows revised and extended by the new; a null in a new row leaves what was known."""
    values = [name for name in table.columns if name not in table.key]
    keys = list(table.key)
    known = new.join(old, on=keys, how="left", suffix="_old", nulls_equal=True)
    revised = known.select(*keys, *[pl.coalesce(name, f"{name}_old") for name in values])
    untouched = old.join(new, on=keys, how="anti", nulls_equal=True)
    return pl.concat([untouched.select(list(table.columns)), revised.select(list(table.columns))])


def unknown(old: pl.DataFrame, new: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The new rows whose keys the old ones lack."""
    return new.select(list(table.columns)).join(old, on=list(table.key), how="anti", nulls_equal=True)


def compared(old: pl.DataFrame, after: pl.DataFrame, table: Table, new: pl.DataFrame | None = None) -> Change:
    """Count what differs between rows before and after; with `new`, unchanged counts those keys alone."""
    keys = list(table.key)
    values = [name for name in table.columns if name not in table.key]
    both = after.join(
        old.with_columns(pl.lit(value=True).alias("_known")),
        on=keys,
        how="left",
        suffix="_old",
        nulls_equal=True,
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
