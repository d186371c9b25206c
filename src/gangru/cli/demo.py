"""The demo: a simulated market, taken all the way to a report, with reduced settings that the report prints."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog="Examples:  gangru demo   ·   gangru demo /tmp/try")(demo)


def demo(
    target: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Directory to make the workspace in.")
    ] = Path("demo"),
) -> None:
    """Simulate a market, train GAN_GRU and the plain GRU on it, write the monthly; its path is the last line.

    The market is simulated, with a planted signal of known strength: both nets are measured against the best possible
    predictor. A demo that was stopped goes on where it stopped.
    """
    from gangru.cli.running import run_study
    from gangru.cli.screen import err, out, step
    from gangru.cli.sources import ingest_into
    from gangru.study.simulated import DEMO_SETTINGS, FOLDER, PLAIN_GRU, compare_with_best, simulate_market
    from gangru.study.workspace import init_workspace, open_workspace

    if not (target / "study.toml").exists():
        init_workspace(target, DEMO_SETTINGS)
    workspace = open_workspace(target)
    if not (target / FOLDER / "simulate.json").exists():
        with step("simulating a market"):
            simulate_market(workspace)
    ingest_into(target, [target / FOLDER])
    plain = run_study(open_workspace(target, "gru", PLAIN_GRU), report=False)
    full = run_study(workspace)
    with err.status("comparing with the best possible predictor"):
        rows = [compare_with_best(run.inputs) for run in (plain, full)]
    for row in rows:
        out.print(row.sentence(), soft_wrap=True)
    typer.echo(str(full.reports[0]))
