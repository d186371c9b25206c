"""Commands about the store itself: store log, store compact, store pin, and sql."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.answers import answer, line
from gangru.cli.options import Directory, Json, Study, workspace_of

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from gangru.market.store_log import Commit, Compaction

LOG_EXAMPLES = "Examples:  gangru store log   ·   gangru store log bars --limit 5"
COMPACT_EXAMPLES = "Examples:  gangru store compact   ·   gangru store compact --drop-older-than 90"
PIN_EXAMPLES = """Examples:

  gangru store pin                                      show the pins

  gangru store pin --from-run                           stay on what the study was trained on

  gangru store pin --latest --study may                 stay on what the store holds now

  gangru store pin --release
"""
SQL_EXAMPLES = """Examples:

  gangru sql "select date, count(*) from bars group by date order by date desc limit 5"

  gangru sql "select * from st where code = '600519.SH'" --csv st.csv

  gangru sql "select code, date, close from bars where date >= '2024-01-01'" --parquet bars.parquet
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    group.command("log", epilog=LOG_EXAMPLES)(log)
    group.command("compact", epilog=COMPACT_EXAMPLES)(compact)
    group.command("pin", epilog=PIN_EXAMPLES)(pin)
    app.add_typer(
        group, name="store", help="The store's versions: what came when, which ones a study stands on."
    )
    app.command("sql", epilog=SQL_EXAMPLES)(sql)


