"""Work on stocks in blocks that stay in a core's cache, shared out among threads.

NumPy lets go of the interpreter in its loops, so that threads run side by side. What a block gives depends on its
stocks alone and results come in the blocks' order: any number of threads gives the same bytes.
"""

import os
from collections import deque
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
    with ThreadPoolExecutor(count - 1) as pool:  # the caller's own thread works too

        def shared(work: Callable[[slice], R], blocks: list[slice], /) -> list[R]:
            return shared_out(pool, min(count, len(blocks)) - 1, work, blocks)

        yield shared


def shared_out(
    pool: ThreadPoolExecutor, helpers: int, work: Callable[[slice], R], blocks: list[slice]
) -> list[R]:
    """Do the work with some threads of the pool beside the caller's; whoever is free takes the next block."""
    done: dict[int, R] = {}
    waiting = deque(enumerate(blocks))

    def take_blocks() -> None:
        while waiting:
            try:
                place, block = waiting.popleft()
            except IndexError:  # another thread took the last one in between
                return
            done[place] = work(block)

    helping = [pool.submit(take_blocks) for _ in range(helpers)]
    take_blocks()
    for helper in helping:
        helper.result()
    return [done[place] for place in range(len(blocks))]


def cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def blocks_of(count: int, size: int) -> list[slice]:
    """Slices of `size`, the last one shorter, that make up `count`."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
