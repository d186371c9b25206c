"""Spells: runs of days in which a stock's state stays the same.

Legend: D trading days × N stocks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Dates

Ints = NDArray[np.int64]
NOT_A_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Spells:
    """Runs by stock, then time, (S,) each: the stock, first day and the first day after as positions, the state."""

    stock: Ints
    start: Ints
    stop: Ints  # D where the run lasts to the end
    state: Ints

    def starts(self, dates: Dates) -> Dates:
        """The first dates."""
        return np.asarray(dates[self.start])

    def ends(self, dates: Dates) -> Dates:
        """The first dates after, NaT where the spell lasts to the end."""
        return np.asarray(np.append(dates, NOT_A_DAY)[self.stop])


def spells(states: NDArray[np.integer]) -> Spells:
    """The runs of equal states, (D, N), that are not negative."""
    days, n = states.shape
    change = np.ones((n, days), dtype=bool)
    change[:, 1:] = (states[1:] != states[:-1]).T
    stock, start = np.nonzero(change)
    stop = np.append(start[1:], days)
    stop[np.append(stock[1:] != stock[:-1], True)] = days
    state = states[start, stock].astype(np.int64)
    kept = state >= 0
    return Spells(stock[kept], start[kept], stop[kept], state[kept])
