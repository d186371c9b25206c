"""One month's problem against optima by hand and other solvers."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import EvaluationError
from gangru.evaluation.enhance.month import Bounds, binding, respected
from gangru.evaluation.enhance.problem import best_weights, import_cvxpy, least_excess, tidied

SOLVER = "CLARABEL"
HALVES = [0.5, 0.5]


def check(month, bounds, expected, binds):
    weights = best_weights(month, bounds, SOLVER)
    assert weights is not None
    assert weights.tolist() == pytest.approx(expected, abs=2e-6)
    assert binding(month, bounds, weights) == binds


def test_without_bounds_everything_is_in_the_best_stock(make_month):
    check(make_month([0, 2, 1], [0.3, 0.3, 0.4]), Bounds(), [0, 1, 0], [])


def test_the_tracking_error_binds_alone(make_month):
    # x = (t, −t): TE² = 2 · 0.04 t², t = 0.05 / √0.08
    month = make_month([1, 0], HALVES, specific=[0.04, 0.04])
    t = 0.05 / np.sqrt(0.08)
    check(month, Bounds(tracking_error=0.05), [0.5 + t, 0.5 - t], ["tracking_error"])
    # and a factor that the two load on with opposite signs: TE² = (0.2 t)² + 0.08 t²
    month = make_month([1, 0], HALVES, specific=[0.04, 0.04], factors=[[0.1], [-0.1]])
    t = 0.05 / np.sqrt(0.12)
    check(month, Bounds(tracking_error=0.05), [0.5 + t, 0.5 - t], ["tracking_error"])


def test_an_industry_binds_alone(make_month):
    month = make_month([3, 0, 1, 0], [0.25] * 4, group=[0, 0, 1, 1])
    check(month, Bounds(industry=0.1), [0.6, 0, 0.4, 0], ["industry"])


def test_the_size_binds_alone(make_month):
    check(make_month([1, 0], HALVES, size=[1, -1]), Bounds(size=0.1), [0.55, 0.45], ["size"])


def test_a_single_stocks_deviation_binds_alone(make_month):
    check(make_month([1, 0], HALVES), Bounds(single=0.01), [0.51, 0.49], ["single"])


def test_the_largest_weight_binds_alone(make_month):
    check(make_month([1, 0], HALVES), Bounds(max_weight=0.6), [0.6, 0.4], ["max_weight"])


def test_the_turnover_binds_alone_and_is_one_sided(make_month):
    month = make_month([1, 0], HALVES, held=[0.2, 0.8])
    check(month, Bounds(turnover=0.3), [0.5, 0.5], ["turnover"])


def test_a_first_purchase_has_no_turnover(make_month):
    check(make_month([1, 0], HALVES), Bounds(turnover=0.3), [1, 0], [])


def test_the_weight_outside_the_index_binds_alone(make_month):
    month = make_month([1, 0, 2], [0.5, 0.5, 0])
    check(month, Bounds(outside=0.2), [0.8, 0, 0.2], ["outside"])
    check(month, Bounds(outside=0.0), [1, 0, 0], ["outside"])


def test_what_cannot_be_bought_or_sold_stays(make_month):
    held = [0.3, 0.7]
    check(make_month([1, 0], HALVES, held=held, no_buy=[True, False]), Bounds(), held, [])
    check(make_month([1, 0], HALVES, held=held, no_sell=[False, True]), Bounds(), held, [])
    # but it may be sold, or bought
    check(make_month([0, 1], HALVES, held=held, no_buy=[True, False]), Bounds(), [0, 1], [])
    check(make_month([0, 1], HALVES, held=held, no_sell=[False, True]), Bounds(), [0, 1], [])


def test_a_stock_that_cannot_be_sold_may_lie_above_the_bounds_on_single_stocks(make_month):
    month = make_month(
        [0, 1, 0],
        [0.4, 0.3, 0.3],
        held=[0.6, 0.2, 0.2],
        no_buy=[True, False, False],
        no_sell=[True, False, False],
    )
    # The other two stay within their own band of 0.2: B at most 0.5 and C at least 0.1, together 0.4.
    check(month, Bounds(single=0.2, max_weight=0.5), [0.6, 0.3, 0.1], ["single"])
    frozen = make_month([1, 0], [1, 0], held=[0.5, 0.5], no_sell=[False, True])
    check(frozen, Bounds(outside=0.2), [0.5, 0.5], ["outside"])


def test_a_stock_whose_weight_in_the_index_is_above_the_largest_is_held_at_the_largest(make_month):
    check(make_month([0, 1, 0], [0.8, 0.1, 0.1], size=[1, 0, 0]), Bounds(single=0.2, max_weight=0.5),
          [0.5, 0.3, 0.2], ["single", "max_weight"])  # fmt: skip


def test_impossible_bounds_have_no_weights(make_month):
    month = make_month([1, 0], HALVES, held=[1, 0])
    assert best_weights(month, Bounds(single=0.1, turnover=0.3), SOLVER) is None


def random_month(make_month, seed, stocks=6):
    rng = np.random.default_rng(seed)
    index = np.where(np.arange(stocks) < stocks - 2, rng.dirichlet(np.ones(stocks)), 0)
    return make_month(
        rng.normal(size=stocks),
        index / index.sum(),
        held=rng.dirichlet(np.ones(stocks)),
        no_buy=rng.random(stocks) < 0.15,
        no_sell=rng.random(stocks) < 0.15,
        group=rng.integers(0, 3, stocks),
        size=rng.normal(size=stocks),
        specific=rng.uniform(0.01, 0.1, stocks),
        factors=rng.normal(0, 0.2, (stocks, 2)),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000))
def test_without_a_tracking_error_a_linear_programme_finds_the_same(make_month, seed):
    # w = held + b − s with b, s ≥ 0, solved by HiGHS from rows written one by one.
    month = random_month(make_month, seed)
    bounds = Bounds(turnover=0.4, size=0.3, industry=0.2, max_weight=0.7, outside=0.5)
    n = len(month.alpha)
    rows, limits = [np.ones(2 * n)], [2 * bounds.turnover]

    def at_most(c, limit):  # c·w ≤ limit
        rows.append(np.concatenate([c, -np.asarray(c)]))
        limits.append(limit - np.dot(c, month.held))

    for sign in (1, -1):
        at_most(sign * month.size, bounds.size + sign * month.size @ month.index)
        for j in range(3):
            inside = (month.group == j).astype(float)
            at_most(sign * inside, bounds.industry + sign * inside @ month.index)
    for i in range(n):
        unit = np.eye(n)[i]
        top = max(bounds.max_weight, month.held[i] if month.no_sell[i] else 0)
        at_most(unit, min(top, month.held[i]) if month.no_buy[i] else top)
        at_most(-unit, -month.held[i] if month.no_sell[i] else 0)
    frozen_outside = sum(month.held[i] for i in range(n) if month.no_sell[i] and month.index[i] == 0)
    at_most((month.index == 0).astype(float), max(bounds.outside, frozen_outside))
    answer = scipy.optimize.linprog(
        np.concatenate([-month.alpha, month.alpha]),
        A_ub=np.array(rows),
        b_ub=limits,
        A_eq=np.concatenate([np.ones(n), -np.ones(n)])[None, :],
        b_eq=[1 - month.held.sum()],
    )
    weights = best_weights(month, bounds, SOLVER)
    if weights is None:
        assert answer.status == 2
    else:
        assert respected(month, bounds, weights)
        assert month.alpha @ (weights - month.held) == pytest.approx(-answer.fun, abs=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_with_a_tracking_error_a_general_solver_finds_nothing_better(make_month, seed):
    month = random_month(make_month, seed)
    month.no_buy[:] = month.no_sell[:] = False
    bounds = Bounds(tracking_error=0.08)
    covariance = month.risk.factors @ month.risk.factors.T + np.diag(month.risk.specific)
    weights = best_weights(month, bounds, SOLVER)
    x = weights - month.index
    assert x @ covariance @ x == pytest.approx(0.08**2, rel=1e-4)
    answer = scipy.optimize.minimize(
        lambda w: -month.alpha @ w,
        month.index,
        bounds=[(0, 1)] * len(x),
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1},
            {"type": "ineq", "fun": lambda w: 0.08**2 - (w - month.index) @ covariance @ (w - month.index)},
        ],
    )
    assert answer.status in (0, 8)  # there, or no step further to be had within rounding; the value tells
    assert abs(answer.x.sum() - 1) < 1e-6
    assert (answer.x - month.index) @ covariance @ (answer.x - month.index) < 0.08**2 * (1 + 1e-4)
    assert month.alpha @ weights == pytest.approx(-answer.fun, abs=1e-4)


def test_the_least_excess_by_hand(make_month):
    # w₀ ≤ 0.6 by `single`, 1 held: 0.4 has to be traded where 0.3 may be.
    month = make_month([1, 0], HALVES, held=[1, 0])
    bounds = Bounds(single=0.1, turnover=0.3)
    assert least_excess(month, bounds, "turnover", SOLVER) == pytest.approx(1 / 3, abs=1e-5)
    # or w₀ ≥ 0.7 by the turnover: a deviation of 0.2
    assert least_excess(month, bounds, "single", SOLVER) == pytest.approx(1, abs=1e-5)
    assert least_excess(month, Bounds(single=0.1, turnover=0.5), "single", SOLVER) == pytest.approx(
        0, abs=1e-5
    )
    # bounds that only exceeding others can meet
    stuck = make_month([1, 0], HALVES, held=[0, 1], no_buy=[True, False], size=[1, -1])
    assert least_excess(stuck, Bounds(single=0.1, size=0.1), "single", SOLVER) is None


def test_dust_goes_and_the_sum_is_exact():
    got = tidied(np.array([0.6, 0.4 - 3e-8, 2e-8, -1e-9]), np.zeros(4), np.array([0.6, 1, 1, 1]))
    assert got[2:].tolist() == [0, 0]
    assert got[0] <= 0.6
    assert got.sum() == pytest.approx(1, abs=1e-15)


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    with pytest.raises(EvaluationError, match=r"pip install 'gangru\[enhance\]'"):
        import_cvxpy(SOLVER)


def test_a_solver_that_is_missing_is_named_with_those_there():
    with pytest.raises(EvaluationError, match=r"'NOSUCH' is not installed: cvxpy has .*CLARABEL"):
        import_cvxpy("NOSUCH")


def test_cvxpy_is_loaded_by_nothing_but_solving():
    code = "import sys, gangru.evaluation.enhance.enhanced; sys.exit('cvxpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
