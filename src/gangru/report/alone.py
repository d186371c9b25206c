"""A monthly of any evaluation, without a study behind it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gangru.errors import ReportError
from gangru.evaluation.result import Evaluation
from gangru.report import write
from gangru.report.blocks import Section
from gangru.report.contents import build_contents
from gangru.report.inputs import Material, Provenance
from gangru.report.settings import ReportSettings


def write_report(
    evaluation: Evaluation,
    directory: str | Path,
    *,
    title: str | None = None,
    settings: ReportSettings | None = None,
    sections: Sequence[Callable[[Material], Section]] = (),
) -> list[Path]:
    """Write `directory`/STUDY/YYYY-MM.html and the settings' other formats for an evaluation's last return month.

    What only a study knows (its trainings, settings and data) is not in it, and the pages say so. Each of `sections`
    makes one more section. Sees the evaluation and nothing else. Raises ReportError where it has no month.
    """
    if evaluation.last_month is None:
        raise ReportError("the evaluation has no return month: there is nothing to report")
    chosen = settings or ReportSettings()
    contents = build_contents(
        evaluation,
        month=evaluation.last_month,
        folds=(),
        provenance=Provenance(evaluation.study, {}),
        settings=chosen if title is None else replace(chosen, title=title),
        sections=sections,
    )
    return write.write_report(contents, Path(directory), chosen)
