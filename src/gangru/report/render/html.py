"""The monthly as one self-contained HTML file: styles, scripts, charts and stills within, nothing fetched.

Every language of it is one `Version`, the same page in other words; the first is shown, the others wait for the switch.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from gangru.report.blocks import Column, Contents, Figure, Quantity, Scalar, Table, Text
from gangru.report.charts.sizes import panel_width
from gangru.report.languages import NAMES, Choice, Language, Tag, language, tags_of

# Pixels of axes and legend beside a chart's own height: the place that is kept for it until it is drawn, so that
# what stands below does not move.
FURNITURE = {"gan": 84, "heatmap": 36}
USUAL_FURNITURE = 57
STYLES = ("style.css", "screen.css")
SCRIPTS = ("charts.js", "tables.js", "monthly.js")

Datasets = dict[str, Any]  # name, which Altair makes from the rows themselves → rows


@dataclass(frozen=True)
class Panel:
    """One chart as it is embedded: its specification as JSON, what it says in words, its still in base64 or nothing."""

    spec: str
    words: str
    still: str
    height: int


@dataclass(frozen=True)
class Version:
    """The page in one language: its words written into the body; `prefix` keeps its anchors apart."""

    language: Language
    prefix: str
    title: str
    labels: str
    body: str


def render_html(
    contents: Contents, choice: Choice | Sequence[Tag] | None = None, *, static_charts: bool = True
) -> str:
    """The whole file as text in the languages chosen, the first shown (default: the contents' own choice).

    Everything that comes from data is escaped. `static_charts` adds a still picture of each chart, for print and for
    readers without scripts.
    """
    environment = template_environment()
    datasets: Datasets = {}
    tags = tags_of(choice or contents.language)
    versions = [
        written_version(contents, tag, tags, environment, datasets, static_charts=static_charts)
        for tag in tags
    ]
    written = environment.get_template("monthly.html.j2").render(
        versions=versions,
        datasets=script_json(datasets),
        dark_colours=script_json(dark_colours()),
        vega=trusted(vega_script()) if datasets else "",
        style=trusted("".join(packaged(name) for name in STYLES)),
        dark=trusted(packaged("dark.css")),
        early=trusted(packaged("early.js")),
        script=trusted("".join(packaged(name) for name in SCRIPTS)),
    )
    return str(written)


def written_version(
    contents: Contents,
    tag: Tag,
    tags: Sequence[Tag],
    environment: Any,
    datasets: Datasets,
    *,
    static_charts: bool,
) -> Version:
    """The page in one language of `tags`; adds the rows of its charts to `datasets`."""
    chosen, prefix = language(tag), "" if tag == tags[0] else f"{tag}-"
    body = environment.get_template("version.html.j2").render(
        contents=contents,
        charts=embedded_charts(contents.figures(), chosen, datasets, static_charts=static_charts),
        prefix=prefix,
        _=chosen.gettext,
        say=chosen.words,
        quantity=chosen.quantity,
        show=lambda value, format_name: chosen.quantity(Quantity(value, format_name)),
        cell=lambda table, row, column: cell(table, row, column, chosen),
        raw=raw,
        side=side,
        kind=lambda block: type(block).__name__,
        tag=tag,
        switches=[(one, language(one).html_tag, NAMES[one]) for one in tags] if len(tags) > 1 else [],
    )
    title = f"{chosen.words(contents.title)} · {chosen.quantity(Quantity(contents.month, 'month'))}"
    return Version(chosen, prefix, title, json.dumps(labels(chosen), ensure_ascii=False), trusted(body))


def labels(chosen: Language) -> dict[str, str]:
    """What the scripts say; they write the {numbers} in."""
    return {
        "copy": chosen.gettext("Copy"),
        "copied": chosen.gettext("Copied"),
        "copiedRows": chosen.gettext("{count} rows copied"),
        "notCopied": chosen.gettext("Not copied: the browser forbids it"),
        "filter": chosen.gettext("Filter rows"),
        "shown": chosen.gettext("{shown} of {all} rows"),
        "none": chosen.gettext("No row has this; {all} are hidden"),
    }


def template_environment() -> Any:
    """Jinja with escaping always on and undefined names an error."""
    import jinja2

    loader = jinja2.PackageLoader("gangru.report", "templates")
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )


def packaged(name: str) -> str:
    """A text file of the templates folder."""
    return (files("gangru.report") / "templates" / name).read_text(encoding="utf-8")


def trusted(markup: str) -> Any:
    """Markup that is not escaped again: a file of this package, or what a template has written already."""
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704 - see above


def script_json(value: object) -> Any:
    """JSON for a script element; `<` is written as an escape, so no text in the data can end the element."""
    return trusted(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))


def cell(table: Table, row: int, column: int, chosen: Language) -> str:
    """A table's cell in words."""
    return chosen.quantity(table.quantity(row, column))


def raw(value: Scalar | Text) -> str:
    """A value as a program reads it: nothing for what is undefined."""
    if value is None or isinstance(value, Text):
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def side(column: Column) -> str:
    """The class of a column: n for numbers, set right; t for text, set left."""
    return "t" if column.format in ("text", "industry", "date", "day", "month", "flag") else "n"


def embedded_charts(
    figures: Sequence[Figure], chosen: Language, datasets: Datasets, *, static_charts: bool
) -> dict[str, list[Panel]]:
    """Every figure's panels, by the figure's key; their rows are moved to `datasets`, once for all languages."""
    from gangru.report.charts.alternative import alternative
    from gangru.report.charts.draw import chart_specs, still_svg

    charts = {}
    for figure in figures:
        width = panel_width(figure.kind)
        panels = []
        for spec in chart_specs(figure, chosen):
            still = base64.b64encode(still_svg(spec, width).encode()).decode() if static_charts else ""
            words = alternative(spec, chosen)
            own = spec.pop("datasets", {})
            datasets.update(own)
            height = int(spec.get("height", 0)) + FURNITURE.get(figure.kind, USUAL_FURNITURE)
            panels.append(Panel(script_json(spec | {"datasets": sorted(own)}), words, still, height))
        if panels:
            charts[figure.key] = panels
    return charts


def dark_colours() -> Mapping[str, str]:
    """What stands for each colour of a chart on a dark page."""
    from gangru.report.charts.theme import DARK

    return DARK


def vega_script() -> str:
    """The drawing library, embedded once."""
    from gangru.report.charts.draw import vega_bundle

    return vega_bundle()
