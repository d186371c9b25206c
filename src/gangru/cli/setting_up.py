"""Commands that set a workspace up: init and ingest."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.options import Changes, Directory, overrides, workspace_of

if TYPE_CHECKING:
    from gangru.market.ingest import IngestReport


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init", epilog="Examples:  gangru init mystudy   ·   gangru init toy --simulate")(init)
    app.command(
        "ingest",
        epilog="Examples:  gangru ingest ~/data/ashare   ·   gangru ingest bars.csv --as bars -C mystudy",
    )(ingest)
    app.command("features", epilog="Examples:  gangru features")(features)


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
    changes: Changes = None,
) -> None:
    """Write a commented study.toml with every setting at its default."""
    from gangru.cli.screen import err, out, step
    from gangru.study.workspace import init_workspace

    path = init_workspace(target, overrides(changes))
    out.print(f"wrote {path}", soft_wrap=True)
    if simulate:
        from gangru.study.simulated import simulate_market

        workspace = workspace_of(target)
        with step("simulating a market"):
            facts = simulate_market(workspace)
        err.print(f"best possible IC of the simulated market: {facts['best_ic']:.4f}")
        ingest_into(target, [target / "simulated"], None)
    out.print(f"next: gangru run -C {target}", soft_wrap=True)


def ingest(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="CSV or Parquet files, or folders of them.")
    ],
    directory: Directory = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="KIND", help="Take all as bars, securities, industry, index, members or calendar."
        ),
    ] = None,
) -> None:
    """Read files into the store: bars, securities, industries, index bars, index members, calendar.

    Faulty rows go to the store's quarantine table with file, row, column, value and reason; valid rows are kept. A file
    that cannot be read at all leaves the store as it was.
    """
    print_ingest(ingest_into(directory or Path(), paths, kind))


def ingest_into(root: Path, paths: list[Path], kind: str | None) -> "IngestReport":
    """Ingest files into a workspace's store, with progress."""
    from gangru.cli.screen import share_progress
    from gangru.market.ingest import ingest as ingest_files

    workspace = workspace_of(root)
    with share_progress("ingesting") as on_progress:
        return ingest_files(paths, workspace.store, workspace.settings.data, kind, on_progress)


def print_ingest(report: "IngestReport") -> None:
    """What came of an ingest, a table of the store a line."""
    from rich.table import Table

    from gangru.cli.screen import out

    table = Table()
    for name in ("table", "files", "rows", "new", "changed", "unchanged", "quarantined"):
        table.add_column(name, justify="left" if name == "table" else "right")
    for name, part in report.tables.items():
        change = part.change
        counts = (
            len(part.files),
            part.rows_read,
            change.new,
            change.changed,
            change.unchanged,
            part.quarantined,
        )
        table.add_row(name, *(f"{count:,}" for count in counts))
    out.print(table)
    if report.unknown_codes:
        out.print(f"{len(report.unknown_codes):,} codes have bars but stand in no list of securities: kept")
    for note in report.notes:
        out.print(note, soft_wrap=True)
    for name, columns in report.ignored.items():
        out.print(f"{name}: columns of no use here: {', '.join(columns)}", soft_wrap=True)
    for path in report.skipped:
        out.print(f"skipped {path}", soft_wrap=True)
