"""Checked pieces of a table brought together: intervals apart, keys unique; what cannot stand joins the faults."""

from dataclasses import dataclass, field

import polars as pl

from gangru.market.intervals import ends_from_next_start, normalise_intervals
from gangru.market.quality import quarantined, row_contents
from gangru.market.schema import SPANS, Table
from gangru.market.sources.reading import Loaded, nothing_valid


@dataclass
class Pending:
    """One table's rows on their way in: checked, but not written."""

    pieces: list[Loaded] = field(default_factory=list)
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)
    faults: list[pl.DataFrame] = field(default_factory=list)
    merged: int = 0
    overlapping: int = 0  # of the merged, those that overlap or repeat another


def settle(table: Table, waiting: Pending) -> None:
    """Bring a table's pieces together; raises InputError where a piece has no row left."""
    waiting.faults = [piece.faults for piece in waiting.pieces]
    number = [
        piece.rows.with_columns(pl.lit(i, dtype=pl.UInt32).alias("_piece"))
        for i, piece in enumerate(waiting.pieces)
    ]
    rows = pl.concat(number)
    waiting.rows = (
        settle_spans(table, rows, waiting) if table.name in SPANS else settle_keys(table, rows, waiting)
    )


def settle_spans(table: Table, rows: pl.DataFrame, waiting: Pending) -> pl.DataFrame:
    """Give open intervals their ends, merge what repeats and refuse what contradicts."""
    span = SPANS[table.name]
    derived = rows["_piece"].is_in([i for i, piece in enumerate(waiting.pieces) if piece.without_ends])
    rows = pl.concat([rows.filter(~derived), ends_from_next_start(rows.filter(derived), span.key)])
    normal = normalise_intervals(rows, span.key, span.value)
    waiting.merged, waiting.overlapping = normal.merged, normal.overlapping
    refuse(
        waiting, normal.refused, span.value or "start", f"contradicts another {span.value} of the same time"
    )
    return normal.frame.select(list(table.columns))


def settle_keys(table: Table, rows: pl.DataFrame, waiting: Pending) -> pl.DataFrame:
    """Keep the first row of each key; others that say the same are merged into it, the rest are refused."""
    key = list(table.key)
    first = rows.select(pl.struct(key).is_first_distinct()).to_series()
    if not first.all():
        repeated, rows = rows.filter(~first), rows.filter(first)
        other = repeated.join(
            rows, on=list(table.columns), how="anti", nulls_equal=True, maintain_order="left"
        )
        waiting.merged = len(repeated) - len(other)
        refuse(waiting, other, key[0], f"repeats the key ({', '.join(key)}) of an earlier row", whole=False)
    return rows.select(list(table.columns))


def refuse(waiting: Pending, rows: pl.DataFrame, column: str, reason: str, *, whole: bool = True) -> None:
    """Add a fault for each row, in the piece it came from; if `whole`, a piece without a row left is an InputError."""
    for (number,), part in rows.group_by("_piece", maintain_order=True):
        loaded = waiting.pieces[int(str(number))]
        faults = part.select(
            index=pl.col("_index"),
            column=pl.lit(column),
            value=pl.col(column).cast(pl.String),
            reason=pl.lit(reason),
        )
        piece = loaded.piece
        contents = row_contents(part, pl.int_range(len(part), eager=True))
        told = quarantined(piece.kind, piece.origin, piece.places(faults["index"]), faults, contents)
        waiting.faults.append(told)
        if whole and len(part) == len(loaded.rows):
            raise nothing_valid(loaded, told)
