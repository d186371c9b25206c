"""The daily recursion: from shocks to bars that keep the exchange's rules.

Legend: D trading days × N stocks. Prices of a bar are raw yuan; the latent price is back-adjusted and never rounded, so
that a rounded cent never comes back as a return.
"""

from dataclasses import dataclass

import numpy as np

from gangru.market.daily import Bools, Dates, Floats
from gangru.market.rules import limit_prices
from gangru.market.simulate.events import Events
from gangru.market.simulate.population import Population
from gangru.market.simulate.settings import SimulateSettings
from gangru.market.simulate.shocks import Shocks
from gangru.market.simulate.signal import among_traded, follow_through, planted_return
from gangru.market.simulate.standing import first_standing, review

LOT = 100
OVERNIGHT_KEPT = 0.7  # share of the day's move that is made between open and close


@dataclass(frozen=True)
class Bars:
    """What the days brought, all (D, N); prices are NaN before the listing and after the end, carried in a gap."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    factor: Floats
    volume: Floats
    amount: Floats
    shares: Floats
    is_st: Bools
    present: Bools  # listed
    traded: Bools
    follow: Floats  # close position × excess return, for the planted signal; 0 where not traded
    turnover: Floats  # log turnover over the day's mean, the last one in a gap; NaN before the listing


@dataclass(frozen=True)
class Day:
    """What is known of one day before it is cut into a bar, (N,) each."""

    reference: Floats
    lower: Floats
    upper: Floats
    close: Floats


def make_bars(
    population: Population,
    shocks: Shocks,
    events: Events,
    dates: Dates,
    settings: SimulateSettings,
    rng: np.random.Generator,
) -> Bars:
    """Run the market day by day; day d uses the shocks of d, and bars up to d − 1."""
    days, n = shocks.surprise.shape
    bars = _empty(days, n)
    latent = np.empty((days, n))
    standing = first_standing(population, settings, rng)
    latent_now = population.price * population.factor
    factor, shares, close = population.factor.copy(), population.shares.copy(), population.price.copy()
    missed = np.zeros(n)
    for day in range(days):
        review(standing, day, latent, population, settings, rng)
        age = np.where(population.is_new, day - population.first_row, 10_000)
        present = (age >= 0) & ~standing.is_gone(day)
        traded = present & ~events.suspended[day]
        opening = traded & (age == 0) if day else present
        paying = traded & ~opening
        reference, factor, shares = _ex_day(day, close, factor, shares, events, paying)
        is_st = standing.is_st(day)
        lower, upper, reach = _limits(population, dates[day], reference, is_st, age)
        planted = planted_return(bars.follow, bars.turnover, day, settings.strength)
        common = settings.drift * (missed + 1)
        move = planted + shocks.surprise[day]
        bounded = np.clip(move, -reach + common, reach - common)
        latent_now = np.where(paying, latent_now * (1 + common + bounded), latent_now)
        raw = np.clip(np.round(latent_now / factor, 2), lower, upper)
        raw = np.where(move > reach - common, upper, np.where(move < -reach + common, lower, raw))
        raw = np.maximum(np.where(opening, np.round(latent_now / factor, 2), raw), 0.01)
        close = np.where(traded, raw, close)
        missed = np.where(traded, 0, missed + present)
        latent[day] = latent_now
        bar = Day(np.where(opening, close, reference), lower, upper, close)
        _cut(
            bars,
            day,
            bar,
            shocks,
            traded,
            opening & (day > 0) & np.isin(population.boards, ("main", "chinext")),
        )
        _record(bars, day, factor, shares, is_st, present, traded)
        _trade(bars, day, shocks, shares, traded)
    return bars


def _empty(days: int, n: int) -> Bars:
    def floats() -> Floats:
        return np.full((days, n), np.nan)

    def flags() -> Bools:
        return np.zeros((days, n), dtype=bool)

    return Bars(
        open=floats(), high=floats(), low=floats(), close=floats(), factor=floats(), volume=floats(),
        amount=floats(), shares=floats(), is_st=flags(), present=flags(), traded=flags(),
        follow=np.zeros((days, n)), turnover=floats(),
    )  # fmt: skip


def _ex_day(
    day: int, close: Floats, factor: Floats, shares: Floats, events: Events, paying: Bools
) -> tuple[Floats, Floats, Floats]:
    """The reference price, the factor and the shares after the day's dividends and bonus shares."""
    dividend = np.where(paying, np.round(close * events.dividend[day], 2), 0)
    bonus = np.where(paying, events.bonus[day], 0)
    exact = (close - dividend) / (1 + bonus)
    changed = (dividend > 0) | (bonus > 0)
    factor = np.where(changed, factor * close / exact, factor)
    unlocked = np.where(paying, events.unlocked[day], 0)
    shares = np.round(shares * (1 + bonus) * (1 + unlocked))
    return np.where(changed, np.floor(exact * 100 + 0.5 + 1e-6) / 100, close), factor, shares


