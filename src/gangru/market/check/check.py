"""All rules over one store."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from gangru.market.check.copies import COPY_CHECKS
from gangru.market.check.coverage import COVERAGE_CHECKS, coverage
from gangru.market.check.evidence import Evidence, gather_evidence
from gangru.market.check.facts import FACT_CHECKS
from gangru.market.check.findings import CheckRule, Finding, Severity
from gangru.market.check.groups import GROUP_CHECKS
from gangru.market.check.limits import LIMIT_CHECKS
from gangru.market.check.prices import PRICE_CHECKS
from gangru.market.check.series import SERIES_CHECKS
from gangru.market.check.volumes import VOLUME_CHECKS
from gangru.market.sources.protocol import OnProgress
from gangru.market.store import Store

FAMILIES: dict[str, tuple[CheckRule, ...]] = {
    "Prices": PRICE_CHECKS,
    "Limits and factors": LIMIT_CHECKS,
    "Volume and amount": VOLUME_CHECKS,
    "Series": SERIES_CHECKS,
    "Identity": COPY_CHECKS,
    "Coverage": COVERAGE_CHECKS,
    "Facts": (*FACT_CHECKS, *GROUP_CHECKS),
}
GATHERED = 0.6  # of the time


@dataclass(frozen=True)
class CheckReport:
    """What a check found: every rule's finding by family, the coverage by year, and what was looked at."""

    families: dict[str, tuple[Finding, ...]]
    coverage: pl.DataFrame
    versions: dict[str, int | None]
    rows: int
    stocks: int
    first: date | None
    last: date | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, in the order of the families."""
        return tuple(finding for findings in self.families.values() for finding in findings)

    def count(self, severity: Severity) -> int:
        """How many rules of a severity found something."""
        return sum(finding.state == severity for finding in self.findings)


def check(store: Store, on_progress: OnProgress) -> CheckReport:
    """Ask every rule; reads the store and changes nothing. Raises StoreError where a table cannot be read."""
    evidence = gather_evidence(store, lambda stage, share: on_progress(stage, share * GATHERED))
    return judged(evidence, on_progress)


def judged(evidence: Evidence, on_progress: OnProgress) -> CheckReport:
    """Ask every rule of one moment of a store."""
    total = sum(len(rules) for rules in FAMILIES.values())
    done, families = 0, {}
    for family, rules in FAMILIES.items():
        findings = []
        for rule in rules:
            on_progress(rule.name, GATHERED + (1 - GATHERED) * done / total)
            findings.append(asked(rule, evidence))
            done += 1
        families[family] = tuple(findings)
    report = CheckReport(
        families=families,
        coverage=coverage(evidence),
        versions=evidence.versions,
        rows=len(evidence.bars),
        stocks=evidence.bars["code"].n_unique(),
        first=evidence.first,
        last=evidence.last,
    )
    on_progress("checked", 1.0)
    return report


def asked(rule: CheckRule, evidence: Evidence) -> Finding:
    """One rule's answer, or why it cannot be given."""
    found = evidence.lacking(rule.needs) or rule.find(evidence)
    return Finding(rule, None, found) if isinstance(found, str) else Finding(rule, found)
