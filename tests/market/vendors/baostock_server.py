"""A server on loopback that speaks baostock's protocol as the client of the package reads it, faults included."""

import json
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

HEAD = 21  # bytes: version, type, length of the body
END = b"<![CDATA[]]>\n"
COMPRESSED = "96"  # the type of an answer with bars
PLACE_OF_FIELDS = {  # after the data and the echoed arguments, as the client unpacks them
    "query_trade_dates": 9,
    "query_stock_basic": 9,
    "query_stock_industry": 9,
    "query_hs300_stocks": 8,
    "query_zz500_stocks": 8,
    "query_sz50_stocks": 8,
    "query_adjust_factor": 10,
    "query_history_k_data_plus": 8,
}
Rows = Sequence[Sequence[str]]
Table = Callable[[Sequence[str]], tuple[Sequence[str], Rows]]  # arguments after the page → fields and rows


@dataclass
class Script:
    """What the server answers and how it fails: `faults` maps the number of a request, from 0, to a failure."""

    tables: Mapping[str, Table]
    faults: dict[int, str] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    logins: int = 0
    port: int = 0

    def queries(self) -> list[str]:
        """The endpoints asked so far, without logging in and out."""
        return [method for method, _ in self.asked if method not in ("login", "logout")]


@contextmanager
def serving(script: Script) -> Iterator[Script]:
    """Serve until the block ends."""

    ended = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                body = line.decode().rstrip("\n")[HEAD:].split("\1")[:-1]
                fault = script.faults.get(len(script.asked))
                script.asked.append((body[0], tuple(body[2:])))
                if fault == "hang":
                    ended.wait()
                    return
                if fault == "garbled":
                    self.wfile.write(b"?" + END)
                    continue
                if fault == "close":
                    return
                self.wfile.write(answered(script, body, fault))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        script.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield script
        finally:
            ended.set()
            server.shutdown()


def answered(script: Script, body: Sequence[str], fault: str | None) -> bytes:
    """The bytes of an answer; a fault that is a number is an error code."""
    method, user, *rest = body
    if fault is not None and fault.isdigit():
        return message("04", [fault, "no", method, user])
    if method in ("login", "logout"):
        script.logins += method == "login"
        return message("01", ["0", "success", method, user])
    page, size, *arguments = rest
    fields, rows = script.tables[method](arguments)
    first = (int(page) - 1) * int(size)
    record = json.dumps(
        {"record": [list(row) for row in rows[first : first + int(size)]]}, ensure_ascii=False
    )
    parts = ["0", "success", method, user, page, size, record, *[""] * 6]
    parts[PLACE_OF_FIELDS[method]] = ", ".join(fields)
    return message(COMPRESSED if method == "query_history_k_data_plus" else "34", parts)


def message(kind: str, parts: Sequence[str]) -> bytes:
    """An answer as it goes over the line; bars are compressed."""
    content = ("\1".join([*parts, "0"]) + "\n").encode()
    packed = zlib.compress(content) if kind == COMPRESSED else content.rstrip(b"\n")
    return f"00.9.40\1{kind}\1{len(packed):010d}".encode() + packed + END
