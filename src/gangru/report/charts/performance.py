"""Charts of the record: IC bars with their sum, net value with excess and drawdown, deciles, decay."""

import altair as alt
import polars as pl

from gangru.report.blocks import Figure
from gangru.report.charts import theme
from gangru.report.charts.theme import AMBER, BLUE, GREY, NAVY, RED, TEAL, Chart, Series, Spec
from gangru.report.languages import Language

DAY = "%Y-%m-%d"
MONTH = "%Y-%m"


def ic_bars(figure: Figure, language: Language) -> list[Spec]:
    """A bar a month, dark above 0 and amber below, the running sum as a line on the right."""
    say = language.gettext
    data = theme.values(figure.data)
    x = alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=12))
    tip = [
        alt.Tooltip("month:O", title=say("Month")),
        alt.Tooltip("rank_ic:Q", format=".2%", title=say("Rank IC")),
        alt.Tooltip("mean_12m:Q", format=".2%", title=say("Mean of 12 months")),
        alt.Tooltip("cumulative:Q", format=".2f", title=say("Running sum")),
    ]
    bars = (
        alt.Chart()
        .mark_bar(width={"band": 0.72})
        .encode(
            x=x,
            y=alt.Y(
                "rank_ic:Q", title=say("Rank IC, and its mean of 12 months"), axis=alt.Axis(format=".0%")
            ),
            color=alt.condition("datum.rank_ic < 0", alt.value(AMBER), alt.value(BLUE)),
            tooltip=tip,
        )
    )
    year = (
        alt.Chart()
        .mark_line(color=TEAL, strokeWidth=2)
        .encode(x=x, y=alt.Y("mean_12m:Q", title=say("Rank IC, and its mean of 12 months")), tooltip=tip)
    )
    left: list[Chart] = [bars]
    if figure.data["mean_12m"].drop_nulls().len():
        left.append(year)
    if figure.mark is not None:
        left.append(theme.rule(figure.mark))
    line = (
        alt.Chart()
        .mark_line(color=NAVY, strokeWidth=2, point=alt.OverlayMarkDef(size=14, color=NAVY))
        .encode(
            x=x,
            y=alt.Y(
                "cumulative:Q",
                title=say("Running sum"),
                axis=alt.Axis(format=".1f", orient="right", grid=False),
            ),
            tooltip=tip,
        )
    )
    chart = alt.layer(alt.layer(*left), line, data=data).resolve_scale(y="independent")
    return [theme.finished(chart, height=260, name="ic")]


def net_value(figure: Figure, language: Language) -> list[Spec]:
    """Three panels over the same days: net values on a log scale, the excess, the drawdowns."""
    say = language.gettext
    frame = figure.data.with_columns(theme.slashed("date")).sort("date")
    worth = daily(
        frame,
        {
            "long": (say("Long, before costs"), NAVY),
            "long_net": (say("Long, after costs"), BLUE),
            "benchmark": (say("Benchmark"), GREY),
        },
        y=alt.Y(
            title=say("Net value"),
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(format=".2~f", tickCount=5),
        ),
        number_format=".3f",
    )
    excess = daily(
        frame,
        {"excess": (say("Excess: long / benchmark"), TEAL)},
        y=alt.Y(title=say("Ratio"), scale=alt.Scale(zero=False), axis=alt.Axis(format=".2f", tickCount=4)),
        number_format=".3f",
    )
    below = daily(
        frame,
        {
            "net_drawdown": (say("Drawdown of the long portfolio, after costs"), RED),
            "excess_drawdown": (say("Drawdown of the excess"), TEAL),
        },
        y=alt.Y(title=say("Drawdown"), axis=alt.Axis(format=".0%", tickCount=4)),
        number_format=".1%",
        spans=figure.spans,
    )
    return [
        theme.finished(worth, height=240, name="net_value"),
        theme.finished(excess, height=120, name="excess"),
        theme.finished(below, height=120, name="drawdown"),
    ]


