"""Values that are costly to make, each made once for its key: at once in the caller's thread, or in the background."""

import itertools
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any

ASKED, AHEAD = 0, 1  # a page that waits goes before what is made ahead


class Memory:
    """The newest values by their keys, at most `size`; two threads that ask for one key make it once."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of the key, made now where it is not there; what `make` raises is raised, and not kept."""
        future, new = self.entry(key)
        if new:
            self.fill(key, future, make)
        return future.result()

    def entry(self, key: Hashable) -> tuple["Future[Any]", bool]:
        """The key's future, and whether it is new: whoever gets a new one fills it."""
        with self._lock:
            future = self._values.get(key)
            if future is not None:
                self._values.move_to_end(key)
                return future, False
            future = self._values[key] = Future()
            while len(self._values) > self._size:
                self._values.popitem(last=False)
            return future, True

    def fill(self, key: Hashable, future: "Future[Any]", make: Callable[[], Any]) -> None:
        """Make the value; a failure goes to those who wait and is forgotten."""
        try:
            future.set_result(make())
        except BaseException as error:
            with self._lock:
                if self._values.get(key) is future:
                    del self._values[key]
            future.set_exception(error)

    def peek(self, key: Hashable) -> Any:
        """The value of the key where it is made, else None."""
        with self._lock:
            future = self._values.get(key)
        return future.result() if future is not None and future.done() and not future.exception() else None

    def forget(self, outdated: Callable[[Any], bool]) -> None:
        """Drop the values whose keys are outdated."""
        with self._lock:
            for key in [key for key in self._values if outdated(key)]:
                del self._values[key]


class Background(Memory):
    """A memory whose values are made by one thread of its own, what a page waits for before what is made ahead."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._jobs: queue.PriorityQueue[tuple[int, int, Callable[[], None]]] = queue.PriorityQueue()
        self._count = itertools.count()
        self._left = 0
        self._closed = False
        self._thread = threading.Thread(target=self.work, name="gangru-serve", daemon=True)
        self._thread.start()

    def ask(self, key: Hashable, make: Callable[[], Any], wait: float | None) -> Any:
        """The value, or None where it is not made within `wait` seconds (None: however long); raises what it raised."""
        future = self.begin(key, make, ASKED)
        try:
            return future.result(wait)
        except NotYet:
            if future.done():
                raise
            return None

    def begin(self, key: Hashable, make: Callable[[], Any], urgency: int = AHEAD) -> "Future[Any]":
        """Put the making of a value in the queue; one that waits there for nobody is moved up by who asks for it."""
        future, new = self.entry(key)
        if new or (urgency == ASKED and not future.done()):
            with self._lock:
                self._left += 1
            self._jobs.put((urgency, next(self._count), lambda: self.once(key, future, make)))
        return future

    def once(self, key: Hashable, future: "Future[Any]", make: Callable[[], Any]) -> None:
        """Make a value that the queue holds perhaps twice, and whose asker may have been pushed out meanwhile."""
        if not future.done():
            self.fill(key, future, make)

    def work(self) -> None:
        """Do one job after another until closed."""
        while not self._closed:
            _, _, job = self._jobs.get()
            if not self._closed:
                job()
            with self._lock:
                self._left -= 1

    def close(self, wait: float) -> None:
        """Begin nothing more, and wait for what is being made: a program must not end while it is at it."""
        self._closed = True
        self._jobs.put((ASKED - 1, next(self._count), lambda: None))
        self._thread.join(wait)

    @property
    def left(self) -> int:
        """How many values are in the queue or being made."""
        return self._left
