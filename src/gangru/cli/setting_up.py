"""Commands that set a workspace up or list what it can be made of: init, presets and features."""

from pathlib import Path
from typing import Annotated

import typer

from gangru.cli.options import Changes, Preset, overrides, workspace_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init", epilog="Examples:  gangru init mystudy   ·   gangru init toy --simulate")(init)
    app.command(
        "presets",
        epilog="Examples:  gangru presets   ·   gangru run --study tied --preset reconstruct",
    )(presets)
    app.command("features", epilog="Examples:  gangru features")(features)


def presets() -> None:
    """List the named settings that a study can start from."""
    from rich.table import Table

    from gangru.cli.screen import out
    from gangru.study.presets import PRESETS

    table = Table(box=None, pad_edge=False)
    for name in ("name", "what it is", "settings"):
        table.add_column(name, overflow="fold")
    for preset in PRESETS.values():
        settings = "\n".join(f"{key} = {value}" for key, value in preset.changes.items())
        table.add_row(preset.name, preset.why, settings or "defaults")
    out.print(table)


def features() -> None:
    """List the catalogue of daily series that windows are made of."""
    from rich.table import Table

    from gangru.cli.screen import out
    from gangru.features.catalogue import CATALOGUE

    table = Table(box=None, pad_edge=False)
    for name in ("name", "formula", "unit", "needs", "gap"):
        table.add_column(name, overflow="fold")
    for feature in CATALOGUE.values():
        gap = {"carry": "last value", "zero": "0"}[feature.gap]
        table.add_row(feature.name, feature.formula, feature.unit, ", ".join(feature.needs), gap)
    out.print(table)


def init(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Directory to make the workspace in.")],
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Also write a simulated market to DIR/simulated and ingest it.")
    ] = False,
    preset: Preset = None,
    changes: Changes = None,
) -> None:
    """Write a commented study.toml with every setting at its default."""
    from gangru.cli.screen import err, out, step
    from gangru.study.workspace import init_workspace

    path = init_workspace(target, overrides(changes, preset))
    out.print(f"wrote {path}", soft_wrap=True, markup=False)
    if simulate:
        from gangru.cli.sources import ingest_into
        from gangru.study.simulated import simulate_market

        workspace = workspace_of(target)
        with step("simulating a market"):
            facts = simulate_market(workspace)
        err.print(f"best possible IC of the simulated market: {facts['best_ic']:.4f}")
        ingest_into(target, [target / "simulated"])
    out.print(f"next: gangru run -C {target}", soft_wrap=True, markup=False)
