"""A session with baostock's server: logged in once, in again after any failure, every query bounded in time.

What the client of 0.9.4 leaves to its caller, read in its code: its socket waits for ever, and spins when the server
hangs up; a line that fails between two pages ends the answer without an error; `get_data` needs a pandas that is gone
(`DataFrame.append`); it prints. Answers that come too late would be taken for those of the next query, so a session
in which one query failed is not used again.
"""

import io
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from gangru.errors import InputError
from gangru.market.sources.vendors.calls import Caller, RefusedError, Verdict
from gangru.market.sources.vendors.deadline import within
from gangru.market.sources.vendors.secret import Secret

DONE = "0"
FILLED = frozenset({"query_stock_basic", "query_trade_dates"})  # always have rows
GOODBYE = 10.0  # seconds for logging out
CUT_SHORT = "10002007"  # the client's own code for an answer that did not come through
CROWDED = frozenset({"10001005"})  # too many are logged in
LINE = frozenset(
    {"10001001", "10001010"}  # logged out meanwhile
    | {f"1000200{digit}" for digit in range(1, 9)}  # network
    | {"10004001", "10004002", "10004003", "10004019", "10005001"}  # garbled, or the server's own failure
)


class FailedError(RefusedError):
    """An error code of baostock with its message."""

    def __init__(self, code: str, words: str) -> None:
        """Keep the code, which decides whether to try again."""
        super().__init__(f"{code} {words}".strip())
        self.code = code


def judged(error: Exception) -> Verdict:
    """What a failed query means for the next try: codes of the line come right again, others do not."""
    if not isinstance(error, FailedError) or error.code in LINE:
        return Verdict.AGAIN
    return Verdict.LATER if error.code in CROWDED else Verdict.NEVER


CATCHES: tuple[type[Exception], ...] = (
    RefusedError,
    OSError,
    ValueError,
    LookupError,
)  # a garbled answer is any of these


@dataclass
class Session:
    """The connection; `client` is the module baostock, `secret` the key of a paying user or nothing.

    `seconds` bound one query with all its pages, and the login.
    """

    client: Any
    caller: Caller
    secret: Secret = field(default_factory=Secret)
    seconds: float = 120.0
    logged_in: bool = False

    def ask(self, endpoint: str, arguments: Mapping[str, str], columns: Sequence[str]) -> pl.DataFrame:
        """The answer to a query as text columns, empty text null; raises InputError after the last try."""

        def once() -> pl.DataFrame:
            try:
                self.log_in()
                query = getattr(self.client, endpoint)
                answer = self.bounded(lambda: rows_of(query(**arguments)))
                if endpoint in FILLED and not answer.rows:
                    raise RefusedError("no rows came where there have to be some")
                return collected(answer, columns, endpoint)
            except CATCHES:
                self.hang_up()
                raise

        return self.caller.call(endpoint, arguments, once)

    def log_in(self) -> None:
        """Connect and log in where that is still to be done; raises FailedError with the server's words."""
        if self.logged_in:
            return
        if self.secret.reveal():
            self.client.set_API_key(self.secret.reveal())
        answer = self.bounded(self.client.login)
        if answer.error_code != DONE:
            raise FailedError(answer.error_code, answer.error_msg)
        self.logged_in = True

    def bounded(self, ask: Any, seconds: float | None = None) -> Any:
        """A call of the client in time and in silence; what it prints goes into the error, not on the screen."""
        said = io.StringIO()
        try:
            with redirect_stdout(said):
                return within(min(self.seconds, seconds or self.seconds), ask, self.hang_up)
        except FailedError as error:
            raise FailedError(
                error.code, f"{error.args[0].removeprefix(error.code)} {said.getvalue()}".strip()
            ) from error

    def hang_up(self) -> None:
        """Close the socket at once: a thread that waits on it, or spins on it, ends."""
        self.logged_in = False
        line = getattr(self.client.common.context, "default_socket", None)
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                line.close()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Log out at the end, whatever happened; logging in waits for the first query."""
        try:
            yield
        finally:
            if self.logged_in:
                with suppress(*CATCHES):
                    self.bounded(self.client.logout, GOODBYE)
            self.hang_up()


@dataclass(frozen=True)
class Answer:
    """The rows of a query in all its pages, and the names of their fields."""

    fields: Sequence[str]
    rows: Sequence[Sequence[str]]


def rows_of(result: Any) -> Answer:
    """Turn the pages of a ResultData; raises FailedError for an error code, and where the pages end too early."""
    rows: list[Sequence[str]] = []
    while result.error_code == DONE and result.next():
        rows.append(result.get_row_data())
    if result.error_code != DONE:
        raise FailedError(result.error_code, result.error_msg)
    full = int(result.per_page_count)
    if len(result.data) == full:  # a full page is followed by another, if by an empty one
        raise FailedError(CUT_SHORT, f"the answer broke off after {len(rows)} rows")
    return Answer(tuple(result.fields), rows)


def collected(answer: Answer, columns: Sequence[str], endpoint: str) -> pl.DataFrame:
    """The wanted columns as text; raises InputError naming those that the vendor no longer has."""
    if not answer.rows:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    missing = [name for name in columns if name not in answer.fields]
    if missing:
        raise InputError(
            f"baostock {endpoint} came without {', '.join(missing)}; expected {', '.join(columns)}, found "
            f"{', '.join(answer.fields)}. The vendor has changed its table: another version of its package or of "
            "gangru is needed"
        )
    frame = pl.DataFrame(answer.rows, schema=dict.fromkeys(answer.fields, pl.String), orient="row")
    stripped = pl.col(pl.String).str.strip_chars()
    return frame.select(columns).with_columns(pl.when(stripped != "").then(stripped).name.keep())
