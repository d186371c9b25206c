"""The monthly of one return month: an evaluation that knows nothing later, the folds, the provenance."""

from pathlib import Path

import numpy as np

from gangru.errors import ReportError
from gangru.evaluation.headline import Headline
from gangru.evaluation.result import Evaluation
from gangru.report.contents import Contents, build_contents
from gangru.report.inputs import Comparison, FoldRecord, Provenance
from gangru.report.write import write_report
from gangru.study.data_notes import data_notes
from gangru.study.fold_records import fold_record, read_json
from gangru.study.inputs import Inputs
from gangru.study.jobs import folds_of
from gangru.study.provenance import code_version, package_versions
from gangru.study.settings import StudySettings, plain_settings
from gangru.study.simulated import simulation_facts
from gangru.study.stages import FactorTable, evaluate
from gangru.study.workspace import MAIN, Workspace


def make_report(inputs: Inputs, factor: FactorTable, month: str | None) -> list[Path]:
    """Write the edition of a return month (default: the last that is known) in every format of the settings.

    The figures see nothing after that month's last label. Raises ReportError where the factor does not reach it.
    """
    workspace = inputs.workspace
    contents = edition_contents(inputs, factor, month)
    return write_report(contents, workspace.root / "reports", workspace.settings.report)


def edition_contents(inputs: Inputs, factor: FactorTable, month: str | None) -> Contents:
    """All that the edition of a return month (default: the last that is known) says, ready for any rendering.

    The figures see nothing after that month's last label. Raises ReportError where the factor does not reach it.
    """
    evaluation = evaluate(inputs, factor, month)
    if evaluation.last_month is None:
        raise ReportError("no month's return is known yet: the factor dates lie too near the end of the data")
    if month is not None and evaluation.last_month != month:
        raise ReportError(
            f"the return of {month} is not known: months run from {evaluation.first_month} to {evaluation.last_month}"
        )
    workspace = inputs.workspace
    month_end = np.datetime64(evaluation.last_month, "M") + 1
    days = inputs.market.dates
    known = inputs.up_to(
        days[np.searchsorted(days, month_end.astype("datetime64[D]"))]
    )  # the day after its end
    facts = simulation_facts(known)
    return build_contents(
        evaluation,
        month=evaluation.last_month,
        folds=fold_records(inputs, evaluation),
        provenance=provenance(workspace),
        data_notes=data_notes(known),
        simulated=facts,
        comparison=comparisons(workspace, evaluation),
        settings=workspace.settings.report,
    )


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
        settings=plain_settings(workspace.settings),
        defaults=plain_settings(StudySettings()),
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
