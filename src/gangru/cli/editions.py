"""The command that lists the issued editions and proves that they are as they were issued."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.options import Directory, Json, Study, workspace_of

if TYPE_CHECKING:
    from gangru.study.editions.listing import Line
    from gangru.study.editions.verifying import Fault

EXAMPLES = """Examples:

  gangru editions                     what was issued, and what is computed now

  gangru editions --verify            every file hashed again; exit 1 where one was changed

  gangru editions --study gru --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("editions", epilog=EXAMPLES)(editions)


def editions(
    directory: Directory = None,
    study: Study = "main",
    check: Annotated[
        bool,
        typer.Option("--verify", help="Hash every file again; name those that changed, and exit with 1."),
    ] = False,
    as_json: Json = False,
) -> None:
    """List the editions that were issued: month, revision, when, hash, rank IC as issued and now, difference.

    Now is what runs/STUDY/evaluation.json says: the last `gangru run` or `gangru evaluate`. Kept in
    reports/STUDY/issued/.
    """
    from gangru.cli.screen import print_warnings
    from gangru.study.editions.archive import issued_editions
    from gangru.study.editions.listing import lines, outdated_evaluation
    from gangru.study.editions.verifying import verify

    workspace = workspace_of(directory, study)
    checked, faults = verify(workspace.reports) if check else (0, [])
    if faults:
        print_faults(faults, as_json=as_json)
        raise typer.Exit(1)
    found = lines(issued_editions(workspace.reports), workspace.evaluation_path)
    stale = outdated_evaluation(workspace.evaluation_path, workspace.factor_path)
    print_warnings([stale] if stale and found else [])
    if as_json:
        print_json(found, checked if check else None, [])
        return
    print_lines(found, workspace.reports)
    if check:
        typer.echo(f"{checked} files of {len(found)} editions are as they were issued")


def print_faults(faults: "list[Fault]", *, as_json: bool) -> None:
    """The files that are not as they were issued."""
    from gangru.cli.screen import printable

    if as_json:
        print_json([], None, faults)
        return
    for fault in faults:
        typer.echo(printable(fault.sentence()), err=True)


def print_json(found: "list[Line]", checked: int | None, faults: "list[Fault]") -> None:
    """One object: the editions, how many files were hashed (null: none), and the faults."""
    import json
    from dataclasses import asdict

    document = {
        "schema_version": 1,
        "editions": [asdict(line) | {"difference": line.difference} for line in found],
        "verified_files": checked,
        "faults": [{"path": str(fault.path), "what": fault.what} for fault in faults],
    }
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))


def print_lines(found: "list[Line]", reports: Path) -> None:
    """The editions as a table."""
    from rich.markup import escape
    from rich.table import Table

    from gangru.cli.screen import out
    from gangru.cli.store import print_wide

    if not found:
        where = f"no edition has been issued in {reports}: `gangru report` issues one"
        out.print(where, markup=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False)
    for name in ("month", "revision", "issued at (UTC)", "hash"):
        table.add_column(name, no_wrap=True)
    for name in ("rank IC as issued", "now", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for line in found:
        table.add_row(
            line.month,
            str(line.revision),
            line.issued_at.replace("T", " ").removesuffix("Z"),
            line.figures_sha256[:12],
            percentage(line.rank_ic),
            percentage(line.rank_ic_now),
            percentage(line.difference, "+"),
            escape(line.reason or ""),
        )
    print_wide(table, 200)


def percentage(rate: float | None, sign: str = "") -> str:
    """A fraction as a percentage; a difference has its sign, and none has none."""
    if rate is None:
        return "–"
    shown = f"{rate:{sign}.2%}"
    return shown if any(digit in shown for digit in "123456789") else "0.00%"
