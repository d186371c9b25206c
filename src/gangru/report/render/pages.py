"""The monthly as HTML for paper: the source that the PDF is laid out from."""

import base64
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

from gangru.report.blocks import (
    Contents,
    Diagram,
    Figure,
    Quantity,
    Row,
    Section,
    Table,
    Words,
    integer,
    text,
)
from gangru.report.charts.sizes import NARROW
from gangru.report.languages import Language
from gangru.report.render.fonts import SANS, SERIF, font_list
from gangru.report.render.html import cell, side, template_environment
from gangru.report.render.paper import beside, fit_of, printed_rows

PAGE_WIDTH = 680  # 180 mm in CSS pixels: a chart is drawn as wide as it is printed
HALF_WIDTH = 332
LOOSE = ("settings", "changed", "provenance")  # tables of values that may have to break anywhere
KEPT = ("code", "name", "month", "date", "fold")  # columns of text whose cells stay on one line
UNPRINTED = (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))  # controls, but for tab and line end
TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))  # they would turn the words after a name around
CONTROLS = dict.fromkeys((*UNPRINTED, *TURNING))
SVG_START = re.compile(r"<svg[^>]*>")

Pictures = Mapping[str, Sequence[str]]  # a figure's key → the SVG of each panel


def page_source(contents: Contents, chosen: Language, pictures: Pictures) -> str:
    """The HTML that is laid out; what comes from data is escaped, and characters that steer are left out."""
    from markupsafe import Markup

    environment = template_environment()
    written = environment.get_template("pdf.html.j2").render(
        contents=contents,
        language=chosen,
        charts={key: [data_uri(svg) for svg in panels] for key, panels in pictures.items()},
        style=Markup(stylesheet()),  # noqa: S704 - a file of this package
        _=chosen.gettext,
        say=chosen.words,
        quantity=chosen.quantity,
        show=lambda value, format_name: chosen.quantity(Quantity(value, format_name)),
        cell=lambda table, row, column: cell(table, row, column, chosen),
        side=side,
        kind=lambda block: type(block).__name__,
        name_of=name_of,
        exhibits_of=exhibits_of,
        fit_of=lambda table: fit_of(table, chosen),
        beside=lambda tables: beside(tables, chosen),
        printed_rows=printed_rows,
        notes_of=notes_of,
        drawing=lambda block: drawing(block, chosen),
        HALVES=NARROW,
        LOOSE=LOOSE,
        KEPT=KEPT,
    )
    return str(written).translate(CONTROLS)


def pictures_of(contents: Contents, chosen: Language) -> dict[str, list[str]]:
    """Every chart as SVG, as wide as it is printed, its words in the fonts of the page."""
    from gangru.report.charts.draw import chart_specs, still_svg

    found = {}
    for figure in contents.figures():
        width = HALF_WIDTH if figure.kind in NARROW else PAGE_WIDTH
        specs = (
            spec | {"config": {**spec["config"], "font": font_list(SANS)}}
            for spec in chart_specs(figure, chosen)
        )
        found[figure.key] = [still_svg(spec, width).translate(CONTROLS) for spec in specs]
    return found


def data_uri(svg: str) -> str:
    """A picture as an address that holds it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def stylesheet() -> str:
    """The style of the pages, the fonts in it."""
    style = (files("gangru.report") / "templates" / "pdf.css").read_text(encoding="utf-8")
    return f":root {{ --sans: {font_list(SANS)}; --serif: {font_list(SERIF)}; }}\n{style}"


def name_of(block: Table | Figure | Diagram) -> str:
    """A name for links to an exhibit."""
    return "model" if isinstance(block, Diagram) else f"{type(block).__name__.lower()}-{block.key}"


def exhibits_of(section: Section) -> list[Table | Figure | Diagram]:
    """A section's exhibits in reading order, for the list of contents."""
    found: list[Table | Figure | Diagram] = []
    for block in section.blocks:
        if isinstance(block, Row):
            found += block.tables
        elif isinstance(block, Table | Figure | Diagram):
            found.append(block)
    return found


def notes_of(table: Table) -> tuple[Words, ...]:
    """A table's notes, after the sentence that says where the rows are that are not printed."""
    printed = printed_rows(table)
    if printed == len(table.rows):
        return table.notes
    shown = text(
        "The first {shown} of {all} rows; the workbook holds them all.",
        shown=integer(printed),
        all=integer(len(table.rows)),
    )
    return (shown, *table.notes)


def drawing(block: Diagram, chosen: Language) -> str:
    """The drawing of the model, its style inside: an SVG sees nothing of the page's."""
    from markupsafe import Markup

    drawn = template_environment().get_template("model.svg.j2").render(block=block, _=chosen.gettext)
    style = (files("gangru.report") / "templates" / "pdf_model.css").read_text(encoding="utf-8")
    inside = f"<style>{style}\n.model text {{ font-family: {font_list(SANS)}; }}</style>"
    return Markup(SVG_START.sub(lambda start: start.group() + inside, drawn, count=1))  # noqa: S704 - no data in it
