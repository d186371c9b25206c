"""Sources of a workspace: opened by name, taken into its store, and asked again for what is new."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from gangru.errors import GangruError, InputError
from gangru.market.codes import canonical_codes
from gangru.market.ingest import IngestReport, ingest_source
from gangru.market.schema import BARS, INDEX_BARS, QUARANTINE, SOURCES
from gangru.market.sources.files import FilesSource, whole_path
from gangru.market.sources.protocol import OnProgress, Source
from gangru.market.sources.qlib import QlibSource
from gangru.market.sources.request import VENDORS, Request
from gangru.market.sources.vendors.asked import Asked, days_asked, now_in_shanghai, settled_day
from gangru.market.sources.vendors.vendor import Vendor
from gangru.market.store import Store
from gangru.study.workspace import Workspace

OVERLAP = timedelta(days=10)  # asked of a vendor again by an update: late corrections come in it
FETCHED = ".fetched"  # in the workspace


@dataclass(frozen=True)
class Updated:
    """What an update of one source came to: its report, or why there is none."""

    request: Request
    report: IngestReport | None = None
    error: GangruError | None = None


def take_in(workspace: Workspace, request: Request, on_progress: OnProgress | None = None) -> IngestReport:
    """Take what is asked for into the workspace's store."""
    if request.source == "simulate":
        from gangru.study.simulated import FOLDER, simulate_market

        refuse_to_mix(workspace)
        simulate_market(workspace)
        request = Request("files", (str(workspace.root / FOLDER),))
    return taken(workspace, request, open_source(workspace, request), on_progress)


def refuse_to_mix(workspace: Workspace) -> None:
    """Raise InputError where the store holds bars that are not of the simulated market now asked for."""
    from gangru.study.simulated import FOLDER

    store = workspace.store.unpinned()
    if store.scan(BARS.name).head(1).collect().is_empty():
        return
    facts = workspace.root / FOLDER / "simulate.json"
    folder = whole_path(facts.parent)
    origins = store.read(SOURCES.name)["origin"]
    foreign = [origin for origin in origins if not Path(origin).is_relative_to(folder)]
    made = json.loads(facts.read_text("utf-8")).get("settings") if facts.exists() else None
    if foreign or made != asdict(workspace.settings.simulate):
        raise InputError(
            "the store holds other bars, and simulated ones would be mixed with them: simulate in a workspace of its "
            "own (gangru init DIR --simulate)"
        )


def taken(
    workspace: Workspace, request: Request, source: Source, on_progress: OnProgress | None
) -> IngestReport:
    """Take a source in and remember what was asked of it, so that an update can ask for what is new."""
    store = workspace.store.unpinned()
    until = days_asked(source.asked, source.spool).last if isinstance(source, Vendor) else None
    report = ingest_source(source, store, on_progress)
    if isinstance(source, Vendor) and not source.whole:
        until = None  # leaves the older one, so that an update asks for the missing days too
    store.upsert(SOURCES, in_sequence(store, remembered(request, source, until), report))
    return report


def remembered(request: Request, source: Source, until: date | None) -> pl.DataFrame:
    """Rows of the sources table: every file that was read, or a vendor's request with the last day that it gave."""
    if isinstance(source, FilesSource):
        return source.remembered()
    asked, origin, digest = replace(request, since=None, until=None), "", None
    if isinstance(source, QlibSource):
        asked = replace(request, paths=(str(source.path.absolute()),))
        origin, digest = str(source.path.absolute()), source.fingerprint
    row = (request.source, origin or asked.to_json(), asked.to_json(), digest, until, None)
    return pl.DataFrame([row], schema=SOURCES.columns, orient="row")


def in_sequence(store: Store, rows: pl.DataFrame, report: IngestReport) -> pl.DataFrame:
    """Rows of the sources table as the last that came, where they changed anything; else in their old place."""
    known = store.read(SOURCES.name)
    last = known["sequence"].max()
    number = last + 1 if isinstance(last, int) else 1
    if report.changed:
        return rows.with_columns(sequence=pl.lit(number, dtype=pl.Int64))
    old = rows.select(SOURCES.key).join(known, on=SOURCES.key, how="left", maintain_order="left")
    return rows.with_columns(sequence=old["sequence"].fill_null(number))


def open_source(workspace: Workspace, request: Request) -> Source:
    """The source that a request names; raises InputError where it lacks what that source needs."""
    settings = workspace.settings.data
    match request.source:
        case "files" | "simulate":
            if not request.paths:
                raise InputError("name the files or folders to ingest, as in: gangru ingest bars.csv facts/")
            return FilesSource(request.paths, settings, request.kind)
        case "qlib":
            return QlibSource(one_path(request), settings, request.span)
        case "tushare":
            from gangru.market.sources.vendors import tushare

            return tushare.open_source(asked_of(request), fetched_to(workspace, request))
        case "baostock":
            from gangru.market.sources.vendors import baostock

            return baostock.open_source(asked_of(request), fetched_to(workspace, request))
        case "akshare":
            from gangru.market.sources.vendors import akshare

            return akshare.open_source(asked_of(request), fetched_to(workspace, request))


