"""What an audit found: a row a comparison, and all of them together."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal

Verdict = Literal["holds", "LEAK", "not checked"]
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Check:
    """One comparison: what was changed, what had to stay as it was, and whether it did.

    `scrambled` says what was changed in words, `rows` how many rows of it; `compared` counts `unit`, `size` their
    bytes. `finding` names the first item that differs, or says why nothing could be compared.
    """

    name: str
    day: date | None
    scrambled: str
    rows: int
    compared: int
    unit: str
    size: int
    verdict: Verdict
    finding: str = ""


@dataclass(frozen=True)
class AuditReport:
    """Every comparison of one audit, in the order in which they were made."""

    study: str
    fold: str
    seed: int
    checks: tuple[Check, ...]
    scrambled: dict[str, dict[str, int]] = field(default_factory=dict)  # day → table → rows

    @property
    def leaks(self) -> tuple[Check, ...]:
        """The comparisons that failed."""
        return tuple(check for check in self.checks if check.verdict == "LEAK")

    @property
    def size(self) -> int:
        """Bytes compared in all."""
        return sum(check.size for check in self.checks)

    def named(self, name: str) -> tuple[Check, ...]:
        """The comparisons of one name."""
        return tuple(check for check in self.checks if check.name == name)


def document(report: AuditReport) -> dict[str, Any]:
    """The object that `gangru audit --json` prints."""
    checks = []
    for check in report.checks:
        row = asdict(check)
        row["day"] = None if check.day is None else check.day.isoformat()
        row["bytes"] = row.pop("size")
        checks.append(row)
    return {
        "schema_version": SCHEMA_VERSION,
        "study": report.study,
        "fold": report.fold,
        "seed": report.seed,
        "leaks": len(report.leaks),
        "bytes": report.size,
        "checks": checks,
        "scrambled": report.scrambled,
    }
