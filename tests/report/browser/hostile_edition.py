"""The made-up edition with everything that a page could stumble over, in both languages."""

from dataclasses import replace

import polars as pl
from made_up_edition import HOSTILE, make_contents, make_evaluation, make_headline

from gangru.report.blocks import Column, Table, text
from gangru.report.contents import Comparison, Contents
from gangru.report.settings import ReportSettings

LINK = '=HYPERLINK("http://x","y")'
TURNED = "\u202e倒着的名字"
INDUSTRY = 'Food, drink & "tea" <b>'
PUBLISHER = '"><img src=x onerror=alert(1)>'
NAMES = (HOSTILE, "=1+1", LINK, TURNED)


def make_hostile_contents(*, static_charts: bool = False) -> Contents:
    evaluation = make_evaluation()
    names = list(NAMES) + evaluation.picks["name"].to_list()[len(NAMES) :]
    industries = pl.when(pl.col("rank") == 2).then(pl.lit(INDUSTRY)).otherwise(pl.col("industry"))
    evaluation = replace(
        evaluation,
        picks=evaluation.picks.with_columns(name=pl.Series(names), industry=industries),
    )
    contents = make_contents(
        evaluation,
        simulated={"best_ic": 0.11, "seed": 0},
        comparison=[Comparison(HOSTILE, make_headline(ic_mean=0.0606))],
        settings=ReportSettings(static_charts=static_charts, language="both", publisher=PUBLISHER),
    )
    return replace(contents, front=(front_table(),))


def front_table() -> Table:
    """One table of the first page."""
    return Table(
        "front_made_up",
        text("Summary"),
        (Column("figure", text("Measure")), Column("value", text("Value"), "percent")),
        ((text("IC mean"), 0.1234), (HOSTILE, None)),
    )
