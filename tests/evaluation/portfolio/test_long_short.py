"""Long the best and short the worst, against a hand case and two accounts of its own."""

import numpy as np
import pytest

from evaluation.portfolio.tapes import forbidden, tape_of_closes
from gangru.evaluation.portfolio.long_short import long_short
from gangru.evaluation.settings import PortfolioSettings

QUARTER = PortfolioSettings(fraction=0.25, commission=0.1)


def spread(closes, scores, rows, *, settings=QUARTER, held=None, **changed) -> np.ndarray:
    scores = np.array(scores, dtype=float)
    none, everyone = np.zeros(scores.shape, dtype=np.int16), np.ones(scores.shape, dtype=bool)
    held = np.ones(len(rows), dtype=bool) if held is None else np.array(held)
    tape = tape_of_closes(closes, **changed)
    return long_short(tape, np.array(rows), len(closes) - 1, scores, none, everyone, settings, held)


def test_each_day_earns_the_difference_of_best_and_worst() -> None:
    closes = [[10, 10, 10, 10], [11, 10, 10, 8], [11, 10, 10, 10], [11, 12, 10, 10]]
    # Days 0 to 2: A less D: +10 % + 20 %, then 0 − 25 %. Day 3: B less A: +20 %.
    value = spread(closes, [[4, 3, 2, 1], [1, 4, 3, 2]], [0, 2])
    assert value.tolist() == pytest.approx([1, 1.3, 1.3 * 0.75, 1.3 * 0.75 * 1.2])


def test_it_knows_no_rules_and_no_costs_and_leaves_out_who_does_not_trade() -> None:
    # The best stock has no trade on the entry day: it has no one in its place, and the long side is cash.
    closes = [[np.nan, 10, 10, 10], [20, 11, 10, 9]]
    assert spread(closes, [[4, 3, 2, 1]], [0]).tolist() == pytest.approx([1, 1.1])
    half = PortfolioSettings(fraction=0.5)
    assert spread(closes, [[4, 3, 2, 1]], [0], settings=half).tolist() == pytest.approx([1, 1 + 0.1 + 0.05])
    sealed = forbidden((2, 4), *((d, n) for d in range(2) for n in range(4)))
    closes[0][0] = 10
    assert spread(closes, [[4, 3, 2, 1]], [0], no_buy=sealed, no_sell=sealed).tolist() == pytest.approx(
        [1, 2.1]
    )


def test_turned_scores_turn_each_days_return() -> None:
    rng = np.random.default_rng(5)
    closes = (10 * np.exp(np.cumsum(rng.normal(0, 0.02, (30, 20)), axis=0))).tolist()
    scores = rng.normal(size=(3, 20))
    for settings in (
        QUARTER,
        PortfolioSettings(fraction=0.3, weighting="score", max_weight=0.3, hold_until=0.5),
    ):
        a, b = (spread(closes, sign * scores, [1, 10, 20], settings=settings) for sign in (1, -1))
        assert (np.diff(a) / a[:-1]).tolist() == pytest.approx((-np.diff(b) / b[:-1]).tolist())
    assert np.abs(np.diff(a)).max() > 0.001


def test_months_out_of_the_market_and_no_month_at_all() -> None:
    closes = [[10, 10, 10, 10], [11, 10, 10, 8], [99, 9, 1, 9], [99, 9, 1, 9], [99, 9, 1, 4.5]]
    scores = [[4, 3, 2, 1], [np.nan] * 4, [np.nan] * 4, [4, 3, 2, 1]]
    value = spread(closes, scores, [0, 1, 2, 3], held=[True, False, False, True])
    assert value.tolist() == pytest.approx([1, 1.3, 1.3 * 1.5])
    assert len(spread(closes, np.zeros((0, 4)), np.zeros(0, dtype=int))) == 0
