"""Calls to a vendor: paced, repeated after a growing wait, given up with a message that says what to do."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from gangru.errors import GangruError, InputError
from gangru.market.sources.vendors.secret import Secret

T = TypeVar("T")

MINUTE = 60.0  # seconds
GOES_ON = "The same command goes on where it stopped: what was fetched is kept"


class RefusedError(Exception):
    """An answer that is none: an error code, or nothing at all where a table was expected."""


class NotGivenError(InputError):
    """A call that would be refused again: not allowed for this account, or not known to the vendor."""


class Verdict(Enum):
    """What a failed call means for the next try."""

    AGAIN = "the line or the server failed: try again, waiting longer each time"
    LATER = "asked too often: let the vendor's minute pass"
    NEVER = "it would be refused again"


@dataclass(frozen=True)
class Pace:
    """How often an endpoint may be called, and how failures are met; waits are in seconds."""

    per_minute: float = 60.0
    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0


@dataclass
class Caller:
    """Makes a vendor's calls.

    Two calls of one endpoint start at least a minute / `per_minute` apart. A failure is an exception of `catches`,
    and `judge` says what it means. After the k-th one the wait is `first_wait` × 2^(k-1), at most `longest_wait`,
    of which a random half may be left out so that many users do not come back at once.
    """

    vendor: str
    judge: Callable[[Exception], Verdict]
    catches: tuple[type[Exception], ...]
    pace: Pace = field(default_factory=Pace)
    paces: Mapping[str, Pace] = field(default_factory=dict)  # of single endpoints
    secret: Secret = field(default_factory=Secret)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    made: int = 0
    repeated: int = 0
    _next: dict[str, float] = field(default_factory=dict)

    def call(self, endpoint: str, arguments: Mapping[str, object], ask: Callable[[], T]) -> T:
        """What `ask` gives, as soon as it does.

        `arguments` are what the call is known by in messages; a token has no place among them. Raises InputError
        naming the call, the vendor's last words and what to do.
        """
        pace = self.paces.get(endpoint, self.pace)
        for attempt in range(1, pace.tries + 1):
            self._wait_for_turn(endpoint, pace)
            self.made += 1
            try:
                return ask()
            except GangruError:
                raise
            except self.catches as error:
                verdict, words = self.judge(error), one_line(error)
            if verdict is Verdict.NEVER or attempt == pace.tries:
                raise self.given_up(endpoint, arguments, verdict, attempt, words)
            self.repeated += 1
            self.sleep(self.wait_after(attempt, verdict, pace))
        raise AssertionError("a pace has at least one try")

    def _wait_for_turn(self, endpoint: str, pace: Pace) -> None:
        """Sleep until the endpoint may be called again."""
        now = self.clock()
        turn = max(now, self._next.get(endpoint, now))
        if turn > now:
            self.sleep(turn - now)
        self._next[endpoint] = turn + MINUTE / pace.per_minute

    def wait_after(self, attempt: int, verdict: Verdict, pace: Pace) -> float:
        """Seconds to wait after the `attempt`-th failure: doubling, jittered, at least a minute if throttled."""
        whole = min(pace.longest_wait, pace.first_wait * 2.0 ** (attempt - 1))
        jittered = whole * (0.5 + 0.5 * self.chance())
        return MINUTE + jittered if verdict is Verdict.LATER else jittered

    def given_up(
        self, endpoint: str, arguments: Mapping[str, object], verdict: Verdict, attempt: int, words: str
    ) -> InputError:
        """The error of a call that did not come about, without the token wherever it may stand."""
        asked = ", ".join(f"{name}={value}" for name, value in arguments.items())
        tries = "once" if attempt == 1 else f"{attempt} times"
        advice = (
            "The vendor does not give this to this account or in this way; see docs/vendors.md"
            if verdict is Verdict.NEVER
            else "Try again later"
        )
        return (NotGivenError if verdict is Verdict.NEVER else InputError)(
            self.secret.scrub(
                f"{self.vendor} {endpoint}({asked}) was tried {tries} and refused: {words}. {advice}. {GOES_ON}"
            )
        )


def reason(error: NotGivenError) -> str:
    """The words of an error that did not end the fetch, without those on how to go on after one that did."""
    return str(error).removesuffix(GOES_ON).rstrip()


def one_line(error: Exception) -> str:
    """An exception's name and words; they may have the token in them."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
