"""Rows in quarantine: what they hold, letting them in, and keeping that decision through later ingests.

A row is in or out as a whole: however many faults it has, it is released with all of them or not at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gangru.errors import InputError
from gangru.market.codes import canonical_codes
from gangru.market.intervals import FOREVER, end_or_null, normalise_intervals
from gangru.market.schema import QUARANTINE, SPANS, TABLES, SpanOf, Table
from gangru.market.store import Change, Store

PLACE = ("kind", "file", "row")
FAULT = ("kind", "file", "row", "column", "value", "reason")
KINDS = {"index": "index_bars"}  # the kinds whose table is called otherwise


@dataclass(frozen=True)
class Selection:
    """Which rows of the quarantine are meant; None asks for no more than the others do."""

    reason: str | None = None
    file: str | None = None
    code: str | None = None
    kind: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing narrows it."""
        return not (self.reason or self.file or self.code or self.kind)

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The chosen rows; a reason or a file is met by any text that contains it, a code in any spelling."""
        chosen = rows
        if self.kind:
            chosen = chosen.filter(pl.col("kind") == self.kind)
        if self.reason:
            chosen = chosen.filter(pl.col("reason").str.contains(self.reason, literal=True))
        if self.file:
            chosen = chosen.filter(pl.col("file").str.contains(self.file, literal=True))
        if self.code:
            asked = canonical_codes(pl.Series([self.code]))[0] or self.code
            chosen = chosen.filter(code_of(chosen["content"]) == asked)
        return chosen


@dataclass(frozen=True)
class Released:
    """What a release did, in rows: let in, and left because their content is not whole or has other faults."""

    changes: dict[str, Change]
    rows: int
    incomplete: int
    otherwise_faulty: int


def rows_of_contents(contents: pl.Series, table: Table) -> pl.DataFrame:
    """JSON objects back as typed rows of a table; what cannot be read is null."""
    read = [parsed(text) for text in contents]
    columns = {
        name: pl.Series(name, [as_text(row.get(name)) for row in read], dtype=pl.String)
        for name in table.columns
    }
    frame = pl.DataFrame(columns)
    truth = {"true": True, "false": False}
    return frame.select(
        pl.col(name).replace_strict(truth, default=None, return_dtype=pl.Boolean)
        if dtype == pl.Boolean()
        else pl.col(name).str.to_date("%Y-%m-%d", strict=False)
        if dtype == pl.Date()
        else pl.col(name).cast(dtype, strict=False)
        for name, dtype in table.columns.items()
    )


def released_faults(store: Store) -> pl.DataFrame:
    """The faults of released rows: kind, file, row, column, value, reason."""
    rows = store.read(QUARANTINE.name)
    return rows.filter(pl.col("released").fill_null(value=False)).select(FAULT)


def without_released(faults: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """The faults without those that somebody looked at and let in; a changed value is a new fault."""
    if released.is_empty():
        return faults
    return faults.join(released.select(FAULT), on=FAULT, how="anti", nulls_equal=True, maintain_order="left")


def revised_quarantine(old: pl.DataFrame, origins: Sequence[str], faults: pl.DataFrame) -> pl.DataFrame:
    """The quarantine after an ingest of `origins`: their new faults in place of their old.

    A released row stays so as long as its faults are those it was released with, and is held anew with others.
    """
    released = pl.col("released").fill_null(value=False)
    came = faults.select(PLACE).unique()
    kept = old.filter(~pl.col("file").is_in(list(origins)) | released)
    kept = kept.join(came, on=PLACE, how="anti", nulls_equal=True, maintain_order="left")
    again = admitted(faults, old)
    new = faults.join(again, on=PLACE, how="anti", nulls_equal=True, maintain_order="left")
    parts = [kept, again.with_columns(released=pl.lit(value=True)), new]
    whole = pl.concat(parts, how="diagonal_relaxed").select(list(QUARANTINE.columns))
    return whole.unique(QUARANTINE.key, keep="first", maintain_order=True)


def admitted(faults: pl.DataFrame, quarantine: pl.DataFrame) -> pl.DataFrame:
    """The faults of rows that were released with exactly these: no other, none fewer."""
    released = quarantine.filter(pl.col("released").fill_null(value=False))
    known = released.join(faults.select(PLACE).unique(), on=PLACE, how="semi", nulls_equal=True)
    new = without_released(faults, known).select(PLACE)
    gone = known.join(faults, on=FAULT, how="anti", nulls_equal=True).select(PLACE)
    there = faults.join(known, on=PLACE, how="semi", nulls_equal=True, maintain_order="left")
    return there.join(pl.concat([new, gone]), on=PLACE, how="anti", nulls_equal=True, maintain_order="left")


def admitted_rows(quarantine: pl.DataFrame, table: Table, faults: pl.DataFrame) -> pl.DataFrame:
    """The refused rows of an ingest that were released before, as they are now."""
    rows = admitted(faults, quarantine).unique(PLACE, keep="first", maintain_order=True)
    return rows_of_contents(rows["content"], table)


def with_released(rows: pl.DataFrame, released: pl.DataFrame, table: Table) -> pl.DataFrame:
    """A table's rows with released ones in place of those of their key, or, of intervals, of their time."""
    if released.is_empty():
        return rows
    columns = list(table.columns)
    if table.name in SPANS:
        return placed(rows.select(columns), released, SPANS[table.name]).select(columns)
    last = released.unique(table.key, keep="last", maintain_order=True)
    return pl.concat([rows.join(last, on=table.key, how="anti", maintain_order="left").select(columns), last])


