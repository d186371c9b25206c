"""Work on stocks in blocks that stay in a core's cache, shared out among threads.

NumPy lets go of the interpreter in its loops, so that threads run side by side. What a block gives depends on its
stocks alone and results come in the blocks' order: any number of threads gives the same bytes.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

MOST_THREADS = 8  # a date's windows are bound by memory from there on

R = TypeVar("R")


class Each(Protocol):
    """Do the work on every block; the results in the blocks' order."""

    def __call__(self, work: Callable[[slice], R], blocks: list[slice], /) -> list[R]: ...


def in_order(work: Callable[[slice], R], blocks: list[slice], /) -> list[R]:
    """One block after another, on the caller's thread."""
    return [work(block) for block in blocks]


@contextmanager
def side_by_side(threads: int = 0) -> Iterator[Each]:
    """Work on blocks with so many threads; 0 = as many as this process has cores, at most MOST_THREADS."""
    count = threads or min(cores(), MOST_THREADS)
    if count == 1:
        yield in_order
        return
    with ThreadPoolExecutor(count) as pool:

        def shared(work: Callable[[slice], R], blocks: list[slice], /) -> list[R]:
            return list(pool.map(work, blocks)) if len(blocks) > 1 else in_order(work, blocks)

        yield shared


def cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def blocks_of(count: int, size: int) -> list[slice]:
    """Slices of `size`, the last one shorter, that make up `count`."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
