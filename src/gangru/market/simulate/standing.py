"""Whether a simulated stock is ST, and when it leaves the market: decided from past prices alone.

Legend: D trading days, N stocks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Bools, Floats
from gangru.market.simulate.population import Population
from gangru.market.simulate.settings import SimulateSettings

REVIEW_DAYS = 21  # every so many days stocks become ST
MEMORY_DAYS = 240  # by how they did over so many
SPELL_DAYS = (120, 480)
NOTICE_DAYS = 25  # from the decision to the last day of trading
NEVER = np.iinfo(np.int64).max


@dataclass
class Standing:
    """The state of every stock, (N,): until which day ST lasts, and the first day without it in the market."""

    st_until: NDArray[np.int64]
    gone_from: NDArray[np.int64]

    def is_st(self, day: int) -> Bools:
        """Who is ST on the day; a stock on notice of delisting stays so."""
        return (day < self.st_until) | (self.gone_from < NEVER)

    def is_gone(self, day: int) -> Bools:
        """Who has left the market by the day."""
        return day >= self.gone_from


def first_standing(population: Population, settings: SimulateSettings, rng: np.random.Generator) -> Standing:
    """The state before the first day: some stocks are in the midst of a spell."""
    n = len(population.codes)
    hit = (rng.random(n) < settings.st) & ~population.is_new
    until = np.where(hit, rng.integers(20, SPELL_DAYS[1], n), 0)
    return Standing(until, np.full(n, NEVER))


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
    on_notice = standing.gone_from < NEVER
    due = round(settings.delistings * len(past) * day / 242) - int(on_notice.sum())
    candidates = _worst(past, old & standing.is_st(day) & ~on_notice, 1.0)[: max(due, 0)]
    standing.gone_from[candidates] = day + NOTICE_DAYS


def _worst(past: Floats, among: Bools, share: float) -> NDArray[np.int64]:
    """Positions of the lowest past returns among some, worst first, at most a share of all."""
    order = np.argsort(np.where(among, past, np.inf), kind="stable")
    return order[: min(int(among.sum()), round(share * len(past)))]
