"""The whole study with progress, as `run` and `demo` do it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gangru.cli.screen import date_progress, print_headline, print_warnings, step, training_progress
from gangru.study import stages
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.jobs import unhealthy
from gangru.study.kept_evaluation import keep_evaluation
from gangru.study.measuring import evaluation_document
from gangru.study.outdated import outdated
from gangru.study.reporting import KEEP, make_report

if TYPE_CHECKING:
    from gangru.evaluation.result import Evaluation
    from gangru.study.workspace import Workspace


@dataclass(frozen=True)
class Run:
    """What a whole run leaves behind."""

    inputs: Inputs
    evaluation: "Evaluation"
    reports: list[Path]


def run_study(workspace: "Workspace", *, report: bool = True, show: bool = True) -> Run:
    """Train, make the factor, evaluate and, unless told otherwise, write the newest monthly and show the headline."""
    with step(f"{workspace.study}: reading the market"):
        inputs = load_inputs(workspace)
    with training_progress() as on_tick:
        stages.train(inputs, on_tick)
    print_warnings([*unhealthy(inputs), *outdated(inputs)])
    with date_progress("factor") as on_step:
        made = stages.make_factor(inputs, on_step, keep=True)
    with step("evaluating"):
        evaluation = stages.evaluate(inputs, made, whole=True)
        stages.write_evaluation(inputs, evaluation_document(inputs, evaluation, made.drops))
        keep_evaluation(inputs, made, evaluation)
    if show:
        print_headline(evaluation)
    paths = []
    if report:
        with step("writing the report"):
            published = make_report(inputs, made, None, KEEP, evaluation=evaluation)
        paths = published.paths
        print_warnings(published.notes)
    return Run(inputs, evaluation, paths)
