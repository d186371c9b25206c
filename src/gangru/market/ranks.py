"""Ranks of numbers within each date's stocks, (M, N); NaN where a stock has none."""

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Bools, Floats

Places = NDArray[np.int64]


def ascending(x_MN: Floats) -> tuple[Places, Bools]:
    """The columns of each row in ascending order, NaN last, and which values equal the one before, (M, N − 1).

    Equal values come in no promised order.
    """
    known = ~np.isnan(x_MN)
    # Sorting takes half the time without NaN, and what stands for it here sorts last as well.
    filled = x_MN if np.isposinf(x_MN).any() else np.where(known, x_MN, np.inf)
    order = np.argsort(filled, axis=1)
    sorted_ = np.take_along_axis(filled, order, axis=1)
    within = np.arange(1, x_MN.shape[1]) < known.sum(axis=1, keepdims=True)
    return order, (sorted_[:, 1:] == sorted_[:, :-1]) & within


def average_ranks(x_MN: Floats) -> Floats:
    """Ranks 1…n within each row, ties sharing their mean rank; NaN stays NaN and takes no rank."""
    if not x_MN.size:
        return x_MN.copy()
    order, equal = ascending(x_MN)
    place = np.tile(np.arange(1.0, x_MN.shape[1] + 1), (len(x_MN), 1))
    tied = equal.any(axis=1)
    if tied.any():
        place[tied] = shared(place[tied], equal[tied])
    ranks = np.empty(x_MN.shape)
    np.put_along_axis(ranks, order, place, axis=1)
    return np.where(np.isnan(x_MN), np.nan, ranks)


def shared(place_MN: Floats, equal: Bools) -> Floats:
    """The mean place of each run of values that are `equal` to the one before, (M, N − 1), for all of the run."""
    starts = np.ones(place_MN.shape, dtype=bool)
    starts[:, 1:] = ~equal
    run = np.cumsum(starts.ravel()) - 1
    mean = np.bincount(run, weights=place_MN.ravel()) / np.bincount(run)
    return np.asarray(mean[run].reshape(place_MN.shape))
