"""One piece of a source, typed, in our units and checked, with the faults of the rows that are left out."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from gangru.errors import InputError
from gangru.market.holidays import known_holidays
from gangru.market.intervals import FOREVER
from gangru.market.quality import date_faults, quarantined, reading_faults, row_contents, rule_faults
from gangru.market.schema import BARS, INDEX_BARS, INDUSTRY, LISTINGS, SPANS, ST, SUSPENSIONS, Table
from gangru.market.sources.columns import tidied, typed
from gangru.market.sources.kinds import kind_named
from gangru.market.sources.protocol import Piece

WITH_GAPS = frozenset(
    {ST.name, SUSPENSIONS.name, LISTINGS.name}
)  # a day between two of these says nothing of ends
SORTS = 4  # of fault that an error names
LONGEST = 60  # characters of a value that an error shows
DATED = frozenset({BARS.name, INDEX_BARS.name})


@dataclass(frozen=True)
class Days:
    """The trading days that dates are checked against; beyond the last one weekdays pass that are no known holiday."""

    days: pl.Series
    name: str

    def beyond(self, dates: pl.Series) -> pl.Series:
        """The days among `dates` that pass though the calendar does not reach them, ascending."""
        later = dates.filter(dates > self.days.max()).unique().sort()
        if later.is_empty():
            return later
        holidays = pl.Series(known_holidays(later[0].year, later[-1].year)).cast(pl.Date)
        return later.filter((later.dt.weekday() <= 5) & ~later.is_in(holidays.implode()))

    def allowing(self, dates: pl.Series) -> pl.Series:
        """The days, with those among `dates` that lie beyond them and pass."""
        return pl.concat([self.days, self.beyond(dates)])

    def remarks(self, dates: pl.Series) -> tuple[str, ...]:
        """A sentence where dates pass that the calendar does not reach."""
        later = self.beyond(dates)
        if later.is_empty():
            return ()
        span = f"{len(later)} later weekdays, {later[0]} to {later[-1]}"
        return (
            f"{self.name} ends on {self.days.max()!s}: {span}, are taken as trading days; ingest a calendar that "
            "reaches further",
        )

    def reason(self) -> str:
        """Why a date that is not among the days is refused."""
        return f"no trading day of {self.name} ({self.days.min()!s} to {self.days.max()!s})"


@dataclass(frozen=True)
class Loaded:
    """One piece after checking: its valid rows with `_index` (their position in the piece), and its faults.

    `faults` are rows of the quarantine table. `without_ends` says that an interval table has starts alone.
    """

    piece: Piece
    table: Table
    rows: pl.DataFrame
    faults: pl.DataFrame
    rows_read: int
    notes: tuple[str, ...]
    without_ends: bool


def checked(piece: Piece, days: Days | None) -> Loaded:
    """Type and check one piece; raises InputError where none of its rows is valid."""
    table = kind_named(piece.kind).table
    frame = tidied(piece.frame.select(name for name in piece.frame.columns if name in table.columns))
    rows = typed(frame, table)
    faults = [reading_faults(frame, rows, table)]
    rows = piece.convert(rows)
    notes = piece.notes
    if table is INDUSTRY:
        rows = rows.with_columns(pl.col("taxonomy").fill_null(piece.taxonomy))
    if table.name in SPANS and "end" in frame.columns:
        rows, note = with_exclusive_ends(rows, SPANS[table.name].key, piece)
        notes += note
    faults.append(rule_faults(frame, rows, table))
    if table.name in DATED and days is not None:
        dates = rows["date"].drop_nulls()
        faults.append(date_faults(frame, rows, days.allowing(dates), days.reason()))
        notes += days.remarks(dates)
    return sifted(piece, table, rows, pl.concat(faults), notes, "end" not in frame.columns)


def sifted(
    piece: Piece,
    table: Table,
    rows: pl.DataFrame,
    faults: pl.DataFrame,
    notes: tuple[str, ...],
    without_ends: bool,
) -> Loaded:
    """Part the valid rows from the faulty ones; raises InputError where none is valid."""
    good = np.ones(len(rows), dtype=bool)
    good[faults["index"].to_numpy()] = False
    contents = row_contents(rows, faults["index"])
    told = quarantined(piece.kind, piece.origin, piece.places(faults["index"]), faults, contents)
    kept = rows.with_row_index("_index").filter(pl.Series(good))
    loaded = Loaded(piece, table, kept, told, len(rows), notes, without_ends)
    if kept.is_empty() and len(rows):
        raise nothing_valid(loaded)
    return loaded


def nothing_valid(loaded: Loaded, faults: pl.DataFrame | None = None) -> InputError:
    """Say that no row of a piece can be used, with the first fault of each sort."""
    told = (loaded.faults if faults is None else faults).sort("row")
    first = told.row(0, named=True)
    sorts = told.group_by("column", "reason", maintain_order=True).agg(
        pl.len(), pl.col("row", "value").first()
    )
    seen = [
        f"row {row['row']}, column {row['column']}: {shortened(row['value'])!r} {row['reason']}"
        + (f" ({row['len']} such rows)" if row["len"] > 1 else "")
        for row in sorts.head(SORTS).iter_rows(named=True)
    ]
    return InputError(
        f"{first['file']}: none of its {loaded.rows_read} rows can be used as {first['kind']}; the first "
        f"fault: {'; '.join(seen)}"
    )


def shortened(text: str) -> str:
    """Text as it fits into an error."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def with_exclusive_ends(
    rows: pl.DataFrame, key: tuple[str, ...], piece: Piece
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Half-open intervals from a piece's, and a note on how its ends were read where that was to be found out.

    Raises InputError where the piece shows both conventions.
    """
    ends = piece.ends
    note: tuple[str, ...] = ()
    rows = rows.with_columns(pl.when(pl.col("end").dt.year() < FOREVER.year).then(pl.col("end")))
    if ends == "auto" and piece.kind in WITH_GAPS:
        ends = "exclusive"
    if ends == "auto":
        sorted_rows = rows.select(*key, "start", "end").drop_nulls([*key, "start"]).sort([*key, "start"])
        gap = (pl.col("start").shift(-1).over(list(key)) - pl.col("end")).dt.total_days()
        touching, before = sorted_rows.select((gap == 0).sum(), (gap == 1).sum().alias("before")).row(0)
        seen = f"{touching} ends are the next start, {before} the day before it"
        if touching and before:
            raise InputError(
                f"{piece.origin}: {seen}; say in study.toml whether ends are the last day or the day after: "
                '[data] interval_ends = "inclusive" or "exclusive"'
            )
        ends = "inclusive" if before else "exclusive"
        note = (f"{piece.origin}: ends read as {ends} ({seen})",)
    if ends == "inclusive":
        rows = rows.with_columns(pl.col("end") + pl.duration(days=1))
    return rows, note
