"""A source into the store: everything is read and checked before the first write."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gangru.market.calendar import exchange_days
from gangru.market.check.withdrawal import withheld, without_withheld
from gangru.market.intervals import normalise_intervals, overlay
from gangru.market.release import admitted_rows, revised_quarantine, with_released
from gangru.market.schema import (
    BARS,
    CALENDAR,
    CODE_CHANGES,
    INDEX_BARS,
    INDUSTRY,
    LISTINGS,
    MEMBERS,
    NAMES,
    QUARANTINE,
    SECURITIES,
    SPANS,
    ST,
    SUSPENSIONS,
    TABLES,
    Table,
)
from gangru.market.settling import Pending, settle
from gangru.market.sources.files import FilesSource
from gangru.market.sources.protocol import OnProgress, Source, unheard
from gangru.market.sources.reading import Days, checked
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Change, Store

ORDER = (
    CALENDAR, SECURITIES, NAMES, LISTINGS, CODE_CHANGES, ST, SUSPENSIONS, INDUSTRY, MEMBERS, INDEX_BARS, BARS,
)  # fmt: skip


@dataclass(frozen=True)
class TableReport:
    """What an ingest did to one table, in rows.

    `rows_read` = rows quarantined + rows valid; of the valid, `merged` went into another interval or say what
    another row says. `blank` lines are no rows. New, changed, unchanged and removed are the store's rows by key.
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

    @property
    def changed(self) -> bool:
        """Whether any table's content differs after the ingest."""
        return any(part.change.any for part in self.tables.values())


def ingest(
    paths: str | Path | Sequence[str | Path],
    store: Store,
    settings: DataSettings,
    kind: str | None = None,
    on_progress: OnProgress | None = None,
) -> IngestReport:
    """Read files, folders or glob patterns into the store, as `ingest_source` does.

    `kind` forces what every file is taken for.
    """
    source = FilesSource([paths] if isinstance(paths, str | Path) else paths, settings, kind)
    return ingest_source(source, store, on_progress)


def ingest_source(source: Source, store: Store, on_progress: OnProgress | None = None) -> IngestReport:
    """Take a source's pieces into the store; faulty rows go to quarantine, the rest is kept.

    Each table is written by one commit, after everything was read and checked; the same pieces again change
    nothing. `on_progress` is told a stage and the share done. Raises InputError naming the file or call where a
    column is missing, a file is empty or truncated, or none of its rows is valid; the store is then as it was.
    """
    progress = on_progress or unheard
    before = store.versions()
    pending = read_all(source, store, progress)
    for table, waiting in pending.items():
        settle(TABLES[table], waiting)
    unknown = unknown_codes(pending, store)
    changes = write_all(pending, store, progress)
    source.landed()
    loaded = [piece for waiting in pending.values() for piece in waiting.pieces]
    return IngestReport(
        tables={name: told(name, waiting, changes[name]) for name, waiting in pending.items()},
        skipped=source.skipped,
        ignored={one.piece.origin: one.piece.ignored for one in loaded if one.piece.ignored},
        unknown_codes=unknown,
        notes=(*source.notes, *(note for one in loaded for note in one.notes)),
        versions_before=before,
        versions_after=store.versions(),
    )


def read_all(source: Source, store: Store, progress: OnProgress) -> dict[str, Pending]:
    """Check every piece, the calendars first, so that the dates of the others can be checked against them."""
    pending: dict[str, Pending] = {}
    days: Days | None = None
    for piece in source.pieces(progress):
        if days is None and piece.kind != CALENDAR.name:
            days = known_days(store, pending.get(CALENDAR.name))
        loaded = checked(piece, days)
        pending.setdefault(loaded.table.name, Pending()).pieces.append(loaded)
    progress("reading", 1.0)
    return {table.name: pending[table.name] for table in ORDER if table.name in pending}


