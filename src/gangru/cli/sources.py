"""Commands that bring data in: ingest and update."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.answers import answer, line
from gangru.cli.options import Directory, Json, day_of, listed, workspace_of
from gangru.errors import InputError

if TYPE_CHECKING:
    from gangru.market.ingest import IngestReport
    from gangru.market.sources.request import Request
    from gangru.study.ingesting import Updated
    from gangru.study.workspace import Workspace

EXAMPLES = """Examples:

  gangru ingest ~/data/ashare                           files and folders of CSV and Parquet

  gangru ingest files bars.csv --as bars -C mystudy

  gangru ingest qlib ~/.qlib/qlib_data/cn_data

  gangru ingest tushare --since 2018-01-01              token from $TUSHARE_TOKEN

  gangru ingest baostock --tables bars,calendar --codes 600519.SH,000001.SZ
"""
Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("ingest", epilog=EXAMPLES)(ingest)
    app.command("update", epilog="Examples:  gangru update   ·   gangru update -C mystudy")(update)


def ingest(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[SOURCE] [PATH…]",
            help="files (default), qlib, tushare, baostock, akshare or simulate; then the files, folders or patterns, "
            "or the qlib directory.",
        ),
    ],
    directory: Directory = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="KIND",
            help="Take all files as bars, securities, industry, index, members, names, st, suspensions, listings, "
            "code_changes or calendar.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="First day to ask a vendor or qlib for.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="DAY", help="Last day to ask a vendor or qlib for; default the last."
        ),
    ] = None,
    tables: Annotated[
        str | None,
        typer.Option("--tables", metavar="A,B", help="Which tables to ask a vendor for; default all."),
    ] = None,
    codes: Annotated[
        str | None,
        typer.Option("--codes", metavar="A,B", help="Which stocks to ask a vendor for; default all."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a source into the store: bars, securities, industries, index bars and members, facts, calendar.

    Faulty rows go to the store's quarantine with file, row, column, value and reason; valid rows are kept. A file or
    a call that cannot be read at all leaves the store as it was. The same data again change nothing. A fetch that was
    stopped goes on where it stopped.
    """
    from gangru.market.sources.request import SOURCE_NAMES, Request

    named = what[0] in SOURCE_NAMES
    source = what[0] if named else "files"
    given = {"--as": kind, "--since": since, "--until": until, "--tables": tables, "--codes": codes}
    demand_known(source, what[1:] if named else what, [name for name in given if given[name] is not None])
    request = Request(
        source=source,  # type: ignore[arg-type]
        paths=tuple(what[1:] if named else what),
        kind=kind,
        tables=listed(tables),
        codes=listed(codes),
        since=day_of("--since", since),
        until=day_of("--until", until),
    )
    report = take_in_with_progress(workspace_of(directory), request)
    answer({"ingested": asdict(report)}, lambda: print_ingest(report), as_json=as_json)


