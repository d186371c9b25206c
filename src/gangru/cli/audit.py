"""The command `gangru audit`: the proof against leaks, as a table or as JSON."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.options import Directory, Study, workspace_of

if TYPE_CHECKING:
    from gangru.study.audit.result import AuditReport, Check

COLOURS = {"holds": "green", "LEAK": "bold red", "not checked": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "audit",
        epilog="Examples:  gangru audit   ·   gangru audit --dates 5 --seed 1   ·   gangru audit --json > audit.json",
    )(audit)


def audit(
    directory: Directory = None,
    study: Study = "main",
    dates: Annotated[
        int,
        typer.Option("--dates", min=0, metavar="N", help="Random days beside those of the last training."),
    ] = 2,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the days and of every noise.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")
    ] = False,
) -> None:
    """Prove that no stage sees the future; exit 1 where one does.

    For some days everything after the day is replaced by noise, in every table, and all that is dated up to the day
    must stay the same bytes: features, windows, training inputs, weights, predictions, factor and universe. Labels
    shuffled within their dates must give an IC of chance. No label of a training may end after it or meet one that
    validates.

    Nothing of the workspace is written; trainings are short ones in a temporary directory, and no run has to be there.
    """
    from gangru.cli.screen import err, share_progress
    from gangru.study.audit.audit import audit as audit_study
    from gangru.study.audit.result import document

    workspace = workspace_of(directory, study)
    with share_progress("auditing") as on_progress:
        report = audit_study(workspace, dates, seed, on_progress)
    if as_json:
        typer.echo(json.dumps(document(report), ensure_ascii=False))
    else:
        print_report(report)
    if report.leaks:
        names = ", ".join(dict.fromkeys(check.name for check in report.leaks))
        err.print(f"{len(report.leaks)} comparisons show a leak: {names}", soft_wrap=True, markup=False)
        raise typer.Exit(1)


def print_report(report: "AuditReport") -> None:
    """A table for each thing that was scrambled, and a line of totals."""
    from itertools import groupby

    from rich.table import Table

    from gangru.cli.screen import out

    out.print(f"{report.study}: audit of the training {report.fold}", soft_wrap=True, markup=False)
    for what, checks in groupby(report.checks, lambda check: scrambled_in(check, report)):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for name in ("check", "compared", "bytes", "verdict"):
            table.add_column(
                name, justify="right" if name in ("compared", "bytes") else "left", overflow="fold"
            )
        for check in checks:
            table.add_row(*cells(check))
        out.print()
        out.print(f"scrambled: {what}", soft_wrap=True, markup=False)
        out.print(table)
    out.print()
    held = sum(check.verdict == "holds" for check in report.checks)
    out.print(
        f"{len(report.checks)} comparisons of {report.size:,} bytes: {held} hold, {len(report.leaks)} leak, "
        f"{len(report.checks) - held - len(report.leaks)} could not be made"
    )


def scrambled_in(check: "Check", report: "AuditReport") -> str:
    """What was scrambled for a comparison, as the line above its table says it."""
    if check.day is None:
        return check.scrambled
    by_table = report.scrambled.get(str(check.day), {})
    counts = ", ".join(f"{table} {count:,}" for table, count in by_table.items())
    return f"all after {check.day.isoformat()}, {check.rows:,} rows ({counts})"


def cells(check: "Check") -> tuple[str, ...]:
    """A comparison as a row of the table."""
    from rich.markup import escape

    state = f"[{COLOURS[check.verdict]}]{check.verdict}[/]"
    verdict = f"{state}: {escape(check.finding)}" if check.finding else state
    return check.name, f"{check.compared:,} {check.unit}", f"{check.size:,}", verdict
