"""Commands that bring data in: ingest and update."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.options import Directory, workspace_of

if TYPE_CHECKING:
    from gangru.market.ingest import IngestReport
    from gangru.market.sources.request import Request
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
        str | None, typer.Option("--since", metavar="DAY", help="First day to ask a vendor for.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DAY", help="Last day to ask a vendor for; default today."),
    ] = None,
    tables: Annotated[
        str | None,
        typer.Option("--tables", metavar="A,B", help="Which tables to ask a vendor for; default all."),
    ] = None,
    codes: Annotated[
        str | None,
        typer.Option("--codes", metavar="A,B", help="Which stocks to ask a vendor for; default all."),
    ] = None,
) -> None:
    """Take a source into the store: bars, securities, industries, index bars and members, facts, calendar.

    Faulty rows go to the store's quarantine with file, row, column, value and reason; valid rows are kept. A file or
    a call that cannot be read at all leaves the store as it was. The same data again change nothing. A fetch that was
    stopped goes on where it stopped.
    """
    from gangru.market.sources.request import SOURCE_NAMES, Request

    named = what[0] in SOURCE_NAMES
    request = Request(
        source=what[0] if named else "files",  # type: ignore[arg-type]
        paths=tuple(what[1:] if named else what),
        kind=kind,
        tables=listed(tables),
        codes=listed(codes),
        since=day_of("--since", since),
        until=day_of("--until", until),
    )
    print_ingest(take_in_with_progress(workspace_of(directory), request))


def update(directory: Directory = None) -> None:
    """Bring the store up to date: every source that was ingested is asked for what is new."""
    from gangru.cli.screen import out, share_progress
    from gangru.study.ingesting import last_days
    from gangru.study.ingesting import update as update_all

    workspace = workspace_of(directory)
    before = last_days(workspace)
    with share_progress("updating") as on_progress:
        done = update_all(workspace, on_progress)
    for request, report in done:
        out.print(f"{request.source} {' '.join(request.paths)}".rstrip(), soft_wrap=True, markup=False)
        print_ingest(report)
    for name, day in last_days(workspace).items():
        if day is not None:
            out.print(
                f"{name}: last day {day}"
                + (f", was {before[name]}" if day != before[name] else ", as before")
            )


def listed(text: str | None) -> tuple[str, ...]:
    """The parts of a list with commas."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def day_of(option: str, text: str | None) -> date | None:
    """A day from the command line."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r}: expected a day as 2020-01-31", param_hint=option) from None


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
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for name in ("table", "files", "rows", "new", "changed", "unchanged", "merged", "quarantined"):
            table.add_column(name, justify="left" if name == "table" else "right")
        for name, part in report.tables.items():
            change = part.change
            counts = (
                len(part.files),
                part.rows_read,
                change.new,
                change.changed,
                change.unchanged,
                part.merged,
                part.quarantined,
            )
            table.add_row(name, *(f"{count:,}" for count in counts))
        out.print(table)
    if not report.changed:
        out.print("nothing in the store has changed")
    if report.unknown_codes:
        out.print(f"{len(report.unknown_codes):,} codes have bars but stand in no list of securities: kept")
    for note in report.notes:
        out.print(note, soft_wrap=True, markup=False)
    for name, columns in report.ignored.items():
        out.print(f"{name}: columns of no use here: {', '.join(columns)}", soft_wrap=True, markup=False)
    for path in report.skipped:
        out.print(f"skipped {path}", soft_wrap=True, markup=False)
