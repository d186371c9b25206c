"""Findings in words and figures, the same on the screen, in Markdown and on the page."""

from datetime import date

from gangru.market.check.findings import Finding, percent_words

STATES = ("error", "warning", "note", "ok", "not checked")
SINGLE: dict[str, str] = {
    "rows": "row", "stocks": "stock", "days": "day", "stretches": "stretch", "intervals": "interval", "pairs": "pair",
    "names": "name", "boards": "board", "taxonomies": "taxonomy", "indices": "index", "years": "year",
}  # fmt: skip
DIGITS = 6  # of an example's number


def count_words(finding: Finding) -> str:
    """How many of its unit, as "86 rows"; – where the rule was not checked."""
    if finding.found is None:
        return "–"
    unit = finding.found.unit
    return f"{finding.found.count:,} {SINGLE[unit] if finding.found.count == 1 else unit}"


def share_words(finding: Finding) -> str:
    """The share of what was looked at, in percent with the digits that it needs; nothing where there is none."""
    found = finding.found
    if found is None or not found.of or not found.count:
        return ""
    share = found.count / found.of
    if share < 0.000_05:
        return "< 0.01 %"
    return percent_words(share, 0 if share >= 0.9995 else 2)


def cell_words(value: object) -> str:
    """One value of an example, shortened to what a reader compares."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return grouped(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int) and not 1900 <= value <= 2100 else str(value)


def grouped(value: float) -> str:
    """A number with six digits at most, thousands apart."""
    if abs(value) >= 10**DIGITS:
        return f"{value:,.0f}"
    return f"{value:,.{DIGITS}g}" if abs(value) < 1000 else f"{value:,.2f}".rstrip("0").rstrip(".")


def example_rows(finding: Finding) -> tuple[list[str], list[list[str]]]:
    """The examples' columns and cells; no column where there is none."""
    if finding.found is None or finding.found.examples.is_empty():
        return [], []
    frame = finding.found.examples
    return frame.columns, [[cell_words(value) for value in row] for row in frame.iter_rows()]


def said(finding: Finding) -> str:
    """The finding's detail, or why there is none."""
    return f"not checked: {finding.lacking}" if finding.found is None else finding.found.detail
