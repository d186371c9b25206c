"""The section "Whom it aims at" of docs/portfolio.md for one date, as slow loops written from the page alone."""

import math
from typing import Any

from gangru.evaluation.settings import PortfolioSettings

ROUNDING = 1e-9  # 0.29 × 100 stocks are 29, not 28.999999999999996


def choose(
    scores: Any, industry: Any, universe: Any, settings: PortfolioSettings, previous: Any = ()
) -> dict[int, float]:
    """Stock → weight for every stock aimed at, also where the weight is 0; (N,) each, `industry` −1 where unknown.

    `previous` are the stocks aimed at on the last date that had any: what `choose` gave then.
    """
    scored = [i for i in range(len(scores)) if not math.isnan(scores[i])]
    if not scored:
        return {}
    if settings.industry_neutral:
        groups: dict[int, list[int]] = {}
        for i in scored:
            groups.setdefault(int(industry[i]), []).append(i)
        members = [int(industry[i]) for i in range(len(scores)) if universe[i] and int(industry[i]) in groups]
        shares = {name: members.count(name) / len(members) if members else 1 / len(groups) for name in groups}
    else:
        groups, shares = {0: scored}, {0: 1.0}
    mean = sum(float(scores[i]) for i in scored) / len(scored)
    weights: dict[int, float] = {}
    for name, stocks in groups.items():
        chosen = best(scores, stocks, len(scored), settings, previous)
        for i, part in spread(scores, chosen, mean, settings).items():
            weights[i] = shares[name] * part
    return capped(weights, float(settings.max_weight))


def best(scores: Any, stocks: list[int], n: int, settings: PortfolioSettings, previous: Any) -> list[int]:
    """The stocks of one group that are aimed at; n stocks have a score in all groups together."""
    order = sorted(stocks, key=lambda i: (-float(scores[i]), i))
    fraction = settings.stocks / n if settings.stocks else settings.fraction
    number = min(max(math.floor(fraction * len(order) + ROUNDING), 1), len(order))
    buffer = math.floor(settings.hold_until * len(order) + ROUNDING)
    chosen: list[int] = []
    for i in order[:buffer]:
        if i in previous and len(chosen) < number:
            chosen.append(i)
    for i in order:
        if i not in chosen and len(chosen) < number:
            chosen.append(i)
    return chosen


def spread(scores: Any, chosen: list[int], mean: float, settings: PortfolioSettings) -> dict[int, float]:
    """Parts of 1 for the chosen stocks of a group; `mean` is that of all scored stocks of the date."""
    above = {i: max(float(scores[i]) - mean, 0.0) for i in chosen}
    if settings.weighting == "equal" or sum(above.values()) <= 0:
        above = dict.fromkeys(chosen, 1.0)
    total = sum(above.values())
    return {i: part / total for i, part in above.items()}


def capped(weights: dict[int, float], cap: float) -> dict[int, float]:
    """No weight above the cap; what is cut goes to the others in proportion, as often as that lifts one above it."""
    weights, full = dict(weights), set()
    while True:
        high = [i for i in weights if i not in full and weights[i] > cap]
        if not high:
            return weights
        cut = sum(weights[i] - cap for i in high)
        for i in high:
            weights[i] = cap
        full |= set(high)
        others = [i for i in weights if i not in full]
        total = sum(weights[i] for i in others)
        for i in others:
            weights[i] += cut * weights[i] / total if total > 0 else 0.0
