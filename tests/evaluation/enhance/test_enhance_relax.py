"""Months that cannot be solved: which bound is to blame, and what gives way."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gangru.evaluation.enhance.month import Bounds, respected
from gangru.evaluation.enhance.problem import best_weights
from gangru.evaluation.enhance.relax import ORDER, Relaxed, forbidden, solve_relaxing

SOLVER = "CLARABEL"
HALVES = [0.5, 0.5]
WIDE = {"turnover": 5.0, "tracking_error": 5.0, "size": 5.0, "industry": 5.0, "single": 5.0}


def unbuyable(make_month, **changed):
    """Half of the index in a stock that is not held and cannot be bought: x = (−½, ½) whatever is asked."""
    return make_month([1, 0], HALVES, held=[0, 1], no_buy=[True, False], **changed)


def check(month, bounds, name, needed, given_):
    solution = solve_relaxing(month, bounds, SOLVER)
    assert solution.blame == (name,)
    assert [one.name for one in solution.relaxed] == [name]
    assert solution.relaxed[0].asked == getattr(bounds, name)
    assert solution.relaxed[0].needed == pytest.approx(needed, abs=1e-5)
    assert solution.relaxed[0].given == given_
    assert solution.bounds == Bounds(**{**vars(bounds), name: given_, "single_asked": bounds.single})
    assert solution.weights is not None
    assert respected(month, solution.bounds, solution.weights)


def test_bounds_that_can_be_kept_are_kept(make_month):
    solution = solve_relaxing(make_month([1, 0], HALVES), Bounds(**WIDE), SOLVER)
    assert solution.relaxed == solution.blame == ()
    assert solution.weights.tolist() == pytest.approx([1, 0], abs=1e-6)


@pytest.mark.parametrize(("asked", "given_"), [(0.3, 0.6), (0.1, math.inf)])
def test_the_turnover_is_to_blame(make_month, asked, given_):
    # `single` is narrow too, but comes later in the order: it stays.
    month = make_month([1, 0], HALVES, held=[1, 0])
    check(month, Bounds(**WIDE | {"single": 0.1, "turnover": asked}), "turnover", 0.4, given_)


@pytest.mark.parametrize(("asked", "given_"), [(0.1, 0.2), (0.05, math.inf)])
def test_the_tracking_error_is_to_blame(make_month, asked, given_):
    month = unbuyable(make_month, specific=[0.04, 0.04])
    check(month, Bounds(**WIDE | {"tracking_error": asked}), "tracking_error", math.sqrt(0.02), given_)


@pytest.mark.parametrize(("asked", "given_"), [(0.6, 1.2), (0.1, math.inf)])
def test_the_size_is_to_blame(make_month, asked, given_):
    check(unbuyable(make_month, size=[1, -1]), Bounds(**WIDE | {"size": asked}), "size", 1.0, given_)


@pytest.mark.parametrize(("asked", "given_"), [(0.3, 0.6), (0.02, math.inf)])
def test_an_industry_is_to_blame(make_month, asked, given_):
    check(unbuyable(make_month, group=[0, 1]), Bounds(**WIDE | {"industry": asked}), "industry", 0.5, given_)


@pytest.mark.parametrize(("asked", "given_"), [(0.3, 0.6), (0.01, math.inf)])
def test_a_single_stocks_deviation_is_to_blame(make_month, asked, given_):
    check(unbuyable(make_month), Bounds(**WIDE | {"single": asked}), "single", 0.5, given_)


def test_several_bounds_that_are_to_blame_together_are_all_named_in_order(make_month):
    month = unbuyable(make_month, group=[0, 1], size=[1, -1])
    solution = solve_relaxing(month, Bounds(**WIDE | {"industry": 0.3, "size": 0.1}), SOLVER)
    assert solution.blame == ("size", "industry")
    assert [one.given for one in solution.relaxed] == [math.inf, 0.6]


def test_what_never_gives_way_is_named_and_there_are_no_weights(make_month):
    third = make_month([1, 0, 0], [0.5, 0.5, 0], held=[0, 0, 1], no_buy=[True, True, False])
    assert solve_relaxing(third, Bounds(outside=0.2), SOLVER).blame == ("outside",)
    pair = make_month([1, 0], HALVES)
    assert solve_relaxing(pair, Bounds(max_weight=0.4), SOLVER).blame == ("max_weight",)
    nothing = make_month([1, 0], HALVES, no_buy=[True, True])
    solution = solve_relaxing(nothing, Bounds(), SOLVER)
    assert solution.blame == ("rules",)
    assert solution.weights is None
    assert solve_relaxing(pair, Bounds(max_weight=0.5), SOLVER).weights.tolist() == pytest.approx(HALVES)


def test_what_cannot_be_sold_outside_the_index_forbids_nothing(make_month):
    month = make_month(
        [1, 0, 0],
        [0.5, 0.5, 0],
        held=[0.25, 0.25, 0.5],
        no_buy=[True, True, False],
        no_sell=[False, False, True],
    )
    assert forbidden(month, Bounds(outside=0.2)) is None
    assert forbidden(replace(month, no_sell=np.zeros(3, dtype=bool)), Bounds(outside=0.2)) == "outside"


def test_what_gave_way_reads_as_a_sentence():
    assert str(Relaxed("turnover", 0.3, 0.4, 0.6)) == "turnover 0.3 → 0.6 (needs 0.4)"
    assert str(Relaxed("single", 0.01, 0.05, math.inf)) == "single 0.01 dropped (needs 0.05)"


def slow_check(month, bounds, w):
    """Every bound, stock by stock, to a millionth."""
    eps = 1e-6
    n = range(len(w))
    assert all(w[i] >= 0 for i in n)
    assert abs(sum(w) - 1) <= eps
    frozen_outside = 0.0
    for i in n:
        most, least = bounds.max_weight, 0.0
        if month.no_sell[i]:
            least, most = month.held[i], max(most, month.held[i])
            frozen_outside += month.held[i] if month.index[i] == 0 else 0
        if month.no_buy[i]:
            most = min(most, month.held[i])
        assert least - eps <= w[i] <= most + eps
        # within `single` of the index, or at the end of its own range that is nearest, and what gave way
        asked = bounds.single_asked or bounds.single
        wider = bounds.single - asked
        assert w[i] <= max(month.index[i] + asked, least) + wider + eps
        assert w[i] >= min(month.index[i] - asked, most) - wider - eps
    if any(month.held):
        assert sum(abs(w[i] - month.held[i]) for i in n) / 2 <= bounds.turnover + eps
    for j in set(month.group.tolist()):
        assert abs(sum(w[i] - month.index[i] for i in n if month.group[i] == j)) <= bounds.industry + eps
    assert abs(sum(month.size[i] * (w[i] - month.index[i]) for i in n)) <= bounds.size + eps
    assert sum(w[i] for i in n if month.index[i] == 0) <= max(bounds.outside, frozen_outside) + eps
    covariance = month.risk.factors @ month.risk.factors.T + np.diag(month.risk.specific)
    x = w - month.index
    assert math.sqrt(x @ covariance @ x) <= bounds.tracking_error + eps


def random_case(make_month, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    index = np.where(np.arange(n) < max(2, n - 2), rng.dirichlet(np.ones(n)), 0)
    month = make_month(
        rng.normal(size=n),
        index / index.sum(),
        held=rng.dirichlet(np.ones(n)) * (rng.random() < 0.8),
        no_buy=rng.random(n) < 0.3,
        no_sell=rng.random(n) < 0.3,
        group=rng.integers(0, 3, n),
        size=rng.normal(size=n),
        specific=rng.uniform(0.01, 0.1, n),
        factors=rng.normal(0, 0.2, (n, 2)),
    )
    asked = Bounds(
        turnover=rng.uniform(0.05, 0.6),
        tracking_error=rng.uniform(0.02, 0.2),
        size=rng.uniform(0.05, 0.5),
        industry=rng.uniform(0.02, 0.3),
        single=rng.uniform(0.02, 0.3),
        max_weight=rng.uniform(0.3, 1),
        outside=rng.uniform(0, 0.5),
    )
    return month, asked


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1_000_000))
@example(70)  # a bound given no more than it needs leaves a cone solver no room
def test_all_bounds_in_force_are_respected_and_only_those_to_blame_gave_way(make_month, seed):
    month, asked = random_case(make_month, seed)
    solution = solve_relaxing(month, asked, SOLVER)
    if solution.weights is None:
        assert solution.blame[0] in ("outside", "max_weight", "rules")
        return
    slow_check(month, solution.bounds, solution.weights)
    changed = tuple(name for name in ORDER if getattr(solution.bounds, name) != getattr(asked, name))
    assert changed == solution.blame == tuple(one.name for one in solution.relaxed)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1_000_000))
@example(12939)  # a stock far below its weight in the index because of its largest weight
def test_a_bound_gives_way_only_where_dropping_all_before_it_does_not_help(make_month, seed):
    month, asked = random_case(make_month, seed)
    solution = solve_relaxing(month, asked, SOLVER)
    if not solution.relaxed or solution.weights is None:
        return
    last = solution.relaxed[-1]
    before = dict.fromkeys(ORDER[: ORDER.index(last.name)], math.inf)
    assert best_weights(month, replace(asked, **before), SOLVER) is None
    bounds = replace(asked, single_asked=asked.single)
    enough = replace(bounds, **before, **{last.name: last.needed * (1 + 1e-4)})
    assert best_weights(month, enough, SOLVER) is not None


@pytest.mark.parametrize("seed", range(6))
def test_the_same_month_gives_the_same_bytes(make_month, seed):
    one, two = (solve_relaxing(*random_case(make_month, seed), SOLVER) for _ in range(2))
    assert one.blame == two.blame
    assert (one.weights is None) == (two.weights is None)
    assert one.weights is None or one.weights.tobytes() == two.weights.tobytes()
