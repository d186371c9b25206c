"""A check's report as plain data, for `--json`."""

import math
from datetime import date
from typing import Any

import polars as pl

from gangru.market.check.check import CheckReport
from gangru.market.check.findings import Finding

SCHEMA_VERSION = 1


def document(report: CheckReport) -> dict[str, Any]:
    """The report as a JSON object: fractions, ISO dates, null for what is undefined."""
    return {
        "schema_version": SCHEMA_VERSION,
        "data": {
            "versions": report.versions,
            "rows": report.rows,
            "stocks": report.stocks,
            "first": plain(report.first),
            "last": plain(report.last),
        },
        "findings": [
            finding_document(family, finding)
            for family, findings in report.families.items()
            for finding in findings
        ],
        "coverage": records(report.coverage),
    }


def finding_document(family: str, finding: Finding) -> dict[str, Any]:
    """One rule's answer; count and what follows are null where it was not checked."""
    found, rule = finding.found, finding.rule
    share = found.count / found.of if found is not None and found.of else None
    return {
        "rule": rule.name,
        "family": family,
        "severity": rule.severity,
        "state": finding.state,
        "title": rule.title,
        "advice": rule.advice,
        "not_checked": finding.lacking or None,
        "count": found.count if found is not None else None,
        "of": found.of if found is not None else None,
        "share": share,
        "unit": found.unit if found is not None else None,
        "detail": found.detail if found is not None else None,
        "years": {str(year): count for year, count in found.years.items()} if found is not None else {},
        "examples": records(found.examples) if found is not None else [],
    }


def records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as dictionaries of plain values."""
    return [{name: plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]


def plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
