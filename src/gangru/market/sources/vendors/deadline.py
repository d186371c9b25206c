"""Calls of clients that know no time limit, bounded from outside."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

GRACE = 1.0  # seconds


def within(seconds: float, ask: Callable[[], T], cut: Callable[[], None] | None = None) -> T:
    """What `ask` gives or raises; past `seconds`, `cut` is called to free it, and TimeoutError raised.

    The call runs in a thread of its own that does not keep the program from ending; without a `cut` it is left there
    until the system gives the line up.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # handed to the caller as it is
            answer.set_exception(error)

    worker = Thread(target=work, daemon=True)
    worker.start()
    try:
        return answer.result(timeout=seconds)
    except TimeoutError:
        if answer.done():  # the call's own
            raise
        if cut is not None:
            cut()
            worker.join(GRACE)  # freed, it ends, and says its last words before the caller goes on
        raise TimeoutError(f"no answer within {seconds:g} s") from None
