"""Charts of the account: what is left as it grows; and of what the factor leans on."""

import altair as alt
import polars as pl

from gangru.report.blocks import Figure
from gangru.report.charts import theme
from gangru.report.charts.theme import AMBER, BLUE, NAVY, Spec
from gangru.report.languages import Language
from gangru.report.style_names import STYLES


def capacity_curve(figure: Figure, language: Language) -> list[Spec]:
    """Excess a year after costs against the account's size, on a log scale."""
    say = language.gettext
    frame = figure.data.with_columns(pl.col("account_yuan") / 1e6).sort("account_yuan")
    tip = [
        alt.Tooltip("account_yuan:Q", format=",.0f", title=say("Account, million yuan")),
        alt.Tooltip("net_annual_excess:Q", format=".2%", title=say("Excess a year, after costs")),
        alt.Tooltip("fill_rate:Q", format=".0%", title=say("Filled")),
    ]
    line = (
        alt.Chart()
        .mark_line(color=NAVY, strokeWidth=2, point=alt.OverlayMarkDef(size=40, color=NAVY))
        .encode(
            x=alt.X(
                "account_yuan:Q",
                title=say("Account, million yuan"),
                scale=alt.Scale(type="log"),
                axis=alt.Axis(values=frame["account_yuan"].to_list(), format=",.0f", labelOverlap=True),
            ),
            y=alt.Y(
                "net_annual_excess:Q", title=say("Excess a year, after costs"), axis=alt.Axis(format=".0%")
            ),
            tooltip=tip,
        )
    )
    chart = alt.layer(line, theme.rule(0), data=theme.values(frame))
    return [theme.finished(chart, height=220, name=figure.key)]


def style_bars(figure: Figure, language: Language) -> list[Spec]:
    """A bar a style."""
    say = language.gettext
    names = {
        style: say(STYLES[style].template) if style in STYLES else style for style in figure.data["style"]
    }
    frame = figure.data.with_columns(name=pl.col("style").replace_strict(names, return_dtype=pl.String))
    bars = (
        alt.Chart()
        .mark_bar(height={"band": 0.66})
        .encode(
            y=alt.Y("name:N", title=None, sort=list(names.values()), axis=alt.Axis(labelLimit=240)),
            x=alt.X(
                "rank_correlation:Q",
                title=say("Rank correlation"),
                scale=alt.Scale(domain=[-1, 1]),
                axis=alt.Axis(format=".1f", grid=True),
            ),
            color=alt.condition("datum.rank_correlation < 0", alt.value(AMBER), alt.value(BLUE)),
            tooltip=[
                alt.Tooltip("name:N", title=say("Style")),
                alt.Tooltip("rank_correlation:Q", format=".2f", title=say("Rank correlation")),
            ],
        )
    )
    chart = alt.layer(bars, data=theme.values(frame.select("name", "rank_correlation")))
    return [theme.finished(chart, height=26 * len(frame) + 20, name=figure.key)]
