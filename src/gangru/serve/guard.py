"""What every request must satisfy and what every answer carries, whatever page it is for."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
DEFAULTS = {"content-security-policy": POLICY, "cache-control": "no-cache"}
METHODS = ("GET", "HEAD")


def allowed_hosts(port: int) -> frozenset[str]:
    """The Host headers under which a page on this port is asked for from this machine itself."""
    names = ("localhost", "127.0.0.1", "[::1]")
    bare = frozenset(names) if port == 80 else frozenset()
    return bare | {f"{name}:{port}" for name in names}


def guarded(app: App, port: int) -> App:
    """The application behind a check of Host and method, its answers with strict headers.

    A foreign Host means that some site's name was made to point here (DNS rebinding): its pages get nothing to read.
    """
    hosts = allowed_hosts(port)

    async def guard(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_headers(message.get("headers", []))
            await send(message)

        given = [value for name, value in scope["headers"] if name == b"host"]
        host = given[0].decode("latin-1").lower() if len(given) == 1 else ""
        if host not in hosts:
            expected = ", ".join(sorted(hosts))
            await refuse(headed, 421, f"gangru serve answers to its own names alone: {expected}.")
        elif scope["method"] not in METHODS:
            await refuse(headed, 405, "gangru serve only shows: GET and HEAD.", ("allow", ", ".join(METHODS)))
        else:
            await app(scope, receive, headed)

    return guard


def with_headers(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The answer's headers, the strict ones always, the defaults where the page has not set its own."""
    there = {name.lower() for name, _ in given}
    fixed = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    more = [(n.encode(), v.encode()) for n, v in DEFAULTS.items() if n.encode() not in there]
    return [pair for pair in given if pair[0].lower().decode() not in HEADERS] + fixed + more


async def refuse(send: Send, status: int, text: str, *headers: tuple[str, str]) -> None:
    """A short answer in plain text."""
    body = (text + "\n").encode()
    named = [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body))), *headers]
    pairs = [(name.encode(), value.encode()) for name, value in named]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
