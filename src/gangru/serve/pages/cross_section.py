"""A factor date's whole cross-section: searched, sorted and paged here; its distribution, its ends, as CSV."""

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from gangru.market.industries import class_name
from gangru.report.blocks import Column, text
from gangru.serve.asked import Asked, asked_of
from gangru.serve.charts.plots import histogram
from gangru.serve.factors import FactorBook
from gangru.serve.render import page
from gangru.serve.search import folded

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from gangru.serve.market import Market

ROWS = 100  # of a page
ENDS = 10  # best and worst shown
BINS = 48
COLUMNS = (
    Column("rank", text("Rank"), "integer"),
    Column("code", text("Code")),
    Column("name", text("Name")),
    Column("industry", text("Industry"), "industry"),
    Column("factor", text("Factor"), "ratio"),
    Column("percentile", text("Percentile"), "percent"),
    Column("pret", text("pRet"), "fine"),
    Column("ret", text("Return a month after"), "percent"),
)


def whole(asked: Asked, market: "Market | None", book: FactorBook, day: date) -> pl.DataFrame:
    """The date's rows, best first, with name, industry and the return after; without the market these are null."""
    rows = book.on(day).sort("rank", "code", nulls_last=True)
    if market is None:
        unknown = pl.lit(None, pl.String)
        return rows.with_columns(name=unknown, industry=unknown, ret=pl.lit(None, pl.Float64))
    taxonomy = asked.study.workspace.settings.evaluation.taxonomy
    returns = asked.desk.slices.peek(asked.desk.month_job(market, asked.study, day)[0])

    def make() -> pl.DataFrame:
        names = market.facts.names_as_of(day).select("code", "name")
        known = rows.join(names, on="code", how="left", maintain_order="left")
        known = known.join(market.industries(day, taxonomy), on="code", how="left", maintain_order="left")
        if returns is None:
            return known.with_columns(ret=pl.lit(None, pl.Float64))
        return known.join(returns.select("code", "ret"), on="code", how="left", maintain_order="left")

    stamped = (asked.study.name, asked.study.factor_stamp)
    key = ("whole", *market.key, *stamped, taxonomy, day, returns is not None)
    made: pl.DataFrame = asked.desk.memory.get(key, make)
    return made


def having(rows: pl.DataFrame, asked: str) -> pl.DataFrame:
    """The rows whose code, name or industry, in either language, has what was typed."""
    sought = folded(asked)
    if not sought:
        return rows
    fitting = [
        name
        for name in rows["industry"].unique().drop_nulls()
        if any(sought in folded(one) for one in (name, class_name(name, "zh"), class_name(name, "en")))
    ]
    plain = [
        sought in folded(f"{code} {name or ''}") for code, name in rows.select("code", "name").iter_rows()
    ]
    return rows.filter(
        pl.Series(plain, dtype=pl.Boolean) | pl.col("industry").is_in(fitting).fill_null(value=False)
    )


def newest(request: "Request") -> "Response":
    """The newest factor date."""
    from starlette.responses import RedirectResponse

    from gangru.serve.render import address

    asked = asked_of(request)
    return RedirectResponse(address(f"/date/{asked.book().dates[-1]}", dict(asked.fixed)), 303)


def cross_section(request: "Request") -> "Response":
    """The page, or with `format=csv` the rows that it is about, all of them."""
    asked = asked_of(request)
    book = asked.book()
    day = asked.factor_date(request.path_params["day"], book, "/date/{day}")
    market = asked.desk.market(asked.study)
    if market is not None:
        asked.desk.make_ahead(asked.study, market, book)
    rows = whole(asked, market, book, day)
    sort = asked.choice("sort", tuple(column.key for column in COLUMNS))
    down = asked.choice("order", ("asc", "desc")) == "desc"
    only = asked.parameter("only")
    chosen = having(rows, only)
    chosen = chosen.sort(sort, descending=down, nulls_last=True, maintain_order=True)
    if asked.choice("format", ("html", "csv")) == "csv":
        return as_csv(chosen, f"{asked.study.name}-{day}.csv")
    pages = max(-(-len(chosen) // ROWS), 1)
    number = asked.page(pages)
    at = book.dates.index(day)
    scored = rows.drop_nulls("factor")
    return page(
        asked,
        "date.html.j2",
        f"{asked.language.gettext('Cross-section')} {day}",
        day=day,
        dates=list(reversed(book.dates)),
        before=book.dates[at - 1] if at else None,
        after=book.dates[at + 1] if at + 1 < len(book.dates) else None,
        columns=COLUMNS,
        rows=chosen.slice((number - 1) * ROWS, ROWS).to_dicts(),
        first=(number - 1) * ROWS + 1,
        count=len(chosen),
        total=len(rows),
        scored=len(scored),
        listed=int(rows["listed"].sum()),
        number=number,
        pages=pages,
        sort=sort,
        down=down,
        only=only,
        best=scored.head(ENDS).to_dicts(),
        worst=scored.tail(ENDS).reverse().to_dicts(),
        chart=distribution(scored["factor"].to_numpy(), asked),
        coming=market is None,
    )


def distribution(factor: "np.ndarray[Any, np.dtype[np.float64]]", asked: Asked) -> Any:
    """How the factor is spread; what lies beyond its outermost thousandths counts to the end bins."""
    if not len(factor):
        return ""
    low, high = np.quantile(factor, [0.001, 0.999])
    if low == high:
        low, high = low - 1, high + 1
    edges = np.linspace(low, high, BINS + 1)
    counts, _ = np.histogram(np.clip(factor, low, high), edges)
    caption = asked.language.gettext("Distribution of the factor")
    return histogram(edges.tolist(), counts.tolist(), lambda v: f"{v:.1f}".replace("-", "−"), caption)


def as_csv(rows: pl.DataFrame, name: str) -> "Response":
    """The rows as a file that is safe to open in a spreadsheet."""
    from starlette.responses import Response

    from gangru.study.tables import inert

    plain = rows.select(
        "date", "rank", "code", "name", "industry", "factor", "percentile", "pret", "ret", "listed",
        pl.col("fold").cast(pl.String),
    )  # fmt: skip
    content = inert(plain).with_columns(pl.selectors.float().fill_nan(None)).write_csv()
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + content, media_type="text/csv; charset=utf-8", headers=headers)
