"""The application: which address is which page, and what an error looks like."""

from typing import TYPE_CHECKING

from gangru.errors import GangruError
from gangru.report.blocks import text
from gangru.serve.asked import PageError, spoken
from gangru.serve.desk import Desk
from gangru.serve.guard import App, guarded
from gangru.serve.render import error_page

if TYPE_CHECKING:
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response


def make_app(desk: Desk, port: int) -> App:
    """The pages of a workspace for a server on this port of the loopback.

    Pages are plain functions, which Starlette runs in threads: the event loop stays free while one computes.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route

    from gangru.serve.pages.assets import assets
    from gangru.serve.pages.compare import compare
    from gangru.serve.pages.cross_section import cross_section, newest
    from gangru.serve.pages.files import files
    from gangru.serve.pages.find import search
    from gangru.serve.pages.health import health
    from gangru.serve.pages.home import home
    from gangru.serve.pages.industry import industry
    from gangru.serve.pages.stock import stock

    routes = [
        Route("/", home),
        Route("/search", search),
        Route("/stock/{code}", stock),
        Route("/industry/{name:path}", industry),
        Route("/date", newest),
        Route("/date/{day}", cross_section),
        Route("/compare", compare),
        Route("/files/{study}/{name}", files),
        Route("/assets/{name}", assets),
        Route("/health", health),
    ]
    handlers = {PageError: told, GangruError: failed, HTTPException: nothing_there, Exception: broken}
    app = Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]
    app.state.desk = desk
    return guarded(app, port)


def told(request: "Request", error: PageError) -> "Response":
    """A parameter that is wrong."""
    return error_page(spoken(request), error)


def failed(request: "Request", error: GangruError) -> "Response":
    """A failure with a message for a person: settings, store or files that are not as they should be."""
    return error_page(spoken(request), PageError(500, str(error)))


def nothing_there(request: "Request", error: "HTTPException") -> "Response":
    """An address that is no page."""
    what = text("There is no page at this address.")
    return error_page(
        spoken(request),
        PageError(error.status_code, what, ((text("All studies"), "/"),)),
    )


def broken(request: "Request", error: Exception) -> "Response":  # noqa: ARG001 - the terminal has the traceback
    """What nobody foresaw: the page says so and no more."""
    what = text("Something went wrong inside gangru; the terminal that serves this page says what.")
    return error_page(spoken(request), PageError(500, what))
