"""The smallest and the least liquid names against slow loops."""

import dataclasses

import numpy as np
import pytest

from gangru.evaluation.months import ReturnMonths
from gangru.evaluation.portfolio.micro_caps import (
    DAYS,
    SMALLEST,
    least_liquid,
    smallest,
    usual_amounts,
    weight_table,
)

NAN = np.nan


def test_the_smallest_are_the_400_of_the_universe_with_the_least_value() -> None:
    rng = np.random.default_rng(1)
    value = np.round(rng.lognormal(size=(3, 900)), 1)  # many equal ones
    value[rng.random(value.shape) < 0.1] = NAN
    universe = rng.random(value.shape) < 0.8
    chosen = smallest(universe, value)
    for m in range(3):
        known = [(value[m, i], i) for i in range(900) if universe[m, i] and not np.isnan(value[m, i])]
        small = sorted(known)[:SMALLEST]
        assert np.flatnonzero(chosen[m] & universe[m]).tolist() == sorted(i for _, i in small)
        # Who is outside the universe is as small where no larger than the largest of the 400.
        outside = [i for i in range(900) if not universe[m, i] and value[m, i] <= small[-1][0]]
        assert np.flatnonzero(chosen[m] & ~universe[m]).tolist() == outside


def test_where_there_are_no_400_all_are_and_who_has_no_value_is_not() -> None:
    chosen = smallest(np.array([[True, True, False, False, True]]), np.array([[3.0, NAN, 1.0, 4.0, 2.0]]))
    assert chosen.tolist() == [[True, False, True, False, True]]


def test_the_least_liquid_are_a_fifth_rounded_down() -> None:
    amount = np.arange(14.0)[None, ::-1]
    universe = np.ones((1, 14), dtype=bool)
    assert np.flatnonzero(least_liquid(universe, amount)[0]).tolist() == [12, 13]  # ⌊14 / 5⌋
    universe[0, [0, 13]] = False  # the most and the least traded of all are not in it
    assert np.flatnonzero(least_liquid(universe, amount)[0]).tolist() == [
        11,
        12,
        13,
    ]  # ⌊12 / 5⌋ and an outsider
    assert not least_liquid(universe[:, :4], amount[:, :4]).any()
    assert least_liquid(universe[:0], amount[:0]).shape == (0, 14)


def test_usual_amounts_are_means_of_20_days_that_count_those_without_trade(tiny) -> None:
    rng = np.random.default_rng(2)
    close = np.full((40, 5), 10.0)
    close[rng.random(close.shape) < 0.3] = NAN
    market = tiny(close)
    market = dataclasses.replace(
        market, amount=np.where(np.isnan(close), NAN, rng.lognormal(size=close.shape))
    )
    rows = np.array([3, 19, 39])
    made = usual_amounts(market, rows)
    for k, row in enumerate(rows):
        days = range(max(row - DAYS + 1, 0), row + 1)
        for i in range(5):
            mean = sum(0 if np.isnan(market.amount[d, i]) else market.amount[d, i] for d in days) / len(days)
            assert made[k, i] == pytest.approx(mean)
    later = market.amount.copy()
    later[20:] = 1e12
    seen = usual_amounts(dataclasses.replace(market, amount=later), rows)
    assert seen[:2].tolist() == made[:2].tolist()
    assert usual_amounts(market, np.zeros(0, dtype=np.int64)).shape == (0, 5)


def test_weights_in_them_are_of_what_is_aimed_at_and_null_where_nothing_is() -> None:
    months = ReturnMonths(
        np.array(["2020-02", "2020-03"], dtype="datetime64[M]"), np.arange(2), np.arange(1, 3)
    )
    aims = np.array([[0.5, 0.25, 0.25], [0, 0, 0]])
    small = np.array([[True, False, True], [True, True, True]])
    table = weight_table(months, aims, small, ~small)
    assert table.rows() == [("2020-02", 0.75, 0.25), ("2020-03", None, None)]
