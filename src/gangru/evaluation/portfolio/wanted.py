"""From weights aimed at to weights that orders can reach: turnover cap, and what blocked orders do to the others."""

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Bools, Floats

NOTHING = 1e-9  # part of the value below which a difference is rounding and no order


def nearer(current: Floats, wanted: Floats, max_turnover: float) -> Floats:
    """The weights between `current` and `wanted` (n,) whose one-sided turnover is at most `max_turnover`."""
    turnover = np.abs(wanted - current).sum() / 2
    if turnover <= max_turnover:
        return wanted
    return np.asarray(current + max_turnover / turnover * (wanted - current))


def settled(
    wanted: Floats, current: Floats, can_buy: Bools, can_sell: Bools
) -> tuple[Floats, Floats, NDArray[np.int8]]:
    """Weights (n,) that no blocked order stands in the way of; what each blocked order was for, and its side.

    A stock whose order is blocked keeps its current weight, and the others share what remains in proportion to what was
    wanted of them; where that turns an order into a blocked one, once more. Second and third: the change of weight, a
    positive number, that a blocked stock was kept from, and 1 or −1; 0 elsewhere.
    """
    kept = np.zeros(len(wanted), dtype=bool)
    missed, side = np.zeros(len(wanted)), np.zeros(len(wanted), dtype=np.int8)
    scaled = wanted
    while True:
        up, down = scaled > current + NOTHING, scaled < current - NOTHING
        stuck = ~kept & ((up & ~can_buy) | (down & ~can_sell))
        if not stuck.any():
            return np.where(kept, current, scaled), missed, side
        missed[stuck] = np.abs(scaled - current)[stuck]
        side[stuck] = np.where(up, 1, -1)[stuck]
        kept |= stuck
        share = wanted[~kept].sum()
        rest = max(wanted.sum() - current[kept].sum(), 0.0)
        scaled = wanted * (rest / share) if share > 0 else np.zeros_like(wanted)
