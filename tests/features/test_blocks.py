"""Work shared out among threads: every block once, results in order, an error told."""

import threading

import pytest

from gangru.features.blocks import blocks_of, side_by_side


def test_blocks_make_up_the_whole() -> None:
    assert blocks_of(10, 4) == [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert blocks_of(0, 4) == []


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
def test_every_block_is_done_once_and_results_come_in_order(threads: int) -> None:
    seen: list[int] = []
    with side_by_side(threads) as each:
        results = each(lambda block: seen.append(block.start) or -block.start, blocks_of(500, 3))
        assert each(lambda block: block, []) == []
    assert results == [-start for start in range(0, 500, 3)]
    assert sorted(seen) == list(range(0, 500, 3))


def test_no_more_threads_work_than_were_asked_for() -> None:
    names = set()
    with side_by_side(3) as each:
        each(lambda block: names.add(threading.get_ident()), blocks_of(1000, 1))
    assert len(names) <= 3


def test_two_threads_work_side_by_side() -> None:
    both = threading.Barrier(2, timeout=20)
    with side_by_side(2) as each:
        each(lambda block: both.wait(), blocks_of(2, 1))  # a single thread would wait for ever


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_block_reaches_the_caller(threads: int) -> None:
    def work(block: slice) -> None:
        if block.start == 7:
            raise ValueError("block 7")

    with pytest.raises(ValueError, match="block 7"), side_by_side(threads) as each:
        each(work, blocks_of(20, 1))
