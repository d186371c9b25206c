"""A stock: its factor over time, its window as the nets see it, the lists it was on, its industry, name and listing."""

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from gangru.errors import CheckpointError, MarketError
from gangru.report.blocks import Text, Words, text, verbatim
from gangru.serve.asked import Asked, PageError, asked_of
from gangru.serve.charts.axes import HALF, SMALL
from gangru.serve.charts.plots import Line, line_chart
from gangru.serve.factors import FactorBook
from gangru.serve.pages.find import search_index
from gangru.serve.render import address, page
from gangru.serve.search import similar_codes
from gangru.serve.windows import StockWindow

if TYPE_CHECKING:
    from markupsafe import Markup
    from starlette.requests import Request
    from starlette.responses import Response

    from gangru.serve.market import Market


def stock(request: "Request") -> "Response":
    """The page of one stock; a code in another spelling, or an old one, leads to it."""
    from starlette.responses import RedirectResponse

    asked = asked_of(request)
    given = request.path_params["code"]
    book = asked.book()
    market = asked.desk.market(asked.study)
    code = given if market is None else market.identity(given)
    if code is None or not known(code, book, market):
        raise unknown(given, asked, market)
    if code != given:
        return RedirectResponse(address(f"/stock/{code}", dict(asked.request.query_params)), 303)
    if market is not None:
        asked.desk.make_ahead(asked.study, market, book)
    rows = book.of(code)
    day = chosen_date(asked, book, rows, code)
    own = facts_of_stock(asked, market, code, day)
    history = with_returns(asked, market, book, rows)
    window, why = the_window(asked, market, book, day, code)
    return page(
        asked,
        "stock.html.j2",
        f"{own['name'] or code}",
        code=code,
        own=own,
        day=day,
        dates=list(reversed(book.dates)),
        at_day=next(iter(rows.filter(pl.col("date") == day).to_dicts()), None),
        number_on_day=int(book.on(day)["factor"].count()),
        score_chart=score_chart(asked, rows),
        percentile_chart=percentile_chart(asked, rows),
        history=history.sort("date", descending=True).to_dicts(),
        times_listed=int(rows["listed"].sum()),
        strips=[] if window is None else strips(asked, window),
        generated=window is not None and window.generated_FT is not None,
        why=why,
        coming=market is None or why == COMING,
    )


COMING = text("The window is being made; it will be here in a moment.")


def known(code: str, book: FactorBook, market: "Market | None") -> bool:
    """Whether the store or the factor has the stock."""
    return not book.of(code).is_empty() or (market is not None and code in set(market.names["code"]))


def unknown(given: str, asked: Asked, market: "Market | None") -> PageError:
    """What to answer to a code that is none of the store's."""
    near: tuple[tuple[Words, str], ...] = ()
    if market is not None:
        names = dict(market.names.rows())
        codes = similar_codes(search_index(asked, market), given[:40])
        near = tuple((f"{c} {names.get(c) or ''}", address(f"/stock/{c}", dict(asked.fixed))) for c in codes)
    what = text(
        "There is no stock {code} in the store: expected a code such as 600519.SH, or use the search.",
        code=verbatim(given[:80]),
    )
    return PageError(404, what, near)


def chosen_date(asked: Asked, book: FactorBook, rows: pl.DataFrame, code: str) -> date:
    """The factor date asked for; else the stock's newest."""
    given = asked.parameter("date")
    if given:
        return asked.factor_date(given, book, f"/stock/{code}")
    newest: date = book.dates[-1] if rows.is_empty() else rows["date"][-1]
    return newest


def facts_of_stock(asked: Asked, market: "Market | None", code: str, day: date) -> dict[str, Any]:
    """Name, names before, industry as of the date, listing and bars of a stock; None where not known."""
    own: dict[str, Any] = dict.fromkeys(
        ("name", "then", "industry", "listed", "delisted", "first_bar", "last_bar")
    ) | {"earlier": [], "codes": []}
    if market is None:
        return own
    taxonomy = asked.study.workspace.settings.evaluation.taxonomy
    facts = market.facts
    security = facts.securities.filter(pl.col("code") == code).to_dicts()
    if security:
        own |= {"listed": security[0]["list_date"], "delisted": security[0]["delist_date"]}
    own["name"] = next(iter(market.names.filter(pl.col("code") == code)["name"]), None)
    own["then"] = next(iter(facts.names_as_of(day).filter(pl.col("code") == code)["name"]), None)
    names = facts.names.filter(pl.col("code") == code).sort("start")["name"].unique(maintain_order=True)
    own["earlier"] = [name for name in names if name != own["name"]]
    own["codes"] = [old for old, new in facts.identities.newest.items() if new == code]
    own["industry"] = next(
        iter(market.industries(day, taxonomy).filter(pl.col("code") == code)["industry"]), None
    )
    spans = asked.desk.spans(market)
    if spans is not None:
        own |= next(iter(spans.filter(pl.col("code") == code).select("first_bar", "last_bar").to_dicts()), {})
    return own


