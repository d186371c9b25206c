"""The engine against the account kept by hand, on random markets."""

from collections.abc import Iterable

import numpy as np
import pytest

from evaluation.portfolio.random_markets import random_case
from evaluation.portfolio.slow_account import Order, simulate
from evaluation.portfolio.slow_targets import choose
from gangru.evaluation.portfolio.path import Orders
from gangru.evaluation.settings import PortfolioSettings

CENT = 1e-2  # yuan
UNIT = 1e-9  # of the account that has no size, and of figures without unit


def sorted_orders(orders: Iterable[Order]) -> list[Order]:
    """By day, stock and side, of which there is one order each; amounts decide where there should be two."""
    return sorted(orders, key=lambda order: (*order[:3], order[7], order[3]))


def as_tuples(orders: Orders) -> list[Order]:
    columns = (
        orders.row,
        orders.stock,
        orders.side,
        orders.wanted,
        orders.filled,
        orders.cost,
        orders.reason,
        orders.retry,
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("seed", range(300))
def test_account_is_the_one_kept_by_hand(seed: int) -> None:
    from gangru.evaluation.portfolio.account import follow_account

    case = random_case(seed)
    rows = np.array(case.rows, dtype=np.int64)
    path = follow_account(case.tape, rows, case.last, case.weights, case.terms, case.held)
    slow = simulate(case.tape, case.rows, case.last, case.weights, case.terms, case.held)
    yuan = case.terms.account_yuan or 1.0
    near = CENT if case.terms.account_yuan else UNIT
    assert path.row.tolist() == slow.row
    mine, his = sorted_orders(as_tuples(path.orders)), sorted_orders(slow.orders)
    assert [order[:3] + order[6:] for order in mine] == [order[:3] + order[6:] for order in his]
    for column in (3, 4, 5):
        np.testing.assert_allclose([o[column] for o in mine], [o[column] for o in his], rtol=0, atol=near)
    np.testing.assert_allclose(path.value * yuan, np.array(slow.value) * yuan, rtol=0, atol=near)
    np.testing.assert_allclose(path.month_return, slow.month_return, rtol=0, atol=UNIT)
    np.testing.assert_allclose(path.turnover, slow.turnover, rtol=0, atol=UNIT)
    held = case.held
    np.testing.assert_allclose(path.cost[held], np.array(slow.cost)[held], rtol=0, atol=UNIT)


@pytest.mark.parametrize("seed", range(200))
def test_whom_it_aims_at_is_who_is_chosen_by_hand(seed: int) -> None:
    from gangru.evaluation.portfolio.targets import target_weights

    rng = np.random.default_rng(seed)
    months, stocks = 6, int(rng.integers(1, 60))
    scores = rng.normal(size=(months, stocks)).cumsum(axis=0)  # who was liked still is, more or less
    if rng.random() < 0.3:
        scores = np.round(scores)  # many equal scores
    scores[rng.random((months, stocks)) < rng.choice([0.0, 0.1, 0.6])] = np.nan
    scores[rng.random(months) < 0.15] = np.nan
    industry = np.broadcast_to(rng.integers(-1, 5, stocks), (months, stocks)).astype(np.int16)
    universe = rng.random((months, stocks)) < rng.choice([0.5, 1.0])
    settings = random_settings(rng)
    weights = target_weights(scores, industry, universe, settings)
    previous: dict[int, float] = {}
    for m in range(months):
        chosen = choose(scores[m], industry[m], universe[m], settings, previous)
        expected = [chosen.get(i, 0.0) for i in range(stocks)]
        np.testing.assert_allclose(weights[m], expected, rtol=0, atol=1e-12)
        previous = chosen or previous


def random_settings(rng: np.random.Generator) -> PortfolioSettings:
    fraction = float(rng.choice([0.1, 0.29, 0.5, 1.0]))
    return PortfolioSettings(
        fraction=fraction,
        stocks=int(rng.choice([0, 0, 1, 5, 30])),
        hold_until=float(rng.choice([0.0, fraction, min(2 * fraction, 1.0), 1.0])),
        industry_neutral=bool(rng.random() < 0.5),
        weighting="score" if rng.random() < 0.5 else "equal",
        max_weight=float(rng.choice([1.0, 0.3, 0.1, 0.02])),
    )
