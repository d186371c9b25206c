"""Whom a portfolio aims at on each factor date, and with which weights.

M factor dates × N stocks.
"""

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.groups import places, top_count
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.daily import Bools, Floats

CAPPED = 1e-12  # above the cap by less is rounding


def target_weights(
    scores_MN: Floats, industry_MN: NDArray[np.int16], universe_MN: Bools, settings: PortfolioSettings
) -> Floats:
    """Weights (M, N) aimed at, each row summing to 1, or to less where the cap binds everywhere; 0 without scores.

    NaN scores are out. `industry_MN` as of each factor date, −1 unknown; `universe_MN` the benchmark's stocks: both
    matter to an industry-neutral portfolio alone. Sees each date's scores and, for the buffer, the dates before.
    """
    groups = industry_MN if settings.industry_neutral else np.zeros(scores_MN.shape, dtype=np.int16)
    weights = np.zeros(scores_MN.shape)
    before = np.zeros(scores_MN.shape[1], dtype=bool)
    for m in np.flatnonzero((~np.isnan(scores_MN)).any(axis=1)).tolist():
        score, group = scores_MN[m], groups[m]
        share = share_of(int((~np.isnan(score)).sum()), settings)
        mean, raw, chosen = float(np.nanmean(score)), np.zeros(len(score)), np.zeros(len(score), dtype=bool)
        for one in np.unique(group[~np.isnan(score)]):
            own = best(np.where(group == one, score, np.nan), before, share, settings)
            raw += raw_weights(score - mean, own, settings)
            chosen |= own
        before = chosen
        weights[m] = capped(as_the_universe(raw, group, universe_MN[m]), settings.max_weight)
    return weights


def share_of(scored: int, settings: PortfolioSettings) -> float:
    """The share that is chosen of a list: the settings' fraction, or their number of stocks among all with a score."""
    return min(settings.stocks / max(scored, 1), 1.0) if settings.stocks else settings.fraction


def long_count(scored: int, settings: PortfolioSettings) -> int:
    """How many of the stocks with a score make a date's long list: the best ones, before any buffer or cap."""
    return int(top_count(np.array([scored]), share_of(scored, settings))[0])


def best(score: Floats, before: Bools, fraction: float, settings: PortfolioSettings) -> Bools:
    """The stocks chosen from one list, (N,): who stays by the buffer, then the best others up to the number."""
    place = places(score[None, :])[0]
    scored = int((place >= 0).sum())
    count = int(top_count(np.array([scored]), fraction)[0])
    if not settings.hold_until:
        return np.asarray((place >= 0) & (place < count))
    safe = max(int(top_count(np.array([scored]), settings.hold_until)[0]), count)
    stays = before & (place >= 0) & (place < safe)
    order = np.argsort(
        np.where(place < 0, len(score), np.where(stays, place - len(score), place)), kind="stable"
    )
    chosen = np.zeros(len(score), dtype=bool)
    chosen[order[:count]] = True
    return chosen


def raw_weights(above_mean: Floats, chosen: Bools, settings: PortfolioSettings) -> Floats:
    """Weights of the chosen stocks of one list, summing to 1; `above_mean` is the score less the date's mean."""
    weights = chosen.astype(float)
    if settings.weighting == "score":
        above = np.where(chosen, np.maximum(above_mean, 0), 0)
        weights = above if above.sum() > 0 else weights
    return np.asarray(weights / weights.sum())


def as_the_universe(weights: Floats, group: NDArray[np.int16], universe: Bools) -> Floats:
    """The weights with each group's sum as its share of the universe, of the groups that have weights; summing to 1.

    Where the universe has none of those groups, all weigh the same.
    """
    names, member = np.unique(group, return_inverse=True)
    own = np.bincount(member, weights, minlength=len(names))
    share = np.where(own > 0, np.bincount(member, universe.astype(float), minlength=len(names)), 0)
    share = share if share.sum() > 0 else (own > 0).astype(float)
    scale = np.divide(share / share.sum(), own, out=np.zeros(len(names)), where=own > 0)
    return np.asarray(weights * scale[member])


def capped(weights: Floats, most: float) -> Floats:
    """No weight above `most`: what is cut goes to the others in proportion; cash where all are at the cap."""
    total, out = weights.sum(), weights.copy()
    at_cap = np.zeros(len(weights), dtype=bool)
    while (out > most + CAPPED).any():
        at_cap |= out > most
        out[at_cap] = most
        share = weights[~at_cap].sum()
        rest = max(total - most * at_cap.sum(), 0.0)
        out[~at_cap] = weights[~at_cap] * (rest / share) if share > 0 else 0.0
    return out
