"""`gangru serve`: pages to explore a workspace by, on this machine alone."""

from pathlib import Path
from typing import Annotated

import typer

from gangru.cli.options import Directory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", epilog="Examples:  gangru serve --open   ·   gangru serve -C mystudy --port 9000")(
        serve
    )


def serve(
    directory: Directory = None,
    study: Annotated[
        str | None,
        typer.Option(
            "--study",
            metavar="NAME",
            help="The study that pages show first; default main, or the first with a factor.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Port of the loopback.", min=1, max=65535)
    ] = 8765,
    open_page: Annotated[bool, typer.Option("--open", help="Open the first page in the browser.")] = False,
) -> None:
    """Pages to explore the workspace: editions, stocks, industries, dates, two studies side by side.

    They are served to this machine alone, at http://localhost:8765/ unless told otherwise, until Ctrl-C.
    """
    from gangru.cli.screen import err
    from gangru.serve.server import check_workspace
    from gangru.serve.server import serve as serve_pages

    root = (directory or Path()).resolve()
    check_workspace(root, study)

    def ready(address: str) -> None:
        err.print(f"{root} → {address}   (Ctrl-C ends it)", soft_wrap=True, markup=False)

    serve_pages(root, study, port, ready, open_page=open_page)
    err.print("ended")