def log(
    table: Annotated[str | None, typer.Argument(metavar="[TABLE]", help="One table; default all.")] = None,
    directory: Directory = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List the store's versions: when each came, by what command, and its rows: + new, ~ changed, - removed."""
    from gangru.market.schema import TABLES
    from gangru.market.store_log import commits

    if table is not None and table not in TABLES:
        raise typer.BadParameter(f"{table!r}: expected one of {', '.join(TABLES)}", param_hint="TABLE")
    found = commits(workspace_of(directory).store.unpinned(), [table] if table else (), limit)
    answer({"commits": [asdict(one) for one in found]}, lambda: print_commits(found), as_json=as_json)


def print_commits(found: "Sequence[Commit]") -> None:
    """Commits, one a line."""
    from rich.markup import escape
    from rich.table import Table

    from gangru.cli.screen import out

    if not found:
        out.print("nothing has been written here yet")
        return
    shown = Table(box=None, pad_edge=False)
    for name in ("time", "table", "version", "write", "rows"):
        shown.add_column(name, justify="right" if name == "version" else "left", no_wrap=True)
    shown.add_column("by", overflow="fold")
    for commit in found:
        time = f"{commit.time.astimezone():%Y-%m-%d %H:%M:%S}"
        told = (time, commit.table, str(commit.version), commit.operation, rows_note(commit), commit.command)
        shown.add_row(*(escape(part) for part in told))
    print_wide(shown, 300)


def rows_note(commit: "Commit") -> str:
    """What a commit did to the rows: + new, ~ changed, - removed."""
    change = commit.change
    counts = () if change is None else (("+", change.new), ("~", change.changed), ("-", change.removed))
    return " ".join(f"{sign}{count:,}" for sign, count in counts if count)


def print_wide(table: "Table", width: int) -> None:
    """A table in the terminal's width, or in its own where the output goes to a file or a pipe."""
    from gangru.cli.screen import Screen, out

    (out if out.is_terminal else Screen(file=out.file, highlight=False, width=width)).print(table)


def compact(
    directory: Directory = None,
    drop_older_than: Annotated[
        int | None,
        typer.Option(
            "--drop-older-than",
            metavar="DAYS",
            min=1,
            help="Also delete for good what only versions older than this need; those that a study of this workspace "
            "was trained on or is pinned to stay.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Merge small files, so that reading is fast; every version stays unless told otherwise."""
    from datetime import timedelta

    from gangru.cli.screen import share_progress
    from gangru.market.store_log import compact as compact_store
    from gangru.study.pins import versions_in_use

    workspace = workspace_of(directory)
    kept = versions_in_use(workspace.root)
    age = None if drop_older_than is None else timedelta(days=drop_older_than)
    with share_progress("compacting") as on_table:
        done = compact_store(workspace.store.unpinned(), kept, age, on_table)
    answer({"tables": [asdict(one) for one in done]}, lambda: print_compaction(done), as_json=as_json)


def print_compaction(done: "Sequence[Compaction]") -> None:
    """What was merged and deleted of each table."""
    from gangru.cli.screen import out

    for one in done:
        if one.files_before != one.files_after or one.deleted:
            line = f"{one.table}: {one.files_before:,} files are {one.files_after:,}"
            out.print(line + (f", {one.deleted:,} old ones deleted" if one.deleted else ""))
    if all(one.files_before == one.files_after and not one.deleted for one in done):
        out.print("nothing to merge")


def pin(
    directory: Directory = None,
    study: Study = "main",
    latest: Annotated[bool, typer.Option("--latest", help="At the store's present versions.")] = False,
    from_run: Annotated[
        bool, typer.Option("--from-run", help="At the versions that the study's runs were trained on.")
    ] = False,
    release: Annotated[bool, typer.Option("--release", help="Follow the store again.")] = False,
    as_json: Json = False,
) -> None:
    """Hold a study to versions of the store, so that it can be run again after the data moved on."""
    from gangru.study.pins import latest_pins, run_pins, write_pins

    if latest + from_run + release > 1:
        raise typer.BadParameter("choose one of --latest, --from-run and --release")
    workspace = workspace_of(directory, study)
    if not (latest or from_run or release):
        pins = workspace.settings.data.pins
        lines = [f"{name} {version}" for name, version in pins.items()]
        answer({"pins": dict(pins)}, line("\n".join(lines) or "not pinned"), as_json=as_json)
        return
    pins = {} if release else latest_pins(workspace) if latest else run_pins(workspace)
    path = write_pins(workspace.root, study, pins)
    answer({"pins": dict(pins), "written": path}, line(f"wrote {path}"), as_json=as_json)


def sql(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="One statement that reads.")],
    directory: Directory = None,
    study: Study = "main",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Rows to print.")] = 40,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all rows as CSV instead.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="FILE", help="Write all rows as Parquet instead.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the store's tables: bars, securities, industry, members, index_bars, st, suspensions and the others.

    By DuckDB where it is installed, else by Polars' SQL. A study's pins count. Nothing can be changed by it.
    """
    from gangru.market.sql import limited, query, write_answer

    if csv is not None and parquet is not None:
        raise typer.BadParameter("choose one of --csv and --parquet")
    rows = query(workspace_of(directory, study).store, text)
    target = csv or parquet
    if target is not None:
        count = write_answer(rows, target, "csv" if csv is not None else "parquet")
        told = line(f"wrote {target}: {count:,} rows")
        answer({"written": target, "rows": count}, told, as_json=as_json)
        return
    first, left_out = limited(rows, limit)
    document = {"columns": first.columns, "rows": first.rows() if as_json else [], "left_out": left_out}
    answer(document, lambda: print_rows(first, left_out), as_json=as_json)


def print_rows(rows: "pl.DataFrame", left_out: int) -> None:
    """Rows as a table of as many columns as the terminal holds, and what does not stand in it."""
    from rich.cells import cell_len
    from rich.table import Table

    from gangru.cli.screen import out

    cells = {name: [cell(value) for value in rows[name]] for name in rows.columns}
    widths = {
        name: max([len(name), *(cell_len(value) for value in column)]) for name, column in cells.items()
    }
    shown = fitting(widths, out.width if out.is_terminal else None)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in shown:
        table.add_column(name, justify="right" if rows[name].dtype.is_numeric() else "left", overflow="fold")
    for place in range(len(rows)):
        table.add_row(*(cells[name][place] for name in shown))
    print_wide(table, sum(widths.values()) + 2 * len(widths))
    hidden = [name for name in rows.columns if name not in shown]
    if hidden:
        out.print(f"columns left out: {', '.join(hidden)}", soft_wrap=True, markup=False)
    if left_out:
        out.print(
            f"rows left out: {left_out:,}; --limit {len(rows) + left_out} prints them, --csv or --parquet writes them"
        )
    elif rows.is_empty():
        out.print("no rows")


def cell(value: object) -> str:
    """A value as printed; null is blank."""
    from rich.markup import escape

    from gangru.cli.screen import printable

    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    return escape(printable(str(value)))


def fitting(widths: dict[str, int], width: int | None) -> list[str]:
    """The first columns that stand side by side in so many characters, one at least; None is no bound."""
    shown: list[str] = []
    used = 0
    for name, needed in widths.items():
        used += needed + 2
        if shown and width is not None and used > width:
            break
        shown.append(name)
    return shown
