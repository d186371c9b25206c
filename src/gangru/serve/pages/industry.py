"""An industry: its stocks on a date with their factor, its IC and long excess month by month."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from gangru.evaluation.ic import mean_of_defined
from gangru.report.blocks import text, verbatim
from gangru.serve.asked import Asked, PageError, asked_of
from gangru.serve.charts.axes import HALF
from gangru.serve.charts.plots import Line, bar_chart, line_chart
from gangru.serve.factors import FactorBook
from gangru.serve.industry_months import industry_months, scored_months
from gangru.serve.pages.cross_section import whole
from gangru.serve.pages.find import industries_named
from gangru.serve.render import address, page, segment

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from gangru.serve.market import Market

YEAR = 12
NEAR = 40  # industries offered in place of one that is none


def industry(request: "Request") -> "Response":
    """The page of one industry."""
    asked = asked_of(request)
    name = request.path_params["name"]
    book = asked.book()
    market = asked.desk.market(asked.study)
    given = asked.parameter("date")
    day = asked.factor_date(given, book, f"/industry/{segment(name)}") if given else book.dates[-1]
    if market is None:
        return page(
            asked, "industry.html.j2", name, name=name, day=day, dates=[], rows=[], months=[], **NOTHING
        )
    asked.desk.make_ahead(asked.study, market, book)
    taxonomy = asked.study.workspace.settings.evaluation.taxonomy
    classes = (
        market.facts.industry.filter(pl.col("taxonomy") == taxonomy)["industry"].unique().sort().to_list()
    )
    if name not in classes:
        raise unknown(name, asked, market, classes)
    rows = whole(asked, market, book, day).filter(pl.col("industry") == name)
    table, waiting = months_of_industry(asked, market, book, name)
    return page(
        asked,
        "industry.html.j2",
        asked.language.scalar(name, "industry"),
        name=name,
        day=day,
        dates=list(reversed(book.dates)),
        rows=rows.to_dicts(),
        months=table.sort("date", descending=True).to_dicts(),
        means=means(table),
        ic_chart=ic_chart(asked, table),
        excess_chart=excess_chart(asked, table),
        waiting=waiting,
        coming=waiting > 0,
    )


NOTHING: dict[str, Any] = {"means": {}, "ic_chart": "", "excess_chart": "", "waiting": 1, "coming": True}


def unknown(name: str, asked: Asked, market: "Market", classes: list[str]) -> PageError:
    """What to answer to an industry that the classification does not have."""
    taxonomy = asked.study.workspace.settings.evaluation.taxonomy
    near = industries_named(market, name, taxonomy) or classes
    what = text(
        "There is no industry {name} in the classification {taxonomy}; it has:",
        name=verbatim(name[:80]),
        taxonomy=verbatim(taxonomy),
    )
    named = (
        (asked.language.scalar(one, "industry"), address(f"/industry/{segment(one)}", dict(asked.fixed)))
        for one in near[:NEAR]
    )
    return PageError(404, what, tuple(named))


def months_of_industry(
    asked: Asked, market: "Market", book: FactorBook, name: str
) -> tuple[pl.DataFrame, int]:
    """Month by month as far as it is made, and how many dates are still to be made."""
    months = asked.desk.months(market, asked.study, book)
    settings = asked.study.workspace.settings.evaluation
    stamped = (asked.study.name, asked.study.factor_stamp, settings.taxonomy)
    scored = asked.desk.memory.get(
        ("scored", *market.key, *stamped, len(months)), lambda: scored_months(book, months)
    )
    return industry_months(scored, name, settings.industry_fraction), len(book.month_dates) - len(months)


def means(table: pl.DataFrame) -> dict[str, float | None]:
    """Means of IC and excess over all months and the last twelve; None where there are fewer."""
    out: dict[str, float | None] = {}
    for column in ("ic", "excess"):
        values = table[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        out[column] = mean_of_defined(values)
        out[f"{column}_year"] = mean_of_defined(values[-YEAR:]) if len(values) >= YEAR else None
    return out


def percent(value: float) -> str:
    """A percentage of one decimal with a true minus."""
    return f"{value:.1%}".replace("-", "−")


def ic_chart(asked: Asked, table: pl.DataFrame) -> Any:
    """A bar a month."""
    say = asked.language.gettext
    bars = [Line(say("Rank IC"), table["ic"].to_list(), "s0")]
    return bar_chart(table["month"].to_list(), bars, percent, say("Rank IC inside the industry"), size=HALF)


def excess_chart(asked: Asked, table: pl.DataFrame) -> Any:
    """The running sum of the months' excess."""
    say = asked.language.gettext
    total = np.cumsum(table["excess"].fill_null(0.0).to_numpy()).tolist()
    lines = [Line(say("Running sum"), total, "s2")]
    caption = say("Long excess inside the industry, summed")
    return line_chart(table["month"].to_list(), lines, percent, caption, include=(0.0,), size=HALF)
