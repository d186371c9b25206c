"""What happens to a simulated stock by its own calendar: suspensions, dividends, bonus, rights and unlocked shares.

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
VERY_LONG_DAYS = (120, 480)
BACK_DAYS = 20  # a stock listed again trades so many days without a suspension
RIGHTS_RATIOS = (0.1, 0.2, 0.3)
RIGHTS_PRICES = (0.5, 0.9)  # over the last close
YEAR = 242


@dataclass(frozen=True)
class Events:
    """Every day's events, (D, N): who is suspended; a dividend over the close; new shares per share and, of rights,
    their price over the close.
    """

    suspended: Bools
    dividend: Floats
    bonus: Floats
    rights: Floats
    rights_price: Floats
    unlocked: Floats


def draw_events(
    population: Population,
    dates: Dates,
    settings: SimulateSettings,
    rng: np.random.Generator,
    rare: np.random.Generator,
) -> Events:
    """Draw the events of all days; dividends are paid from May to July, bonus shares come with some of them.

    `rare` draws what happens to few stocks.
    """
    days, n = len(dates), len(population.codes)
    shape = (days, n)
    paying = _one_day_a_year(dates, n, rng)
    yields = np.minimum(np.exp(np.log(0.012) + 0.6 * rng.standard_normal((days, n))), 0.06)
    bonus = rng.choice([0.2, 0.3, 0.4, 0.5, 1.0], (days, n))
    suspended = _suspensions(days, n, settings.suspensions, rng)
    suspended |= _spells(rare.random(shape) < settings.long_suspensions / YEAR, VERY_LONG_DAYS, rare)
    rights = np.where(rare.random(shape) < settings.rights / YEAR, rare.choice(RIGHTS_RATIOS, shape), 0)
    return Events(
        suspended=suspended & ~_undisturbed(population, days),
        rights=rights,
        rights_price=rare.uniform(*RIGHTS_PRICES, shape),
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


def _spells(begins: Bools, length: tuple[int, int], rng: np.random.Generator) -> Bools:
    """The days of spells that begin where told, (D, N), of a length drawn for each."""
    row, column = np.nonzero(begins)
    inside = np.zeros(begins.shape, dtype=bool)
    for start, stock, days in zip(row, column, rng.integers(*length, len(row)), strict=True):
        inside[start : start + days, stock] = True
    return inside


def _undisturbed(population: Population, days: int) -> Bools:
    """The first day of a listing, and the first weeks of one that follows a delisting, (D, N)."""
    day = np.arange(days)[:, None]
    back = (day >= population.returns) & (day - BACK_DAYS < population.returns)
    return np.asarray((population.is_new & (day == population.first_row)) | back)


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
