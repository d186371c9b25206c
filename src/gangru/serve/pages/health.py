"""Whether the server answers, for programs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def health(request: "Request") -> "Response":
    """status, version, study and how many things are still being made ready."""
    from starlette.responses import JSONResponse

    from gangru import __version__

    desk = request.app.state.desk
    making = desk.reading.left + desk.slices.left
    return JSONResponse(
        {"status": "ok", "gangru": __version__, "study": desk.default(), "making": making},
        headers={"cache-control": "no-store"},
    )
