"""What one month's portfolio is chosen from, the bounds on it, and how much of each bound some weights use.

S candidate stocks, K risk factors. Weights are fractions of the portfolio.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.enhance.risk import Risk
from gangru.evaluation.enhance.settings import EnhanceSettings
from gangru.market.daily import Bools, Floats

TOLERANCE = 1e-6  # what a solver may leave of a violation
BINDS = 1e-4  # a bound binds that is used up to this share of itself
NAMES = ("turnover", "tracking_error", "size", "industry", "single", "max_weight", "outside")


@dataclass(frozen=True)
class Bounds:
    """The bounds of a month, in the settings' units; infinity is no bound, and so is a weight of 1.

    `single_asked` is what `single` was before it gave way, None where it has not.
    """

    turnover: float = math.inf
    tracking_error: float = math.inf
    size: float = math.inf
    industry: float = math.inf
    single: float = math.inf
    max_weight: float = 1.0
    outside: float = 1.0
    single_asked: float | None = None


def bounds_of(settings: EnhanceSettings) -> Bounds:
    """The bounds that the settings ask for."""
    return Bounds(**{name: float(getattr(settings, name)) for name in NAMES})


@dataclass(frozen=True)
class Month:
    """The candidates of a month, (S,).

    `alpha` is the score to be raised, `index` the weights in the index, which sum to 1 as all of its members are
    candidates; `held` the weights before trading, zero throughout where nothing is held yet; `no_buy` and `no_sell`
    what the rules forbid at the month's close; `group` the industry as numbers from 0; `size` log tradable value in
    standard deviations.
    """

    alpha: Floats
    index: Floats
    held: Floats
    no_buy: Bools
    no_sell: Bools
    group: NDArray[np.int64]
    size: Floats
    risk: Risk

    @property
    def outside(self) -> Bools:
        """The candidates that are not in the index."""
        return np.asarray(self.index <= 0)

    @property
    def first(self) -> bool:
        """Whether nothing is held yet, so that there is no turnover to speak of."""
        return not self.held.any()


def box(month: Month, max_weight: float) -> tuple[Floats, Floats]:
    """Smallest and largest weights that the rules and `max_weight` leave, (S,) each; never crossed.

    A stock that cannot be bought weighs at most, one that cannot be sold at least, what is held of it, also where that
    is more than `max_weight`.
    """
    lower = np.where(month.no_sell, month.held, 0.0)
    upper = np.maximum(max_weight, lower)
    return lower, np.where(month.no_buy, np.minimum(upper, month.held), upper)


def band(month: Month, bounds: Bounds) -> tuple[Floats, Floats]:
    """Weights within `single` of the index's, (S,) each, widened to the nearest of the box where the two do not meet.

    A stock that the rules or its largest weight keep away from its weight in the index is no reason for others to
    stray. Where `single` gave way, every stock's range grows by as much.
    """
    if math.isinf(bounds.single):
        return np.full(len(month.index), -np.inf), np.full(len(month.index), np.inf)
    asked = bounds.single if bounds.single_asked is None else bounds.single_asked
    lower, upper = box(month, bounds.max_weight)
    low, high = np.minimum(month.index - asked, upper), np.maximum(month.index + asked, lower)
    return low - (bounds.single - asked), high + (bounds.single - asked)


def outside_bound(month: Month, bounds: Bounds) -> float:
    """Bound of the weight outside the index: at least what is held there and cannot be sold."""
    lower, _ = box(month, bounds.max_weight)
    return max(bounds.outside, float(lower[month.outside].sum()))


def turnover(weights: Floats, held: Floats) -> float:
    """One-sided: ½ Σ |Δw|."""
    return float(np.abs(weights - held).sum() / 2)


def deviations(month: Month, weights: Floats) -> tuple[float, float]:
    """Largest absolute deviation of an industry's weight from the index's, and that of the mean size."""
    active = weights - month.index
    of_industry = np.bincount(month.group, weights=active)
    return float(np.abs(of_industry).max(initial=0)), float(abs(month.size @ active))


def room(month: Month, bounds: Bounds, weights: Floats) -> dict[str, float]:
    """What each bound leaves unused, by its name, in its own unit; negative where it is broken, infinite without one.

    For the bounds on single stocks the least over the stocks whose weights the rules leave open.
    """
    lower, upper = box(month, bounds.max_weight)
    low, high = band(month, bounds)
    open_ = upper > lower
    below = np.where(low > 0, weights - low, np.inf)
    single = np.where(open_, np.minimum(below, high - weights), np.inf)
    cap = np.maximum(bounds.max_weight if bounds.max_weight < 1 else math.inf, lower)
    capped = np.where(open_ & ~month.no_buy, cap - weights, np.inf)
    industry, size = deviations(month, weights)
    outside = outside_bound(month, bounds) if bounds.outside < 1 else math.inf
    return {
        "turnover": math.inf if month.first else bounds.turnover - turnover(weights, month.held),
        "tracking_error": bounds.tracking_error - month.risk.tracking_error(weights - month.index),
        "size": bounds.size - size,
        "industry": bounds.industry - industry,
        "single": float(single.min(initial=math.inf)),
        "max_weight": float(capped.min(initial=math.inf)),
        "outside": outside - float(weights[month.outside].sum()),
    }


def binding(month: Month, bounds: Bounds, weights: Floats) -> list[str]:
    """The bounds that the weights use up, in the order of `NAMES`."""
    left = room(month, bounds, weights)
    near = {name: max(BINDS * getattr(bounds, name), TOLERANCE) for name in NAMES}
    return [name for name in NAMES if math.isfinite(left[name]) and left[name] <= near[name]]


def respected(month: Month, bounds: Bounds, weights: Floats) -> bool:
    """Whether the weights are a portfolio within the rules and every bound, each up to a millionth."""
    lower, upper = box(month, bounds.max_weight)
    within = (weights >= lower - TOLERANCE).all() and (weights <= upper + TOLERANCE).all()
    whole = abs(float(weights.sum()) - 1) <= TOLERANCE
    return bool(within and whole and min(room(month, bounds, weights).values()) >= -TOLERANCE)
