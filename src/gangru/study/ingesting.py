"""Sources of a workspace: opened by name, taken into its store, and asked again for what is new."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from gangru.errors import InputError
from gangru.market.codes import canonical_codes
from gangru.market.ingest import IngestReport, ingest_source
from gangru.market.schema import BARS, INDEX_BARS, SOURCES
from gangru.market.sources.files import FilesSource
from gangru.market.sources.protocol import OnProgress, Source
from gangru.market.sources.qlib import QlibSource
from gangru.market.sources.request import VENDORS, Request
from gangru.market.sources.vendors.asked import Asked, days_asked
from gangru.market.sources.vendors.vendor import Vendor
from gangru.study.workspace import Workspace

OVERLAP = timedelta(days=10)  # asked of a vendor again by an update: late corrections come in it
FETCHED = ".fetched"  # in the workspace


def take_in(workspace: Workspace, request: Request, on_progress: OnProgress | None = None) -> IngestReport:
    """Take what is asked for into the workspace's store."""
    if request.source == "simulate":
        from gangru.study.simulated import FOLDER, simulate_market  # brings torch with it

        simulate_market(workspace)
        request = Request("files", (str(workspace.root / FOLDER),))
    return taken(workspace, request, open_source(workspace, request), on_progress)


def taken(
    workspace: Workspace, request: Request, source: Source, on_progress: OnProgress | None
) -> IngestReport:
    """Take a source in and remember what was asked of it, so that an update can ask for what is new."""
    store = workspace.store.unpinned()
    until = days_asked(source.asked, source.spool).last if isinstance(source, Vendor) else None
    report = ingest_source(source, store, on_progress)
    store.upsert(SOURCES, remembered(request, source, until))
    return report


def remembered(request: Request, source: Source, until: date | None) -> pl.DataFrame:
    """Rows of the sources table: every file that was read, or a vendor's request with the last day that it gave."""
    if isinstance(source, FilesSource):
        return source.remembered()
    asked, origin, digest = replace(request, since=None, until=None), "", None
    if isinstance(source, QlibSource):
        asked = replace(request, paths=(str(source.path.absolute()),))
        origin, digest = str(source.path.absolute()), source.fingerprint
    row = (request.source, origin or asked.to_json(), asked.to_json(), digest, until)
    return pl.DataFrame([row], schema=SOURCES.columns, orient="row")


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
    """Where a vendor's answers wait until they are in the store."""
    return workspace.root / FETCHED / request.source


def one_path(request: Request) -> Path:
    """The directory of a source that lies in one."""
    if len(request.paths) != 1:
        raise InputError(f"gangru ingest {request.source} takes one directory, not {len(request.paths)}")
    return Path(request.paths[0])


def update(
    workspace: Workspace, on_progress: OnProgress | None = None, today: date | None = None
) -> list[tuple[Request, IngestReport]]:
    """Ask every source that was ever ingested again, for what is new; what came of each, in order.

    Files are read where they are new or differ from what was read; vendors are asked for the days since some days
    before the last one there. Raises InputError where nothing was ever ingested.
    """
    store = workspace.store.unpinned()
    known = store.read(SOURCES.name)
    if known.is_empty():
        raise InputError("nothing has been ingested here yet: run `gangru ingest SOURCE` once, then update")
    done = []
    for request in requests_of(known):
        source = again(workspace, request, known, today or date.today())
        done.append((request, taken(workspace, request, source, on_progress)))
    return done


def requests_of(known: pl.DataFrame) -> Sequence[Request]:
    """Every distinct request in the sources table, in a fixed order."""
    texts = known["arguments"].unique().sort().to_list()
    return [Request.from_json(text) for text in texts]


def again(workspace: Workspace, request: Request, known: pl.DataFrame, today: date) -> Source:
    """The source of a request, set to what is new."""
    mine = known.filter(pl.col("source") == request.source)
    if request.source == "files":
        seen = dict(mine.select("origin", "fingerprint").iter_rows())
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


def last_days(workspace: Workspace) -> dict[str, date | None]:
    """The last day in the bars and in the index bars, None where there are none."""
    store = workspace.store.unpinned()
    found = {}
    for table in (BARS, INDEX_BARS):
        day = store.scan(table.name).select(pl.col("date").max()).collect().item()
        found[table.name] = day
    return found
