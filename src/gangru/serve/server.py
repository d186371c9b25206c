"""The server on this machine's loopback: its socket, its start and its end."""

import errno
import signal
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path

from gangru.errors import ServeError
from gangru.serve.studies import study_names

LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
TRIED = 50  # ports looked at for a free one


def insist_on_starlette() -> None:
    """Raise ServeError where the extra is not installed."""
    try:
        import starlette
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ServeError(
            f"gangru serve needs Starlette and uvicorn ({error.name} is not installed): pip install 'gangru[serve]'"
        ) from error
    del starlette


def check_workspace(root: Path, study: str | None) -> None:
    """Raise SettingsError where `root` is no workspace, ServeError where it has no study of this name."""
    from gangru.study.settings import read_toml

    read_toml(root / "study.toml")
    names = study_names(root)
    if study is not None and study not in names:
        raise ServeError(
            f"there is no study {study!r} here ({', '.join(names)}): name one of these with --study"
        )


def loopback_socket(port: int) -> socket.socket:
    """A socket bound to a port of the loopback: IPv4's, or IPv6's where there is no other.

    Raises ServeError where the port is taken, with the next one that is free.
    """
    error: OSError | None = None
    for family, host in LOOPBACK:
        try:
            return bound(family, host, port)
        except OSError as failure:
            if failure.errno in (errno.EADDRINUSE, errno.EACCES):
                raise ServeError(taken(family, host, port, failure)) from failure
            error = failure
    raise ServeError(f"neither 127.0.0.1 nor ::1 can be bound on this machine ({error})")


def bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    """A socket bound to this address."""
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        insist_on_port(opened)
        opened.bind((host, port))
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened


def insist_on_port(opened: socket.socket) -> None:
    """Have the socket take a port that a process just ended has left, and none that another still uses.

    On Windows SO_REUSEADDR would take those too; SO_EXCLUSIVEADDRUSE also keeps others from taking this one.
    """
    if sys.platform == "win32":
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def taken(family: socket.AddressFamily, host: str, port: int, failure: OSError) -> str:
    """What to do about a port that cannot be had."""
    what = "is in use" if failure.errno == errno.EADDRINUSE else f"cannot be had ({failure.strerror})"
    for other in range(max(port, 1023) + 1, min(port + TRIED, 65535) + 1):
        try:
            bound(family, host, other).close()
        except OSError:
            continue
        return f"port {port} of {host} {what}: try --port {other}"
    return f"port {port} of {host} {what}: choose another with --port"


def serve(
    root: Path, study: str | None, port: int, on_ready: Callable[[str], None], *, open_page: bool
) -> None:
    """Serve the workspace until Ctrl-C; `on_ready` is told the address once it answers.

    Raises ServeError where the extra is not installed or the port is taken.
    """
    insist_on_starlette()
    own = loopback_socket(port)
    import uvicorn

    from gangru.serve.app import make_app
    from gangru.serve.desk import Desk, warm_up

    number = own.getsockname()[1]
    address = f"http://localhost:{number}/"
    desk = Desk(root, study)
    config = uvicorn.Config(
        make_app(desk, number),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)

    def told() -> None:
        while not server.started:
            time.sleep(0.01)
        on_ready(address)
        if open_page:
            webbrowser.open(address)
        warm_up(desk)

    threading.Thread(target=told, daemon=True).start()
    # uvicorn hands a Ctrl-C on once it has ended: what stands here then keeps it from being told as a failure.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        server.run(sockets=[own])
    finally:
        signal.signal(signal.SIGINT, before)
        own.close()
        desk.close()
