"""A check's report as one self-contained page: nothing is fetched, everything from data is escaped."""

from collections.abc import Mapping
from dataclasses import dataclass

from gangru.market.check.check import CheckReport
from gangru.market.check.findings import Finding
from gangru.market.check.markdown import coverage_words, versions_words
from gangru.market.check.words import STATES, count_words, example_rows, said, share_words

BAR, HEIGHT = 9, 22  # pixels of a year's bar and of the tallest


@dataclass(frozen=True)
class YearBar:
    """One bar of the small picture beside a finding."""

    x: int
    y: float
    height: float
    label: str


def page(report: CheckReport, provenance: Mapping[str, str]) -> str:
    """The page as HTML text."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gangru.market.check", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    years = list(range(report.first.year, report.last.year + 1)) if report.first and report.last else []
    written = environment.get_template("check.html.j2").render(
        report=report,
        provenance=provenance,
        versions=versions_words(report.versions),
        states={state: sum(f.state == state for f in report.findings) for state in STATES},
        heat=heat(report),
        fields=report.coverage.columns[1:],
        bars=lambda finding: year_bars(finding, years),
        width=BAR * len(years),
        bar=BAR,
        height=HEIGHT,
        count=count_words,
        share=share_words,
        said=said,
        examples=example_rows,
    )
    return str(written)


def heat(report: CheckReport) -> list[tuple[int, list[tuple[str, float | None]]]]:
    """Each year's cells in words, with the share that is missing; None for cells that are no shares."""
    rows = []
    for row in report.coverage.iter_rows(named=True):
        cells = [
            (coverage_words(name, value), 1 - value if isinstance(value, float) else None)
            for name, value in row.items()
            if name != "year"
        ]
        rows.append((int(row["year"]), cells))
    return rows


def year_bars(finding: Finding, years: list[int]) -> list[YearBar]:
    """The finding's counts by year as bars, the largest as high as the picture; none where it has no years."""
    counts = finding.found.years if finding.found is not None else {}
    most = max(counts.values(), default=0)
    bars = []
    for place, year in enumerate(years):
        count = counts.get(year, 0)
        height = max(HEIGHT * count / most, 1.5) if count else 0.0
        bars.append(YearBar(BAR * place, HEIGHT - height, height, f"{year}: {count:,}"))
    return bars if most else []
