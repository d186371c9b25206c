"""Levels that hold from a day on until the next one: adjustment factors, share counts."""

import polars as pl


def in_force(days: pl.Series, since: pl.Series, level: pl.Series) -> pl.Series:
    """The last level from on or before each day, in the order of `days`; null before the first and for no day.

    `days` and `since` are dates in any order, `level` belongs to `since`.
    """
    levels = pl.DataFrame({"since": since, "level": level}).drop_nulls("since").sort("since")
    asked = pl.DataFrame({"day": days}).with_row_index("place")
    found = asked.drop_nulls("day").sort("day").join_asof(levels, left_on="day", right_on="since")
    return asked.join(found.select("place", "level"), on="place", how="left", maintain_order="left")["level"]
