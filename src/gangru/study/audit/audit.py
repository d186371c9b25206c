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
from gangru.factor.predict import factor_of_date
from gangru.market.daily import Dates
from gangru.market.store import Store
from gangru.study import stages
from gangru.study.audit import permute, short, spans
from gangru.study.audit.outputs import (
    Digests,
    Part,
    compared,
    dates_to_predict,
    outputs_of_day,
    training_parts,
    written_factor_part,
)
from gangru.study.audit.result import AuditReport, Check, Verdict
from gangru.study.audit.scramble import write_twin
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.jobs import folds_of
from gangru.study.workspace import Workspace
from gangru.training.batches import FoldData
from gangru.training.fold_run import TrainedFold
from gangru.training.folds import Fold
from gangru.training.loop import prepare_torch

PERMUTED_EPOCHS = 8
PERMUTED_RATE = 30.0  # times the predictor's step: it has to be able to learn what it must not see
EVALUATED_MONTHS = 6
FUTURE_DAYS = 20  # trading days that a random day has after it, at least

OnStep = Callable[[str, float], None]


@dataclass(frozen=True)
class Question:
    """One day of the audit: what is compared on it, beside all that is dated up to it.

    `inputs` compares the fold's samples up to the day, `weights` trains the twin's fold, `table` runs the factor stage.
    """

    day: date
    predicted_on: list[np.datetime64]
    inputs: bool = False
    weights: bool = False
    table: bool = False


@dataclass(frozen=True)
class Plan:
    """What one audit asks: the fold that is trained, its days, and where it works."""

    own: Workspace
    fold: Fold
    questions: tuple[Question, ...]
    root: Path
    seed: int


@dataclass
class Original:
    """What the untouched market gave: parts by day, its nets, its calendar, and the rows made on the way."""

    parts: dict[date, dict[str, Part]]
    nets: TrainedFold
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


def planned(inputs: Inputs, folds: list[Fold], dates: int, seed: int, root: Path) -> Plan:
    """Choose the fold and the days: its training day, the day before its first validation date, and random ones.

    The fold is the last with enough days after it to be a future, else the last. The first random day lies in the
    span that the fold serves, where it has a factor date; the others anywhere with a window before and days after.
    """
    market, settings = inputs.market, inputs.workspace.settings
    enough = [f for f in folds if market.date_index(f.trained_on) + FUTURE_DAYS < len(market.dates)]
    fold = (enough or folds)[-1]
    own = spans.spans_of(inputs, [fold])[0]
    served = factor_rows(market.dates, inputs.calendar, "month_end")
    served = served[served > own.trained]
    random = np.random.default_rng([seed, 7])
    first, last = settings.features.window + settings.label.reach, len(market.dates) - 1 - FUTURE_DAYS
    free = np.setdiff1d(np.arange(first, max(last, first + 1)), [own.trained, own.valid[0] - 1])
    rows = np.sort(random.permutation(free)[:dates])
    late = free[free >= served[0]] if len(served) else free[:0]
    if len(rows) and len(late):
        rows[-1] = late[random.integers(len(late))]
    asked = {own.trained: (True, True, False), int(own.valid[0]) - 1: (True, False, False)}
    asked |= {int(row): (False, False, bool(len(served) and row >= served[0])) for row in rows}
    questions = []
    for row in sorted(asked):
        day = market.dates[row].item()
        questions.append(Question(day, dates_to_predict(inputs, day), *asked[row]))
    return Plan(inputs.workspace, fold, tuple(questions), root, seed)


def answers(inputs: Inputs, plan: Plan, folds: list[Fold], on_step: OnStep) -> Original:
    """Everything that is asked of the untouched market: spans, nets, shuffled labels, and the parts of each day."""
    reach = spans.measured_reach(inputs)
    told = spans.spans_of(inputs, folds)
    checks = spans.span_checks(inputs, told, reach, "sample dates of all folds")
    own = audit_inputs(inputs, plan, "original", None)
    prepare_torch(own.workspace.settings.training)
    on_step(f"inputs of the training of {plan.fold.name}", 0.05)
    job = short.fold_job(own, plan.fold)
    data = job.load()
    mine = told[[f.name for f in folds].index(plan.fold.name)]
    in_data = [spans.spans_in(inputs, plan.fold, data, mine)]
    checks += spans.span_checks(inputs, in_data, reach, f"samples of {plan.fold.name}")
    trained_parts = {q.day: list(training_parts(data, q.day)) for q in plan.questions if q.inputs}
    few = short.thinned(data)
    del data
    on_step("a short training", 0.1)
    features = len(own.workspace.settings.features.names)
    nets = short.train_short(job, few, features, at(on_step, 0.1))
    on_step("shuffled labels", 0.15)
    checks += shuffled_checks(own, plan, nets, few, on_step)
    parts = {}
    for number, question in enumerate(plan.questions):
        on_step(f"outputs up to {question.day}", 0.2 + 0.1 * number / len(plan.questions))
        weights = [weights_part(job.directory)] if question.weights else []
        found = [*all_parts(own, question, nets), *trained_parts.get(question.day, []), *weights]
        parts[question.day] = {part.name: part for part in found}
    return Original(parts, nets, inputs.calendar, inputs.workspace.store, checks)


