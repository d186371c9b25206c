"""The ablation: every variant through the same trainings, dates and evaluation, each an ordinary study.

What is DONE is not trained again, so a run that was killed goes on where it stood.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from gangru.atomic import write_text
from gangru.errors import EvaluationError
from gangru.evaluation.result import Evaluation
from gangru.study import stages
from gangru.study.ablation_document import ablation_document, ablation_markdown
from gangru.study.ablation_plan import (
    Plan,
    PlannedTrial,
    base_settings,
    main_workspace,
    planned_trials,
    remembered_workspace,
    unremembered_workspace,
)
from gangru.study.ablation_result import Ablation, FoldHealth, MeasuredTrial, Skipped, ablation_of
from gangru.study.factor_table import FactorTable
from gangru.study.fold_records import read_json
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.jobs import OnTick, all_jobs, fold_jobs, unhealthy
from gangru.study.measuring import evaluation_document
from gangru.study.outdated import outdated
from gangru.study.settings import EngineChoice
from gangru.study.stages import OnStep
from gangru.study.variants import Trial
from gangru.study.workspace import Workspace
from gangru.training.fold_run import FoldJob

AS_SET = EngineChoice()
OnTrial = Callable[[Trial, int, int], None]


@dataclass(frozen=True)
class Watch:
    """Who is told of the progress: the trial that begins, an epoch, a date of a factor."""

    on_trial: OnTrial
    on_tick: OnTick
    on_step: OnStep


@dataclass(frozen=True)
class Studied:
    """A trial's study with its factor and its evaluation."""

    planned: PlannedTrial
    workspace: Workspace
    factor: FactorTable
    evaluation: Evaluation


def ablation_path(root: Path) -> Path:
    """Where the comparison of a workspace is kept."""
    return root / "runs" / "ablation.json"


def run_ablation(
    root: Path, plan: Plan, watch: Watch, *, train: bool = True, choice: EngineChoice = AS_SET
) -> Ablation:
    """Train what is not trained, and compare all variants on the months that every one of them has.

    With `train` every trial is remembered as a study, its factor written and, where the plan names no last month, its
    evaluation; on Ray all of them are trained at once, before the first is compared. Without, nothing of a study is
    written: what is DONE is compared, over the trainings that every trial which has any has in common. Raises
    SettingsError for a plan that does not fit the workspace, EvaluationError where nothing can be compared.
    """
    planned, skipped = without_missing_packages(planned_trials(root, plan))
    market = load_inputs(main_workspace(root, plan).trained_by(choice))
    if train:  # all are checked before the first training
        found = [(each, remembered_workspace(root, each).trained_by(choice)) for each in planned]
    else:
        found, left = trained_before(root, plan, planned, market)
        skipped += left
    if not found:
        reasons = "; ".join(f"{skip.study}: {skip.reason}" for skip in skipped)
        raise EvaluationError(f"no variant can be compared ({reasons})")
    if train and market.workspace.settings.training.engine == "ray":
        stages.train_together(market, [workspace for _, workspace in found], watch.on_tick)
    studied = []
    for i, (each, workspace) in enumerate(found, start=1):
        watch.on_trial(each.trial, i, len(found))
        market = market.of(workspace)
        if train:
            stages.train(market, watch.on_tick)
        factor = factor_of(market, watch.on_step, write=train)
        evaluation = stages.evaluate(market, factor, plan.until)
        if train and plan.until is None:
            stages.write_evaluation(market, evaluation_document(market, evaluation, factor.drops))
        studied.append(Studied(each, workspace, factor, evaluation))
    return compared(plan, studied, skipped, market)


