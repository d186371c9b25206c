"""Facts with a duration: half-open intervals [start, end), a null end meaning "still so"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import MarketError

FOREVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Normalised:
    """Intervals that never overlap for a key, what was merged into them and what could not stand.

    `frame` has the columns key, value, start, end; `merged` counts the rows that went into another, and
    `overlapping` those of them that overlap or repeat it, where the others follow without a gap; `refused` are the
    rows, as they came, that contradict another row of their key.
    """

    frame: pl.DataFrame
    merged: int
    refused: pl.DataFrame
    overlapping: int = 0


def normalise_intervals(frame: pl.DataFrame, key: Sequence[str], value: str | None) -> Normalised:
    """Merge overlapping or touching intervals of one value; refuse those of different values that overlap.

    `frame` has the columns of `key`, `value` (None where being there is all: membership), start and end, and
    each start before its end. Of two that contradict each other both are refused: nothing tells which is
    true.
    """
    key = list(key)
    whole = [*key, value] if value else key
    rows = frame.with_columns(pl.col("end").fill_null(FOREVER).alias("_end")).sort([*whole, "start", "_end"])
    reached = pl.col("_end").cum_max().shift(1).over(whole)
    opens = reached.is_null() | (pl.col("start") > reached)
    overlapping = int(rows.select((pl.col("start") < reached).sum()).item())
    rows = rows.with_columns(opens.cum_sum().alias("_group"))
    groups = (
        rows.group_by("_group", maintain_order=True)
        .agg(*[pl.col(name).first() for name in whole], pl.col("start").min(), pl.col("_end").max())
        .sort([*key, "start"])
    )
    # Same values are apart by now, so whatever still overlaps has another value.
    before = pl.col("_end").cum_max().shift(1).over(key) > pl.col("start")
    after = pl.col("start").shift(-1).over(key) < pl.col("_end")
    groups = groups.with_columns(
        (before.fill_null(value=False) | after.fill_null(value=False)).alias("_clash")
    )
    refused = rows.join(groups.filter("_clash").select("_group"), on="_group", how="semi").select(
        frame.columns
    )
    kept = groups.filter(~pl.col("_clash"))
    return Normalised(
        frame=kept.select(*whole, "start", end_or_null("_end")),
        merged=len(frame) - len(refused) - len(kept),
        refused=refused,
        overlapping=overlapping,
    )


def end_or_null(name: str) -> pl.Expr:
    """The far future as the null that stands for "still so", named end."""
    return pl.when(pl.col(name) < FOREVER).then(pl.col(name)).alias("end")


def ends_from_next_start(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Give intervals without an end that of the next start of their key; the last of a key stays open."""
    starts = frame.select(*key, "start").unique().sort([*key, "start"])
    following = starts.with_columns(pl.col("start").shift(-1).over(list(key)).alias("_next"))
    joined = frame.join(following, on=[*key, "start"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("_next").alias("end")).drop("_next")


def overlay(old: pl.DataFrame, new: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Let new intervals replace what was known of their keys from their first start to their last end.

    What the old ones say of earlier times stays, cut at that start, and so do those that begin at the last end or
    after it; keys without a new interval stay as they are.
    """
    spans = new.group_by(list(key)).agg(
        pl.col("start").min().alias("_first"), pl.col("end").fill_null(FOREVER).max().alias("_last")
    )
    known = old.join(spans, on=list(key), how="left")
    later = known.filter(pl.col("start") >= pl.col("_last"))
    earlier = known.filter(pl.col("_first").is_null() | (pl.col("start") < pl.col("_first")))
    cut = earlier.with_columns(pl.min_horizontal("end", "_first").alias("end"))
    return pl.concat([cut.select(new.columns), later.select(new.columns), new])


def as_of(frame: pl.DataFrame, day: date, key: Sequence[str], value: str | None) -> pl.DataFrame:
    """The key and value columns of the intervals in force on `day`, sorted by key."""
    in_force = (pl.col("start") <= day) & (pl.col("end").is_null() | (pl.col("end") > day))
    columns = [*key, value] if value else list(key)
    return frame.filter(in_force).select(columns).sort(list(key))


def industry_matrix(
    industry: pl.DataFrame, taxonomy: str, dates: NDArray[np.datetime64], codes: NDArray[np.str_]
) -> tuple[NDArray[np.int16], list[str]]:
    """Each stock's industry on each date, (D, N): a position in the sorted list of names, −1 where unknown.

    `industry` has the store's columns; `dates` are ascending. A class counts from its start on, never before.
    Raises MarketError where the table has industries, but none of this taxonomy.
    """
    own = industry.filter(pl.col("taxonomy") == taxonomy)
    if own.is_empty() and not industry.is_empty():
        there = ", ".join(industry["taxonomy"].unique().sort())
        raise MarketError(f"no industries of the taxonomy {taxonomy!r}: the store has {there}")
    names = own["industry"].unique().sort().to_list()
    days = dates.astype("datetime64[D]")
    order = np.argsort(codes)
    stocks = own["code"].to_numpy().astype(np.str_)
    place = np.searchsorted(codes, stocks, sorter=order)
    column = order[np.minimum(place, len(codes) - 1)] if len(codes) else np.zeros(0, dtype=np.int64)
    first = np.searchsorted(days, own["start"].to_numpy().astype("datetime64[D]"))
    past = np.searchsorted(days, own["end"].fill_null(FOREVER).to_numpy().astype("datetime64[D]"))
    live = (first < past) & (codes[column] == stocks) if len(codes) else np.zeros(0, dtype=bool)
    number = own["industry"].replace_strict(names, range(len(names)), return_dtype=pl.Int16).to_numpy()
    return filled_spans(first[live], past[live], column[live], number[live], (len(days), len(codes))), names


def member_matrices(
    members: pl.DataFrame, dates: NDArray[np.datetime64], codes: NDArray[np.str_]
) -> dict[str, NDArray[np.bool_]]:
    """Who is a member of each index on each date, index → (D, N); `members` has index, code, start and end."""
    out = {}
    for index in members["index"].unique().sort():
        own = members.filter(pl.col("index") == index).with_columns(
            pl.lit("members").alias("taxonomy"), pl.col("index").alias("industry")
        )
        out[index] = industry_matrix(own, "members", dates, codes)[0] >= 0
    return out


def filled_spans(
    first: NDArray[np.int64],
    past: NDArray[np.int64],
    column: NDArray[np.int64],
    number: NDArray[np.int16],
    shape: tuple[int, int],
) -> NDArray[np.int16]:
    """Write each `number` into rows [first, past) of its column, −1 elsewhere; spans do not overlap."""
    rows, columns = shape
    events = np.full((rows + 1, columns), -1, dtype=np.int16)
    marked = np.zeros((rows + 1, columns), dtype=bool)
    events[past, column], marked[past, column] = -1, True
    events[first, column], marked[first, column] = number, True  # a start wins over the end it touches
    latest = np.where(marked, np.arange(rows + 1, dtype=np.int32)[:, None], 0)
    np.maximum.accumulate(latest, axis=0, out=latest)
    return np.take_along_axis(events, latest, axis=0)[:rows]