def known_days(store: Store, ingested: Pending | None) -> Days:
    """The days on which bars may lie: the store's calendar with the ingested one, else the exchange's own.

    Up to its last day a calendar is taken at its word; beyond it weekdays pass that are no known holiday.
    """
    own = store.read(CALENDAR.name)["date"]
    if ingested is not None:
        own = pl.concat([own, *(piece.rows["date"] for piece in ingested.pieces)]).unique().sort()
    if own.is_empty():
        exchange = pl.Series(exchange_days())
        return Days(exchange, "the Shanghai exchange's calendar")
    return Days(own, "the store's calendar")


def unknown_codes(pending: dict[str, Pending], store: Store) -> tuple[str, ...]:
    """The ingested bars' codes that neither the store's securities nor the ingested ones have, sorted."""
    if BARS.name not in pending:
        return ()
    known = [store.read(SECURITIES.name)["code"]]
    if SECURITIES.name in pending:
        known.append(pending[SECURITIES.name].rows["code"])
    known.append(store.read(CODE_CHANGES.name)["old"].rename("code"))
    if CODE_CHANGES.name in pending:
        known.append(pending[CODE_CHANGES.name].rows["old"].rename("code"))
    codes = pending[BARS.name].rows["code"].unique()
    return tuple(codes.filter(~codes.is_in(pl.concat(known).implode())).sort())


def write_all(pending: dict[str, Pending], store: Store, progress: OnProgress) -> dict[str, Change]:
    """Write each table by one commit, the calendar's first and the bars', which lean on the others, last."""
    changes: dict[str, Change] = {}
    for done, (name, waiting) in enumerate(pending.items()):
        progress(f"writing {name}", done / (len(pending) + 1))
        changes[name] = write_table(TABLES[name], waiting, store.read(QUARANTINE.name), store)
    progress(f"writing {QUARANTINE.name}", len(pending) / (len(pending) + 1))
    write_quarantine(pending, store)
    progress("writing", 1.0)
    return changes


def write_table(table: Table, waiting: Pending, quarantine: pl.DataFrame, store: Store) -> Change:
    """Revise a table by rows of a key, or an interval table by what the new intervals say of their time.

    What somebody released goes in with them, and what a check withdrew stays out.
    """
    released = admitted_rows(quarantine, table, pl.concat(waiting.faults))
    if table.name not in SPANS:
        waiting.rows = with_released(waiting.rows, released, table)
        if table is BARS:
            waiting.rows = without_withheld(waiting.rows, withheld(quarantine))
        return store.upsert(table, waiting.rows)
    span, rows = SPANS[table.name], waiting.rows

    def revision(old: pl.DataFrame) -> pl.DataFrame:
        whole = normalise_intervals(overlay(old, rows, span.key), span.key, span.value).frame
        return with_released(whole, released, table)

    read = sum(one.rows_read for one in waiting.pieces)
    record = {"rows_read": read, "merged": waiting.merged, "overlapping": waiting.overlapping}
    return store.revise(table, revision, "ingest", {name: str(count) for name, count in record.items()})


def write_quarantine(pending: dict[str, Pending], store: Store) -> None:
    """Put these origins' faults in place of those they had: a file that was mended leaves the quarantine."""
    origins = [one.piece.origin for waiting in pending.values() for one in waiting.pieces]
    if not origins:
        return
    faults = pl.concat(part for waiting in pending.values() for part in waiting.faults)
    store.revise(QUARANTINE, lambda old: revised_quarantine(old, origins, faults))


def told(name: str, waiting: Pending, change: Change) -> TableReport:
    """One table's part of the report."""
    read = sum(one.rows_read for one in waiting.pieces)
    faults = pl.concat(waiting.faults)
    return TableReport(
        table=name,
        files=tuple(one.piece.origin for one in waiting.pieces),
        rows_read=read,
        quarantined=len(faults.unique(["file", "row"])),
        merged=waiting.merged,
        blank=sum(one.piece.blank for one in waiting.pieces),
        change=change,
    )