def keep_ablation(
    root: Path, ablation: Ablation, plan: Plan, command: str, markdown: Path | None = None
) -> dict[str, Any]:
    """Write the comparison to runs/ablation.json, and as a page to `markdown` where that is named; gives the object.

    `command` is the one that makes this comparison, as the object and the page tell it.
    """
    document = ablation_document(ablation, plan, base_settings(root, plan), command)
    write_text(ablation_path(root), json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    if markdown is not None:
        write_text(markdown, ablation_markdown(ablation, document))
    return document


def without_missing_packages(planned: list[PlannedTrial]) -> tuple[list[PlannedTrial], list[Skipped]]:
    """The trials that can run here, and a reason for each that cannot."""
    lacks = find_spec("lightgbm") is None
    usable = [p for p in planned if not (lacks and p.settings.predictor.kind == "lightgbm")]
    reason = "LightGBM is not installed: pip install 'gangru[lightgbm]'"
    return usable, [Skipped(p.trial.study, reason) for p in planned if p not in usable]


def trained_before(
    root: Path, plan: Plan, planned: list[PlannedTrial], market: Inputs
) -> tuple[list[tuple[PlannedTrial, Workspace]], list[Skipped]]:
    """The trials that are trained on the plan's folds, or on some in common where it names none."""
    done: dict[str, tuple[str, ...]] = {}
    for each in planned:
        folds = plan.folds or each.settings.training.folds
        inputs = market.of(unremembered_workspace(root, each, folds))
        done[each.trial.study] = tuple(job.name for job in fold_jobs(inputs, folds_of(inputs)) if job.done)
    if plan.folds:
        folds = plan.folds
    else:
        some = [set(names) for names in done.values() if names]
        folds = tuple(sorted(set.intersection(*some))) if some else ()
    found, skipped = [], []
    for each in planned:
        missing = sorted(set(folds) - set(done[each.trial.study]))
        if missing or not folds:
            reason = (
                f"not trained: {', '.join(missing)}" if missing else "no training in common with the others"
            )
            skipped.append(Skipped(each.trial.study, reason))
        else:
            found.append((each, unremembered_workspace(root, each, folds)))
    return found, skipped


def factor_of(inputs: Inputs, on_step: OnStep, *, write: bool) -> FactorTable:
    """The study's factor: the one written before where it is still that of its trainings, or a new one."""
    written = inputs.workspace.runs / "factor.json"
    jobs = all_jobs(inputs, folds_of(inputs))
    if written.exists() and newest_done(jobs) <= written.stat().st_mtime_ns:
        try:
            return stages.read_factor(inputs.workspace)
        except EvaluationError:
            pass  # made from other settings, data or folds: made anew below
    return (stages.make_factor if write else stages.computed_factor)(inputs, on_step)


def newest_done(jobs: list[FoldJob]) -> int:
    """When the newest of the trainings ended, in nanoseconds."""
    return max(((job.directory / "DONE").stat().st_mtime_ns for job in jobs if job.done), default=0)


def compared(plan: Plan, studied: list[Studied], skipped: list[Skipped], market: Inputs) -> Ablation:
    """What the trials come to on the months that all of them have."""
    notes: list[str] = []
    months = [set(defined_months(one.evaluation)) for one in studied]
    common = set.intersection(*months)
    if not common:
        raise EvaluationError("no month has an IC in every variant: nothing can be compared")
    if any(own != common for own in months):
        left_out = sorted(set.union(*months) - common)
        notes.append(f"Left out, because not every variant has an IC in them: {', '.join(left_out)}.")
        studied = [on_months(one, market.of(one.workspace), common, plan.until) for one in studied]
    trials = []
    notes += [
        note for note in studied[0].evaluation.notes if all(note in s.evaluation.notes for s in studied)
    ]
    for one in studied:
        inputs = market.of(one.workspace)
        notes += [f"{one.planned.trial.study}: {text}" for text in (*unhealthy(inputs), *outdated(inputs))]
        trials.append(measured(one, inputs))
    return ablation_of(plan, trials, skipped, notes, months=tuple(sorted(common)), versions=market.versions)


def defined_months(evaluation: Evaluation) -> list[str]:
    """The return months that have an IC."""
    series = evaluation.series
    return series.filter(pl.col("rank_ic").is_not_null())["month"].to_list()


def on_months(one: Studied, inputs: Inputs, months: set[str], until: str | None) -> Studied:
    """The evaluation of the factor of some return months alone: the others count as months without a factor."""
    return_month = pl.col("date").dt.truncate("1mo").dt.offset_by("1mo").dt.strftime("%Y-%m")
    part = replace(one.factor, table=one.factor.table.filter(return_month.is_in(sorted(months))))
    return replace(one, evaluation=stages.evaluate(inputs, part, until))


def measured(one: Studied, inputs: Inputs) -> MeasuredTrial:
    """A trial with its evaluation, what its trainings took and how its GANs are."""
    folds = one.factor.table.select("date", "fold").unique()
    by_month = one.evaluation.series.join(folds, left_on="factor_date", right_on="date").select(
        "month", "fold"
    )
    jobs = all_jobs(inputs, folds_of(inputs))
    metrics = {job.name: read_json(job.directory / "metrics.json") for job in jobs}
    seconds = sum(
        spent for each in metrics.values() for part, spent in each["seconds"].items() if part != "data"
    )
    study = one.planned.trial.study
    health = tuple(
        FoldHealth.of(study, fold, each["gan"])
        for fold, each in metrics.items()
        if each["gan"] and each["gan"]["epochs"]
    )
    settings = inputs.workspace.settings
    return MeasuredTrial(
        one.planned.trial, settings, one.evaluation, dict(by_month.iter_rows()), seconds / 60, health
    )
