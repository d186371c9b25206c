"""What makes a row faulty, as a table of rules, and the quarantine that says so."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from gangru.market.codes import INDEX_CODE
from gangru.market.schema import (
    BARS,
    CALENDAR,
    CODE_CHANGES,
    INDEX_BARS,
    QUARANTINE,
    SECURITIES,
    SPANS,
    Table,
)

HALF_TICK = 0.005  # yuan: what rounding to the cent can move a price past the day's range

FAULTS = {"index": pl.UInt32(), "column": pl.String(), "value": pl.String(), "reason": pl.String()}
UNREADABLE = {
    pl.Float64(): "not a number",
    pl.Date(): "not a date (2020-01-31, 20200131 or 2020/1/31)",
    pl.Boolean(): "neither true nor false",
    pl.String(): "cannot be spelled NNNNNN.SH, .SZ or .BJ",
}
NULLABLE = frozenset({"end"})  # an interval without an end lasts


@dataclass(frozen=True)
class Rule:
    """One way in which a readable value is wrong: true where `bad`, and blamed on `column`."""

    column: str
    reason: str
    bad: pl.Expr


def positive(column: str) -> Rule:
    """A number that must be finite and above zero."""
    value = pl.col(column)
    return Rule(column, "must be a finite number above 0", ~value.is_finite() | (value <= 0))


def not_negative(column: str) -> Rule:
    """A number that must be finite and not below zero."""
    value = pl.col(column)
    return Rule(column, "must be a finite number, not below 0", ~value.is_finite() | (value < 0))


def within_range(column: str) -> Rule:
    """A price that must lie within the day's range, but for rounding."""
    above = pl.col(column) > pl.col("high") + HALF_TICK
    below = pl.col(column) < pl.col("low") - HALF_TICK
    return Rule(column, "lies outside the day's low and high", above | below)


PRICE_RULES = (
    *(positive(name) for name in ("open", "high", "low", "close")),
    Rule("high", "is below the day's low", pl.col("high") < pl.col("low")),
    within_range("open"),
    within_range("close"),
    not_negative("volume"),
    not_negative("amount"),
)
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def plausible(column: str) -> Rule:
    """A day that a market can have had."""
    day = pl.col(column)
    return Rule(column, "is no day between 1900 and 2199", (day < EARLIEST) | (day > LATEST))


SPAN_RULES = (
    plausible("start"),
    plausible("end"),
    Rule("end", "is not after its start", pl.col("end") <= pl.col("start")),
)
RULES: dict[str, tuple[Rule, ...]] = {
    BARS.name: (
        *PRICE_RULES,
        positive("factor"),
        positive("float_shares"),
        Rule(
            "code", "is an index, which belongs in a file of its own", pl.col("code").str.contains(INDEX_CODE)
        ),
    ),
    INDEX_BARS.name: PRICE_RULES,
    SECURITIES.name: (plausible("list_date"), plausible("delist_date")),
    **dict.fromkeys(SPANS, SPAN_RULES),
    CODE_CHANGES.name: (
        plausible("date"),
        Rule("old", "is the same code", pl.col("old") == pl.col("code")),
    ),
    CALENDAR.name: (plausible("date"),),
}


def reading_faults(raw: pl.DataFrame, rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Values that are missing where one is required, or that could not be read.

    `raw` and `rows` are the same rows as the file has them and typed. Returns index (into the rows), column,
    value and reason.
    """
    faults = [pl.DataFrame(schema=FAULTS)]
    for name in raw.columns:
        missing = raw[name].is_null()
        if name in table.required and name not in NULLABLE:
            faults.append(blamed(raw, missing, name, "missing"))
        unread = rows[name].is_null() & ~missing
        faults.append(blamed(raw, unread, name, UNREADABLE[table.columns[name]]))
    return pl.concat(faults)


def rule_faults(raw: pl.DataFrame, rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Readable values that break a rule of their table; columns as `reading_faults`."""
    rules = RULES.get(table.name, ())
    bad = rows.select(rule.bad.fill_null(value=False).alias(str(i)) for i, rule in enumerate(rules))
    faults = [blamed(raw, bad[str(i)], rule.column, rule.reason) for i, rule in enumerate(rules)]
    return pl.concat([pl.DataFrame(schema=FAULTS), *faults])


def date_faults(raw: pl.DataFrame, rows: pl.DataFrame, days: pl.Series, reason: str) -> pl.DataFrame:
    """Dates that are none of `days`; columns as `reading_faults`."""
    off = ~rows["date"].is_in(days.implode()) & rows["date"].is_not_null()
    return blamed(raw, off, "date", reason)


def blamed(raw: pl.DataFrame, bad: pl.Series, column: str, reason: str) -> pl.DataFrame:
    """One fault for each row marked, with the value as the file has it."""
    index = bad.fill_null(value=False).arg_true()
    if index.is_empty():
        return pl.DataFrame(schema=FAULTS)
    if column in raw.columns:
        value = raw[column].gather(index).cast(pl.String, strict=False).fill_null("")
    else:
        value = pl.Series([""]).new_from_index(0, len(index))
    return pl.DataFrame({"index": index, "column": column, "value": value, "reason": reason}, schema=FAULTS)


def row_contents(frame: pl.DataFrame, index: pl.Series) -> pl.Series:
    """Rows of a frame, by position, as JSON objects of their columns; numbers come back to the last bit.

    What is not finite, which JSON lacks, is null; dates are 2020-01-31. Columns that begin with _ are left out.
    """
    rows = frame.select(name for name in frame.columns if not name.startswith("_"))[index.cast(pl.UInt32)]
    floats = [name for name, dtype in rows.schema.items() if dtype.is_float()]
    rows = rows.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats
    )
    return rows.select(pl.struct(pl.all()).struct.json_encode().alias("content")).to_series()


def quarantined(
    kind: str, file: str, places: pl.Series, faults: pl.DataFrame, contents: pl.Series | None = None
) -> pl.DataFrame:
    """Faults as rows of the quarantine table; `places` says where in the file each stands.

    `contents` are the faults' whole rows as JSON, as `row_contents` gives them for the faults' index.
    """
    told = faults.with_columns(
        kind=pl.lit(kind),
        file=pl.lit(file),
        row=places.cast(pl.Int64),
        content=pl.lit(None, dtype=pl.String) if contents is None else contents,
        released=pl.lit(value=False),
    )
    return told.select(list(QUARANTINE.columns)).unique(QUARANTINE.key, keep="first", maintain_order=True)
