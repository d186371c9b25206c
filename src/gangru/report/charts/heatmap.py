"""A grid of values by row and column, coloured around 0."""

import altair as alt
import polars as pl

from gangru.report.blocks import Figure
from gangru.report.charts import theme
from gangru.report.charts.theme import AMBER, DEEP, INK, PALE, Spec
from gangru.report.languages import Language

CELL = 22  # height of a row
FEW = 12  # columns up to which the value is written into its cell


def heatmap(figure: Figure, language: Language) -> list[Spec]:
    """Amber below 0, blue above, as dark as the value is far; few columns have their values written in."""
    say = language.gettext
    shown = ".1%" if figure.format in ("percent", "signed") else ".2f"
    frame = figure.data.with_columns(name=named(figure.data["row"], language))
    columns = frame["column"].n_unique()
    known = frame["value"].drop_nulls().drop_nans().abs()
    far = float(known.max()) if len(known) else 1.0  # type: ignore[arg-type]
    order = frame["name"].unique().sort().to_list()
    x = alt.X(
        "column:O",
        title=None,
        axis=alt.Axis(labelAngle=0 if columns <= FEW else -90, orient="top", ticks=False, domain=False),
    )
    y = alt.Y("name:O", title=None, sort=order, axis=alt.Axis(ticks=False, domain=False, minExtent=44))
    scale = alt.Scale(domain=[-far, 0, far], range=[AMBER, PALE, DEEP], interpolate="lab")
    tip = [
        alt.Tooltip("name:O", title=" "),
        alt.Tooltip("column:O", title=say("Month")),
        alt.Tooltip("value:Q", format=shown, title=say("Value")),
    ]
    cells = (
        alt.Chart()
        .mark_rect(stroke="white", strokeWidth=1)
        .encode(x=x, y=y, color=alt.Color("value:Q", scale=scale, legend=None), tooltip=tip)
        .transform_filter("isValid(datum.value)")
    )
    layers = [cells]
    if columns <= FEW:
        dark = alt.condition(f"abs(datum.value) > {0.6 * far}", alt.value("white"), alt.value(INK))
        layers.append(
            alt.Chart()
            .mark_text(fontSize=9)
            .encode(x=x, y=y, text=alt.Text("value:Q", format=shown), color=dark, tooltip=tip)
            .transform_filter("isValid(datum.value)")
        )
    chart = alt.layer(*layers, data=theme.values(frame.select("name", "column", "value")))
    return [theme.finished(chart, height=CELL * len(order) + 10, name=figure.key)]


def named(rows: pl.Series, language: Language) -> pl.Series:
    """Industries by their names in the language; years as they are."""
    names = {row: language.scalar(row, "industry") for row in rows.unique()}
    return rows.replace_strict(names, return_dtype=pl.String)
