"""One month's convex problem: the best score within the bounds, and how far the bounds are from having any portfolio.

S candidate stocks. maximise αᵀw subject to w ≥ 0, Σ w = 1 and the bounds of `month`; x = w − index.
"""

import importlib
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from gangru.errors import EvaluationError
from gangru.evaluation.enhance.month import Bounds, Month, band, box, outside_bound, respected
from gangru.market.daily import Floats

DUST = 1e-7  # the smallest weights that sum to less are what the solver left, no holdings
ROUNDING = (
    1e-6  # a bound that gave way as little as it must is given this share more, so that a portfolio is found
)


def import_cvxpy(solver: str) -> Any:
    """cvxpy, which only this room needs.

    Raises EvaluationError naming the extra where it is not installed, and the solvers where it has not this one.
    """
    try:
        cvxpy: Any = importlib.import_module("cvxpy")
    except ImportError as error:
        raise EvaluationError("enhancing an index needs cvxpy: pip install 'gangru[enhance]'") from error
    there = cvxpy.installed_solvers()
    if solver not in there:
        raise EvaluationError(f"enhance.solver = {solver!r} is not installed: cvxpy has {', '.join(there)}")
    return cvxpy


def best_weights(month: Month, bounds: Bounds, solver: str) -> Floats | None:
    """The portfolio with the best score within the bounds, (S,); None where the solver finds none.

    Whatever the solver says, weights that break a bound by more than a millionth are none.
    """
    cp = import_cvxpy(solver)
    w = cp.Variable(len(month.alpha))
    problem = cp.Problem(cp.Maximize(month.alpha @ w), constraints(cp, w, month, bounds, {}))
    if not solved(cp, problem, solver) or w.value is None:
        return None
    (lower, upper), (low, high) = box(month, bounds.max_weight), band(month, bounds)
    weights = tidied(np.asarray(w.value), np.maximum(lower, low), np.minimum(upper, high))
    return weights if respected(month, bounds, weights) else None


def least_excess(month: Month, bounds: Bounds, name: str, solver: str) -> float | None:
    """By how much, as a share of itself, the named bound has to be exceeded for a portfolio to exist.

    The elastic programme: the bound b becomes b (1 + s), and s ≥ 0 is minimised within the others. None where the
    solver finds no answer.
    """
    cp = import_cvxpy(solver)
    w, slack = cp.Variable(len(month.alpha)), cp.Variable(nonneg=True)
    problem = cp.Problem(cp.Minimize(slack), constraints(cp, w, month, bounds, {name: slack}))
    return max(float(slack.value), 0.0) if solved(cp, problem, solver) else None


def solved(cp: Any, problem: Any, solver: str) -> bool:
    """Solve a problem; whether the solver came to an optimum, be it an inaccurate one: the callers check what it is."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            problem.solve(solver=solver)
    except cp.error.SolverError:
        return False
    return problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE)


def constraints(cp: Any, w: Any, month: Month, bounds: Bounds, slack: Mapping[str, Any]) -> list[Any]:
    """The bounds as constraints of cvxpy on the weights `w`, each by (1 + its slack) wider where it has one."""

    def limit(name: str) -> Any:
        return getattr(bounds, name) * (1 + slack.get(name, 0.0))

    x = w - month.index
    out = month.outside.astype(float)
    rows = [cp.sum(w) == 1, out @ w <= outside_bound(month, bounds)]
    rows += box_rows(w, month, bounds, slack.get("single"))
    if not month.first and math.isfinite(bounds.turnover):
        rows.append(cp.norm1(w - month.held) <= 2 * limit("turnover"))
    if math.isfinite(bounds.tracking_error):
        risk = [month.risk.factors.T @ x, cp.multiply(np.sqrt(month.risk.specific), x)]
        rows.append(cp.norm(cp.hstack(risk)) <= limit("tracking_error"))
    if math.isfinite(bounds.industry):
        inside = (month.group == np.arange(month.group.max() + 1)[:, None]).astype(float)
        rows.append(cp.abs(inside @ x) <= limit("industry"))
    if math.isfinite(bounds.size):
        rows.append(cp.abs(month.size @ x) <= limit("size"))
    return rows


def box_rows(w: Any, month: Month, bounds: Bounds, slack: Any) -> list[Any]:
    """Each stock's smallest and largest weight; what the rules fix is an equation, for a cone solver wants room."""
    lower, upper = box(month, bounds.max_weight)
    low, high = band(month, bounds)
    if slack is None:
        lower, upper = np.maximum(lower, low), np.minimum(upper, high)
    fixed = np.flatnonzero(upper <= lower)
    free = np.flatnonzero(upper > lower)
    rows = [w[free] >= lower[free], w[free] <= upper[free], w[fixed] == lower[fixed]]
    if slack is not None:
        wider = bounds.single * slack
        rows += [w[free] >= low[free] - wider, w[free] <= high[free] + wider]
    return rows


def tidied(weights: Floats, lower: Floats, upper: Floats) -> Floats:
    """A solver's weights within each stock's limits, without dust, summing to 1 as far as the limits allow."""
    within = np.clip(weights, lower, upper)
    order = np.argsort(within, kind="stable")
    dust = order[np.cumsum(within[order]) < DUST]
    within[dust] = lower[dust]
    gap = 1 - within.sum()
    space = upper - within if gap > 0 else within - lower
    space = np.where(within > 0, space, 0.0)
    if space.sum() > 0:
        within += gap * space / space.sum()
    return np.clip(within, lower, upper)
