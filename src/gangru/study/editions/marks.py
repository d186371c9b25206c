"""An edition as it is computed now, and what it says of itself: which revision, of what, and how it differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gangru.evaluation.result import Evaluation
from gangru.report.issued import EarlierRevision, EditionMark, FigureChange
from gangru.report.write import Rendering
from gangru.study.editions.archive import issued_figures
from gangru.study.editions.changes import Revised, input_changes
from gangru.study.editions.figures import differences, figures_of, shown
from gangru.study.editions.record import IssuedEdition, MadeOf

SHOWN_FIGURES = 20  # in a revised edition


@dataclass(frozen=True)
class Made:
    """An edition as it is computed now, before it is decided what becomes of it.

    `render` gives file name → rendering for a mark; `revised` counts a table's revised rows; `as_of` is the last day
    of data known to it.
    """

    evaluation: Evaluation
    month: str
    as_of: str
    inputs: MadeOf
    render: Callable[[EditionMark], Mapping[str, Rendering]]
    revised: Revised


def mark_of(
    reports: Path,
    made: Made,
    earlier: Sequence[IssuedEdition],
    issued_at: str | None,
    reason: str | None,
    edition: IssuedEdition | None = None,
) -> EditionMark:
    """What the edition says of itself; without `issued_at` it is a draft, with `edition` it is that one."""
    figures = figures_of(made.evaluation) if earlier else {}
    number = edition.revision if edition else (earlier[-1].revision if earlier else 0) + 1
    return EditionMark(
        revision=None if issued_at is None else number,
        issued_on=None if issued_at is None else issued_at[:10],
        inputs_sha256=edition.inputs_sha256 if edition else made.inputs.sha256,
        reason=reason,
        earlier=tuple(earlier_revision(reports, one, made, figures) for one in earlier),
    )


def earlier_revision(
    reports: Path, edition: IssuedEdition, made: Made, figures: dict[str, Any]
) -> EarlierRevision:
    """An earlier revision of the same month beside what is computed now."""
    changed = differences(issued_figures(reports, edition), figures)
    return EarlierRevision(
        revision=edition.revision,
        issued_on=edition.issued_at[:10],
        figures=len(changed),
        changes=tuple(
            FigureChange(" ".join(one.where), shown(one.issued), shown(one.now))
            for one in changed[:SHOWN_FIGURES]
        ),
        inputs=tuple(input_changes(edition.inputs, made.inputs, made.revised, made.inputs.factor_sha256)),
    )
