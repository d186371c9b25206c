"""Commands on the data's quality: check, and quarantine with show and release."""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.answers import answer
from gangru.cli.options import Directory, Json, workspace_of

if TYPE_CHECKING:
    import polars as pl

    from gangru.market.check.check import CheckReport
    from gangru.market.check.findings import Finding
    from gangru.market.release import Released

COLOURS = {"error": "red", "warning": "yellow", "note": "blue", "ok": "green", "not checked": "dim"}
SHOWN_EXAMPLES = 3


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "check",
        epilog="Examples:  gangru check   ·   gangru check --html check.html   ·   gangru check --json > check.json",
    )(check)
    group = typer.Typer(
        help="List, show and release the rows that were refused.",
        epilog='Examples:  gangru quarantine   ·   gangru quarantine show --reason "below the day\'s low" --csv'
        '   ·   gangru quarantine release --file bars.csv --reason "lies outside"',
    )
    group.callback(invoke_without_command=True)(quarantine)
    group.command("show", epilog="Examples:  gangru quarantine show --code 600519.SH")(show)
    group.command("release", epilog="Examples:  gangru quarantine release --file bars.csv")(release)
    app.add_typer(group, name="quarantine")


Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Whose reason contains TEXT.")]
File = Annotated[str | None, typer.Option("--file", metavar="TEXT", help="Whose file or call contains TEXT.")]
Code = Annotated[
    str | None, typer.Option("--code", metavar="CODE", help="Of one stock, where its code could be read.")
]
Kind = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="Of one kind: bars, securities, members …")
]


class FailOn(StrEnum):
    """From which state on a finding makes the command fail."""

    error = "error"
    warning = "warning"


def check(
    directory: Directory = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one page with all findings.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="Write them as Markdown, without examples."),
    ] = None,
    as_json: Json = False,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="Move the bars that break an error rule to the quarantine.")
    ] = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on", metavar="STATE", help="Exit with 1 where an error, or a warning too, is found."
        ),
    ] = None,
) -> None:
    """Ask the store what is wrong or missing: a table of rules with counts, examples and what to do.

    It reports and changes nothing, unless told to move rows by --quarantine; `gangru quarantine release` lets them in
    again. Rules without the tables they need say so.
    """
    from gangru.cli.screen import share_progress
    from gangru.market.check.check import check as check_store

    workspace = workspace_of(directory)
    with share_progress("checking") as on_progress:
        report = check_store(workspace.store, on_progress)
    if html or markdown:
        write_reports(report, workspace.root, html, markdown)
    if as_json:
        from gangru.market.check.document import document

        typer.echo(json.dumps(document(report), ensure_ascii=False))
    else:
        print_report(report)
    if quarantine:
        from gangru.cli.screen import err
        from gangru.market.check.withdrawal import withdraw

        moved = withdraw(workspace.store, report).removed
        err.print(
            f"{moved:,} bars moved to the quarantine"
            if moved
            else "no bar breaks an error rule: nothing moved"
        )
    found = report.count("error") + (report.count("warning") if fail_on is FailOn.warning else 0)
    if fail_on is not None and found:
        raise typer.Exit(1)


def write_reports(report: "CheckReport", root: Path, html: Path | None, markdown: Path | None) -> None:
    """The page and the Markdown file, where they are asked for."""
    from gangru.atomic import write_text
    from gangru.cli.screen import err
    from gangru.market.check.markdown import markdown as as_markdown
    from gangru.market.check.page import page

    made = provenance(root)
    if html is not None:
        write_text(html, page(report, made))
        err.print(f"wrote {html}", soft_wrap=True, markup=False)
    if markdown is not None:
        write_text(markdown, as_markdown(report, made, examples=False))
        err.print(f"wrote {markdown}", soft_wrap=True, markup=False)


def provenance(root: Path) -> dict[str, str]:
    """What made a report: program, commit, and the command without the machine's own paths."""
    from gangru.study.provenance import code_version

    code = code_version()
    words = [Path(word).name if "/" in word else word for word in sys.argv[1:]]
    return {
        "Command": " ".join(["gangru", *words]),
        "gangru": f"{code['version']}, commit {code['commit'] or 'unknown'}",
        "Workspace": root.resolve().name,
    }


def print_report(report: "CheckReport") -> None:
    """What each rule that found something has to say, and after it the table of all rules."""
    from rich.table import Table

    from gangru.cli.screen import out
    from gangru.market.check.words import count_words, share_words

    for finding in report.findings:
        if finding.broken:
            print_finding(finding)
    table = Table()
    for name in ("rule", "state", "count", "share"):
        table.add_column(name, justify="right" if name in ("count", "share") else "left")
    for findings in report.families.values():
        for finding in findings:
            state = f"[{COLOURS[finding.state]}]{finding.state}[/{COLOURS[finding.state]}]"
            what = finding.lacking or count_words(finding)
            table.add_row(finding.rule.name, state, what, share_words(finding))
        table.add_section()
    out.print(table)
    counts = ", ".join(
        f"{count} {state}{'' if count == 1 else 's'}"
        for state, count in ((state, report.count(state)) for state in ("error", "warning", "note"))
    )
    out.print(f"{report.rows:,} bars of {report.stocks:,} codes: {counts}")