def with_returns(asked: Asked, market: "Market | None", book: FactorBook, rows: pl.DataFrame) -> pl.DataFrame:
    """The stock's rows with the size of each date and the return of the month after, where those are made."""
    sizes = book.table.group_by("date").agg(pl.col("factor").count().alias("number"))
    rows = rows.join(sizes, on="date", how="left")
    months = {} if market is None else asked.desk.months(market, asked.study, book)
    code = rows["code"][0] if len(rows) else ""
    found = [frame.filter(pl.col("code") == code).select("date", "ret") for frame in months.values()]
    if not found:
        return rows.with_columns(ret=pl.lit(None, pl.Float64))
    return rows.join(pl.concat(found), on="date", how="left")


def the_window(
    asked: Asked, market: "Market | None", book: FactorBook, day: date, code: str
) -> tuple[StockWindow | None, Text | str | None]:
    """The stock's window on the date, or why there is none (yet)."""
    if market is None:
        return None, COMING
    try:
        section = asked.desk.section(market, asked.study, day)
        if section is None:
            return None, COMING
        if not (section.codes == code).any():
            return None, text(
                "No window on {day}: the stock was not eligible then, or had too few bars.", day=verbatim(day)
            )
        rows = book.on(day).filter(pl.col("code") == code)
        fold = rows["fold"][0] if len(rows) else book.on(day)["fold"][0]
        window = asked.desk.window(market, asked.study, section, code, str(fold))
    except (MarketError, CheckpointError) as error:
        return None, str(error)
    return (None, COMING) if window is None else (window, None)


def score_chart(asked: Asked, rows: pl.DataFrame) -> "Markup":
    """The factor on each date."""
    say = asked.language.gettext
    line = Line(say("Factor"), rows["factor"].to_list(), points=len(rows) <= 60)
    return line_chart(months_of(rows), [line], signed, say("Factor on each date"), include=(0.0,), size=HALF)


def percentile_chart(asked: Asked, rows: pl.DataFrame) -> "Markup":
    """The place among the date's stocks; the dashed line is where a long list by a share begins."""
    say = asked.language.gettext
    line = Line(say("Percentile"), rows["percentile"].to_list(), "s1", points=len(rows) <= 60)
    portfolio = asked.study.workspace.settings.portfolio
    return line_chart(
        months_of(rows),
        [line],
        lambda value: f"{value:.0%}",
        say("Percentile on each date"),
        include=(0.0, 1.0),
        level=None if portfolio.stocks else 1 - portfolio.fraction,
        size=HALF,
    )


def months_of(rows: pl.DataFrame) -> list[str]:
    """Each date as the axis writes it."""
    return [str(day) for day in rows["date"]]


def signed(value: float) -> str:
    """A number of two decimals with a true minus."""
    return f"{value:.2f}".replace("-", "−")


def strips(asked: Asked, window: StockWindow) -> list[dict[str, Any]]:
    """A small chart a feature: the real line and, where there is one, the generated, and how they correlate."""
    say, days = asked.language.gettext, [str(day)[5:] for day in window.days.astype("datetime64[D]")]
    made = []
    for f, name in enumerate(window.features):
        real = window.real_FT[f]
        lines = [Line(say("Real"), real.tolist(), "s0")]
        r = None
        if window.generated_FT is not None:
            fake = window.generated_FT[f]
            lines.append(Line(say("Generated"), fake.tolist(), "s1"))
            if real.std() > 0 and fake.std() > 0:
                r = float(np.corrcoef(real, fake)[0, 1])
        svg = line_chart(days, lines, signed, f"{name}", size=SMALL, marks=3)
        made.append({"name": name, "svg": svg, "r": r})
    return made
