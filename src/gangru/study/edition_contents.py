"""All that the monthly of one return month says, from the study's stages: nothing later is looked at."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from gangru.errors import ReportError
from gangru.evaluation.headline import Headline
from gangru.evaluation.result import Evaluation
from gangru.report.blocks import Contents
from gangru.report.contents import build_contents
from gangru.report.inputs import AblationRecord, Comparison, FoldRecord, Provenance
from gangru.report.issued import EditionMark, PastEdition
from gangru.report.languages import Choice
from gangru.report.settings import ReportSettings
from gangru.study.data_notes import data_notes
from gangru.study.factor_table import FactorTable
from gangru.study.fold_records import fold_record, read_json
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs
from gangru.study.kept_evaluation import kept_evaluation
from gangru.study.market_facts import market_facts
from gangru.study.measuring import evaluate, evaluate_table
from gangru.study.provenance import code_version, package_versions
from gangru.study.settings import StudySettings, told_settings
from gangru.study.simulated import simulation_facts
from gangru.study.workspace import MAIN, Workspace

ABLATION = {
    "variant": "name",
    "rank_ic": "rank_ic",
    "spread": "seed_spread",
    "raw": "raw_rank_ic",
    "icir": "icir",
    "t": "t",
    "excess": "long_excess",
    "collapsed": "collapsed",
}


def evaluated_month(inputs: Inputs, factor: FactorTable, month: str | None) -> Evaluation:
    """The whole evaluation that ends with a return month (default: the last that is known), or the one kept of it.

    Raises ReportError where the factor does not reach it.
    """
    kept = kept_evaluation(inputs, factor, month)
    return known_month(kept or evaluate(inputs, factor, month, whole=True), month)


def known_month(evaluation: Evaluation, month: str | None) -> Evaluation:
    """The evaluation, whose last month is `month`, or any; raises ReportError where it does not reach one."""
    if evaluation.last_month is None:
        raise ReportError("no month's return is known yet: the factor dates lie too near the end of the data")
    if month is not None and evaluation.last_month != month:
        raise ReportError(
            f"the return of {month} is not known: months run from {evaluation.first_month} to {evaluation.last_month}"
        )
    return evaluation


def edition_contents(
    inputs: Inputs,
    factor: FactorTable,
    evaluation: Evaluation,
    settings: ReportSettings,
    mark: EditionMark | None = None,
    past: Sequence[PastEdition] = (),
) -> Contents:
    """The contents of the edition of an evaluation's last month, ready for any rendering."""
    month, workspace = str(evaluation.last_month), inputs.workspace
    known = inputs.up_to(day_after(inputs, month))
    return build_contents(
        evaluation,
        month=month,
        folds=fold_records(inputs, evaluation),
        provenance=provenance(workspace),
        data_notes=data_notes(known),
        simulated=simulation_facts(known),
        comparison=comparisons(workspace, evaluation),
        settings=settings,
        previous=evaluation_before(inputs, factor, evaluation),
        facts=market_facts(known, factor.drops, evaluation.picks_date, len(evaluation.picks)),
        ablation=ablation_record(workspace, month),
        mark=mark,
        issued=past,
        features=inputs.workspace.extensions.features,
        sections=inputs.workspace.extensions.sections,
    )


def report_settings(workspace: Workspace, lang: Choice | None) -> ReportSettings:
    """The study's settings of the report, in another language where one is asked for."""
    settings = workspace.settings.report
    return settings if lang is None else replace(settings, language=lang)


def day_after(inputs: Inputs, month: str) -> np.datetime64:
    """The first trading day after a month's end: the last day that its edition may see."""
    days = inputs.market.dates
    following = (np.datetime64(month, "M") + 1).astype("datetime64[D]")
    return np.datetime64(days[np.searchsorted(days, following)])


def evaluation_before(inputs: Inputs, factor: FactorTable, evaluation: Evaluation) -> Evaluation | None:
    """The evaluation up to the month before, of the averaged factor alone; None in the record's first month."""
    months = evaluation.series["month"].sort()
    return evaluate_table(inputs, factor.table, months[-2]) if len(months) > 1 else None


def ablation_record(workspace: Workspace, month: str) -> AblationRecord | None:
    """The workspace's last ablation; None where there is none, or where it knows months after the edition's."""
    path = workspace.root / "runs" / "ablation.json"
    if not path.exists():
        return None
    document = read_json(path)
    months = document["months"]
    if not months or months[-1] > month:
        return None
    rows = [
        {"seeds": len(line["seeds"])} | {column: line[key] for column, key in ABLATION.items()}
        for line in document["variants"]
    ]
    return AblationRecord(pl.DataFrame(rows, infer_schema_length=None), months[0], months[-1])


def fold_records(inputs: Inputs, evaluation: Evaluation) -> list[FoldRecord]:
    """The trainings that made the factor up to the edition's picks, oldest first."""
    workspace = inputs.workspace
    until = evaluation.picks_date or f"{evaluation.last_month}-31"
    records, due = [], {fold.name for fold in folds_of(inputs)}
    for done in sorted(workspace.runs.glob("*/DONE")):
        manifest = read_json(done.parent / "manifest.json")
        if manifest["trained_on"] < until and manifest["nominal"] in due:
            records.append(fold_record(done.parent, manifest, inputs.calendar))
    return records


def provenance(workspace: Workspace) -> Provenance:
    """Settings, data, code and packages behind the edition."""
    code = code_version()
    variant = "" if workspace.study == MAIN else f" --study {workspace.study}"
    return Provenance(
        study=workspace.study,
        settings=told_settings(workspace.settings),
        defaults=told_settings(StudySettings()),
        data_versions=workspace.store.market_versions(),
        code_version=code["version"],
        commit=code["commit"],
        packages=package_versions(),
        seed=workspace.settings.training.seed,
        command=f"gangru run{variant}",
    )


def comparisons(workspace: Workspace, evaluation: Evaluation) -> list[Comparison]:
    """The other studies of the workspace that were evaluated over the same months; others would know more."""
    found = []
    for path in sorted(workspace.root.glob("runs/*/evaluation.json")):
        document = read_json(path)
        same_months = (document["first_month"], document["last_month"]) == (
            evaluation.first_month,
            evaluation.last_month,
        )
        if path != workspace.evaluation_path and same_months:
            found.append(Comparison(document["study"], Headline(**document["headline"])))
    return found
