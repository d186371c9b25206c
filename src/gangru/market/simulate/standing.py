"""Whether a simulated stock is ST, and when it leaves the market: decided from past prices alone.

Legend: D trading days, N stocks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Bools, Floats
from gangru.market.simulate.population import NEVER, Population
from gangru.market.simulate.settings import SimulateSettings

REVIEW_DAYS = 21  # every so many days stocks become ST
MEMORY_DAYS = 240  # by how they did over so many
SPELL_DAYS = (120, 480)
NOTICE_DAYS = 25  # from the decision to the first day without the stock
PERIOD_DAYS = 15  # the delisting period at the end of it


@dataclass
class Standing:
    """The state of every stock, (N,): until which day ST lasts, and from and until when it is not in the market."""

    st_until: NDArray[np.int64]
    gone_from: NDArray[np.int64]
    back_from: NDArray[np.int64]

    def is_st(self, day: int) -> Bools:
        """Who is ST on the day; a stock on notice of delisting is, until its delisting period."""
        special = ((day < self.st_until) & (day < self.back_from)) | self._within(day, NOTICE_DAYS)
        return special & ~self.is_leaving(day)

    def is_gone(self, day: int) -> Bools:
        """Who is not in the market on the day, having been there."""
        return (day >= self.gone_from) & (day < self.back_from)

    def is_leaving(self, day: int) -> Bools:
        """Who is in its delisting period on the day."""
        return self._within(day, PERIOD_DAYS)

    def is_going(self) -> Bools:
        """Who has left or is on notice, and is not to come back."""
        return np.asarray((self.gone_from < NEVER) & (self.back_from == NEVER))

    def _within(self, day: int, days: int) -> Bools:
        return np.asarray((day >= self.gone_from - days) & (day < self.gone_from))


def first_standing(population: Population, settings: SimulateSettings, rng: np.random.Generator) -> Standing:
    """The state before the first day: some stocks are in the midst of a spell."""
    n = len(population.codes)
    hit = (rng.random(n) < settings.st) & ~population.is_new
    until = np.where(hit, rng.integers(20, SPELL_DAYS[1], n), 0)
    return Standing(until, population.leaves.copy(), population.returns)


def review(
    standing: Standing,
    day: int,
    latent: Floats,
    population: Population,
    settings: SimulateSettings,
    rng: np.random.Generator,
) -> None:
    """On a review day, make ST of some that fell furthest, and put the worst of ST on notice; changes `standing`.

    `latent` are prices (D, N), of which only the days before `day` are looked at.
    """
    if day % REVIEW_DAYS or day == 0:
        return
    past = latent[day - 1] / latent[max(day - MEMORY_DAYS, 0)]
    old = ~standing.is_gone(day) & (day - population.first_row > MEMORY_DAYS // 2)
    old |= ~standing.is_gone(day) & ~population.is_new
    mean_spell = sum(SPELL_DAYS) / 2
    fallen = _worst(past, old & ~standing.is_st(day), 3 * settings.st)
    chosen = fallen[rng.random(len(fallen)) < REVIEW_DAYS / mean_spell / 3]
    standing.st_until[chosen] = day + rng.integers(*SPELL_DAYS, len(chosen))
    due = round(settings.delistings * len(past) * day / 242) - int(standing.is_going().sum())
    free = standing.gone_from == NEVER
    candidates = _worst(past, old & standing.is_st(day) & free, 1.0)[: max(due, 0)]
    standing.gone_from[candidates] = day + NOTICE_DAYS


def _worst(past: Floats, among: Bools, share: float) -> NDArray[np.int64]:
    """Positions of the lowest past returns among some, worst first, at most a share of all."""
    order = np.argsort(np.where(among, past, np.inf), kind="stable")
    return order[: min(int(among.sum()), round(share * len(past)))]
