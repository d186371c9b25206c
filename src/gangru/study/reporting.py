"""The monthly of one return month as an edition: issued once, issued again with a reason, or a draft."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from gangru.evaluation.result import Evaluation
from gangru.report.languages import Choice
from gangru.report.write import renderings
from gangru.study.edition_contents import (
    day_after,
    edition_contents,
    evaluated_month,
    fold_records,
    known_month,
    provenance,
    report_settings,
)
from gangru.study.editions.archive import issued_editions
from gangru.study.editions.issuing import Otherwise, Published, publish, write_draft
from gangru.study.editions.made_of import made_of
from gangru.study.editions.marks import Made
from gangru.study.editions.past import Now, past_editions
from gangru.study.factor_table import FactorTable
from gangru.study.inputs import Inputs
from gangru.study.outdated import revised_rows


@dataclass(frozen=True)
class Wish:
    """What is to become of an edition: issued; with a `reason` issued again; as a draft alone.

    `otherwise` is what to do where it was issued with other figures and no reason is given; `lang` takes the place of
    report.language.
    """

    reason: str | None = None
    draft: bool = False
    otherwise: Otherwise = "refuse"
    lang: Choice | None = None


ISSUE = Wish()
KEEP = Wish(otherwise="draft")  # a whole run must not fail because an edition stands


def make_report(
    inputs: Inputs,
    factor: FactorTable,
    month: str | None,
    wish: Wish = ISSUE,
    at: datetime | None = None,
    evaluation: Evaluation | None = None,
) -> Published:
    """Issue the edition of a return month (default: the last that is known) in every format of the settings.

    The figures see nothing after that month's last label. `at` is the moment of issue, now where it is not given;
    `evaluation` the whole one that ends with the month, where it is there already.
    Raises ReportError where the factor does not reach the month, EditionError where it was issued with other figures.
    """
    evaluation = (
        evaluated_month(inputs, factor, month) if evaluation is None else known_month(evaluation, month)
    )
    reports = inputs.workspace.reports
    made = computed_edition(inputs, factor, evaluation, wish.lang)
    if wish.draft:
        return write_draft(reports, made)
    return publish(reports, made, at=at or datetime.now(UTC), reason=wish.reason, otherwise=wish.otherwise)


def computed_edition(
    inputs: Inputs, factor: FactorTable, evaluation: Evaluation, lang: Choice | None = None
) -> Made:
    """The edition of the evaluation's last month as it is computed now, with what older editions said."""
    workspace, month = inputs.workspace, str(evaluation.last_month)
    settings = report_settings(workspace, lang)
    known = inputs.up_to(day_after(inputs, month))
    folds = [workspace.runs / str(record.nominal) for record in fold_records(inputs, evaluation)]
    sources = made_of(provenance(workspace), factor.table, evaluation.picks_date, folds)
    revised = partial(revised_rows, workspace.store.unpinned())
    now = Now(evaluation, factor.table, known.market, sources, workspace.settings.portfolio, revised)
    past = past_editions(issued_editions(workspace.reports, before=month), now)
    return Made(
        evaluation=evaluation,
        month=month,
        as_of=str(known.market.dates[-1]),
        inputs=sources,
        render=lambda mark: renderings(
            edition_contents(inputs, factor, evaluation, settings, mark, past), settings
        ),
        revised=revised,
    )
