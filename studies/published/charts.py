"""The seven-year study's charts as SVG: charts.py WORKSPACE OUT [STUDY…], drawn from what tables.py reads.

cumulative_ic.svg   the monthly rank ICs from t + 1, added up; dashed: what the published mean would add up to
ic_by_year.svg      their mean by year
net_excess.svg      the long portfolio after costs over the equal-weighted universe, both starting at 1
drivers.svg         mean rank IC with one style after the other taken out of the factor
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import altair as alt
import polars as pl
from reading import JUDGED, NAMES, PUBLISHED, Study, read_study

from gangru.atomic import write_text
from gangru.report.charts.draw import still_svg
from gangru.report.charts.theme import (
    AMBER,
    BLUE,
    GREY,
    NAVY,
    PALE,
    RED,
    RULE,
    SOFT,
    TEAL,
    finished,
    slashed,
    values,
)

PUBLISHED_IC = float(PUBLISHED[1]) / 100  # a month's mean
COLOURS = dict(
    zip(
        ("main", "gru", "best", "lightgbm", "reversal", "recon", "ae"),
        (NAVY, BLUE, RED, TEAL, AMBER, GREY, RULE),
        strict=True,
    )
)
WIDTH, HEIGHT = 760, 300


def in_colour(studies: Sequence[Study], symbol: str = "stroke") -> alt.Color:
    """A colour a study, the same in every chart; its legend shows a `symbol` of it."""
    scale = alt.Scale(domain=[one.title for one in studies], range=[COLOURS[one.name] for one in studies])
    return alt.Color(
        "study:N",
        scale=scale,
        legend=alt.Legend(symbolType=symbol, symbolStrokeWidth=3 if symbol == "stroke" else 0),
    )


def month_axis() -> alt.X:
    """Months or days along the bottom, a tick a year."""
    return alt.X("month:T", title=None, axis=alt.Axis(format="%Y", tickCount="year"))


def looked_at() -> alt.Chart:
    """The months before JUDGED, which settings were chosen by, in a pale band with its name."""
    span = pl.DataFrame(
        {"from": ["2019/02/01"], "to": [f"{JUDGED.replace('-', '/')}/01"], "name": ["looked at to choose"]}
    )
    across = {"x": alt.X("from:T"), "x2": alt.X2("to:T")}
    band = alt.Chart(values(span)).mark_rect(color=PALE).encode(**across)
    name = alt.Chart(values(span)).mark_text(
        align="left", baseline="top", dx=6, dy=4, fontSize=10, color=SOFT
    )
    return band + name.encode(x=alt.X("from:T"), y=alt.value(0), text="name:N")


def cumulative_ic(studies: Sequence[Study]) -> alt.LayerChart:
    """Sums of the monthly rank ICs; a month without one adds nothing."""
    rows = [
        pl.DataFrame(one.whole["series"], infer_schema_length=None)
        .select("month", total=pl.col("rank_ic").fill_null(0.0).cum_sum(), study=pl.lit(one.title))
        .with_columns(slashed("month"))
        for one in studies
    ]
    months = rows[0]["month"]
    pace = pl.DataFrame({"month": months, "total": [PUBLISHED_IC * (n + 1) for n in range(len(months))]})
    height = alt.Y("total:Q", title="sum of monthly rank IC")
    dashed = alt.Chart(values(pace)).mark_line(strokeDash=[5, 4], color=SOFT, strokeWidth=1.2)
    drawn = alt.Chart(values(pl.concat(rows))).mark_line(strokeWidth=1.8)
    name = pace[2 * len(pace) // 3 : 2 * len(pace) // 3 + 1].with_columns(
        name=pl.lit(f"published mean: {PUBLISHED_IC:.2%} a month")
    )
    end = alt.Chart(values(name)).mark_text(align="right", dx=-8, dy=-6, fontSize=10, color=SOFT)
    return alt.layer(
        looked_at(),
        end.encode(x=month_axis(), y=height, text="name:N"),
        dashed.encode(x=month_axis(), y=height),
        drawn.encode(x=month_axis(), y=height, color=in_colour(studies)),
    )


def net_excess(studies: Sequence[Study]) -> alt.LayerChart:
    """Net value after costs over the universe's."""
    rows = [
        pl.DataFrame(one.whole["net_value"], infer_schema_length=None)
        .select(month="date", ratio=pl.col("long_net") / pl.col("benchmark"), study=pl.lit(one.title))
        .with_columns(slashed("month"))
        for one in studies
    ]
    drawn = alt.Chart(values(pl.concat(rows))).mark_line(strokeWidth=1.6)
    height = alt.Y("ratio:Q", title="net value after costs / universe", scale=alt.Scale(zero=False))
    return alt.layer(looked_at(), drawn.encode(x=month_axis(), y=height, color=in_colour(studies)))


def ic_by_year(studies: Sequence[Study]) -> alt.Chart:
    """Mean rank IC of each calendar year's months, a bar a study."""
    rows = [
        pl.DataFrame(one.whole["yearly"]).select(
            pl.col("year").cast(pl.String), "rank_ic_mean", study=pl.lit(one.title)
        )
        for one in studies
    ]
    bars = alt.Chart(values(pl.concat(rows))).mark_bar()
    return bars.encode(
        x=alt.X("year:N", title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("study:N", sort=[one.title for one in studies]),
        y=alt.Y("rank_ic_mean:Q", title="mean rank IC", axis=alt.Axis(format=".0%")),
        color=in_colour(studies, "square"),
    )


def drivers(studies: Sequence[Study]) -> alt.Chart:
    """Mean rank IC as it is and with a style taken out of the factor, each by itself and all of them at once."""
    rows = []
    for one in studies:
        purified = pl.DataFrame(one.whole["anatomy"]["purified"])
        whole = pl.DataFrame({"removed": ["nothing"], "rank_ic": [one.whole["headline"]["ic_mean"]]})
        rows.append(
            pl.concat([whole, purified.select("removed", "rank_ic")]).with_columns(study=pl.lit(one.title))
        )
    frame = pl.concat(rows)
    order = [name for name in frame["removed"].unique(maintain_order=True) if name != "all"] + ["all"]
    bars = alt.Chart(values(frame)).mark_bar()
    return bars.encode(
        x=alt.X("removed:N", title="taken out", sort=order, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("study:N", sort=[one.title for one in studies]),
        y=alt.Y("rank_ic:Q", title="mean rank IC left", axis=alt.Axis(format=".0%")),
        color=in_colour(studies, "square"),
    )


def main(workspace: Path, out: Path, names: Sequence[str]) -> None:
    """Draw what the studies that are there have."""
    found = [read_study(workspace / "runs", name) for name in names]
    studies = [one for one in found if one is not None and one.name in COLOURS]
    out.mkdir(parents=True, exist_ok=True)
    for draw in (cumulative_ic, ic_by_year, net_excess, drivers):
        spec = finished(draw(studies), height=HEIGHT, name=draw.__name__)
        spec["config"] |= {"background": "white", "padding": 12}
        write_text(out / f"{draw.__name__}.svg", still_svg(spec, WIDTH))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or list(NAMES))