def _limits(
    population: Population, date: np.datetime64, reference: Floats, is_st: Bools, age: Floats
) -> tuple[Floats, Floats, Floats]:
    """The day's limit prices, infinite where there are none, and how far the latent return may go."""
    lower, upper = limit_prices(
        population.codes,
        np.array([date]),
        reference[None],
        is_st[None].astype(np.int8),
        np.asarray(age, dtype=np.int64)[None],
    )
    free = np.isnan(upper[0])
    reach = np.where(free, 0.6, np.round(upper[0] / reference - 1, 2))
    return np.where(free, 0, lower[0]), np.where(free, np.inf, upper[0]), reach


def _cut(bars: Bars, day: int, bar: Day, shocks: Shocks, traded: Bools, held: Bools) -> None:
    """Cut the day into open, high, low and close; `held` marks a first day under the old rules, up by 44 %."""
    close = bar.close
    at_limit = (close >= bar.upper) | (close <= bar.lower)
    one_price = at_limit & shocks.sealed[day]
    scale = shocks.volatility[day] * bar.reference
    moved = close - bar.reference
    spread = np.where(one_price, 0, 1.25 * scale * shocks.spread[day] + 0.5 * np.abs(moved))
    spread = np.maximum(spread, np.where(one_price, 0, 0.02))
    position = shocks.position[day]
    low = close - position * spread
    intraday = OVERNIGHT_KEPT * moved + 0.3 * scale * shocks.fade[day]
    with np.errstate(invalid="ignore", divide="ignore"):
        start = np.where(spread > 0, np.clip(position - intraday / spread, 0, 1), 0)
    open_, high = low + start * spread, low + spread
    open_, low = np.where(held, close / 1.2, open_), np.where(held, close / 1.2, low)
    high = np.where(held, close, high)
    floor, ceiling = np.maximum(bar.lower, 0.01), bar.upper
    open_, high, low = (np.clip(np.round(price, 2), floor, ceiling) for price in (open_, high, low))
    bars.open[day] = np.where(traded, open_, close)
    bars.high[day] = np.where(traded, np.maximum(high, np.maximum(open_, close)), close)
    bars.low[day] = np.where(traded, np.minimum(low, np.minimum(open_, close)), close)
    bars.close[day] = close


def _trade(bars: Bars, day: int, shocks: Shocks, shares: Floats, traded: Bools) -> None:
    """Volume and amount of the day, and what the planted signal reads of it."""
    high, low, close = bars.high[day], bars.low[day], bars.close[day]
    spread = high - low
    quiet = np.where(spread < 0.005, 0.15, 1)
    turnover = np.minimum(np.exp(shocks.log_turnover[day]), 0.6) * quiet
    volume = np.maximum(np.round(turnover * shares / LOT), 1) * LOT
    leaning = 0.5 + 0.35 * (shocks.position[day] - 0.5) + 0.08 * shocks.cut[day]
    average = low + spread * np.clip(leaning, 0.03, 0.97)
    bars.volume[day] = np.where(traded, volume, 0)
    bars.amount[day] = np.where(traded, np.round(volume * average, 2), 0)
    if day:
        change = close * bars.factor[day] / (bars.close[day - 1] * bars.factor[day - 1]) - 1
        excess = among_traded(np.nan_to_num(change), traded)
        excess /= max(float(np.sqrt((excess**2).sum() / max(traded.sum(), 1))), 1e-9)
        bars.follow[day] = among_traded(follow_through(high, low, close, excess), traded)
    log_turnover = among_traded(np.log(volume / shares), traded)
    before = bars.turnover[day - 1] if day else np.full(len(shares), np.nan)
    bars.turnover[day] = np.where(traded, log_turnover, before)


def _record(
    bars: Bars, day: int, factor: Floats, shares: Floats, is_st: Bools, present: Bools, traded: Bools
) -> None:
    """Keep the rest of the day, and nothing of stocks that are not in the market."""
    bars.factor[day] = factor
    bars.shares[day] = shares
    bars.is_st[day] = is_st & present
    bars.present[day] = present
    bars.traded[day] = traded
    for prices in (bars.open, bars.high, bars.low, bars.close):
        prices[day, ~present] = np.nan
