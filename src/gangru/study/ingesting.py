"""Sources of a workspace: opened by name, taken into its store, and asked again for what is new."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from gangru.errors import InputError
from gangru.market.ingest import IngestReport, ingest_source
from gangru.market.schema import BARS, INDEX_BARS, SOURCES
from gangru.market.sources.files import FilesSource
from gangru.market.sources.protocol import OnProgress, Source
from gangru.market.sources.request import VENDORS, Request
from gangru.study.simulated import FOLDER, simulate_market
from gangru.study.workspace import Workspace

OVERLAP = timedelta(
    days=10
)  # an update asks a vendor again for so many days: late corrections come within them
SPOOL = ".fetched"  # in the workspace: a vendor's answers on their way into the store


def take_in(workspace: Workspace, request: Request, on_progress: OnProgress | None = None) -> IngestReport:
    """Take what is asked for into the workspace's store."""
    if request.source == "simulate":
        simulate_market(workspace)
        request = Request("files", (str(workspace.root / FOLDER),))
    return taken(workspace, request, open_source(workspace, request), on_progress)


def taken(
    workspace: Workspace, request: Request, source: Source, on_progress: OnProgress | None
) -> IngestReport:
    """Take a source in and remember what was asked of it, so that an update can ask for what is new."""
    store = workspace.store
    report = ingest_source(source, store, on_progress)
    store.upsert(SOURCES, remembered(workspace, request, source))
    return report


def remembered(workspace: Workspace, request: Request, source: Source) -> pl.DataFrame:
    """Rows of the sources table: every file that was read, or a vendor's or directory's request with its last day."""
    if isinstance(source, FilesSource):
        return source.remembered()
    asked = replace(request, since=None, until=None)
    day = last_days(workspace)[BARS.name]
    row = (request.source, asked.to_json(), asked.to_json(), None, day)
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
            from gangru.market.sources.qlib import QlibSource

            return QlibSource(one_path(request), settings, request.span)
        case "tushare":
            from gangru.market.sources.vendors.tushare import TushareSource

            return TushareSource(request, workspace.root / SPOOL / request.source)
        case "baostock":
            from gangru.market.sources.vendors.baostock import BaostockSource

            return BaostockSource(request, workspace.root / SPOOL / request.source)
        case "akshare":
            from gangru.market.sources.vendors.akshare import AkshareSource

            return AkshareSource(request, workspace.root / SPOOL / request.source)


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
    store = workspace.store
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
    if request.source in VENDORS:
        last = mine.filter(pl.col("origin") == request.to_json())["until"].max()
        if isinstance(last, date):
            request = replace(request, since=last - OVERLAP, until=today)
    return open_source(workspace, request)


def last_days(workspace: Workspace) -> dict[str, date | None]:
    """The last day in the bars and in the index bars, None where there are none."""
    store = workspace.store
    found = {}
    for table in (BARS, INDEX_BARS):
        day = store.scan(table.name).select(pl.col("date").max()).collect().item()
        found[table.name] = day
    return found
