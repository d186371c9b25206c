"""One file's rows, typed, in our units and checked, with the faults of those that are left out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from gangru.errors import InputError
from gangru.market.codes import is_index_code
from gangru.market.quality import date_faults, quarantined, reading_faults, rule_faults
from gangru.market.schema import BARS, INDEX_BARS, INDUSTRY, MEMBERS, SECURITIES, Table
from gangru.market.sources.columns import in_our_units, typed
from gangru.market.sources.files import RawFile, read_columns
from gangru.market.sources.kinds import KINDS, Plan, kind_named, lacking, missing_columns
from gangru.market.sources.settings import DataSettings

DATED = frozenset({BARS.name, INDEX_BARS.name})
SPANS = {INDUSTRY.name: ["taxonomy", "code"], MEMBERS.name: ["index", "code"]}


@dataclass(frozen=True)
class Days:
    """The trading days that dates are checked against; if open ended, weekdays beyond the last one pass."""

    days: pl.Series
    name: str
    open_ended: bool

    def allowing(self, dates: pl.Series) -> pl.Series:
        """The days, with the weekdays among `dates` that lie beyond them where that is allowed."""
        if not self.open_ended:
            return self.days
        beyond = dates.filter(dates > self.days.max()).unique()
        return pl.concat([self.days, beyond.filter(beyond.dt.weekday() <= 5)])

    def reason(self) -> str:
        """Why a date that is not among the days is refused."""
        return f"no trading day of {self.name} ({self.days.min()!s} to {self.days.max()!s})"


@dataclass(frozen=True)
class Loaded:
    """One file after reading: its valid rows with `_index` (their position as read), and its faults.

    `faults` are rows of the quarantine table; `places` turns positions into the file's own rows.
    `without_ends` says that an interval file has starts alone.
    """

    plan: Plan
    table: Table
    rows: pl.DataFrame
    faults: pl.DataFrame
    rows_read: int
    blank: int
    notes: tuple[str, ...]
    without_ends: bool
    places: Callable[[pl.Series], pl.Series]


def load(plan: Plan, settings: DataSettings, days: Days | None) -> Loaded:
    """Read and check one file; raises InputError where it cannot be read or none of its rows is valid."""
    raw = read_columns(plan.path, plan.columns)
    plan = decided(plan, raw)
    table = plan.kind.table
    frame = raw.frame.select(name for name in raw.frame.columns if name in table.columns)
    rows = typed(frame, table)
    faults = [reading_faults(frame, rows, table)]
    rows = in_our_units(rows, settings, str(plan.path))
    notes: list[str] = []
    if table is INDUSTRY:
        rows = rows.with_columns(pl.col("taxonomy").fill_null(plan.taxonomy))
    if table.name in SPANS and "end" in frame.columns:
        rows, note = with_exclusive_ends(rows, SPANS[table.name], settings, str(plan.path))
        notes.append(note)
    faults.append(rule_faults(frame, rows, table))
    if table.name in DATED and days is not None:
        faults.append(date_faults(frame, rows, days.allowing(rows["date"]), days.reason()))
    return sifted(plan, raw, rows, pl.concat(faults), tuple(notes))


def decided(plan: Plan, raw: RawFile) -> Plan:
    """Tell bars of indices from bars of stocks by their codes; raises InputError where neither fits."""
    if plan.forced or plan.kind.table.name not in DATED:
        return plan
    codes = typed(raw.frame.select("code").unique(), SECURITIES)["code"].drop_nulls()
    if len(codes) and is_index_code(codes).all():
        return replace(plan, kind=kind_named("index"))
    if plan.kind.table is INDEX_BARS:
        raise missing_columns(
            plan.path, KINDS[0], lacking(KINDS[0], plan.columns), list(plan.columns.values())
        )
    return plan


def sifted(
    plan: Plan, raw: RawFile, rows: pl.DataFrame, faults: pl.DataFrame, notes: tuple[str, ...]
) -> Loaded:
    """Part the valid rows from the faulty ones; raises InputError where none is valid."""
    good = np.ones(len(rows), dtype=bool)
    good[faults["index"].to_numpy()] = False
    told = quarantined(plan.kind.name, str(plan.path), raw.places(faults["index"]), faults)
    loaded = Loaded(
        plan=plan,
        table=plan.kind.table,
        rows=rows.with_row_index("_index").filter(pl.Series(good)),
        faults=told,
        rows_read=len(rows),
        blank=raw.blank,
        notes=notes,
        without_ends="end" not in raw.frame.columns,
        places=raw.places,
    )
    if loaded.rows.is_empty():
        raise nothing_valid(loaded)
    return loaded


def nothing_valid(loaded: Loaded, faults: pl.DataFrame | None = None) -> InputError:
    """Say that no row of a file can be used, with the first fault."""
    first = (loaded.faults if faults is None else faults).sort("row").row(0, named=True)
    return InputError(
        f"{first['file']}: none of its {loaded.rows_read} rows can be used as {first['kind']}; the first "
        f"fault: row {first['row']}, column {first['column']}: {first['value']!r} {first['reason']}"
    )


def with_exclusive_ends(
    rows: pl.DataFrame, key: list[str], settings: DataSettings, source: str
) -> tuple[pl.DataFrame, str]:
    """Half-open intervals from a file's, and a note on how its ends were read.

    Raises InputError where the setting is auto and the file shows both conventions.
    """
    sorted_rows = rows.select(*key, "start", "end").drop_nulls([*key, "start"]).sort([*key, "start"])
    gap = (pl.col("start").shift(-1).over(key) - pl.col("end")).dt.total_days()
    touching, day_before = sorted_rows.select((gap == 0).sum(), (gap == 1).sum().alias("before")).row(0)
    seen = f"{touching} ends are the next start, {day_before} the day before it"
    ends = settings.interval_ends
    if ends == "auto":
        if touching and day_before:
            raise InputError(
                f"{source}: {seen}; say in study.toml whether ends are the last day or the day after: "
                '[data] interval_ends = "inclusive" or "exclusive"'
            )
        ends = "inclusive" if day_before else "exclusive"
    if ends == "inclusive":
        rows = rows.with_columns(pl.col("end") + pl.duration(days=1))
    return rows, f"{source}: ends read as {ends} ({seen})"
