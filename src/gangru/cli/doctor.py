"""The command doctor: the machine, the packages, the store and what is due, in one table."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import typer

from gangru.cli.answers import answer
from gangru.cli.options import Directory, Json, Study, workspace_of

if TYPE_CHECKING:
    from gangru.study.doctor import Finding

COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "error": "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", epilog="Examples:  gangru doctor   ·   gangru doctor --json")(doctor)


def doctor(directory: Directory = None, study: Study = "main", as_json: Json = False) -> None:
    """Look at versions, device, space, store, calendar and due trainings; exit 1 where something will not work.

    Nothing stays written. No token is printed.
    """
    from gangru.study.doctor import examined, healthy

    found = examined(lambda: workspace_of(directory, study), date.today())
    document = {"healthy": healthy(found), "findings": [asdict(finding) for finding in found]}
    answer(document, lambda: print_findings(found), as_json=as_json)
    raise typer.Exit(0 if document["healthy"] else 1)


def print_findings(found: "list[Finding]") -> None:
    """What was found, one a line."""
    from rich.table import Table
    from rich.text import Text

    from gangru.cli.screen import out

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    for finding in found:
        said = finding.said + (f" → {finding.advice}" if finding.advice else "")
        table.add_row(Text(finding.state, COLOURS[finding.state]), finding.what, Text(said))
    out.print(table)
