"""What moves a simulated market from outside: unexpected returns, turnover, and how a day's range is cut.

All of it is drawn before any price, so that the same seed gives the same weather whatever the planted signal does.
Returns are simple ones, symmetric around 0: whoever knows the past expects the same from every stock.

Legend: D trading days × N stocks.
"""

from dataclasses import dataclass

import numpy as np

from gangru.market.daily import Bools, Floats
from gangru.market.simulate.population import Population

MARKET_VOLATILITY = 0.0095
INDUSTRY_VOLATILITY = 0.006
USUAL_LIMIT = 0.10
NEWS_RETURN = (0.10, 0.20)
SEALED_SHARE, SEALED_BY_NEWS = 0.35, 0.5  # of the days at a limit
RANGE_CENTRE, RANGE_UNIT = 0.5, 0.25  # a day closes about one unit above or below the centre of its range


@dataclass(frozen=True)
class Shocks:
    """Draws of every day and stock, (D, N)."""

    surprise: Floats  # unexpected simple return
    volatility: Floats  # its scale, known the day before
    log_turnover: Floats
    position: Floats  # where the close wants to lie in the day's range, 0 to 1
    spread: Floats  # the day's range over its usual width
    fade: Floats  # standard normal: the part of the day's move made overnight
    cut: Floats  # standard normal: where the volume-weighted price lies
    sealed: Bools  # whether a day at its limit trades at that price alone


def draw_shocks(
    population: Population, news_share: float, rng: np.random.Generator, rare: np.random.Generator
) -> Shocks:
    """Draw every day's shocks: market, industries and stocks with clustered volatility and fat tails.

    `rare` draws the news, on a share of the days, more often where a stock is restless anyway.
    """
    days, n = population.industry.shape
    market_scale = MARKET_VOLATILITY * _clusters(days, 1, 0.5, 0.98, rng)
    market = market_scale * _student(6, (days, 1), rng)
    count = len(population.industry_names)
    industries = (
        INDUSTRY_VOLATILITY * _clusters(days, count, 0.35, 0.97, rng) * _student(6, (days, count), rng)
    )
    # News has its part of a stock's variance, counted as far as the usual limit lets it move the price.
    quiet = np.minimum(news_share * USUAL_LIMIT**2 / population.volatility**2, 0.5)
    restless = _clusters(days, n, 0.42, 0.97, rng)
    own_scale = population.volatility * np.sqrt(1 - quiet) * restless
    age = np.arange(days)[:, None] - population.first_row
    own_scale = np.where(population.is_new & (age < 20), 1.7 * own_scale, own_scale)
    own = _student(5, (days, n), rng)
    mine = np.take_along_axis(industries, population.industry, axis=1)
    news, by_news = _news(news_share * restless**2, rare)
    surprise = population.beta * market + mine + own_scale * own + news
    volatility = np.sqrt((population.beta * market_scale) ** 2 + INDUSTRY_VOLATILITY**2 + own_scale**2)
    return Shocks(
        surprise=surprise,
        volatility=volatility,
        log_turnover=population.log_turnover + _turnover(surprise / volatility, rng),
        position=_close_position(surprise - population.beta * market > 0, rng),
        spread=np.exp(0.3 * rng.standard_normal((days, n))),
        fade=rng.standard_normal((days, n)),
        cut=rng.standard_normal((days, n)),
        sealed=rng.random((days, n)) < np.where(by_news, SEALED_BY_NEWS, SEALED_SHARE),
    )


def _news(chance: Floats, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Returns of days with news, (D, N), 0 on the others, and which days those are; up and down alike."""
    days = rng.random(chance.shape) < chance
    returns = np.zeros(chance.shape)
    count = int(days.sum())
    returns[days] = rng.uniform(*NEWS_RETURN, count) * rng.choice((-1.0, 1.0), count)
    return returns, days


def _clusters(days: int, width: int, spread: float, memory: float, rng: np.random.Generator) -> Floats:
    """Volatility multipliers, (D, width): the exponential of an autoregression, with a mean square of 1."""
    log_scale = _autoregression(days, width, memory, rng) * spread
    return np.asarray(np.exp(log_scale - spread**2))


def _autoregression(days: int, width: int, memory: float, rng: np.random.Generator) -> Floats:
    """A stationary AR(1) of unit variance, (D, width)."""
    series = rng.standard_normal((days, width))
    innovation = np.sqrt(1 - memory**2)
    for day in range(1, days):
        series[day] = memory * series[day - 1] + innovation * series[day]
    return series


def _student(freedom: int, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Student's t of unit variance."""
    return np.asarray(rng.standard_t(freedom, shape) * np.sqrt((freedom - 2) / freedom))


def _turnover(standardised: Floats, rng: np.random.Generator) -> Floats:
    """Log turnover around its level, (D, N): persistent, shared in part, higher on days of large moves."""
    days, n = standardised.shape
    own = 0.40 * _autoregression(days, n, 0.97, rng) + 0.12 * rng.standard_normal((days, n))
    shared = 0.20 * _autoregression(days, 1, 0.95, rng)
    return own + shared + 0.12 * (np.minimum(np.abs(standardised), 6) - 0.75)


def _close_position(rises: Bools, rng: np.random.Generator) -> Floats:
    """Where the close lies in the day's range, (D, N), in (0, 1): high or low, with a stock's slowly changing habit.

    By habit a stock's rises close high and its falls low, or its rises fade and its falls recover. Highs and lows are
    equally likely either way, so the habit shows in no mean and no variance, only in how the two go together.
    """
    days, n = rises.shape
    habit = 0.5 + 0.42 * np.tanh(0.5 + 1.2 * _autoregression(days, n, 0.985, rng))
    follows = rng.random(rises.shape) < habit
    side = np.where(rises == follows, 1.0, -1.0)
    carrier = side + 0.3 * np.clip(rng.standard_normal(rises.shape), -2.5, 2.5)
    return np.clip(RANGE_CENTRE + RANGE_UNIT * carrier, 0.01, 0.99)
