"""Files into the store: everything is read and checked before the first write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from gangru.market.calendar import exchange_days
from gangru.market.intervals import ends_from_next_start, normalise_intervals, overlay
from gangru.market.quality import quarantined
from gangru.market.schema import (
    BARS,
    CALENDAR,
    INDEX_BARS,
    INDUSTRY,
    MEMBERS,
    QUARANTINE,
    SECURITIES,
    TABLES,
    Table,
)
from gangru.market.sources.files import column_names, find_files
from gangru.market.sources.kinds import Plan, plan_file
from gangru.market.sources.reading import Days, Loaded, load, nothing_valid
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Change, Store

Progress = Callable[[str, float], None]

ORDER = (CALENDAR, SECURITIES, INDUSTRY, MEMBERS, INDEX_BARS, BARS)
SPANS = {INDUSTRY.name: (("taxonomy", "code"), "industry"), MEMBERS.name: (("index", "code"), None)}


@dataclass(frozen=True)
class TableReport:
    """What an ingest did to one table, in rows.

    `rows_read` = rows quarantined + rows valid; of the valid, `merged` went into another interval. `blank`
    lines are no rows. New, changed, unchanged and removed are the store's rows by key.
    """

    table: str
    files: tuple[str, ...]
    rows_read: int
    quarantined: int
    merged: int
    blank: int
    change: Change


@dataclass(frozen=True)
class IngestReport:
    """What an ingest read, refused and wrote.

    `ignored` are columns that no table has, by file; `unknown_codes` the codes of bars that securities lack,
    which are kept; `notes` what was decided on reading; versions are the store's before and after, None for
    no table.
    """

    tables: dict[str, TableReport]
    skipped: tuple[str, ...]
    ignored: dict[str, tuple[str, ...]]
    unknown_codes: tuple[str, ...]
    notes: tuple[str, ...]
    versions_before: dict[str, int | None]
    versions_after: dict[str, int | None]


@dataclass
class Pending:
    """One table's rows on their way in: checked, but not written."""

    files: list[Loaded] = field(default_factory=list)
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)
    faults: list[pl.DataFrame] = field(default_factory=list)
    merged: int = 0


def ingest(
    paths: str | Path | Sequence[str | Path],
    store: Store,
    settings: DataSettings,
    kind: str | None = None,
    on_progress: Progress | None = None,
) -> IngestReport:
    """Read files, folders or glob patterns into the store; faulty rows go to quarantine, the rest is kept.

    `kind` forces what every file is taken for. Each table is written by one commit, after everything was read
    and checked; the same files again change nothing. `on_progress` is told a stage and the share done. Raises
    InputError naming the file where a column is missing, a file is empty or truncated, or none of its rows is
    valid; the store is then as it was.
    """
    progress = on_progress or unheard
    found = find_files([paths] if isinstance(paths, str | Path) else paths)
    headers = {path: column_names(path) for path in found.files}
    plans = [plan_file(path, names, settings, kind) for path, names in headers.items()]
    before = store.versions()
    pending = read_all(plans, store, settings, progress)
    for table, waiting in pending.items():
        settle(TABLES[table], waiting)
    unknown = unknown_codes(pending, store)
    changes = write_all(pending, store, progress)
    return IngestReport(
        tables={name: told(name, waiting, changes[name]) for name, waiting in pending.items()},
        skipped=found.skipped,
        ignored={
            str(plan.path): rest
            for plan in plans
            if (rest := tuple(n for n in headers[plan.path] if n not in plan.columns.values()))
        },
        unknown_codes=unknown,
        notes=(
            *unused_names(settings, headers),
            *(note for waiting in pending.values() for file in waiting.files for note in file.notes),
        ),
        versions_before=before,
        versions_after=store.versions(),
    )


def unheard(_stage: str, _share: float) -> None:
    """Tell nobody how far an ingest has come."""


def read_all(
    plans: Sequence[Plan], store: Store, settings: DataSettings, progress: Progress
) -> dict[str, Pending]:
    """Load every file, the calendar's first, so that the dates of the others can be checked against it."""
    pending: dict[str, Pending] = {}
    first = sorted(plans, key=lambda plan: plan.kind.table is not CALENDAR)
    days: Days | None = None
    for done, plan in enumerate(first):
        progress(f"reading {plan.path.name}", done / len(first))
        if days is None and plan.kind.table is not CALENDAR:
            days = known_days(store, pending.get(CALENDAR.name))
        loaded = load(plan, settings, days)
        pending.setdefault(loaded.table.name, Pending()).files.append(loaded)
    progress("reading", 1.0)
    return {table.name: pending[table.name] for table in ORDER if table.name in pending}


def known_days(store: Store, ingested: Pending | None) -> Days:
    """The days on which bars may lie: the store's calendar with the ingested one, else the exchange's own.

    Beyond the years whose holidays are known every weekday passes; a calendar of one's own is taken at its
    word.
    """
    own = store.read(CALENDAR.name)["date"]
    if ingested is not None:
        own = pl.concat([own, *(file.rows["date"] for file in ingested.files)]).unique().sort()
    if own.is_empty():
        exchange = pl.Series(exchange_days())
        return Days(exchange, "the Shanghai exchange's calendar", open_ended=True)
    return Days(own, "the store's calendar", open_ended=False)


