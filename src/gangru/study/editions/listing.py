"""The issued editions as a table: what each said, what the study's evaluation says of its month now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gangru.errors import EditionError
from gangru.study.editions.past import known
from gangru.study.editions.record import IssuedEdition


@dataclass(frozen=True)
class Line:
    """One issued revision: its rank IC as issued and now, both fractions; None where not defined or not computed."""

    month: str
    revision: int
    reason: str | None
    issued_at: str
    figures_sha256: str
    inputs_sha256: str
    rank_ic: float | None
    rank_ic_now: float | None
    files: Mapping[str, str]

    @property
    def difference(self) -> float | None:
        """Now less as issued."""
        if self.rank_ic is None or self.rank_ic_now is None:
            return None
        return self.rank_ic_now - self.rank_ic


def lines(editions: Sequence[IssuedEdition], evaluation_path: Path) -> list[Line]:
    """One line a revision; now is what the study's last `gangru evaluate` or `gangru run` wrote, where it did."""
    now = rank_ics(evaluation_path)
    return [
        Line(
            month=one.month,
            revision=one.revision,
            reason=one.reason,
            issued_at=one.issued_at,
            figures_sha256=one.figures_sha256,
            inputs_sha256=one.inputs_sha256,
            rank_ic=one.rank_ic,
            rank_ic_now=now.get(one.month),
            files=one.files,
        )
        for one in editions
    ]


def outdated_evaluation(evaluation_path: Path, factor_path: Path) -> str | None:
    """A sentence where the factor was written after the evaluation that says what is now; None where it was not."""
    both = evaluation_path.exists() and factor_path.exists()
    if not both or evaluation_path.stat().st_mtime >= factor_path.stat().st_mtime:
        return None
    return f"{evaluation_path} is older than the factor: `gangru evaluate` computes what is now"


def rank_ics(evaluation_path: Path) -> dict[str, float | None]:
    """Month → rank IC of an evaluation's JSON; nothing where there is none.

    Raises EditionError where the file cannot be read.
    """
    if not evaluation_path.exists():
        return {}
    try:
        document: dict[str, Any] = json.loads(evaluation_path.read_text("utf-8"))
        return {str(row["month"]): known(row["rank_ic"]) for row in document["series"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EditionError(
            f"{evaluation_path} cannot be read as an evaluation ({error}): run `gangru evaluate` again"
        ) from error