def print_finding(finding: "Finding") -> None:
    """One rule that found something: how much, examples and what to do."""
    from rich.markup import escape

    from gangru.cli.screen import out
    from gangru.market.check.words import count_words, example_rows, said

    colour = COLOURS[finding.state]
    head = f"[bold {colour}]{finding.rule.name}[/bold {colour}]: {count_words(finding)}. {finding.rule.title}"
    out.print(head, soft_wrap=True)
    if said(finding):
        out.print(f"  {escape(said(finding))}", soft_wrap=True)
    columns, rows = example_rows(finding)
    for row in rows[:SHOWN_EXAMPLES]:
        cells = "  ".join(f"{name} {cell}" for name, cell in zip(columns, row, strict=True))
        out.print(f"    [dim]{escape(cells)}[/dim]", soft_wrap=True)
    out.print(f"  → {escape(finding.rule.advice)}\n", soft_wrap=True)


def quarantine(context: typer.Context, directory: Directory = None, as_json: Json = False) -> None:
    """List what is in quarantine: kind, reason, file and how many rows, and how many of them were released."""
    if context.invoked_subcommand is not None:
        return
    import polars as pl

    rows = workspace_of(directory).store.read("quarantine")
    counts = (
        rows.group_by("kind", "reason", "file")
        .agg(rows=pl.len(), released=pl.col("released").fill_null(value=False).sum())
        .sort("rows", "kind", "reason", "file", descending=[True, False, False, False])
    )
    empty = "the quarantine is empty"
    answer({"quarantine": counts.to_dicts()}, lambda: print_frame(counts, empty), as_json=as_json)


def show(
    directory: Directory = None,
    reason: Reason = None,
    file: File = None,
    code: Code = None,
    kind: Kind = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print all of them as CSV, with their whole content.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows are shown.")] = 20,
    as_json: Json = False,
) -> None:
    """Show rows in quarantine: where they come from and what is wrong; with --csv also what they hold."""
    from gangru.cli.screen import err, printable
    from gangru.market.release import Selection

    rows = Selection(reason, file, code, kind).of(workspace_of(directory).store.read("quarantine"))
    if csv:
        text = rows.write_csv()
        typer.echo(printable(text) if sys.stdout.isatty() else text, nl=False)
        return
    first = rows.drop("content").head(limit)
    document = {"rows": first.to_dicts(), "left_out": len(rows) - len(first)}
    answer(document, lambda: print_frame(first, "no row in quarantine matches"), as_json=as_json)
    if len(rows) > limit and not as_json:
        err.print(f"{limit:,} of {len(rows):,} rows; --limit or --csv shows more")


def release(
    directory: Directory = None,
    reason: Reason = None,
    file: File = None,
    code: Code = None,
    kind: Kind = None,
    as_json: Json = False,
) -> None:
    """Let rows in: put them back into their tables and mark them as released, for later ingests too.

    A row with several faults goes in where all of them are chosen; one whose content is not whole stays.
    """
    from gangru.market.release import Selection
    from gangru.market.release import release as release_rows

    done = release_rows(workspace_of(directory).store, Selection(reason, file, code, kind))
    answer({"released": asdict(done)}, lambda: print_release(done), as_json=as_json)


def print_release(done: "Released") -> None:
    """What went in, a table a line, and what stays."""
    from gangru.cli.screen import out

    for table, change in done.changes.items():
        out.print(f"{table}: {change.new:,} new, {change.changed:,} changed, {change.unchanged:,} unchanged")
    out.print(f"{done.rows:,} rows released")
    if done.incomplete:
        out.print(f"{done.incomplete:,} rows stay: a value that their table requires could not be read")
    if done.otherwise_faulty:
        out.print(f"{done.otherwise_faulty:,} rows stay: they have other faults than those chosen")


def print_frame(frame: "pl.DataFrame", nothing: str) -> None:
    """A frame as a table, or a sentence where it is empty."""
    from rich.markup import escape
    from rich.table import Table

    from gangru.cli.screen import out, printable
    from gangru.market.check.words import cell_words

    if frame.is_empty():
        out.print(nothing)
        return
    table = Table()
    for name in frame.columns:
        table.add_column(name, justify="right" if frame[name].dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(escape(printable(cell_words(value))) for value in row))
    out.print(table)
