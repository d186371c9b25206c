"""Commands that run the stages: train, factor, report, and run for all of them."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gangru.cli.answers import answer, line
from gangru.cli.options import (
    Address,
    Changes,
    Directory,
    Engine,
    Json,
    Lang,
    Month,
    Preset,
    Study,
    engine_choice,
    workspace_of,
)

REPORT_EXAMPLES = """Examples:

  gangru report                                              the newest month

  gangru report --month 2020-06                              an older one, knowing nothing later

  gangru report --month 2020-06 --lang both                  in Chinese and English

  gangru report --month 2020-06 --revise "ST dates corrected"

  gangru report --month 2020-06 --draft                      to look at, not issued
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    variant = 'gangru train --study gru --set features.generator="none"'
    app.command("train", epilog=f"Examples:  gangru train   ·   {variant}   ·   gangru train --engine ray")(
        train
    )
    app.command("factor", epilog="Examples:  gangru factor   ·   gangru factor --study gru")(factor)
    app.command("report", epilog=REPORT_EXAMPLES)(report)
    app.command("run", epilog="Examples:  gangru run   ·   gangru run ~/data/ashare -C mystudy")(run)


def train(
    directory: Directory = None,
    study: Study = "main",
    changes: Changes = None,
    preset: Preset = None,
    engine: Engine = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Train every fold that is due; what is done is skipped, what is begun goes on from its last finished epoch."""
    from gangru.cli.screen import err, print_warnings, step, training_progress
    from gangru.study import stages
    from gangru.study.inputs import load_inputs
    from gangru.study.jobs import unhealthy
    from gangru.study.outdated import outdated

    workspace = workspace_of(directory, study, changes, preset).trained_by(engine_choice(engine, address))
    with step("reading the market"):
        inputs = load_inputs(workspace)
    with training_progress() as on_tick:
        trained = stages.train(inputs, on_tick)
    warnings = [*unhealthy(inputs), *outdated(inputs)]
    print_warnings(warnings)
    told = f"trained {', '.join(trained)}" if trained else "every due fold was trained already"
    answer({"trained": trained, "warnings": warnings}, lambda: err.print(told), as_json=as_json)


def factor(
    directory: Directory = None,
    study: Study = "main",
    anew: Annotated[
        bool, typer.Option("--anew", help="Make every date, also those that would come out the same.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Predict, neutralise and write runs/STUDY/factor.parquet: date, code, pret, factor, fold.

    Dates that were made before of the same data, settings, nets and code are kept as they are.
    """
    from gangru.cli.screen import date_progress, print_warnings, step
    from gangru.study import stages
    from gangru.study.inputs import load_inputs
    from gangru.study.outdated import outdated

    workspace = workspace_of(directory, study)
    with step("reading the market"):
        inputs = load_inputs(workspace)
    print_warnings(outdated(inputs))
    with date_progress("factor") as on_step:
        made = stages.make_factor(inputs, on_step, keep=not anew)
    count = made.table["date"].n_unique()
    dates = f"{count} dates" + (f", {made.kept} of them as they were" if made.kept else "")
    told = line(f"{len(made.table):,} rows on {dates} → {workspace.factor_path}")
    document = {"rows": len(made.table), "dates": count, "kept": made.kept, "path": workspace.factor_path}
    answer(document, told, as_json=as_json)


def report(
    directory: Directory = None,
    study: Study = "main",
    month: Month = None,
    lang: Lang = None,
    revise: Annotated[
        str | None,
        typer.Option(
            "--revise",
            metavar="REASON",
            help="Issue it again, as the next revision; the reason stands in it.",
        ),
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Write it to reports/STUDY/draft/ and issue nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Issue the monthly of a return month: reports/STUDY/YYYY-MM.html and its other formats.

    An edition is issued once and archived with its hash and inputs (`gangru editions`). Again with the same figures
    it gives the same files; with other figures it says what differs and changes nothing, unless --revise or --draft.
    """
    from gangru.cli.screen import print_warnings, step
    from gangru.study.factor_table import read_factor
    from gangru.study.inputs import load_inputs
    from gangru.study.reporting import Wish, make_report

    if draft and revise is not None:
        raise typer.BadParameter("choose one of --draft and --revise")
    workspace = workspace_of(directory, study)
    made = read_factor(workspace)
    with step("reading the market"):
        inputs = load_inputs(workspace)
    with step("writing the report"):
        published = make_report(inputs, made, month, Wish(reason=revise, draft=draft, lang=lang))
    print_warnings(published.notes)
    answer({"reports": published.paths, "notes": published.notes}, paths_of(published.paths), as_json=as_json)


def run(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH…]", help="Files or folders to ingest first.")
    ] = None,
    directory: Directory = None,
    study: Study = "main",
    changes: Changes = None,
    preset: Preset = None,
    engine: Engine = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Everything in order: ingest (where paths are given), train, factor, evaluate, report."""
    from gangru.cli.running import run_study
    from gangru.cli.sources import ingest_into, print_ingest

    workspace = workspace_of(directory, study, changes, preset).trained_by(engine_choice(engine, address))
    ingested = ingest_into(directory or Path(), paths) if paths else None
    if ingested is not None and not as_json:
        print_ingest(ingested)
    done = run_study(workspace, show=not as_json)
    document = {
        "ingested": None if ingested is None else asdict(ingested),
        "last_month": done.evaluation.last_month,
        "headline": asdict(done.evaluation.headline),
        "reports": done.reports,
    }
    answer(document, paths_of(done.reports), as_json=as_json)


def paths_of(paths: list[Path]) -> Callable[[], None]:
    """Files that were written, a line each."""

    def show() -> None:
        for path in paths:
            typer.echo(str(path))

    return show
