"""The command gan-score: how good a trained generator's windows are."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gangru.cli.options import Directory, Study, workspace_of

if TYPE_CHECKING:
    from rich.table import Table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "gan-score",
        epilog="Examples:  gangru gan-score   ·   gangru gan-score --study gan --fold 2018-12-31   ·   "
        "gangru gan-score --json > scores.json",
    )(gan_score)


def gan_score(
    directory: Directory = None,
    study: Study = "main",
    fold: Annotated[
        str | None,
        typer.Option("--fold", metavar="DATE", help="Score this fold alone; default all that are trained."),
    ] = None,
    stocks: Annotated[
        int, typer.Option("--stocks", metavar="N", min=1, help="Stocks drawn of each date.")
    ] = 100,
    steps: Annotated[
        int, typer.Option("--steps", metavar="N", min=1, help="Steps of each small net's training.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the scores.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")
    ] = False,
) -> None:
    """Score the generators of trained folds: can a small net tell their windows from real ones, and learn from them?

    Discriminative: accuracy − ½ of a classifier on validation dates; 0 cannot tell, ½ always tells. Predictive: mean
    absolute error of the next day's features on real windows, learnt from generated ones; beside it the same learnt
    from real ones, and the better of saying 0 and repeating the day before. Trains nothing of the study; writes
    runs/STUDY/FOLD/gan_score.json.
    """
    from gangru.cli.screen import err, out, print_warnings, share_progress, step
    from gangru.study.inputs import load_inputs
    from gangru.study.outdated import outdated
    from gangru.study.scoring import score_fold, scored_jobs
    from gangru.training.gan_score import ScoreSettings

    workspace = workspace_of(directory, study)
    with step("reading the market"):
        inputs = load_inputs(workspace)
    jobs = scored_jobs(inputs, fold)
    print_warnings(outdated(inputs))
    documents = []
    for job in jobs:
        with share_progress("gan-score") as on_progress:
            documents.append(
                score_fold(inputs, job, ScoreSettings(stocks=stocks, steps=steps, seed=seed), on_progress)
            )
        err.print(f"{job.name} scored: {documents[-1]['seconds']:.1f} s")
    if as_json:
        typer.echo(json.dumps({"study": workspace.study, "folds": documents}))
        return
    out.print(scores_table(workspace.study, documents))
    out.print(
        "discriminative: 0 cannot tell generated from real, 0.5 always tells; the others: mean absolute error in "
        "standard deviations, lower is better",
        soft_wrap=True,
    )


def scores_table(study: str, documents: list[dict[str, Any]]) -> "Table":
    """A row a fold."""
    from rich.table import Table

    table = Table(title=f"{study}: scores of the generators", title_justify="left")
    for name in ("fold", "kind"):
        table.add_column(name)
    columns = {
        "discriminative": "discriminative",
        "predictive": "predictive",
        "predictive_real": "same on real",
        "naive": "naive",
    }
    for title in columns.values():
        table.add_column(title, justify="right")
    for document in documents:
        scores = document["scores"]
        table.add_row(document["fold"], document["kind"], *(f"{scores[name]:.3f}" for name in columns))
    return table