def daily(
    frame: pl.DataFrame, series: Series, *, y: alt.Y, number_format: str, spans: pl.DataFrame | None = None
) -> Chart:
    """Daily lines over shaded spans, and one upright that reads them all where the pointer is."""
    x = alt.X("date:T", title=None, axis=alt.Axis(format=MONTH, labelOverlap=True, tickCount=8))
    pointer = alt.selection_point(
        name="pointer", nearest=True, on="pointermove", clear="pointerleave", fields=["date"], empty=False
    )
    tip = [alt.Tooltip("date:T", format=DAY, title=" ")]
    tip += [
        alt.Tooltip(f"{column}:Q", format=number_format, title=label) for column, (label, _) in series.items()
    ]
    reader = (
        alt.Chart()
        .mark_rule(color=GREY)
        .encode(x=x, opacity=alt.condition(pointer, alt.value(0.6), alt.value(0)), tooltip=tip)
        .add_params(pointer)
        .properties(name=theme.READER)
    )
    drawn = theme.lines(series, x=x, y=y, tooltip=tip, strokeWidth=1.6)
    shaded = [] if spans is None or spans.is_empty() else [shade(spans)]
    return alt.layer(*shaded, drawn, reader, data=theme.values(frame.select("date", *series)))


def shade(spans: pl.DataFrame) -> Chart:
    """The spans of dates as pale bands, each with its number."""
    frame = spans.with_columns(theme.slashed("start"), theme.slashed("end"))
    base = alt.Chart(theme.values(frame)).encode(x=alt.X("start:T"))
    band = base.mark_rect(color=GREY, opacity=0.16).encode(x2="end:T")
    name = base.mark_text(align="left", baseline="bottom", dx=2, dy=-3, fontSize=10, color=theme.SOFT).encode(
        y=alt.value("height"), text="name:N"
    )
    drawn: Chart = alt.layer(band, name)
    return drawn


def decile_bars(figure: Figure, language: Language) -> list[Spec]:
    """A bar a decile, the highest darkest."""
    say = language.gettext
    frame = figure.data.select("decile", "monthly_excess", "monthly_return")
    chart = (
        alt.Chart(theme.values(frame))
        .mark_bar(width={"band": 0.72})
        .encode(
            x=alt.X(
                "decile:O", title=say("Group by factor, the last the highest"), axis=alt.Axis(labelAngle=0)
            ),
            y=alt.Y("monthly_excess:Q", title=say("Excess a month"), axis=alt.Axis(format=".1%")),
            color=alt.condition("datum.monthly_excess < 0", alt.value(AMBER), alt.value(BLUE)),
            tooltip=[
                alt.Tooltip("decile:O", title=say("Group")),
                alt.Tooltip("monthly_excess:Q", format=".2%", title=say("Excess a month")),
                alt.Tooltip("monthly_return:Q", format=".2%", title=say("Return a month")),
            ],
        )
    )
    return [theme.finished(chart, height=220, name="deciles")]


def ic_decay(figure: Figure, language: Language) -> list[Spec]:
    """Mean IC, by ranks and by values, against the trading days held."""
    say = language.gettext
    frame = figure.data.select("horizon_days", "rank_ic", "ic").sort("horizon_days")
    series = {"rank_ic": (say("Rank IC"), NAVY), "ic": (say("Pearson IC"), GREY)}
    tip = [
        alt.Tooltip("horizon_days:O", title=say("Trading days held")),
        alt.Tooltip("rank_ic:Q", format=".2%", title=say("Rank IC")),
        alt.Tooltip("ic:Q", format=".2%", title=say("Pearson IC")),
    ]
    drawn = theme.lines(
        series,
        x=alt.X("horizon_days:O", title=say("Trading days held"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y(title=say("Mean IC"), axis=alt.Axis(format=".1%")),
        tooltip=tip,
        point=alt.OverlayMarkDef(size=36),
    )
    chart = alt.layer(drawn, data=theme.values(frame))
    return [theme.finished(chart, height=220, name="decay")]
