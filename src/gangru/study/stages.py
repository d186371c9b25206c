"""The stages as successive calls: bars → panel → windows → generator → predictor → factor → evaluation → report."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from gangru.errors import EvaluationError
from gangru.factor.dates import factor_rows
from gangru.factor.predict import DateFactor, factor_of_date
from gangru.market.daily import Floats
from gangru.study.factor_table import FactorTable, factor_settings, read_factor, write_factor
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs
from gangru.study.jobs import OnTick, all_jobs, train_jobs
from gangru.study.kept_dates import DateRows, date_digests, kept_dates
from gangru.study.measuring import evaluate, write_evaluation
from gangru.study.pictures import draw_pictures
from gangru.study.predicting import Prediction, ServingFold, predicted, serving_folds
from gangru.study.workspace import Workspace
from gangru.training.fold_run import FoldJob
from gangru.training.loop import prepare_torch

__all__ = [
    "FactorTable",
    "computed_factor",
    "evaluate",
    "make_factor",
    "read_factor",
    "train",
    "write_evaluation",
    "write_factor",
]

OnStep = Callable[[str, int, int], None]


def train(inputs: Inputs, on_tick: OnTick) -> list[str]:
    """Train what is due with every seed and draw what the run directories lack; the names of those trained now."""
    jobs = all_jobs(inputs, folds_of(inputs))
    trained = train_jobs(jobs, inputs.workspace.settings, on_tick)
    draw_pictures(inputs, jobs)
    return trained


def train_together(inputs: Inputs, workspaces: Sequence[Workspace], on_tick: OnTick) -> None:
    """Train what several studies on one market lack as one list, by the engine of `inputs`; a job names its study.

    An engine that trains at once has all of them to share out, and what they read alike travels once.
    """
    if not any(lacking(inputs.of(workspace)) for workspace in workspaces):
        return
    _ = inputs.arrays  # made before the others, which share what they have alike
    jobs = [
        replace(job, name=f"{workspace.study} {job.name}")
        for workspace in workspaces
        for job in lacking(inputs.of(workspace))
    ]
    train_jobs(jobs, inputs.workspace.settings, on_tick)


def lacking(inputs: Inputs) -> list[FoldJob]:
    """The due trainings that are not done."""
    return [job for job in all_jobs(inputs, folds_of(inputs)) if not job.done]


def make_factor(inputs: Inputs, on_step: OnStep, *, keep: bool = False) -> FactorTable:
    """Make the factor of every factor date that a trained fold serves, as `computed_factor` does, and write it."""
    result = computed_factor(inputs, on_step, keep=keep)
    write_factor(inputs, result)
    return result


def computed_factor(inputs: Inputs, on_step: OnStep, *, keep: bool = False) -> FactorTable:
    """The factor of every factor date that a trained fold serves.

    With `keep` the dates that were written before and would be made of the very same are taken as they are. Whoever
    wants to prove what the stages do has every date made.
    """
    settings, dates = inputs.workspace.settings, inputs.market.dates
    prepare_torch(settings.training)
    served = served_dates(inputs)
    digests = date_digests(inputs, served, factor_settings(settings))
    rows = kept_dates(inputs.workspace.runs, digests, seeds=settings.training.seeds > 1) if keep else {}
    kept = len(rows)
    missing = [(one, row) for one, row in served if str(dates[row]) not in rows]
    for done, (one, row) in enumerate(missing, start=1):
        rows[str(dates[row])] = rows_of_date(inputs, one, row)
        on_step(str(dates[row]), done, len(missing))
    ordered = [rows[date] for date in digests]
    seeds = [one.seeds for one in ordered if one.seeds is not None]
    return FactorTable(
        pl.concat(one.table for one in ordered),
        pl.concat(one.drops for one in ordered),
        pl.concat(seeds) if seeds else None,
        digests,
        kept,
    )


def served_dates(inputs: Inputs) -> list[tuple[ServingFold, int]]:
    """Every factor date that a trained fold serves, ascending: the fold and the date's row.

    Raises EvaluationError where there is none.
    """
    dates, serving = inputs.market.dates, serving_folds(inputs)
    rows = factor_rows(dates, inputs.calendar, inputs.workspace.settings.factor.dates)
    served = [
        (one, int(row))
        for one in serving
        for row in rows[(dates[rows] > one.fold.trained_on) & (dates[rows] <= one.fold.serves_to)]
    ]
    if not served:
        raise EvaluationError(
            f"no factor date lies after the first training of {serving[0].fold.trained_on}: the data end on {dates[-1]}"
        )
    return served


def rows_of_date(inputs: Inputs, serving: ServingFold, row: int) -> DateRows:
    """The factor of the date at `row`, what was dropped, and each seed's own where there are several."""
    prediction, fold = predicted(inputs, serving, row), serving.fold.name
    made = neutral(inputs, prediction, prediction.pret, row, fold)
    seeds = [
        neutral(inputs, prediction, pret, row, fold).table.with_columns(pl.lit(seed).alias("seed"))
        for seed, pret in prediction.by_seed.items()
    ]
    drops = date_drops(inputs, row, prediction.counts | made.dropped)
    return DateRows(made.table, drops, pl.concat(seeds) if seeds else None)


def neutral(inputs: Inputs, prediction: Prediction, pret: Floats, row: int, fold: str) -> DateFactor:
    """The factor table of one date's pRet."""
    factor = inputs.workspace.settings.factor
    return factor_of_date(inputs.panel, row, prediction.stocks, pret, inputs.exposures, factor, fold)


def date_drops(inputs: Inputs, row: int, counts: dict[str, int]) -> pl.DataFrame:
    """Who is not in the factor on a date, by reason."""
    excluded = {reason: int(per_day[row]) for reason, per_day in inputs.universe.excluded.items()}
    merged = excluded | counts
    date = inputs.market.dates[row].astype("datetime64[D]").item()
    return pl.DataFrame(
        {"date": [date] * len(merged), "reason": list(merged), "count": list(merged.values())}
    )
