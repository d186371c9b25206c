"""`gangru enhance`: a long-only portfolio against an index, within bounds, from a factor."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gangru.cli.options import Directory, Json, Month, Study, workspace_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "enhance",
        epilog="Examples:  gangru enhance --index 000300.SH   ·   gangru enhance --index csi500 --factor mine.csv",
    )(enhance)


def enhance(
    directory: Directory = None,
    study: Study = "main",
    index: Annotated[
        str | None, typer.Option("--index", metavar="CODE", help="Index to enhance; default enhance.index.")
    ] = None,
    factor: Annotated[
        Path | None,
        typer.Option(
            "--factor", metavar="FILE", help="Use this table (date, code, factor), not the study's."
        ),
    ] = None,
    column: Annotated[
        str, typer.Option("--column", metavar="NAME", help="Name of the value's column in --factor.")
    ] = "factor",
    as_json: Json = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Write the months and days into DIR as CSV.")
    ] = None,
    month: Month = None,
) -> None:
    """Enhance an index: the best long-only weights by the factor within set bounds; needs the extra enhance.

    A month that no weights satisfy says which bound is to blame and what gave way.
    """
    from dataclasses import asdict

    from gangru.cli.enhance_tables import print_enhanced
    from gangru.cli.screen import err, step
    from gangru.evaluation.document import plain, records
    from gangru.study.enhancing import enhanced_index, with_index
    from gangru.study.factor_table import read_factor
    from gangru.study.inputs import load_inputs
    from gangru.study.own_factor import as_identities, read_factor_file
    from gangru.study.tables import write_frames

    workspace = workspace_of(directory, study)
    settings = with_index(workspace.settings.enhance, index)
    own = read_factor_file(factor, column) if factor else None
    made = read_factor(workspace).table if own is None else None
    with step("reading the market"):
        inputs = load_inputs(workspace)
    table = made if own is None else as_identities(own, inputs.facts.identities)
    assert table is not None, "a file's or the study's"
    with step("enhancing"):
        result = enhanced_index(inputs, table, settings, month)
    if csv is not None:
        paths = write_frames({"months": result.months, "daily": result.daily}, csv)
        err.print(f"{len(paths)} tables → {csv}", soft_wrap=True, markup=False)
    if as_json:
        document = {
            "schema_version": 1,
            "index": result.index,
            "gross": plain(asdict(result.gross)),
            "net": plain(asdict(result.net)),
            "turnover": result.turnover,
            "months": records(result.months),
            "daily": records(result.daily),
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        print_enhanced(result)
