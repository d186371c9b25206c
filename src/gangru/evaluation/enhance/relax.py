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

    `max_weight`, `outside` and the market's rules never give way.
    """
    if reason := forbidden(month, asked):
        return Solution(None, asked, blame=(reason,))
    weights = best_weights(month, asked, solver)
    if weights is not None:
        return Solution(weights, asked)
    asked = replace(asked, single_asked=asked.single)
    relaxed = giving_way(month, asked, solver)
    dropped = tuple(replace(one, given=math.inf) for one in relaxed)
    for tried in (
        relaxed,
        dropped,
    ):  # the second for bounds that leave a portfolio too little room to be found
        given = replace(asked, **{one.name: one.given for one in tried})
        weights = best_weights(month, given, solver)
        if weights is not None:
            return Solution(weights, given, tried, tuple(one.name for one in tried))
    return Solution(None, asked, blame=("solver",))


def giving_way(month: Month, asked: Bounds, solver: str) -> tuple[Relaxed, ...]:
    """The bounds to blame, in `ORDER`: each doubled where that is enough, else dropped.

    From the last to the first, each is asked how far it has to be exceeded without those before it and with those
    after it as given: so a bound gives way only where nothing before it helps, and no further than it has to. Where
    none is to blame by more than rounding, on the very edge of what is possible, it is the one nearest to it.
    """
    names = [name for name in ORDER if asks(month, asked, name)]
    given = replace(asked, **dict.fromkeys(names, math.inf))
    found, excess = [], {}
    for name in reversed(names):
        bound = getattr(asked, name)
        s = least_excess(month, replace(given, **{name: bound}), name, solver)
        if s is None:
            return ()
        excess[name] = Relaxed(name, bound, bound * (1 + s), 2 * bound if s <= DOUBLE else math.inf)
        if s > NEEDED:
            found.append(excess[name])
        given = replace(given, **{name: excess[name].given if s > NEEDED else bound})
    if excess and not found:
        found.append(max(excess.values(), key=lambda one: one.needed / one.asked))
    return tuple(reversed(found))


def asks(month: Month, bounds: Bounds, name: str) -> bool:
    """Whether a bound asks for anything: it is finite, and for turnover there is something to trade against."""
    return math.isfinite(getattr(bounds, name)) and not (name == "turnover" and month.first)


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
