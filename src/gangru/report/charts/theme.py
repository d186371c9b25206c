"""What all charts share: colours, type, axes, and how tables become the values of a specification.

The colours are those of `templates/style.css`, a specification names the light ones; `DARK` has what stands for
each on a dark page (`templates/dark.css`). A chart is as wide as its container.
"""

import json
from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl

from gangru.report.blocks import number

NAVY = "#17365d"
BLUE = "#3f78b5"
GREY = "#8a929c"
AMBER = "#c47f17"
RED = "#a8322d"
TEAL = "#2a8a7e"
INK = "#22272e"
SOFT = "#5d6773"
GRID = "#e4e7eb"
RULE = "#9aa3ad"
PAPER = "#ffffff"
PALE = "#f7f7f5"  # the middle of a scale with two ends
DEEP = "#2f66a3"  # its upper end

DARK: Mapping[str, str] = {
    NAVY: "#a9c6ea",
    BLUE: "#6fa5dc",
    GREY: "#8e98a4",
    AMBER: "#e2a74a",
    RED: "#ef8c84",
    TEAL: "#5fc1b4",
    INK: "#e4e8ed",
    SOFT: "#a8b2bd",
    GRID: "#2e353d",
    RULE: "#67727d",
    PAPER: "#1b2027",
    PALE: "#2a313a",
    DEEP: "#5d97d6",
    "white": "#1b2027",
}

FONT = (
    '"Helvetica Neue", Helvetica, Arial, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", '
    "sans-serif"
)

CONFIG: Mapping[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "titleFontWeight": "normal",
        "titleFontSize": 11,
        "labelFontSize": 11,
        "gridColor": GRID,
        "domainColor": RULE,
        "tickColor": RULE,
        "tickSize": 4,
    },
    "axisY": {"domain": False, "ticks": False, "minExtent": 44},
    "axisX": {"grid": False},
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "title": None,
        "labelFontSize": 11,
        "labelLimit": 420,
        "labelColor": INK,
        "symbolType": "stroke",
        "symbolStrokeWidth": 3,
        "offset": 4,
        "columnPadding": 14,
    },
}

READER = "reader"  # the layer that follows the pointer: a still picture leaves it out

ONCE = alt.InlineData(values=[{}])  # the one row of a mark that would be drawn again for each row of the data

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Spec = dict[str, Any]


def values(frame: pl.DataFrame) -> alt.InlineData:
    """A table as the values of a specification: finite numbers or null, dates alike in every time zone.

    `YYYY-MM-DD` would be midnight in Greenwich, the day before in America; with slashes it is midnight
    where the reader is.
    """
    rows = [{name: plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]
    return alt.InlineData(values=rows)


def plain(value: Any) -> Any:
    """A value as JSON can hold it, floats to six decimals."""
    if not isinstance(value, float):
        return value
    known = number(value)
    return None if known is None else round(known, 6)


def slashed(column: str) -> pl.Expr:
    """Dates, or months 'YYYY-MM' as their first day, with slashes."""
    written = pl.col(column).cast(pl.String)
    full = pl.when(written.str.len_chars() == 7).then(written + "-01").otherwise(written)
    return full.str.replace_all("-", "/").alias(column)


def finished(chart: Chart, *, height: int, name: str) -> Spec:
    """The specification of a chart as wide as its container.

    The name is given, not counted up, so that the same figure has the same bytes.
    """
    sized = chart.properties(
        width="container", height=height, autosize={"type": "fit-x", "contains": "padding"}
    )
    spec: Spec = sized.to_dict()
    spec["config"] = dict(CONFIG)
    spec["usermeta"] = {"name": name}
    return spec


def rule(value: float, *, dash: tuple[int, int] = (4, 3)) -> Chart:
    """A level line."""
    mark: alt.Chart = alt.Chart(ONCE).mark_rule(strokeDash=list(dash), color=SOFT, strokeWidth=1)
    return mark.encode(y=alt.YDatum(value))


def rule_name(value: float, name: str) -> Chart:
    """What a level line stands for, small, at its right end."""
    mark: alt.Chart = alt.Chart(alt.InlineData(values=[{"name": name}])).mark_text(
        align="right", baseline="bottom", dx=-4, dy=-2, fontSize=10, color=SOFT
    )
    return mark.encode(x=alt.value("width"), y=alt.YDatum(value), text="name:N")


def upright(column: str, value: float) -> Chart:
    """An upright line at a position of the horizontal axis."""
    mark: alt.Chart = alt.Chart(ONCE).mark_rule(strokeDash=[2, 2], color=SOFT, strokeWidth=1)
    return mark.encode(x=alt.XDatum(value, type="quantitative", title=column))


Series = Mapping[str, tuple[str, str]]  # column → its label and colour


def lines(series: Series, *, x: alt.X, y: alt.Y, tooltip: list[alt.Tooltip], **mark: Any) -> Chart:
    """One line a column, told apart by a legend; `y` gives the axis of them all."""
    labels = {column: label for column, (label, _) in series.items()}
    scale = alt.Scale(domain=list(series), range=[colour for _, colour in series.values()])
    legend = alt.Legend(labelExpr=f"{json.dumps(labels)}[datum.label]")
    height = y.copy()
    height["shorthand"] = "value:Q"
    drawn: alt.Chart = alt.Chart().transform_fold(list(series), as_=["series", "value"]).mark_line(**mark)
    colour = alt.Color("series:N", scale=scale, legend=legend)
    encoded: Chart = drawn.encode(x=x, y=height, color=colour, tooltip=tooltip)
    return encoded
