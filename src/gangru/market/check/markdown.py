"""A check's report as Markdown, for a repository or a mail."""

from collections.abc import Iterable, Mapping, Sequence

from gangru.market.check.check import CheckReport
from gangru.market.check.findings import Finding, percent_words
from gangru.market.check.words import (
    STATES,
    cell_words,
    count_words,
    example_rows,
    said,
    share_words,
)

EXAMPLE_FREE = "examples are left out"


def markdown(report: CheckReport, provenance: Mapping[str, str], *, examples: bool = True) -> str:
    """The whole report; `provenance` stands at its head. Without examples no single price is in it."""
    states = ", ".join(f"{sum(f.state == state for f in report.findings)} {state}" for state in STATES)
    lines = ["# What a check of the data found", ""]
    lines += [f"- {name}: {escaped(value)}" for name, value in provenance.items()]
    lines += [f"- Table versions: {versions_words(report.versions)}"]
    lines += [f"- {report.rows:,} bars of {report.stocks:,} codes, {report.first} to {report.last}"]
    lines += [f"- Rules: {states}" + ("" if examples else f"; {EXAMPLE_FREE}"), ""]
    for family, findings in report.families.items():
        lines += [f"## {family}", ""]
        lines += table(
            ("rule", "state", "count", "share", "finding"),
            ((f.rule.name, f.state, count_words(f), share_words(f), said(f)) for f in findings),
        )
        for finding in findings:
            if finding.broken:
                lines += broken(finding, examples=examples)
    lines += ["## Coverage", "", "Share of each year's rows that have the field.", ""]
    frame = report.coverage
    shares = (
        [coverage_words(name, v) for name, v in zip(frame.columns, row, strict=True)]
        for row in frame.iter_rows()
    )
    lines += table(frame.columns, shares)
    return "\n".join(lines).rstrip() + "\n"


def versions_words(versions: Mapping[str, int | None]) -> str:
    """The tables that are there with their versions."""
    return (
        ", ".join(f"{name} {version}" for name, version in versions.items() if version is not None) or "none"
    )


def broken(finding: Finding, *, examples: bool) -> list[str]:
    """One rule that found something: what it asks, by year, what to do, examples."""
    assert finding.found is not None
    lines = [f"**{finding.rule.name}**: {escaped(finding.rule.title)}. {escaped(finding.rule.advice)}"]
    if finding.found.years:
        by_year = ", ".join(f"{year} {count:,}" for year, count in finding.found.years.items())
        lines += ["", f"By year: {by_year}."]
    columns, rows = example_rows(finding)
    if examples and columns:
        lines += ["", *table(columns, rows)]
    return lines if lines[-1] == "" else [*lines, ""]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table and a blank line."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows]
    return [*lines, ""]


def coverage_words(name: str, value: object) -> str:
    """A cell of the coverage table: numbers as they are, shares in percent."""
    if name in ("year", "rows", "stocks"):
        return cell_words(value)
    return percent(value)


def percent(value: object) -> str:
    """A share in percent that says 100 % or 0 % only where it is exactly that."""
    if not isinstance(value, float):
        return "–"
    if 0.9995 <= value < 1:
        return "> 99.9 %"
    if 0 < value < 0.0005:
        return "< 0.1 %"
    return percent_words(value, 1 if 0 < value < 1 else 0)


def escaped(text: str) -> str:
    """Text that can neither end a cell nor become markup, but for code between backticks."""
    for sign in ("\\", "|", "*", "<"):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")