def asked_of(request: Request) -> Asked:
    """A request as a vendor is asked it; raises InputError for a code that cannot be spelled."""
    codes = canonical_codes(pl.Series(request.codes, dtype=pl.String))
    if codes.null_count():
        wrong = ", ".join(code for code, spelled in zip(request.codes, codes, strict=True) if spelled is None)
        raise InputError(f"--codes {wrong}: expected codes as 600519.SH or 000001.SZ")
    return Asked(request.tables or None, request.span, tuple(codes) or None)


def fetched_to(workspace: Workspace, request: Request) -> Path:
    """Where a vendor's answers wait until they are in the store: one folder for each request with its days.

    The last day is left out while it cannot be had yet, so an update taken up again on another day is the same one.
    """
    named = asked_of(request).named(settled_day(now_in_shanghai()))
    return workspace.root / FETCHED / request.source / hashlib.sha256(named.encode()).hexdigest()[:16]


def one_path(request: Request) -> Path:
    """The directory of a source that lies in one."""
    if len(request.paths) != 1:
        raise InputError(f"gangru ingest {request.source} takes one directory, not {len(request.paths)}")
    return Path(request.paths[0])


def update(
    workspace: Workspace, on_progress: OnProgress | None = None, today: date | None = None
) -> list[Updated]:
    """Ask every source that was ever ingested again, for what is new; what came of each, in the order they came.

    Files are read where they are new or differ from what was read; vendors are asked for the days since some days
    before the last one there. A source that fails leaves the others to go on. Raises InputError where nothing was ever
    ingested.
    """
    store = workspace.store.unpinned()
    known = store.read(SOURCES.name)
    if known.is_empty():
        raise InputError("nothing has been ingested here yet: run `gangru ingest SOURCE` once, then update")
    done = []
    for request in requests_of(known):
        try:
            source = again(workspace, request, known, today or date.today())
            done.append(Updated(request, taken(workspace, request, source, on_progress)))
        except GangruError as error:
            done.append(Updated(request, error=error))
    return done


def forget(workspace: Workspace, text: str) -> int:
    """Let updates pass over the sources whose origin or request contains `text`; how many are forgotten.

    What they brought stays in the store.
    """

    def others(known: pl.DataFrame) -> pl.DataFrame:
        mine = pl.col("origin").str.contains(text, literal=True) | pl.col("arguments").str.contains(
            text, literal=True
        )
        return known.filter(~mine)

    return workspace.store.unpinned().revise(SOURCES, others).removed


def requests_of(known: pl.DataFrame) -> Sequence[Request]:
    """Every distinct request in the sources table, in the order in which they came: the later one wins."""
    last = (
        known.group_by("arguments").agg(pl.col("sequence").max().fill_null(0)).sort("sequence", "arguments")
    )
    return [Request.from_json(text) for text in last["arguments"]]


def again(workspace: Workspace, request: Request, known: pl.DataFrame, today: date) -> Source:
    """The source of a request, set to what is new."""
    mine = known.filter(pl.col("source") == request.source)
    if request.source == "files":
        asked = mine.filter(pl.col("arguments") == request.to_json())
        late = files_with_late_days(workspace.store.unpinned())
        seen = {
            name: mark for name, mark in asked.select("origin", "fingerprint").iter_rows() if name not in late
        }
        return FilesSource(request.paths, workspace.settings.data, request.kind, seen)
    if request.source == "qlib":
        path = one_path(request)
        prints = dict(mine.select("origin", "fingerprint").iter_rows())
        return QlibSource(path, workspace.settings.data, request.span, prints.get(str(path)))
    if request.source in VENDORS:
        last = mine.filter(pl.col("origin") == request.to_json())["until"].max()
        if isinstance(last, date):
            request = replace(request, since=last - OVERLAP, until=today)
    return open_source(workspace, request)


def files_with_late_days(store: Store) -> frozenset[str]:
    """The files some of whose rows are out for a date that the calendar did not have: it may have it by now."""
    rows = store.read(QUARANTINE.name)
    out = rows.filter(
        pl.col("reason").str.starts_with("no trading day") & ~pl.col("released").fill_null(value=False)
    )
    return frozenset(out["file"])


def last_days(workspace: Workspace) -> dict[str, date | None]:
    """The last day in the bars and in the index bars, None where there are none."""
    store = workspace.store.unpinned()
    found = {}
    for table in (BARS, INDEX_BARS):
        day = store.scan(table.name).select(pl.col("date").max()).collect().item()
        found[table.name] = day
    return found
