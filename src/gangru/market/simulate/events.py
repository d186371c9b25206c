"""What happens to a simulated stock by its own calendar: suspensions, dividends, bonus shares, unlocked shares.

None of it depends on prices, and none of it changes what a holder may expect.

Legend: D trading days × N stocks.
"""

from dataclasses import dataclass

import numpy as np

from gangru.market.daily import Bools, Dates, Floats
from gangru.market.simulate.population import Population
from gangru.market.simulate.settings import SimulateSettings

SHORT_DAYS, LONG_DAYS = (1, 10), (20, 130)
LONG_SHARE = 1 / 8
YEAR = 242


@dataclass(frozen=True)
class Events:
    """Every day's events, (D, N): who is suspended; a dividend over the close, bonus and unlocked shares per share."""

    suspended: Bools
    dividend: Floats
    bonus: Floats
    unlocked: Floats


def draw_events(
    population: Population, dates: Dates, settings: SimulateSettings, rng: np.random.Generator
) -> Events:
    """Draw the events of all days; dividends are paid from May to July, bonus shares come with some of them."""
    days, n = len(dates), len(population.codes)
    paying = _one_day_a_year(dates, n, rng)
    yields = np.minimum(np.exp(np.log(0.012) + 0.6 * rng.standard_normal((days, n))), 0.06)
    bonus = rng.choice([0.2, 0.3, 0.4, 0.5, 1.0], (days, n))
    return Events(
        suspended=_suspensions(days, n, settings.suspensions, rng),
        dividend=np.where(paying & (rng.random((days, n)) < 0.75), yields, 0),
        bonus=np.where(paying & (rng.random((days, n)) < 0.12), bonus, 0),
        unlocked=np.where(rng.random((days, n)) < 0.25 / YEAR, rng.uniform(0.05, 0.6, (days, n)), 0),
    )


def _suspensions(days: int, n: int, per_year: float, rng: np.random.Generator) -> Bools:
    """Spells without trading, (D, N): mostly days, now and then months."""
    begins = rng.random((days, n)) < per_year / YEAR
    long = rng.random((days, n)) < LONG_SHARE
    length = np.where(long, rng.integers(*LONG_DAYS, (days, n)), rng.integers(*SHORT_DAYS, (days, n)))
    until = np.where(begins, np.arange(days)[:, None] + length, 0)
    return np.asarray(np.maximum.accumulate(until, axis=0) > np.arange(days)[:, None])


def _one_day_a_year(dates: Dates, n: int, rng: np.random.Generator) -> Bools:
    """One day from May to July of every year for each stock, (D, N)."""
    chosen = np.zeros((len(dates), n), dtype=bool)
    months = dates.astype("datetime64[M]").astype(np.int64)
    years, month = months // 12, months % 12 + 1
    for year in np.unique(years):
        season = np.flatnonzero((years == year) & (month >= 5) & (month <= 7))
        if len(season):
            chosen[rng.choice(season, n), np.arange(n)] = True
    return chosen
