"""The monthly as one self-contained HTML file: styles, scripts, charts and stills within, nothing fetched."""

import base64
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from gangru.report.blocks import Column, Contents, Figure, Quantity, Scalar, Section, Table, Text
from gangru.report.languages import Language, Tag, language

STILL_WIDTHS = {"gan": 400}
STILL_WIDTH = 820


@dataclass(frozen=True)
class Panel:
    """One chart as it is embedded: its specification as JSON, its still picture in base64 or nothing."""

    spec: str
    still: str


def render_html(contents: Contents, tag: Tag | None = None, *, static_charts: bool = True) -> str:
    """The whole file as text, in the language of `tag` (default: the contents' own).

    Everything that comes from data is escaped. `static_charts` adds a still picture of each chart for print.
    """
    from markupsafe import Markup

    chosen = language(tag or contents.language)
    environment = template_environment()
    charts = embedded_charts(contents.sections, chosen, static_charts=static_charts)
    written = environment.get_template("monthly.html.j2").render(
        contents=contents,
        language=chosen,
        charts=charts,
        vega=Markup(vega_script()) if charts else "",  # noqa: S704 - our own bundle, no data in it
        style=Markup(packaged("style.css")),  # noqa: S704 - a file of this package
        script=Markup(packaged("monthly.js")),  # noqa: S704 - a file of this package
        _=chosen.gettext,
        say=chosen.words,
        quantity=chosen.quantity,
        show=lambda value, format_name: chosen.quantity(Quantity(value, format_name)),
        cell=lambda table, row, column: cell(table, row, column, chosen),
        raw=raw,
        side=side,
        kind=lambda block: type(block).__name__,
    )
    return str(written)


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
    sections: tuple[Section, ...], chosen: Language, *, static_charts: bool
) -> dict[str, list[Panel]]:
    """Every figure's panels, by the figure's key."""
    from markupsafe import Markup

    from gangru.report.charts.draw import chart_specs, still_svg

    charts = {}
    for figure in (block for section in sections for block in section.blocks if isinstance(block, Figure)):
        width = STILL_WIDTHS.get(figure.kind, STILL_WIDTH)
        panels = []
        for spec in chart_specs(figure, chosen):
            still = base64.b64encode(still_svg(spec, width).encode()).decode() if static_charts else ""
            # `<` is written as an escape, so no text in the data can end the script element
            written = json.dumps(spec, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
            panels.append(Panel(Markup(written), still))  # noqa: S704 - see above
        if panels:
            charts[figure.key] = panels
    return charts


def vega_script() -> str:
    """The drawing library, embedded once."""
    from gangru.report.charts.draw import vega_bundle

    return vega_bundle()