def update(
    directory: Directory = None,
    forgotten: Annotated[
        str | None,
        typer.Option(
            "--forget", metavar="TEXT", help="Forget sources whose path or name contains TEXT, and stop."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the store up to date: every source that was ingested is asked for what is new.

    A source that fails is told, and the others go on.
    """
    from gangru.cli.screen import share_progress
    from gangru.study.ingesting import forget, last_days
    from gangru.study.ingesting import update as update_all

    workspace = workspace_of(directory)
    if forgotten is not None:
        count = forget(workspace, forgotten)
        told = line(f"forgot {count:,}; what they brought stays in the store")
        answer({"forgotten": count}, told, as_json=as_json)
        return
    before = last_days(workspace)
    with share_progress("updating") as on_progress:
        done = update_all(workspace, on_progress)
    after = last_days(workspace)
    sources = [
        {
            "request": json.loads(one.request.to_json()),
            "ingested": None if one.report is None else asdict(one.report),
            "error": None if one.error is None else str(one.error),
        }
        for one in done
    ]
    document = {"sources": sources, "last_days": after, "last_days_before": before}
    answer(document, lambda: print_update(done, before, after), as_json=as_json)
    failed = [one.request.source for one in done if one.error is not None]
    if failed:
        raise InputError(
            f"{len(failed)} of {len(done)} sources failed; --forget PATH lets updates pass one over"
        )


def print_update(
    done: "Sequence[Updated]", before: Mapping[str, date | None], after: Mapping[str, date | None]
) -> None:
    """What came of each source, and how far the store reaches now."""
    from gangru.cli.screen import err, out

    for one in done:
        out.print(
            f"{one.request.source} {' '.join(one.request.paths)}".rstrip(), soft_wrap=True, markup=False
        )
        if one.report is not None:
            print_ingest(one.report)
        else:
            err.print(f"failed: {one.error}", soft_wrap=True, markup=False)
    for name, day in after.items():
        if day is not None:
            was = f", was {before[name]}" if day != before[name] else ", as before"
            out.print(f"{name}: last day {day}{was}")


def demand_known(source: str, paths: Sequence[str], options: Sequence[str]) -> None:
    """Raise typer.BadParameter where a source is given an option or a path that it would pass over in silence."""
    from gangru.market.sources.request import VENDORS

    dated = ("qlib", *VENDORS)
    takers = {"--as": ("files",), "--since": dated, "--until": dated, "--tables": VENDORS, "--codes": VENDORS}
    for option in options:
        if source not in takers[option]:
            raise typer.BadParameter(
                f"is for {', '.join(takers[option])}, not for {source}", param_hint=option
            )
    if paths and source in (*VENDORS, "simulate"):
        raise typer.BadParameter(f"{source} takes no path, such as {paths[0]!r}", param_hint="PATH")


def take_in_with_progress(workspace: "Workspace", request: "Request") -> "IngestReport":
    """Take in with a bar of progress."""
    from gangru.cli.screen import share_progress
    from gangru.study.ingesting import take_in

    with share_progress("ingesting") as on_progress:
        return take_in(workspace, request, on_progress)


def ingest_into(root: Path, paths: list[Path]) -> "IngestReport":
    """Ingest files into the store of the workspace at `root`, with progress."""
    from gangru.market.sources.request import Request

    request = Request("files", tuple(map(str, paths)))
    return take_in_with_progress(workspace_of(root), request)


def print_ingest(report: "IngestReport") -> None:
    """What came of an ingest, a table of the store a line."""
    from rich.table import Table

    from gangru.cli.screen import out

    if report.tables:
        columns = ["files", "rows", "new", "changed", "unchanged", "merged", "quarantined"]
        if any(part.change.removed for part in report.tables.values()):
            columns.insert(4, "removed")
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("table")
        for name in columns:
            table.add_column(name, justify="right")
        for name, part in report.tables.items():
            change = part.change
            counts = {
                "files": len(part.files),
                "rows": part.rows_read,
                "new": change.new,
                "changed": change.changed,
                "removed": change.removed,
                "unchanged": change.unchanged,
                "merged": part.merged,
                "quarantined": part.quarantined,
            }
            table.add_row(name, *(f"{counts[column]:,}" for column in columns))
        out.print(table)
    if not report.changed:
        refused = report.versions_before.get("quarantine") != report.versions_after.get("quarantine")
        out.print("nothing new but rows in quarantine" if refused else "nothing in the store has changed")
    if report.unknown_codes:
        out.print(f"{len(report.unknown_codes):,} codes have bars but stand in no list of securities: kept")
    for note in report.notes:
        out.print(note, soft_wrap=True, markup=False)
    for name, unused in report.ignored.items():
        out.print(f"{name}: columns of no use here: {', '.join(unused)}", soft_wrap=True, markup=False)
    for path in report.skipped:
        out.print(f"skipped {path}", soft_wrap=True, markup=False)
