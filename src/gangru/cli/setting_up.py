"""Commands that set a workspace up or list what it can be made of: init, presets and features."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gangru.cli.answers import answer, line
from gangru.cli.options import Changes, Json, Preset, overrides, workspace_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init", epilog="Examples:  gangru init mystudy   ·   gangru init toy --simulate")(init)
    app.command(
        "presets",
        epilog="Examples:  gangru presets   ·   gangru run --study tied --preset reconstruct",
    )(presets)
    app.command("features", epilog="Examples:  gangru features")(features)


def presets(as_json: Json = False) -> None:
    """List the named settings that a study can start from."""
    from gangru.study.presets import PRESETS

    known = [{"name": p.name, "why": p.why, "settings": dict(p.changes)} for p in PRESETS.values()]

    def show() -> None:
        rows = []
        for preset in PRESETS.values():
            settings = "\n".join(f"{key} = {json.dumps(value)}" for key, value in preset.changes.items())
            rows.append((preset.name, preset.why, settings or "defaults"))
        print_table(("name", "what it is", "settings"), rows)

    answer({"presets": known}, show, as_json=as_json)


def features(as_json: Json = False) -> None:
    """List the catalogue of daily series that windows are made of."""
    from gangru.features.catalogue import CATALOGUE

    names = ("name", "formula", "unit", "needs", "gap")
    known = [{name: getattr(feature, name) for name in names} for feature in CATALOGUE.values()]

    def show() -> None:
        gaps = {"carry": "last value", "zero": "0"}
        rows = [(f.name, f.formula, f.unit, ", ".join(f.needs), gaps[f.gap]) for f in CATALOGUE.values()]
        print_table(names, rows)

    answer({"features": known}, show, as_json=as_json)


def print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under their headings, on stdout."""
    from rich.table import Table

    from gangru.cli.screen import out

    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)


def init(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Directory to make the workspace in.")],
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Also write a simulated market to DIR/simulated and ingest it.")
    ] = False,
    preset: Preset = None,
    changes: Changes = None,
    as_json: Json = False,
) -> None:
    """Write a commented study.toml with every setting at its default."""
    from gangru.cli.screen import err, step
    from gangru.study.workspace import init_workspace

    path = init_workspace(target, overrides(changes, preset))
    answer({"written": path}, line(f"wrote {path}"), as_json=as_json)
    if simulate:
        from gangru.cli.sources import ingest_into
        from gangru.study.simulated import simulate_market

        workspace = workspace_of(target)
        with step("simulating a market"):
            facts = simulate_market(workspace)
        err.print(f"best possible IC of the simulated market: {facts['best_ic']:.4f}")
        ingest_into(target, [target / "simulated"])
    if not as_json:
        line(f"next: gangru run -C {target}")()
