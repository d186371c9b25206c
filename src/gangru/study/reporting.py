"""The monthly of one return month: an evaluation that knows nothing later, the folds, the provenance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import numpy as np

from gangru.errors import ReportError
from gangru.evaluation.headline import Headline
from gangru.evaluation.result import Evaluation
from gangru.report.blocks import Contents
from gangru.report.contents import build_contents
from gangru.report.inputs import Comparison, FoldRecord, Provenance
from gangru.report.issued import EditionMark, PastEdition
from gangru.report.write import renderings
from gangru.study.data_notes import data_notes
from gangru.study.editions.archive import issued_editions
from gangru.study.editions.issuing import Otherwise, Published, publish, write_draft
from gangru.study.editions.made_of import made_of
from gangru.study.editions.marks import Made
from gangru.study.editions.past import Now, past_editions
from gangru.study.fold_records import fold_record, read_json
from gangru.study.inputs import Inputs
from gangru.study.jobs import folds_of
from gangru.study.outdated import revised_rows
from gangru.study.provenance import code_version, package_versions
from gangru.study.settings import StudySettings, plain_settings
from gangru.study.simulated import simulation_facts
from gangru.study.stages import FactorTable, evaluate
from gangru.study.workspace import MAIN, Workspace


@dataclass(frozen=True)
class Wish:
    """What is to become of an edition: issued; with a `reason` issued again; as a draft alone.

    `otherwise` is what to do where it was issued with other figures and no reason is given.
    """

    reason: str | None = None
    draft: bool = False
    otherwise: Otherwise = "refuse"


ISSUE = Wish()
KEEP = Wish(otherwise="draft")  # a whole run must not fail because an edition stands


def make_report(
    inputs: Inputs, factor: FactorTable, month: str | None, wish: Wish = ISSUE, at: datetime | None = None
) -> Published:
    """Issue the edition of a return month (default: the last that is known) in every format of the settings.

    The figures see nothing after that month's last label. `at` is the moment of issue, now where it is not given.
    Raises ReportError where the factor does not reach the month, EditionError where it was issued with other figures.
    """
    evaluation = evaluated_month(inputs, factor, month)
    reports = inputs.workspace.reports
    made = computed_edition(inputs, factor, evaluation)
    if wish.draft:
        return write_draft(reports, made)
    return publish(reports, made, at=at or datetime.now(UTC), reason=wish.reason, otherwise=wish.otherwise)


def evaluated_month(inputs: Inputs, factor: FactorTable, month: str | None) -> Evaluation:
    """The evaluation that ends with a return month. Raises ReportError where the factor does not reach it."""
    evaluation = evaluate(inputs, factor, month)
    if evaluation.last_month is None:
        raise ReportError("no month's return is known yet: the factor dates lie too near the end of the data")
    if month is not None and evaluation.last_month != month:
        raise ReportError(
            f"the return of {month} is not known: months run from {evaluation.first_month} to {evaluation.last_month}"
        )
    return evaluation


def computed_edition(inputs: Inputs, factor: FactorTable, evaluation: Evaluation) -> Made:
    """The edition of the evaluation's last month as it is computed now, with what older editions said."""
    workspace, month = inputs.workspace, str(evaluation.last_month)
    month_end = np.datetime64(month, "M") + 1
    days = inputs.market.dates
    known = inputs.up_to(
        days[np.searchsorted(days, month_end.astype("datetime64[D]"))]
    )  # the day after its end
    origin = provenance(workspace)
    folds = [workspace.runs / str(record.nominal) for record in fold_records(inputs, evaluation)]
    sources = made_of(origin, factor.table, evaluation.picks_date, folds)
    fraction = workspace.settings.portfolio.fraction
    revised = partial(revised_rows, workspace.store.unpinned())
    now = Now(evaluation, factor.table, known.market, sources, fraction, revised)
    past = past_editions(issued_editions(workspace.reports, before=month), now)
    return Made(
        evaluation=evaluation,
        month=month,
        as_of=str(known.market.dates[-1]),
        inputs=sources,
        render=lambda mark: renderings(
            edition_contents(inputs, known, evaluation, origin, mark, past), workspace.settings.report
        ),
        revised=revised,
    )


def edition_contents(
    inputs: Inputs,
    known: Inputs,
    evaluation: Evaluation,
    origin: Provenance,
    mark: EditionMark | None = None,
    past: Sequence[PastEdition] = (),
) -> Contents:
    """The contents of one edition; `known` are the inputs as they were known when its month was over."""
    workspace = inputs.workspace
    return build_contents(
        evaluation,
        month=str(evaluation.last_month),
        folds=fold_records(inputs, evaluation),
        provenance=origin,
        data_notes=data_notes(known),
        simulated=simulation_facts(known),
        comparison=comparisons(workspace, evaluation),
        settings=workspace.settings.report,
        mark=mark,
        issued=past,
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
