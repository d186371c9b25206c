"""Real windows beside what the generator made of them: a strip a feature, a column a stock."""

import json
from collections.abc import Sequence

import altair as alt
import polars as pl

from gangru.report.blocks import Figure, number
from gangru.report.charts import theme
from gangru.report.charts.theme import AMBER, INK, NAVY, Spec
from gangru.report.languages import MINUS, UNDEFINED, Language

GAP = 5  # days between two stocks on the axis
HEIGHT = 104


def window_strips(figure: Figure, language: Language) -> list[Spec]:
    """One strip a feature: the stocks side by side on one scale, each with the correlation of G(x) with x."""
    frame = figure.data
    stocks = frame["code"].unique(maintain_order=True).to_list()
    features = frame["feature"].unique(maintain_order=True).to_list()
    first_day = int(frame["day"].to_numpy().min())
    step = 1 - first_day + GAP
    starts = pl.DataFrame({"code": stocks, "start": [i * step - first_day for i in range(len(stocks))]})
    placed = frame.join(starts, on="code", maintain_order="left").with_columns(
        x=pl.col("day") + pl.col("start")
    )
    return [
        strip(
            placed.filter(pl.col("feature") == feature),
            feature,
            axis=day_axis(starts["start"].to_list(), first_day, language, last=feature == features[-1]),
            language=language,
            legend=feature == features[0],
        )
        for feature in features
    ]


def strip(frame: pl.DataFrame, feature: str, *, axis: alt.X, language: Language, legend: bool) -> Spec:
    """One feature's windows of all stocks."""
    say = language.gettext
    series = {"real": (say("Real"), NAVY), "generated": (say("Generated"), AMBER)}
    tip = [
        alt.Tooltip("code:N", title=say("Code")),
        alt.Tooltip("day:Q", title=say("Day")),
        *(alt.Tooltip(f"{column}:Q", format=".2f", title=label) for column, (label, _) in series.items()),
    ]
    y = alt.Y(title=feature, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=False))
    drawn = theme.lines(series, x=axis, y=y, tooltip=tip, strokeWidth=1.7, strokeJoin="round")
    drawn = drawn.encode(detail=[alt.Detail("code:N")])
    if legend:
        drawn.encoding.color["legend"]["offset"] = 20  # above the stocks' names
    else:
        drawn.encoding.color["legend"] = None
    names = (
        alt.Chart(theme.values(stock_labels(frame)))
        .mark_text(align="left", baseline="bottom", fontSize=11, color=INK)
        .encode(x=alt.X("x:Q"), y=alt.value(-3), text="label:N")
    )
    chart = alt.layer(drawn, names, data=theme.values(frame.select("x", "code", "day", "real", "generated")))
    return theme.finished(chart, height=HEIGHT, name=f"windows {feature}")


def day_axis(starts: Sequence[int], first_day: int, language: Language, *, last: bool) -> alt.X:
    """Positions of all stocks' days; labelled with the day within its window."""
    middle = round(first_day / 2)
    labels = {start + day: str(day).replace("-", MINUS) for start in starts for day in (first_day, middle, 0)}
    return alt.X(
        "x:Q",
        title=language.gettext("Day of the window; 0 is the newest") if last else None,
        scale=alt.Scale(domain=[-1, max(labels) + 1], nice=False),
        axis=alt.Axis(
            values=list(labels),
            labels=last,
            labelExpr=f"{json.dumps(labels)}[datum.value]",
            labelOverlap=False,
        ),
    )


def stock_labels(frame: pl.DataFrame) -> pl.DataFrame:
    """Where each stock's column begins, its code and the correlation of its two lines."""
    rows = []
    for (code,), one in frame.group_by("code", maintain_order=True):
        pair = one.select(pl.col("real", "generated").fill_nan(None)).drop_nulls()
        found = number(pair.select(pl.corr("real", "generated")).item() if len(pair) > 1 else None)
        shown = UNDEFINED if found is None else f"{found:.2f}".replace("-", MINUS)
        rows.append({"x": one["x"].to_numpy().min().item(), "label": f"{code} · r {shown}"})
    return pl.DataFrame(rows, schema={"x": pl.Float64, "label": pl.String})
