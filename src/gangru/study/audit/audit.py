"""The audit of a study: one market with another future after each of some days, shuffled labels, spans of labels."""

import gc
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from gangru.factor.dates import factor_rows
from gangru.market.daily import Dates
from gangru.market.store import Store
from gangru.study import predicting, stages
from gangru.study.audit import permute, short, spans
from gangru.study.audit.outputs import (
    Digests,
    Part,
    compared,
    outputs_of_day,
    training_parts,
    written_factor_part,
)
from gangru.study.audit.plan import Plan, Question, planned
from gangru.study.audit.result import AuditReport, Check, Verdict
from gangru.study.audit.scramble import write_twin
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.predicting import ServingFold
from gangru.study.workspace import Workspace
from gangru.training.batches import FoldData
from gangru.training.folds import Fold
from gangru.training.loop import prepare_torch

PERMUTED_EPOCHS = 8
PERMUTED_RATE = 30.0  # times the predictor's step: it has to be able to learn what it must not see
EVALUATED_MONTHS = 6

OnStep = Callable[[str, float], None]


@dataclass
class Original:
    """What the untouched market gave: parts by day, its nets, its calendar, and the rows made on the way."""

    parts: dict[date, dict[str, Part]]
    nets: ServingFold
    calendar: Dates
    store: Store
    checks: list[Check]


def audit(
    workspace: Workspace, dates: int = 2, seed: int = 0, on_step: OnStep = lambda _s, _p: None
) -> AuditReport:
    """Audit a study on the days of its last fold and on `dates` others, drawn by `seed`.

    The store is read and nothing of the workspace is written: twins and trainings live in a temporary directory that
    goes with the call, however it ends. Raises TrainingError where no training is due.
    """
    with TemporaryDirectory(prefix="gangru-audit-") as temporary:
        on_step("reading the market", 0.0)
        inputs = load_inputs(held(workspace))
        folds = folds_of(inputs)
        plan = planned(inputs, folds, dates, seed, Path(temporary))
        original = answers(inputs, plan, folds, on_step)
        del inputs
        checks, scrambled = list(original.checks), {}
        for number, question in enumerate(plan.questions):
            gc.collect()
            share = 0.3 + 0.7 * number / len(plan.questions)
            on_step(f"another future after {question.day}", share)
            rows = write_twin(original.store, original.calendar, question.day, seed, plan.root / "twin")
            scrambled[str(question.day)] = rows
            parts = original.parts.pop(question.day)
            checks += compared_day(plan, question, original.nets, parts, rows, at(on_step, share))
            shutil.rmtree(plan.root / "twin")
        on_step("done", 1.0)
        return AuditReport(workspace.study, plan.fold.name, seed, tuple(checks), scrambled)


def held(workspace: Workspace) -> Workspace:
    """The workspace at its store's present versions: what is ingested during the audit is no leak."""
    settings = workspace.settings
    pins = dict(workspace.store.pinned().pins)
    return replace(workspace, settings=replace(settings, data=replace(settings.data, pins=pins)))


def at(on_step: OnStep, share: float) -> Callable[[str], None]:
    """Tell stages at one share of the whole."""
    return lambda stage: on_step(stage, share)


def answers(inputs: Inputs, plan: Plan, folds: list[Fold], on_step: OnStep) -> Original:
    """Everything that is asked of the untouched market: spans, nets, shuffled labels, and the parts of each day."""
    reach = spans.measured_reach(inputs)
    told = spans.spans_of(inputs, folds)
    checks = spans.span_checks(inputs, told, reach, "sample dates of all folds")
    own = audit_inputs(inputs, plan, "original", None)
    prepare_torch(own.workspace.settings.training)
    on_step(f"inputs of the training of {plan.fold.name}", 0.05)
    jobs = short.own_jobs(own, plan.fold)
    data = jobs[0].load()
    mine = told[[f.name for f in folds].index(plan.fold.name)]
    in_data = [spans.spans_in(inputs, plan.fold, data, mine)]
    checks += spans.span_checks(inputs, in_data, reach, f"samples of {plan.fold.name}")
    trained_parts = {q.day: list(training_parts(data, q.day)) for q in plan.questions if q.inputs}
    few = short.thinned(data)
    del data
    on_step("a short training", 0.1)
    features = len(own.workspace.settings.features.series)
    nets = short.train_short(jobs, plan.fold, few, features, at(on_step, 0.1))
    on_step("shuffled labels", 0.15)
    checks += shuffled_checks(own, plan, nets, few, on_step)
    parts = {}
    for number, question in enumerate(plan.questions):
        on_step(f"outputs up to {question.day}", 0.2 + 0.1 * number / len(plan.questions))
        weights = [weights_part(jobs[0].directory)] if question.weights else []
        found = [*all_parts(own, question, nets), *trained_parts.get(question.day, []), *weights]
        parts[question.day] = {part.name: part for part in found}
    return Original(parts, nets, inputs.calendar, inputs.workspace.store, checks)


def audit_inputs(inputs: Inputs, plan: Plan, folder: str, store: Path | None) -> Inputs:
    """The same market under the audit's own workspace and short settings."""
    workspace = short.audit_workspace(
        plan.own, plan.root / folder, plan.fold, store, epochs=short.WEIGHT_EPOCHS
    )
    return replace(inputs, workspace=workspace)


def all_parts(inputs: Inputs, question: Question, nets: ServingFold) -> Iterator[Part]:
    """The parts of one day, the stage's own factor table among them where the fold serves a date up to it."""
    yield from outputs_of_day(inputs, question.day, question.predicted_on, nets)
    if question.table:
        yield written_factor_part(inputs, question.day)


