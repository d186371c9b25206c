"""Slices of stocks, worked on side by side: what they give does not depend on how many work.

A slice is small enough that a day's activations stay in a core's cache. Where the slices lie depends on the number of
stocks alone, each is computed by one thread, and sums over them are taken in their order: one thread and eight give the
same bytes.
"""

import itertools
import math
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Result = TypeVar("Result")
SLICE = 512  # stocks at most
WHOLE = 128  # so few stocks are one slice


class Crew:
    """Threads that each compute with one core."""

    def __init__(self, threads: int) -> None:
        self.threads, self.process = threads, os.getpid()
        self.pool = ThreadPoolExecutor(threads, "gangru", initializer=_enlist) if threads > 1 else None

    def run(self, work: Callable[[int], Result], count: int) -> list[Result]:
        """work(0), …, work(count − 1), side by side; their results in order. A member does its own slices itself."""
        if self.pool is None or getattr(_here, "enlisted", False):
            return [work(i) for i in range(count)]
        return list(self.pool.map(work, range(count)))


_here = threading.local()


def _enlist() -> None:
    """Make the calling thread a member of a crew: one core, and no gradients where it does not ask for them."""
    _here.enlisted = True
    torch.set_num_threads(1)
    torch.set_grad_enabled(mode=False)


class _Process:
    """The crew at work in this process, and the one that works where nobody called another."""

    at_work: Crew | None = None
    standing: Crew | None = None


def in_slices(work: Callable[[int], Result], count: int) -> list[Result]:
    """What a crew gives for the slices, in order: the one that was called, else one of as many threads as PyTorch's."""
    if _Process.at_work is not None:
        return _Process.at_work.run(work, count)
    threads = torch.get_num_threads()
    standing = _Process.standing
    if standing is None or standing.threads != threads or standing.process != os.getpid():
        standing = _Process.standing = Crew(threads)  # a forked process has the object, not its threads
    return standing.run(work, count)


@contextmanager
def crew_of(threads: int) -> Iterator[None]:
    """Let `threads` threads share the slices, PyTorch's own products staying on one; put back what was on leaving.

    0 is as many as PyTorch would use. Whoever is called while a crew is at work uses that crew.
    """
    if _Process.at_work is not None:
        yield
        return
    before = torch.get_num_threads()
    crew = _Process.at_work = Crew(threads or before)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        _Process.at_work = None
        if crew.pool is not None:
            crew.pool.shutdown()
        torch.set_num_threads(before)


def slices_of(stocks: int) -> list[slice]:
    """Where the slices lie: one of up to 128 stocks, else an even number of nearly equal ones of up to 512."""
    count = 1 if stocks <= WHOLE else 2 * math.ceil(stocks / (2 * SLICE))
    edges = [stocks * i // count for i in range(count + 1)]
    return [slice(start, end) for start, end in itertools.pairwise(edges)]
