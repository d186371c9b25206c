"""A chart in sentences, for readers who cannot see it: what each of its series starts, ends, peaks and bottoms at."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gangru.report.blocks import number, text, verbatim
from gangru.report.charts.theme import Spec
from gangru.report.languages import MINUS, Language


def alternative(spec: Spec, language: Language) -> str:
    """One sentence a series: first and last value, lowest and highest, and where they are; empty for no data.

    The series and their names are those that the chart's tooltips show, so a reader and a pointer are told the same:
    what has a number's format is a series, the rest says where.
    """
    tooltips = longest_tooltip(spec)
    rows = largest_dataset(spec, [str(one["field"]) for one in tooltips])
    series = [one for one in tooltips if one.get("type") == "quantitative" and "format" in one]
    places = [one for one in tooltips if one not in series]
    sentences = (series_sentence(one, places, rows, language) for one in series)
    return " ".join(sentence for sentence in sentences if sentence)


def series_sentence(
    series: Mapping[str, Any], places: Sequence[Mapping[str, Any]], rows: Sequence[Spec], language: Language
) -> str:
    """The sentence of one series."""
    known = [row for row in rows if number(row.get(series["field"])) is not None]
    if not known:
        return ""

    def shown(row: Spec) -> str:
        return printed(row[series["field"]], str(series["format"]))

    def place(row: Spec) -> str:
        return " ".join(str(row[one["field"]]).replace("/", "-") for one in places)

    low = min(known, key=lambda row: row[series["field"]])
    high = max(known, key=lambda row: row[series["field"]])
    values = {"first": known[0], "last": known[-1], "low": low, "high": high}
    return language.words(
        text(
            "{series}: first {first} ({first_at}), last {last} ({last_at}); lowest {low} ({low_at}), highest {high} "
            "({high_at}).",
            series=verbatim(series["title"]),
            **{name: verbatim(shown(row)) for name, row in values.items()},
            **{f"{name}_at": verbatim(place(row)) for name, row in values.items()},
        )
    )


def printed(value: float, pattern: str) -> str:
    """A number by a tooltip's format of d3, which Python's own understands but for `~`."""
    return format(value, pattern.replace("~", "")).replace("-", MINUS)


def longest_tooltip(spec: Spec) -> list[dict[str, Any]]:
    """The tooltip that names the most fields: every layer repeats it, or part of it."""
    found = [one for one in encodings(spec) if isinstance(one.get("tooltip"), list)]
    return max((one["tooltip"] for one in found), key=len, default=[])


def encodings(part: Any) -> Iterator[dict[str, Any]]:
    """Every encoding of a specification, outermost first."""
    if isinstance(part, dict):
        if isinstance(part.get("encoding"), dict):
            yield part["encoding"]
        for name, inner in part.items():
            if name != "datasets":
                yield from encodings(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from encodings(inner)


def largest_dataset(spec: Spec, fields: Sequence[str]) -> list[Spec]:
    """The rows that have the fields."""
    wanted = set(fields)
    fitting = [rows for rows in spec.get("datasets", {}).values() if rows and wanted <= set(rows[0])]
    return max(fitting, key=len, default=[])
