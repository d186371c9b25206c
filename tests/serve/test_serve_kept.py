"""What is kept is made once, forgotten in order, and a page that waits goes first."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gangru.serve.kept import ASKED, Background, Memory


def test_threads_that_ask_for_one_key_make_it_once() -> None:
    memory, made = Memory(4), []

    def make() -> int:
        time.sleep(0.02)
        made.append(1)
        return 7

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: memory.get("key", make), range(40))) == {7}
    assert made == [1]


def test_the_value_not_asked_for_longest_is_forgotten() -> None:
    memory = Memory(2)
    for key in "ab":
        memory.get(key, lambda key=key: key)
    memory.get("a", lambda: "never")
    memory.get("c", lambda: "c")
    assert memory.peek("b") is None
    assert memory.peek("a") == "a"


def test_a_failure_is_told_and_tried_again() -> None:
    memory = Memory(2)

    def fails() -> None:
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        memory.get("key", fails)
    assert memory.get("key", lambda: 1) == 1


def test_what_is_outdated_is_forgotten() -> None:
    memory = Memory(9)
    for version in (1, 2):
        memory.get(("table", version), lambda version=version: version)
    memory.forget(lambda key: key[1] == 1)
    assert memory.peek(("table", 1)) is None
    assert memory.peek(("table", 2)) == 2


def test_who_waits_goes_before_what_is_made_ahead() -> None:
    background, order, go = Background(99), [], threading.Event()
    background.begin("blocks", go.wait)
    for n in range(5):
        background.begin(n, lambda n=n: order.append(n))
    asked = background.begin(3, lambda: order.append(3), ASKED)
    go.set()
    asked.result(10)
    for n in range(5):
        background.begin(n, lambda: None).result(10)
    assert order[0] == 3
    assert sorted(order) == [0, 1, 2, 3, 4]


def test_a_page_does_not_wait_longer_than_it_said() -> None:
    background, go = Background(9), threading.Event()
    started = time.perf_counter()
    assert background.ask("slow", lambda: go.wait() and 5, 0.05) is None
    assert time.perf_counter() - started < 5
    go.set()
    assert background.ask("slow", lambda: None, 10) == 5


def test_a_failure_in_the_background_reaches_who_asks() -> None:
    background = Background(9)

    def fails() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        background.ask("key", fails, 10)
    assert background.ask("key", lambda: 2, 10) == 2
    until = time.monotonic() + 10
    while background.left and time.monotonic() < until:
        time.sleep(0.01)
    assert background.left == 0
