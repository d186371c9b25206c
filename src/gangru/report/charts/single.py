"""One chart of an edition as a picture of its own: chosen by name, on white, under its caption."""

from dataclasses import dataclass
from typing import Any, Literal

from gangru.errors import ReportError
from gangru.report.blocks import ChartKind, Contents, Figure
from gangru.report.charts.draw import chart_specs, sheet_svg, still_svg
from gangru.report.charts.sizes import NARROW, panel_width
from gangru.report.charts.theme import INK, Spec
from gangru.report.languages import Language

PictureFormat = Literal["svg", "png"]

PNG_SCALE = 2  # pixels of a PNG for one of the drawing


@dataclass(frozen=True)
class Named:
    """A chart that can be asked for: a figure, or one panel of a figure that has several."""

    name: str
    figure: Figure
    panel: str | None


def charts_of(contents: Contents, chosen: Language) -> list[Named]:
    """Every chart by its name: KEY for a figure, and KEY-PANEL for each panel where there are several.

    A figure that is empty in this edition is named too.
    """
    found = []
    for figure in contents.figures():
        found.append(Named(figure.key, figure, None))
        panels = [panel_name(spec) for spec in chart_specs(figure, chosen)]
        if len(panels) > 1:
            found += [Named(f"{figure.key}-{panel}", figure, panel) for panel in panels]
    return found


def panel_name(spec: Spec) -> str:
    """A panel's name as it is typed."""
    return str(spec["usermeta"]["name"]).replace(" ", "_")


def chart_picture(
    contents: Contents, name: str, chosen: Language, picture: PictureFormat = "svg", width: int | None = None
) -> bytes:
    """The chart of a name as SVG, or as PNG of twice as many pixels; `width` is that of one panel, in pixels.

    Raises ReportError for a name that is none of `charts_of`, and for a figure that is empty in this edition.
    """
    named = {one.name: one for one in charts_of(contents, chosen)}
    if name not in named:
        raise ReportError(f"no chart is called {name!r}; this edition has {', '.join(named) or 'none'}")
    figure, panel = named[name].figure, named[name].panel
    if figure.empty is not None:
        raise ReportError(f"chart {name} has nothing to show: {chosen.words(figure.empty)}")
    specs = [spec for spec in chart_specs(figure, chosen) if panel in (None, panel_name(spec))]
    svg = on_white(specs, chosen.words(figure.caption), figure.kind, width)
    return svg.encode() if picture == "svg" else png(svg)


def on_white(specs: list[Spec], caption: str, kind: ChartKind, width: int | None) -> str:
    """The panels on one white sheet under the caption."""
    across = width or panel_width(kind)
    if len(specs) > 1:
        return sheet_svg(specs, caption, columns=2 if kind in NARROW else 1, width=across)
    (spec,) = specs
    title: dict[str, Any] = {"text": caption, "anchor": "start", "fontSize": 15, "color": INK, "offset": 14}
    config = {**spec["config"], "background": "white", "padding": 16}
    return still_svg(spec | {"title": title, "config": config}, across)


def png(svg: str) -> bytes:
    """The picture in pixels."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, scale=PNG_SCALE))
