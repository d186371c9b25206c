"""The style sheet and the script, with a tag by which a browser need not load them twice."""

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from gangru.serve.render import asset

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ASSETS = {"serve.css": "text/css; charset=utf-8", "serve.js": "text/javascript; charset=utf-8"}


@cache
def tagged(name: str) -> tuple[bytes, str]:
    """A file's content and its tag."""
    content = asset(name)
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def assets(request: "Request") -> "Response":
    """One of this package's own files."""
    from starlette.exceptions import HTTPException
    from starlette.responses import Response

    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    content, tag = tagged(name)
    headers = {"etag": tag, "cache-control": "no-cache"}
    if tag in request.headers.get("if-none-match", "").replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=ASSETS[name], headers=headers)
