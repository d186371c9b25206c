"""A month's edition is issued once: the same figures are the same edition, others are a revision or a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from gangru.atomic import write_bytes
from gangru.errors import EditionError
from gangru.evaluation.document import records
from gangru.evaluation.result import Evaluation
from gangru.study.editions.archive import (
    add_files,
    file_paths,
    issued_figures,
    put_edition,
    revisions,
    stamp,
)
from gangru.study.editions.changes import input_changes
from gangru.study.editions.copies import put_out
from gangru.study.editions.figures import Difference, canonical, differences, figures_of, sha256
from gangru.study.editions.marks import Made, mark_of
from gangru.study.editions.record import FIGURES, IssuedEdition

DRAFT = "draft"
TOLD = 8  # differences in the terminal
Otherwise = Literal["refuse", "draft"]


@dataclass(frozen=True)
class Published:
    """What a report left: its files, the edition that they are of (None for a draft), what a person has to know."""

    paths: list[Path]
    edition: IssuedEdition | None
    notes: list[str] = field(default_factory=list)


def publish(
    reports: Path, made: Made, *, at: datetime, reason: str | None = None, otherwise: Otherwise = "refuse"
) -> Published:
    """Issue the edition, or give the issued one where its figures are the same.

    `reports` is the study's folder, `at` the moment of issue. Where the figures differ from those issued: with a
    `reason` a revision is issued, else an EditionError says what differs, or a draft is written. A reason issues a
    revision of the same figures too, unless the last revision was issued for that very reason.
    """
    if reason is not None and not reason.strip():
        raise EditionError("--revise: say why the edition is issued again; the reason stands in it")
    figures = figures_of(made.evaluation)
    while True:
        earlier = revisions(reports, made.month)
        last = earlier[-1] if earlier else None
        if last is None and reason is not None:
            raise EditionError(f"{made.month} has not been issued yet: leave --revise out")
        if last is not None and reason in (None, last.reason):
            changed = differences(issued_figures(reports, last), figures)
            if not changed:
                return given_again(reports, last, made, earlier, at)
            if reason is None and otherwise == "draft":
                return drafted(reports, made, told(last, made, len(changed)))
            if reason is None:
                raise refused(last, made, changed)
        try:
            return issued(reports, made, figures, earlier, at, reason)
        except FileExistsError as error:  # another process issued meanwhile: look again
            if len(revisions(reports, made.month)) == len(earlier):
                raise EditionError(f"{error.filename} is in the way and no edition: move it away") from error


def issued(
    reports: Path,
    made: Made,
    figures: dict[str, Any],
    earlier: Sequence[IssuedEdition],
    at: datetime,
    reason: str | None,
) -> Published:
    """Archive the next revision and publish it. Raises FileExistsError where another process took its number."""
    mark = mark_of(reports, made, earlier, stamp(at), reason)
    files = {name: render() for name, render in made.render(mark).items()}
    content = canonical(figures)
    edition = IssuedEdition(
        study=made.evaluation.study,
        month=made.month,
        revision=mark.revision or 1,
        reason=reason,
        issued_at=stamp(at),
        as_of=made.as_of,
        figures_sha256=sha256(content),
        settings_sha256=sha256(canonical(asdict(made.inputs)["settings"])),
        inputs_sha256=made.inputs.sha256,
        headline=asdict(made.evaluation.headline),
        month_figures=month_figures(made.evaluation, made.month),
        picks_date=made.evaluation.picks_date,
        picks=long_list(made.evaluation),
        inputs=made.inputs,
        files={FIGURES: sha256(content)} | {name: sha256(one) for name, one in files.items()},
    )
    put_edition(reports, edition, content, files)
    notes = put_out(reports, edition, earlier, list(files))
    return Published([reports / name for name in files], edition, notes)


def given_again(
    reports: Path, edition: IssuedEdition, made: Made, earlier: Sequence[IssuedEdition], at: datetime
) -> Published:
    """The issued edition's files, and those that are asked for and were not rendered when it was issued."""
    mark = mark_of(reports, made, earlier[:-1], edition.issued_at, edition.reason, edition)
    wanted = made.render(mark)
    missing = {name: render() for name, render in wanted.items() if name not in file_paths(reports, edition)}
    if missing:
        add_files(reports, edition, missing, at)
        edition = revisions(reports, edition.month)[edition.revision - 1]
    notes = put_out(reports, edition, earlier[:-1], list(wanted), again=True)
    return Published([reports / name for name in wanted], edition, notes)


def write_draft(reports: Path, made: Made) -> Published:
    """Write the edition to draft/ without issuing it; older draft files of the same names are replaced."""
    return drafted(reports, made, None)


def drafted(reports: Path, made: Made, note: str | None) -> Published:
    """A draft with what a person is told of it."""
    mark = mark_of(reports, made, revisions(reports, made.month), None, None)
    paths = []
    for name, render in made.render(mark).items():
        paths.append(reports / DRAFT / name)
        write_bytes(paths[-1], render())
    return Published(paths, None, [note] if note else [])


def month_figures(evaluation: Evaluation, month: str) -> dict[str, Any] | None:
    """The month's row of the series, as plain values."""
    rows = records(evaluation.series.filter(pl.col("month") == month))
    return rows[0] if rows and isinstance(rows[0], dict) else None


def long_list(evaluation: Evaluation) -> tuple[Mapping[str, Any], ...]:
    """Rank, code and score of the long list."""
    listed = evaluation.picks.filter(pl.col("in_long_list").fill_null(value=False)).sort("rank")
    return tuple(row for row in records(listed.select("rank", "code", "score")) if isinstance(row, dict))


def refused(last: IssuedEdition, made: Made, changed: Sequence[Difference]) -> EditionError:
    """The error that says what differs, what changed since, and what a person can do."""
    lines = [f"  {one.sentence()}" for one in changed[:TOLD]]
    if len(changed) > TOLD:
        lines.append(f"  and {len(changed) - TOLD:,} more")
    since = input_changes(last.inputs, made.inputs, made.revised, made.inputs.factor_sha256)
    if since:
        lines.append("changed since:")
        lines += [f"  {one.kind}: {one.item} was {one.then}, is {one.now}" for one in since[:TOLD]]
    return EditionError(
        f"{made.month} was issued on {last.issued_at[:10]} (revision {last.revision}) with other figures; "
        f"{len(changed):,} differ:\n" + "\n".join(lines) + "\nThe issued files stay as they are. "
        '--revise "REASON" issues it again beside them, --draft only writes what is computed now'
    )


def told(last: IssuedEdition, made: Made, count: int) -> str:
    """What a run says that meets an issued edition with other figures."""
    return (
        f"{made.month} was issued on {last.issued_at[:10]} (revision {last.revision}) with other figures, {count:,} "
        "differ: its files stay as they are, and what is computed now is a draft. `gangru report --month "
        f'{made.month} --revise "REASON"` issues it again'
    )
