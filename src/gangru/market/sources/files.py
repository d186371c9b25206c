"""Files as a source: CSV and Parquet, told apart by their columns, only those that are new if so asked."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from gangru.market.codes import is_index_code
from gangru.market.schema import BARS, CALENDAR, INDEX_BARS, SECURITIES, SOURCES
from gangru.market.sources.columns import (
    in_our_units,
    read_flags,
    tidied,
    typed,
    with_shares,
    with_zeros,
)
from gangru.market.sources.evidence import ask_about_names, ask_where_unclear, taken_as_adjusted
from gangru.market.sources.kinds import IS_OPEN, KINDS, Plan, kind_named, lacking, missing_columns, plan_file
from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.raw import RawFile, column_names, find_files, read_columns
from gangru.market.sources.reading import DATED
from gangru.market.sources.request import Request
from gangru.market.sources.settings import DataSettings

NAME: Literal["files"] = "files"


@dataclass
class FilesSource:
    """Files, folders and patterns; `kind` forces what every file is taken for.

    `seen` maps absolute paths to fingerprints: a file that still has the one named there is passed over.
    """

    paths: Sequence[str | Path]
    settings: DataSettings
    kind: str | None = None
    seen: Mapping[str, str] = field(default_factory=dict)
    name: str = NAME
    remarks: list[str] = field(default_factory=list)
    skipped: tuple[str, ...] = ()
    fingerprints: dict[str, str] = field(default_factory=dict)

    def pieces(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Yield each file's rows, calendars first; raises InputError naming the file that cannot be read."""
        found = find_files(self.paths)
        self.skipped = found.skipped
        manner = manner_of_reading(self.settings, self.kind)
        prints = {path: fingerprint(path, manner) for path in found.files}
        fresh = [path for path in found.files if self.seen.get(whole_path(path)) != prints[path]]
        headers = {path: column_names(path) for path in fresh}
        plans = [plan_file(path, names, self.settings, self.kind) for path, names in headers.items()]
        self.remarks = [*unused_names(self.settings, headers), *passed_over(len(found.files), len(fresh))]
        for done, plan in enumerate(sorted(plans, key=lambda plan: plan.kind.table is not CALENDAR)):
            on_progress(f"reading {plan.path.name}", done / len(plans))
            yield piece_of(plan, headers[plan.path], self.settings, self.remarks)
            self.fingerprints[whole_path(plan.path)] = prints[plan.path]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided on reading, and how many files were passed over."""
        return tuple(self.remarks)

    def landed(self) -> None:
        """Nothing is kept: the files are still there."""

    def remembered(self) -> pl.DataFrame:
        """The files as rows of the sources table, so that an update reads only what is new."""
        paths = tuple(whole_path(path) for path in self.paths)
        prints, asked = self.fingerprints, Request(NAME, paths, self.kind).to_json()
        return pl.DataFrame(
            {
                "source": [NAME] * len(prints),
                "origin": list(prints),
                "arguments": [asked] * len(prints),
                "fingerprint": list(prints.values()),
                "until": [None] * len(prints),
                "sequence": [None] * len(prints),
            },
            schema=SOURCES.columns,
        )


def piece_of(plan: Plan, names: Sequence[str], settings: DataSettings, remarks: list[str]) -> Piece:
    """One file's rows; what is remarked on in converting them goes to `remarks`. Raises InputError if unreadable."""
    raw = read_columns(plan.path, plan.columns)
    if settings.codes == "numbers" and "code" in plan.columns:
        raw = replace(raw, frame=raw.frame.with_columns(with_zeros(raw.frame["code"])))
    plan, source = decided(plan, raw), whole_path(plan.path)
    if plan.kind.table is CALENDAR and IS_OPEN in raw.frame.columns:
        raw = of_open_days(raw, remarks, source)
    return Piece(
        kind=plan.kind.name,
        frame=with_shares(raw.frame, settings, source),
        origin=source,
        convert=partial(converted, plan=plan, settings=settings, remarks=remarks),
        places=raw.places,
        ends=settings.interval_ends,
        taxonomy=plan.taxonomy,
        blank=raw.blank,
        ignored=tuple(name for name in names if name not in plan.columns.values()),
    )


def of_open_days(raw: RawFile, remarks: list[str], source: str) -> RawFile:
    """A calendar without the days that it calls closed."""
    closed = (~read_flags(tidied(raw.frame.select(IS_OPEN))[IS_OPEN])).fill_null(value=False)
    if closed.any():
        remarks.append(f"{source}: {closed.sum():,} days that are not open were left out")
    return replace(raw, frame=raw.frame.filter(~closed).drop(IS_OPEN), index=raw.index.filter(~closed))


def converted(rows: pl.DataFrame, plan: Plan, settings: DataSettings, remarks: list[str]) -> pl.DataFrame:
    """Typed rows in our units; raises InputError where what bars mean is neither said nor evident."""
    source = whole_path(plan.path)
    if plan.kind.table is BARS:
        ask_where_unclear(rows, settings, plan.columns, source)
        remarks += [f"{source}: {note}" for note in taken_as_adjusted(rows)]
    elif plan.kind.table is INDEX_BARS:
        ask_about_names(settings, plan.columns, source)
    return in_our_units(rows, settings, source)


def whole_path(path: str | Path) -> str:
    """A file's name wherever one stands: the quarantine and the sources know a file by it."""
    return os.path.abspath(path)  # noqa: PTH100 (links keep their own names, dots go)


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


def passed_over(found: int, fresh: int) -> list[str]:
    """A sentence on the files that have not changed since they were ingested."""
    return (
        [f"{found - fresh} of {found} files are as they were and were passed over"] if fresh < found else []
    )


def unused_names(settings: DataSettings, headers: Mapping[Path, Sequence[str]]) -> list[str]:
    """Declared column names that no file has: a slip of the pen would otherwise be a column of nulls."""
    there = {name for names in headers.values() for name in names}
    return [
        f"[data.columns] {ours} = {theirs!r}: no file has this column"
        for ours, theirs in settings.columns.items()
        if headers and theirs not in there
    ]


def manner_of_reading(settings: DataSettings, kind: str | None) -> str:
    """What decides, beside its content, what a file is read as."""
    parts = (
        settings.columns,
        settings.units,
        settings.codes,
        settings.taxonomy,
        settings.interval_ends,
        kind,
    )
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def fingerprint(path: Path, manner: str) -> str:
    """A digest of a file's content and of how it is read."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
    digest.update(manner.encode())
    return digest.hexdigest()