def settle(table: Table, waiting: Pending) -> None:
    """Bring a table's files together: intervals apart, keys unique; what cannot stand joins the faults."""
    waiting.faults = [file.faults for file in waiting.files]
    number = [
        file.rows.with_columns(pl.lit(i, dtype=pl.UInt32).alias("_file"))
        for i, file in enumerate(waiting.files)
    ]
    rows = pl.concat(number)
    waiting.rows = (
        settle_spans(table, rows, waiting) if table.name in SPANS else settle_keys(table, rows, waiting)
    )


def settle_spans(table: Table, rows: pl.DataFrame, waiting: Pending) -> pl.DataFrame:
    """Give open intervals their ends, merge what repeats and refuse what contradicts."""
    key, value = SPANS[table.name]
    derived = rows["_file"].is_in([i for i, file in enumerate(waiting.files) if file.without_ends])
    rows = pl.concat([rows.filter(~derived), ends_from_next_start(rows.filter(derived), key)])
    normal = normalise_intervals(rows, key, value)
    waiting.merged = normal.merged
    refuse(waiting, normal.refused, value or "start", f"contradicts another {value} of the same time")
    return normal.frame.select(list(table.columns))


def settle_keys(table: Table, rows: pl.DataFrame, waiting: Pending) -> pl.DataFrame:
    """Keep the first row of each key and refuse the others."""
    key = list(table.key)
    first = rows.select(pl.struct(key).is_first_distinct()).to_series()
    if not first.all():
        repeated = rows.filter(~first)
        refuse(waiting, repeated, key[0], f"repeats the key ({', '.join(key)}) of an earlier row")
        rows = rows.filter(first)
    return rows.select(list(table.columns))


def refuse(waiting: Pending, rows: pl.DataFrame, column: str, reason: str) -> None:
    """Add a fault for each row, in the file it came from; raises InputError where a file has no row left."""
    for (number,), part in rows.group_by("_file", maintain_order=True):
        file = waiting.files[int(str(number))]
        faults = part.select(
            index=pl.col("_index"),
            column=pl.lit(column),
            value=pl.col(column).cast(pl.String),
            reason=pl.lit(reason),
        )
        told = quarantined(file.plan.kind.name, str(file.plan.path), file.places(faults["index"]), faults)
        waiting.faults.append(told)
        if len(part) == len(file.rows):
            raise nothing_valid(file, told)


def unused_names(settings: DataSettings, headers: Mapping[Path, Sequence[str]]) -> list[str]:
    """Declared column names that no file has: a slip of the pen would otherwise be a column of nulls."""
    there = {name for names in headers.values() for name in names}
    return [
        f"[data.columns] {ours} = {theirs!r}: no file has this column"
        for ours, theirs in settings.columns.items()
        if theirs not in there
    ]


def unknown_codes(pending: dict[str, Pending], store: Store) -> tuple[str, ...]:
    """The ingested bars' codes that neither the store's securities nor the ingested ones have, sorted."""
    if BARS.name not in pending:
        return ()
    known = [store.read(SECURITIES.name)["code"]]
    if SECURITIES.name in pending:
        known.append(pending[SECURITIES.name].rows["code"])
    codes = pending[BARS.name].rows["code"].unique()
    return tuple(codes.filter(~codes.is_in(pl.concat(known).implode())).sort())


def write_all(pending: dict[str, Pending], store: Store, progress: Progress) -> dict[str, Change]:
    """Write each table by one commit, the calendar's first and the bars', which lean on the others, last."""
    changes: dict[str, Change] = {}
    for done, (name, waiting) in enumerate(pending.items()):
        progress(f"writing {name}", done / (len(pending) + 1))
        changes[name] = write_table(TABLES[name], waiting.rows, store)
    progress(f"writing {QUARANTINE.name}", len(pending) / (len(pending) + 1))
    write_quarantine(pending, store)
    progress("writing", 1.0)
    return changes


def write_table(table: Table, rows: pl.DataFrame, store: Store) -> Change:
    """Revise a table by rows of a key, or an interval table by what the new intervals say of their time."""
    if table.name not in SPANS:
        return store.upsert(table, rows)
    key, value = SPANS[table.name]
    whole = normalise_intervals(overlay(store.read(table.name), rows, key), key, value)
    return store.replace(table, whole.frame.select(list(table.columns)))


def write_quarantine(pending: dict[str, Pending], store: Store) -> None:
    """Put these files' faults in place of those they had: a file that was mended leaves the quarantine."""
    files = [str(file.plan.path) for waiting in pending.values() for file in waiting.files]
    faults = [part for waiting in pending.values() for part in waiting.faults]
    others = store.read(QUARANTINE.name).filter(~pl.col("file").is_in(files))
    store.replace(QUARANTINE, pl.concat([others, *faults]).unique(QUARANTINE.key, keep="first"))


def told(name: str, waiting: Pending, change: Change) -> TableReport:
    """One table's part of the report."""
    read = sum(file.rows_read for file in waiting.files)
    return TableReport(
        table=name,
        files=tuple(str(file.plan.path) for file in waiting.files),
        rows_read=read,
        quarantined=read - len(waiting.rows) - waiting.merged,
        merged=waiting.merged,
        blank=sum(file.blank for file in waiting.files),
        change=change,
    )