def release(store: Store, selection: Selection) -> Released:
    """Put the chosen rows back into their tables, as revisions of what is there, and mark them as released.

    A row goes back where its content has all that its table requires and all of its faults are chosen. Killed
    midway, the same call finishes it. Raises InputError where nothing is chosen or nothing matches.
    """
    if selection.everything:
        raise InputError("say which rows to release: --reason, --file, --code or --kind")
    held = store.read(QUARANTINE.name).filter(~pl.col("released").fill_null(value=False))
    chosen = selection.of(held)
    if chosen.is_empty():
        raise InputError("no row in quarantine matches; `gangru quarantine` lists what is there")
    others = held.join(chosen, on=QUARANTINE.key, how="anti", nulls_equal=True)
    free = chosen.join(others, on=PLACE, how="anti", nulls_equal=True)
    changes: dict[str, Change] = {}
    marked = []
    for (kind,), part in free.group_by("kind", maintain_order=True):
        table = TABLES.get(KINDS.get(str(kind), str(kind)))
        if table is None:
            continue
        rows = part.unique(PLACE, keep="first", maintain_order=True)
        typed = rows_of_contents(rows["content"], table)
        whole = typed.select(pl.all_horizontal(pl.col(complete_columns(table)).is_not_null())).to_series()
        if not whole.any():
            continue
        back = typed.filter(whole).unique(table.key, keep="last", maintain_order=True)
        changes[table.name] = put_back(store, table, back)
        marked.append(part.join(rows.filter(whole), on=PLACE, how="semi", nulls_equal=True))
    done = pl.concat(marked) if marked else free.clear()
    if len(done):
        store.upsert(QUARANTINE, done.with_columns(released=pl.lit(value=True)))
    count = {
        name: part.unique(PLACE).height for name, part in (("all", chosen), ("free", free), ("done", done))
    }
    return Released(changes, count["done"], count["free"] - count["done"], count["all"] - count["free"])


def put_back(store: Store, table: Table, rows: pl.DataFrame) -> Change:
    """Write released rows as revisions: by key, or, of intervals, in place of what was said of their time."""
    if table.name not in SPANS:
        return store.upsert(table, rows)
    return store.revise(table, lambda old: with_released(old, rows, table), "release")


def placed(old: pl.DataFrame, new: pl.DataFrame, span: SpanOf) -> pl.DataFrame:
    """Intervals with new ones in place of what the old say of the same time; of two new ones the later row wins."""
    key = list(span.key)
    rows = old.with_columns(_end=pl.col("end").fill_null(FOREVER))
    for one in new.with_columns(_end=pl.col("end").fill_null(FOREVER)).iter_slices(1):
        start, end = one["start"][0], one["_end"][0]
        same = pl.all_horizontal(pl.col(name) == one[name][0] for name in key)
        hit = same & (pl.col("start") < end) & (pl.col("_end") > start)
        left = rows.filter(hit & (pl.col("start") < start)).with_columns(_end=pl.lit(start))
        right = rows.filter(hit & (pl.col("_end") > end)).with_columns(start=pl.lit(end))
        rows = pl.concat([rows.filter(~hit), left, right, one.select(rows.columns)])
    whole = rows.with_columns(end_or_null("_end")).drop("_end")
    return normalise_intervals(whole, key, span.value).frame


def complete_columns(table: Table) -> list[str]:
    """What a row must have to stand in its table: its key and all that is required but an open end."""
    return [name for name in dict.fromkeys((*table.key, *table.required)) if name != "end"]


def code_of(contents: pl.Series) -> pl.Series:
    """The code in each content, in the one spelling; null where there is none."""
    codes = pl.Series([as_text(parsed(text).get("code")) for text in contents], dtype=pl.String)
    return canonical_codes(codes)


def parsed(text: str | None) -> dict[str, object]:
    """A content as a dictionary; nothing where it is no JSON object."""
    if not text:
        return {}
    try:
        row = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return row if isinstance(row, dict) else {}


def as_text(value: object) -> str | None:
    """A JSON value as the text that it is read from."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
