"""The commands: they parse, open the workspace, call the study and print; nothing else."""

import signal
import sys
from importlib import import_module
from types import FrameType

import typer

from gangru import __version__
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
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """From daily bars of a stock market to a broker-grade monthly.

    A workspace is a directory with study.toml, store/, runs/ and reports/; commands act on the one they stand in.
    Start with `gangru demo`, or with `gangru init DIR` and `gangru run PATH` on your own bars.
    """


for module in ("setting_up", "sources", "facts", "rules", "check", "store", "export", "stages", "demo"):
    import_module(f"gangru.cli.{module}").register(app)


class InterruptedRunError(GangruError):
    """Ctrl-C: told like a failure, because the command did not finish."""


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Turn Ctrl-C into a message that says what is kept."""
    raise InterruptedRunError(
        "interrupted; nothing is half-written, and the same command goes on from the last finished epoch"
    )


def main() -> None:
    """Run the command line: exit 0 done, 1 a failure with a message, 2 wrong usage."""
    signal.signal(signal.SIGINT, interrupt)
    try:
        app()
    except (GangruError, OSError) as error:
        typer.echo(f"gangru: {error}", err=True)
        sys.exit(1)
