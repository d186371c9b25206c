"""`gangru evaluate`: the study's factor or any other, measured; and `gangru random-scores`, the test of the engine."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gangru.cli.options import Directory, Json, Month, Study, workspace_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "evaluate",
        epilog="Examples:  gangru evaluate   ·   gangru evaluate --json > evaluation.json   ·   "
        "gangru evaluate --factor momentum.csv --csv tables   ·   gangru evaluate --other value.parquet",
    )(evaluate)
    app.command(
        "random-scores",
        epilog="Examples:  gangru random-scores   ·   gangru random-scores --samples 50 --json",
    )(random_scores)


def evaluate(
    directory: Directory = None,
    study: Study = "main",
    factor: Annotated[
        Path | None,
        typer.Option(
            "--factor", metavar="FILE", help="Measure this table (date, code, factor), not the study's."
        ),
    ] = None,
    column: Annotated[
        str,
        typer.Option("--column", metavar="NAME", help="Name of the value's column in --factor and --other."),
    ] = "factor",
    other: Annotated[
        list[Path] | None,
        typer.Option("--other", metavar="FILE", help="Another factor to compare with; may be repeated."),
    ] = None,
    as_json: Json = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Write every table into DIR as a CSV file.")
    ] = None,
    month: Annotated[
        str | None,
        typer.Option(
            "--month",
            metavar="YYYY-MM[-DD]",
            help="Return month; default the last that is known. A day cuts its month short there.",
        ),
    ] = None,
) -> None:
    """Measure a factor: ICs, deciles, industries, styles, and a portfolio that could have been traded.

    Without --factor the study's own, whose figures are kept in runs/STUDY/evaluation.json.
    """
    from gangru.study.own_factor import read_factor_file

    if column != "factor" and factor is None and not other:
        raise typer.BadParameter("names the value of --factor or --other: give one", param_hint="--column")
    workspace = workspace_of(directory, study)
    others = {name: read_factor_file(path, column) for name, path in named(other or []).items()}
    own = read_factor_file(factor, column) if factor else None

    # Loading these takes seconds: what is wrong with a file is told before.
    from gangru.cli.evaluation_tables import print_evaluation
    from gangru.cli.screen import err, step
    from gangru.study import measuring
    from gangru.study.evaluating import evaluate_own
    from gangru.study.factor_table import read_factor
    from gangru.study.inputs import load_inputs
    from gangru.study.kept_evaluation import keep_evaluation
    from gangru.study.tables import write_tables

    made = read_factor(workspace) if own is None else None
    with step("reading the market"):
        inputs = load_inputs(workspace)
    with step("evaluating"):
        if factor is not None and own is not None:
            evaluation = evaluate_own(inputs, own, factor.stem, month, others, str(factor))
        elif made is not None:
            evaluation = measuring.evaluate(inputs, made, month, others, whole=True)
        document = measuring.evaluation_document(inputs, evaluation, made.drops if made else None)
    if made is not None and month is None and not others:
        measuring.write_evaluation(inputs, document)
        keep_evaluation(inputs, made, evaluation)
    if csv is not None:
        err.print(f"{len(write_tables(evaluation, csv))} tables → {csv}", soft_wrap=True, markup=False)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        print_evaluation(evaluation)


def named(paths: list[Path]) -> dict[str, Path]:
    """Each file under its stem, or under its whole path where two stems are one."""
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else str(path): path for path in paths}


def random_scores(
    directory: Directory = None,
    study: Study = "main",
    samples: Annotated[int, typer.Option("--samples", min=2, help="Random factors to follow.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the scores.")] = 0,
    first: Annotated[
        str | None,
        typer.Option("--first", metavar="YYYY-MM", help="First return month; default all of the data."),
    ] = None,
    month: Month = None,
    as_json: Json = False,
) -> None:
    """Follow portfolios of random scores: they may earn nothing, and cost what trading costs. Exit 1 if they do not."""
    from dataclasses import asdict

    from gangru.cli.screen import date_progress, out, step
    from gangru.study.inputs import load_inputs
    from gangru.study.random_scores import random_portfolios

    workspace = workspace_of(directory, study)
    with step("reading the market"):
        inputs = load_inputs(workspace)
    with date_progress("random scores") as on_step:
        result = random_portfolios(
            inputs, first, month, samples, seed, lambda done, of: on_step(f"{done}", done, of)
        )
    fine = result.earns_nothing and result.costs_what_it_costs and result.obeys_rules
    if as_json:
        verdicts = {
            "drag": result.drag,
            "earns_nothing": result.earns_nothing,
            "costs_what_it_costs": result.costs_what_it_costs,
            "obeys_rules": result.obeys_rules,
        }
        typer.echo(json.dumps({"schema_version": 1} | asdict(result) | verdicts))
    else:
        from gangru.cli.evaluation_tables import print_random_scores

        print_random_scores(result, out)
    raise typer.Exit(0 if fine else 1)
