"""What a command answers with: a table for a person, or with --json one object on stdout and nothing else there."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import typer

VERSION = 1  # of every object that has none of its own; a change that breaks a reader counts it up


def answer(document: Mapping[str, Any], show: Callable[[], None], *, as_json: bool) -> None:
    """Print the document as JSON, dates and paths as text, or show it to a person."""
    if as_json:
        whole = {"schema_version": VERSION, **document}
        typer.echo(json.dumps(whole, indent=1, ensure_ascii=False, default=str))
    else:
        show()


def line(text: str) -> Callable[[], None]:
    """A single line for a person, printed as it is."""

    def show() -> None:
        from gangru.cli.screen import out

        out.print(text, soft_wrap=True, markup=False)

    return show