def weights_part(directory: Path, curves: bool = True) -> Part:
    """What a training left, a digest a file."""
    made = Digests()
    for name, content in short.weight_files(directory, curves).items():
        made.add(name, content)
    return made.part("weights", "files")


def one_epoch_check(inputs: Inputs, plan: Plan, few: FoldData, random: np.random.Generator) -> Check:
    """Weights of a single epoch, which leaves nothing to choose: validation labels must not have touched them."""
    parts = []
    for name, data in (("seen", few), ("unseen", permute.with_shuffled_labels(few, random, train=False))):
        where = short.audit_workspace(plan.own, plan.root / name, plan.fold, None, epochs=1)
        jobs = short.own_jobs(replace(inputs, workspace=where), plan.fold)
        short.train_short(jobs, plan.fold, data, len(where.settings.features.series), lambda _stage: None)
        parts.append(weights_part(jobs[0].directory, curves=False))
    labels = sum(len(sample.label_N) for sample in few.valid)
    made = verdict(plan.questions[0].day, parts[0], parts[1], labels, 0)
    return replace(
        made, name="weights without validation labels", day=None, scrambled="labels of the validation dates"
    )


def shuffled_checks(
    inputs: Inputs, plan: Plan, nets: ServingFold, few: FoldData, on_step: OnStep
) -> list[Check]:
    """A training and an evaluation on labels shuffled within their dates."""
    random = np.random.default_rng([plan.seed, 11])
    data = permute.with_shuffled_labels(few, random)
    where = short.audit_workspace(
        plan.own, plan.root / "shuffled", plan.fold, None, epochs=PERMUTED_EPOCHS, rate=PERMUTED_RATE
    )
    jobs = short.own_jobs(replace(inputs, workspace=where), plan.fold, where.runs / "shuffled")
    features = len(where.settings.features.series)
    blind = short.train_short(jobs, plan.fold, data, features, at(on_step, 0.15))
    return [
        one_epoch_check(inputs, plan, few, random),
        permute.training_check(inputs, blind, data, PERMUTED_EPOCHS, random),
        permute.evaluation_check(inputs, some_factor(inputs, plan, nets), random),
    ]


def some_factor(inputs: Inputs, plan: Plan, nets: ServingFold) -> pl.DataFrame:
    """The factor of the last months that the fold serves, and of some before, by the short training's nets."""
    settings, market = inputs.workspace.settings, inputs.market
    rows = factor_rows(market.dates, inputs.calendar, "month_end")
    served = market.dates[rows] <= plan.fold.serves_to
    ready = rows[served & (rows >= settings.features.window - 1)][-EVALUATED_MONTHS - 1 :]
    tables = [pl.DataFrame(schema={"date": pl.Date, "code": pl.String, "factor": pl.Float64})]
    for row in ready.tolist():
        prediction = predicting.predicted(inputs, nets, row)
        made = stages.neutral(inputs, prediction, prediction.pret, row, "audit")
        tables.append(made.table.select("date", "code", "factor"))
    return pl.concat(tables)


def compared_day(
    plan: Plan,
    question: Question,
    nets: ServingFold,
    parts: dict[str, Part],
    rows: dict[str, int],
    on_step: Callable[[str], None],
) -> list[Check]:
    """Compare what the twin says of the days up to one with what the market itself said."""
    workspace = short.audit_workspace(
        plan.own, plan.root / "original", plan.fold, plan.root / "twin", epochs=short.WEIGHT_EPOCHS
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the market itself has warned already
        twin = load_inputs(workspace)
    found = list(twin_parts(plan, question, twin, nets, on_step))
    names = dict.fromkeys([*parts, *(part.name for part in found)])
    by_name = {part.name: part for part in found}
    empty = Part("", "", {}, 0)
    total = sum(rows.values())
    return [
        verdict(question.day, parts.get(name, empty), by_name.get(name, empty), total, len(rows))
        for name in names
    ]


def twin_parts(
    plan: Plan, question: Question, twin: Inputs, nets: ServingFold, on_step: Callable[[str], None]
) -> Iterator[Part]:
    """What the twin says: the same parts as the market's, its fold trained anew where weights are compared."""
    yield from all_parts(twin, question, nets)
    if not question.inputs:
        return
    on_step(f"inputs of the training of {plan.fold.name} with another future")
    data = short.own_jobs(twin, plan.fold)[0].load()
    yield from training_parts(data, question.day)
    if question.weights:
        again = short.own_jobs(twin, plan.fold, plan.root / "again")
        short.train_short(
            again, plan.fold, short.thinned(data), len(twin.workspace.settings.features.series), on_step
        )
        yield weights_part(again[0].directory)


def verdict(day: date, first: Part, second: Part, rows: int, tables: int) -> Check:
    """Two markets' bytes of one part as a row of the result."""
    name, unit = first.name or second.name, first.unit or second.unit
    differ = compared(first, second)
    count = len(first.digests.keys() | second.digests.keys())
    state: Verdict = "LEAK" if differ else "holds" if count and rows else "not checked"
    finding = f"{len(differ):,} of {count:,} {unit} differ, first {differ[0]}" if differ else ""
    if state == "not checked":
        finding = "nothing lies before the day" if rows else "nothing lies after the day"
    what = f"all after the day in {tables} tables"
    return Check(name, day, what, rows, count, unit, first.size, state, finding)
