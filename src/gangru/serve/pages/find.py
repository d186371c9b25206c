"""The search box: a stock, an industry or a date; what is meant by one thing alone is opened at once."""

from typing import TYPE_CHECKING

import polars as pl

from gangru.market.industries import class_name
from gangru.serve.asked import Asked, asked_of, iso_day
from gangru.serve.render import address, page, segment
from gangru.serve.search import MOST, folded, found, index_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from gangru.serve.market import Market


def search_index(asked: Asked, market: "Market") -> pl.DataFrame:
    """All names and codes, folded; made once for a version of the store."""
    key = ("index", *market.key)
    index: pl.DataFrame = asked.desk.memory.get(key, lambda: index_of(market.facts, market.names))
    return index


def industries_named(market: "Market", asked: str, taxonomy: str) -> list[str]:
    """Industries whose name, in either language, has what was typed."""
    text = folded(asked)
    own = market.facts.industry.filter(pl.col("taxonomy") == taxonomy)["industry"].unique().sort()
    return [
        name for name in own if text and any(text in folded(class_name(name, tag)) for tag in ("zh", "en"))
    ]


def search(request: "Request") -> "Response":
    """Results, or the page that alone is meant."""
    from starlette.responses import RedirectResponse

    asked = asked_of(request)
    q = asked.parameter("q").strip()
    fixed = dict(asked.fixed)
    if (day := iso_day(q)) is not None:
        return RedirectResponse(address(f"/date/{day}", fixed), 303)
    market = asked.desk.market(asked.study)
    title = asked.language.gettext("Search")
    if market is None:
        return page(asked, "search.html.j2", title, q=q, hits=[], industries=[], more=0, coming=True)
    hits = found(search_index(asked, market), q)
    industries = industries_named(market, q, asked.study.workspace.settings.evaluation.taxonomy)
    code = market.identity(q)
    if code is not None and code in set(market.names["code"]):
        return RedirectResponse(address(f"/stock/{code}", fixed), 303)
    if len(hits) == 1 and not industries:
        return RedirectResponse(address(f"/stock/{hits['code'][0]}", fixed), 303)
    if len(industries) == 1 and hits.is_empty():
        return RedirectResponse(address(f"/industry/{segment(industries[0])}", fixed), 303)
    shown = hits.head(MOST).rows()
    more = max(len(hits) - MOST, 0)
    return page(asked, "search.html.j2", title, q=q, hits=shown, industries=industries, more=more)
