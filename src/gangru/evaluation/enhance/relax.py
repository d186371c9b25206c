"""What gives way in a month whose bounds leave no portfolio, in a fixed order, and who is to blame."""

import math
from dataclasses import dataclass, replace

from gangru.evaluation.enhance.month import Bounds, Month, box
from gangru.evaluation.enhance.problem import best_weights, least_excess
from gangru.market.daily import Floats

ORDER = ("turnover", "tracking_error", "size", "industry", "single")
NEEDED = 1e-5  # a smaller excess, as a share of its bound, is the solver's rounding
DOUBLE = 0.999  # a larger one leaves no room within the doubled bound


@dataclass(frozen=True)
class Relaxed:
    """A bound that gave way: what was asked, the least that was needed, and what was given, infinity if dropped."""

    name: str
    asked: float
    needed: float
    given: float

    def __str__(self) -> str:
        given = "dropped" if math.isinf(self.given) else f"→ {self.given:.4g}"
        return f"{self.name} {self.asked:.4g} {given} (needs {self.needed:.4g})"


@dataclass(frozen=True)
class Solution:
    """A month's portfolio, (S,), or None where none was found, the bounds in force and what gave way.

    `blame` names what makes the bounds as asked impossible: the relaxed ones, or what forbids any portfolio.
    """

    weights: Floats | None
    bounds: Bounds
    relaxed: tuple[Relaxed, ...] = ()
    blame: tuple[str, ...] = ()


def solve_relaxing(month: Month, asked: Bounds, solver: str) -> Solution:
    """The best portfolio within the bounds, or within those left once the ones to blame have given way.

    Those to blame are found by `least_excess`: the first in `ORDER` before the later. Each is doubled where that is
    enough, else dropped; the others stay. `max_weight`, `outside` and the market's rules never give way.
    """
    if reason := forbidden(month, asked):
        return Solution(None, asked, blame=(reason,))
    weights = best_weights(month, asked, solver)
    if weights is not None:
        return Solution(weights, asked)
    names = [name for name in ORDER if asks(month, asked, name)]
    excess = least_excess(month, asked, names, solver) if names else None
    if excess is None:
        return Solution(None, asked, blame=("solver",))
    for enough in (DOUBLE, -math.inf):
        relaxed = relaxations(asked, excess, enough)
        given = replace(asked, **{one.name: one.given for one in relaxed})
        weights = best_weights(month, given, solver)
        if weights is not None:
            return Solution(weights, given, relaxed, tuple(one.name for one in relaxed))
    return Solution(None, asked, relaxed, ("solver",))


def asks(month: Month, bounds: Bounds, name: str) -> bool:
    """Whether a bound asks for anything: it is finite, and for turnover there is something to trade against."""
    return math.isfinite(getattr(bounds, name)) and not (name == "turnover" and month.first)


def relaxations(asked: Bounds, excess: dict[str, float], enough: float) -> tuple[Relaxed, ...]:
    """The bounds that have to give way: doubled where the excess is at most `enough`, else dropped.

    Where all excesses are rounding, as on the very edge of what is possible, it is the one with the largest.
    """
    guilty = [name for name, s in excess.items() if s > NEEDED] or [
        max(excess, key=lambda name: excess[name])
    ]
    found = []
    for name in guilty:
        bound, s = getattr(asked, name), excess[name]
        given = 2 * bound if s <= enough else math.inf
        found.append(Relaxed(name, bound, bound * (1 + s), given))
    return tuple(found)


def forbidden(month: Month, bounds: Bounds) -> str | None:
    """What forbids any portfolio before other bounds are asked: "outside", "max_weight", "rules", or None.

    Σ w = 1 needs the largest weights, those outside the index at most their bound together, to reach 1.
    """
    out = month.outside

    def reach(max_weight: float, outside: float) -> float:
        lower, upper = box(month, max_weight)
        return float(upper[~out].sum() + min(upper[out].sum(), max(outside, lower[out].sum())))

    # Without room a cone solver answers nothing useful, but exactly 1 is a portfolio: all at their largest weights.
    short = 1 - 1e-9
    if reach(bounds.max_weight, bounds.outside) >= short:
        return None
    if reach(bounds.max_weight, math.inf) >= short:
        return "outside"
    return "max_weight" if reach(1.0, bounds.outside) >= short else "rules"
