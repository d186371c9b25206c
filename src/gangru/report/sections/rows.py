"""From frames to the rows of a table."""

import polars as pl

from gangru.report.blocks import Cell, Column

AS_TEXT = ("text", "industry", "date", "day", "month")


def table_rows(frame: pl.DataFrame, columns: tuple[Column, ...]) -> tuple[tuple[Cell, ...], ...]:
    """A frame's rows in the order of the columns; text columns as strings, so that a year is no number."""
    wanted = [pl.col(c.key).cast(pl.String) if c.format in AS_TEXT else pl.col(c.key) for c in columns]
    return tuple(frame.select(wanted).rows())
