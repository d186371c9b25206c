"""The commands: they parse, open the workspace, call the study and print; nothing else."""

import inspect
import signal
import sys
import warnings
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Annotated, TextIO

import typer

from gangru import __version__
from gangru.cli.telling import telling
from gangru.errors import GangruError

app = typer.Typer(
    name="gangru",
    help="From daily bars of a stock market to a broker-grade monthly.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def show_version(value: bool) -> None:
    """Print the version and stop."""
    if value:
        typer.echo(f"gangru {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Show no progress; warnings and errors are told all the same."),
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", help="Append what happens to FILE, a JSON object a line."),
    ] = None,
) -> None:
    """From daily bars of a stock market to a broker-grade monthly.

    A workspace is a directory with study.toml, store/, runs/ and reports/; commands act on the one they stand in.
    Start with `gangru demo`, or with `gangru init DIR` and `gangru run PATH` on your own bars.
    """
    telling.begin(quiet=quiet, log=log)


for module in (
    "setting_up",
    "sources",
    "facts",
    "rules",
    "check",
    "store",
    "export",
    "stages",
    "chart",
    "editions",
    "evaluate",
    "enhance",
    "audit",
    "ablate",
    "gan_score",
    "serve",
    "demo",
    "doctor",
    "help",
):
    import_module(f"gangru.cli.{module}").register(app)


def flowing(commands: typer.Typer) -> None:
    """Give every command its docstring with each paragraph as one line: the terminal breaks it, and breaks it once."""
    for command in commands.registered_commands:
        paragraphs = inspect.getdoc(command.callback) or "" if command.callback else ""
        command.help = "\n\n".join(" ".join(part.split()) for part in paragraphs.split("\n\n"))
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            flowing(group.typer_instance)


class InterruptedRunError(GangruError):
    """Ctrl-C: told like a failure, because the command did not finish."""


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Turn Ctrl-C into a message that says what is kept."""
    raise InterruptedRunError(
        "interrupted; nothing is half-written, and the same command goes on from the last finished epoch, or with what "
        "of the data is not in the store yet"
    )


def warn(
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001 (as `warnings.showwarning` is called)
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    """A warning as a person reads it, without the line of code that gave it."""
    from gangru.cli.screen import printable

    telling.event("warning", text=str(message))
    typer.echo(printable(f"warning: {message}"), err=True)


flowing(app)


def speak_utf8() -> None:
    """Have what goes to a file or a pipe in UTF-8 whatever the machine's locale, and no name end a command on a screen.

    Windows writes a pipe in the code page of the country; names of stocks, and JSON, are not to be lost in it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and (stream.encoding or "").lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def main() -> None:
    """Run the command line: exit 0 done, 1 a failure with a message, 2 wrong usage."""
    speak_utf8()
    signal.signal(signal.SIGINT, interrupt)
    warnings.showwarning = warn
    try:
        app()
    except (GangruError, OSError) as error:
        from gangru.cli.screen import printable

        telling.event("error", text=str(error))
        telling.end(1)
        typer.echo(printable(f"gangru: {error}"), err=True)
        sys.exit(1)
    except Exception as error:
        telling.event("error", text=f"{type(error).__name__}: {error}")
        telling.end(1)
        raise
    except SystemExit as end:
        telling.end(end.code if isinstance(end.code, int) else int(end.code is not None))
        raise
