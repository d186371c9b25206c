"""Two studies side by side: headline figures, monthly IC, how alike their factors and long lists are."""

from typing import TYPE_CHECKING, Any

import polars as pl

from gangru.report.blocks import text, verbatim
from gangru.report.definitions import HEADLINE_FIGURES
from gangru.serve.asked import Asked, PageError, asked_of
from gangru.serve.charts.plots import Line, bar_chart, line_chart
from gangru.serve.comparison import compared
from gangru.serve.factors import factor_book
from gangru.serve.pages.industry import percent
from gangru.serve.pages.stock import signed
from gangru.serve.render import address, page
from gangru.serve.studies import Study

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def compare(request: "Request") -> "Response":
    """The page of studies `a` and `b`; without them the opened one and the next that was evaluated."""
    asked = asked_of(request)
    names = asked.desk.names()
    a = chosen(asked, "a", asked.study.name)
    others = [n for n in names if n != a.name]
    ready = [n for n in others if asked.desk.study(n).factor_stamp is not None]
    b = chosen(asked, "b", next(iter(ready or others), a.name))
    pair = beside(asked, a, b)
    series = monthly(a, b)
    say = asked.language.gettext
    months = series["month"].to_list()
    lines = [Line(a.name, series["a"].to_list(), "s0"), Line(b.name, series["b"].to_list(), "s1")]
    dates = [] if pair is None else [str(day) for day in pair["date"]]
    return page(
        asked,
        "compare.html.j2",
        f"{a.name} · {b.name}",
        a=a.name,
        b=b.name,
        names=names,
        figures=[(one, headline(a).get(one.key), headline(b).get(one.key)) for one in HEADLINE_FIGURES],
        spans=[
            (
                study.name,
                (study.evaluation or {}).get("first_month"),
                (study.evaluation or {}).get("last_month"),
            )
            for study in (a, b)
        ],
        lacking=[study.name for study in (a, b) if study.evaluation is None],
        factorless=[study.name for study in (a, b) if study.factor_stamp is None],
        ic_chart=bar_chart(months, lines, percent, say("Rank IC by month")) if months else "",
        pair=[] if pair is None else pair.sort("date", descending=True).to_dicts(),
        likeness_chart=""
        if pair is None
        else line_chart(
            dates,
            [
                Line(
                    say("Correlation of factors"), pair["correlation"].to_list(), "s2", points=len(pair) <= 60
                ),
                Line(say("Overlap of long lists"), pair["overlap"].to_list(), "s3", points=len(pair) <= 60),
            ],
            signed,
            say("How alike the two factors are"),
            include=(0.0, 1.0),
        ),
    )


def chosen(asked: Asked, name: str, default: str) -> Study:
    """The study that a parameter names. Raises PageError where there is none of that name."""
    value = asked.parameter(name, default) or default
    names = asked.desk.names()
    if value not in names:
        near = tuple(
            (n, address("/compare", dict(asked.request.query_params), {name: n})) for n in names[:12]
        )
        what = text("There is no study {value} here; there are:", value=verbatim(value[:80]))
        raise PageError(404, what, near)
    return asked.desk.study(value)


def headline(study: Study) -> dict[str, Any]:
    """The study's headline figures; none where it was not evaluated."""
    found: dict[str, Any] = (study.evaluation or {}).get("headline", {})
    return found


def monthly(a: Study, b: Study) -> pl.DataFrame:
    """Columns month, a, b: both studies' monthly rank IC, null where one has none."""
    schema = {"month": pl.String, "rank_ic": pl.Float64}
    sides = [
        pl.DataFrame(
            [
                {"month": row["month"], "rank_ic": row.get("rank_ic")}
                for row in (study.evaluation or {}).get("series", [])
            ],
            schema=schema,
        ).rename({"rank_ic": name})
        for study, name in ((a, "a"), (b, "b"))
    ]
    if a.name == b.name:
        return sides[0].with_columns(b="a")
    return sides[0].join(sides[1], on="month", how="full", coalesce=True).sort("month")


def beside(asked: Asked, a: Study, b: Study) -> pl.DataFrame | None:
    """The two factors date by date; None where one has none."""
    left, right = factor_book(a), factor_book(b)
    if left is None or right is None:
        return None
    key = ("compared", a.name, a.factor_stamp, b.name, b.factor_stamp)
    made: pl.DataFrame = asked.desk.memory.get(key, lambda: compared(left, right))
    return made