def audit_inputs(inputs: Inputs, plan: Plan, folder: str, store: Path | None) -> Inputs:
    """The same market under the audit's own workspace and short settings."""
    workspace = short.audit_workspace(
        plan.own, plan.root / folder, plan.fold, store, epochs=short.WEIGHT_EPOCHS
    )
    return replace(inputs, workspace=workspace)


def all_parts(inputs: Inputs, question: Question, nets: TrainedFold) -> Iterator[Part]:
    """The parts of one day, the stage's own factor table among them where the fold serves a date up to it."""
    yield from outputs_of_day(inputs, question.day, question.predicted_on, nets)
    if question.table:
        yield written_factor_part(inputs, question.day)


def weights_part(directory: Path) -> Part:
    """What a training left, a digest a file."""
    made = Digests()
    for name, content in short.weight_files(directory).items():
        made.add(name, content)
    return made.part("weights", "files")


def shuffled_checks(
    inputs: Inputs, plan: Plan, nets: TrainedFold, few: FoldData, on_step: OnStep
) -> list[Check]:
    """A training and an evaluation on labels shuffled within their dates."""
    random = np.random.default_rng([plan.seed, 11])
    data = permute.with_shuffled_labels(few, random)
    where = short.audit_workspace(
        plan.own, plan.root / "shuffled", plan.fold, None, epochs=PERMUTED_EPOCHS, rate=PERMUTED_RATE
    )
    job = replace(
        short.fold_job(replace(inputs, workspace=where), plan.fold), directory=where.runs / "shuffled"
    )
    features = len(where.settings.features.names)
    blind = short.train_short(job, data, features, at(on_step, 0.15))
    return [
        permute.training_check(inputs, blind, data, PERMUTED_EPOCHS, random),
        permute.evaluation_check(inputs, some_factor(inputs, plan, nets), random),
    ]


def some_factor(inputs: Inputs, plan: Plan, nets: TrainedFold) -> pl.DataFrame:
    """The factor of the last months that the fold serves, and of some before, by the short training's nets."""
    settings, market = inputs.workspace.settings, inputs.market
    rows = factor_rows(market.dates, inputs.calendar, "month_end")
    served = market.dates[rows] <= plan.fold.serves_to
    ready = rows[served & (rows >= settings.features.window - 1)][-EVALUATED_MONTHS - 1 :]
    tables = [pl.DataFrame(schema={"date": pl.Date, "code": pl.String, "factor": pl.Float64})]
    for row in ready.tolist():
        stocks, pret, _ = stages.predicted(inputs, nets, row)
        made = factor_of_date(inputs.panel, row, stocks, pret, inputs.exposures, settings.factor, "audit")
        tables.append(made.table.select("date", "code", "factor"))
    return pl.concat(tables)


def compared_day(
    plan: Plan,
    question: Question,
    nets: TrainedFold,
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
    plan: Plan, question: Question, twin: Inputs, nets: TrainedFold, on_step: Callable[[str], None]
) -> Iterator[Part]:
    """What the twin says: the same parts as the market's, its fold trained anew where weights are compared."""
    yield from all_parts(twin, question, nets)
    if not question.inputs:
        return
    on_step(f"inputs of the training of {plan.fold.name} with another future")
    job = short.fold_job(twin, plan.fold)
    data = job.load()
    yield from training_parts(data, question.day)
    if question.weights:
        again = replace(job, directory=plan.root / "again")
        short.train_short(again, short.thinned(data), len(twin.workspace.settings.features.names), on_step)
        yield weights_part(again.directory)


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
