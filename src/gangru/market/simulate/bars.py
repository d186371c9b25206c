"""The daily recursion: from shocks to bars that keep the exchange's rules.

Legend: D trading days × N stocks. Prices of a bar are raw yuan; the latent price is back-adjusted and never rounded, so
that a rounded cent never comes back as a return.
"""

from dataclasses import dataclass

import numpy as np

from gangru.market.daily import Bools, Dates, Floats
from gangru.market.rules import LONG_LISTED, Days, limit_prices, to_cents
from gangru.market.simulate.events import Events
from gangru.market.simulate.population import Population
from gangru.market.simulate.settings import SimulateSettings
from gangru.market.simulate.shocks import Shocks
from gangru.market.simulate.signal import SPAN, among_traded, follow_through, planted_return
from gangru.market.simulate.standing import Standing, first_standing, review

LOT = 100
TICK = 0.01
INTRADAY_SHARE = 0.7  # of the day's move
FREE_REACH = 0.6  # where there is no limit
FREE_SCALE = 4.0  # of the moves on a delisting period's first day, and on that of a second listing
FREE_LEAVING = np.datetime64(
    "2020-12-31"
)  # a delisting period that begins from here on has a first day without limit


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
    leaving: Bools  # in the delisting period
    free: Bools  # no limit by the day's occasion: a second listing, or a delisting period's first day
    lower: Floats  # the day's limits, 0 and infinite where there are none
    upper: Floats
    present: Bools  # listed
    traded: Bools
    follow: Floats  # close position × excess return, for the planted signal; 0 where not traded
    turnover: Floats  # log turnover over the day's mean, the last one in a gap; NaN before the listing


@dataclass
class State:
    """What a day leaves to the next, (N,) each.

    Latent price, factor, shares, raw close, the last adjusted close that was traded, days missed since, and the planted
    return of those days.
    """

    latent: Floats
    factor: Floats
    shares: Floats
    close: Floats
    adjusted: Floats
    missed: Floats
    owed: Floats


@dataclass(frozen=True)
class Day:
    """A day's close and what it is seen against, (N,) each."""

    traded: Bools
    first: Bools  # first day in the market: no close before
    held: Bools  # first day of a listing under the old rules, up 44 % on the issue price
    wild: Floats  # the day's moves over the usual ones
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
    """Run the market day by day; day d uses the shocks and events of d, and bars up to d − 1."""
    days, n = shocks.surprise.shape
    bars, history = _empty(days, n), np.empty((days, n))
    standing = first_standing(population, settings, rng)
    state = State(
        latent=population.price * population.factor,
        factor=population.factor,
        shares=population.shares,
        close=population.price,
        adjusted=np.full(n, np.nan),
        missed=np.zeros(n),
        owed=np.zeros(n),
    )
    for day in range(days):
        review(standing, day, history, population, settings, rng)
        present = (population.first_row <= day) & ~standing.is_gone(day)
        bars.is_st[day], bars.leaving[day] = standing.is_st(day) & present, standing.is_leaving(day)
        bars.free[day] = _free_days(day, dates[day], standing, population)
        planted = planted_return(bars.follow, bars.turnover, day, settings.strength) * present
        bar = _close_day(
            day, bars, state, population, events, dates[day], settings.drift, present, planted, shocks
        )
        history[day] = state.latent
        _record(bars, day, state, present, bar)
        _cut(bars, day, bar, shocks)
        _trade(bars, day, shocks, state, bar.traded)
        for prices in (bars.open, bars.high, bars.low, bars.close):
            prices[day, ~present] = np.nan
    return bars


def _free_days(day: int, date: np.datetime64, standing: Standing, population: Population) -> Bools:
    """Who has no limit on the day by its occasion, (N,)."""
    begins = standing.is_leaving(day) & ~standing.is_leaving(day - 1) & (date >= FREE_LEAVING)
    return np.asarray(begins | (population.returns == day))


def _close_day(
    day: int,
    bars: Bars,
    state: State,
    population: Population,
    events: Events,
    date: np.datetime64,
    drift: float,
    present: Bools,
    planted: Floats,
    shocks: Shocks,
) -> Day:
    """Move the prices by what is planted, what surprises and what all stocks share, as far as the limits let them.

    Changes `state`. The bounds lie symmetrically around the shared return, so that they take nothing from what is to be
    expected. The days missed in a suspension are made up for, so many as a label can cover.
    """
    traded = present & ~(events.suspended[day] & ~bars.leaving[day])
    age = np.where(population.is_new, day - population.first_row, LONG_LISTED)
    first = traded & (age == 0) if day else present
    going_on = traded & ~first
    reference = _ex_day(day, state, events, going_on & ~bars.free[day])
    lower, upper, reach = _limits(population, date, reference, bars.is_st[day], age, bars.free[day])
    shared = drift * (np.minimum(state.missed, SPAN) + 1)
    bound = np.maximum(reach - np.abs(shared), 0)
    wild = np.where(bars.free[day], FREE_SCALE, 1.0)
    move = planted + state.owed + wild * shocks.surprise[day]
    grown = state.latent * (1 + shared + np.clip(move, -bound, bound))
    state.latent = np.where(going_on, grown, state.latent)
    raw = np.round(state.latent / state.factor, 2)
    bounded = np.where(move > bound, upper, np.where(move < -bound, lower, np.clip(raw, lower, upper)))
    bounded = np.where(np.isinf(upper), raw, bounded)
    state.close = np.where(traded, np.maximum(np.where(first, raw, bounded), TICK), state.close)
    state.missed = np.where(traded, 0, state.missed + present)
    state.owed = np.where(traded | (state.missed > SPAN), 0, state.owed + planted)
    held = first & (day > 0) & np.isfinite(upper)
    return Day(traded, first, held, wild, np.where(first, state.close, reference), lower, upper, state.close)


def _empty(days: int, n: int) -> Bars:
    def floats() -> Floats:
        return np.full((days, n), np.nan)

    def flags() -> Bools:
        return np.zeros((days, n), dtype=bool)

    return Bars(
        open=floats(), high=floats(), low=floats(), close=floats(), factor=floats(), volume=floats(),
        amount=floats(), shares=floats(), is_st=flags(), leaving=flags(), free=flags(), lower=floats(), upper=floats(),
        present=flags(), traded=flags(),
        follow=np.zeros((days, n)), turnover=floats(),
    )  # fmt: skip


def _ex_day(day: int, state: State, events: Events, going_on: Bools) -> Floats:
    """The day's reference price, (N,), by the exchange's formula for dividends, bonus and rights shares.

    Changes factor and shares in `state`; the holder is taken to buy the shares that the rights give.
    """
    dividend = np.where(going_on, np.round(state.close * events.dividend[day], 2), 0)
    bonus = np.where(going_on, events.bonus[day], 0)
    rights = np.where(going_on, events.rights[day], 0)
    rights_price = np.round(state.close * events.rights_price[day], 2)
    exact = ex_price(state.close, dividend, bonus, rights, rights_price)
    changed = (dividend > 0) | (bonus > 0) | (rights > 0)
    state.factor = np.where(changed, state.factor * state.close / exact, state.factor)
    unlocked = np.where(going_on, events.unlocked[day], 0)
    state.shares = np.round(state.shares * (1 + bonus + rights) * (1 + unlocked))
    return np.where(changed, to_cents(exact) / 100, state.close)


def ex_price(close: Floats, dividend: Floats, bonus: Floats, rights: Floats, rights_price: Floats) -> Floats:
    """The exchange's reference price of an ex-day in yuan before rounding, (N,).

    From the last close, the cash paid a share, bonus and rights shares for each share, and the price of the latter.
    """
    return (close - dividend + rights * rights_price) / (1 + bonus + rights)


def _limits(
    population: Population, date: np.datetime64, reference: Floats, is_st: Bools, age: Days, occasion: Bools
) -> tuple[Floats, Floats, Floats]:
    """The day's limit prices, open-ended where there are none, and how far the latent return may go."""
    lower, upper = limit_prices(
        population.codes,
        np.array([date]),
        reference[None],
        is_st[None].astype(np.int8),
        age[None],
        free=occasion[None],
    )
    free = np.isnan(upper[0])
    reach = np.where(free, FREE_REACH, np.round(upper[0] / reference - 1, 2))
    return np.where(free, 0, lower[0]), np.where(free, np.inf, upper[0]), reach


def _cut(bars: Bars, day: int, bar: Day, shocks: Shocks) -> None:
    """Cut the day into open, high, low and close; without trading all four are the last close."""
    close, moved = bar.close, bar.close - bar.reference
    scale = shocks.volatility[day] * bar.wild * bar.reference
    at_limit = (close >= bar.upper) | (close <= bar.lower)
    spread = np.maximum(1.25 * scale * shocks.spread[day] + 0.5 * np.abs(moved), 2 * TICK)
    spread = np.where(at_limit & shocks.sealed[day], 0, spread)
    position = shocks.position[day]
    low = close - position * spread
    intraday = INTRADAY_SHARE * moved + 0.3 * scale * shocks.fade[day]
    start = np.clip(position - intraday / np.where(spread > 0, spread, 1), 0, 1)
    start = np.where(bar.held, close / 1.2, low + start * spread)
    high = np.where(bar.held, close, low + spread)
    low = np.where(bar.held, start, low)
    floor = np.maximum(bar.lower, TICK)
    start, high, low = (np.clip(np.round(price, 2), floor, bar.upper) for price in (start, high, low))
    bars.open[day] = np.where(bar.traded, start, close)
    bars.high[day] = np.where(bar.traded, np.maximum(high, np.maximum(start, close)), close)
    bars.low[day] = np.where(bar.traded, np.minimum(low, np.minimum(start, close)), close)
    bars.close[day] = close


def _trade(bars: Bars, day: int, shocks: Shocks, state: State, traded: Bools) -> None:
    """Volume and amount of the day, and what the planted signal reads of it; keeps the adjusted close in `state`."""
    shares = state.shares
    high, low, close = bars.high[day], bars.low[day], bars.close[day]
    spread = high - low
    quiet = np.where(spread < 0.005, 0.15, 1)
    turnover = np.minimum(np.exp(shocks.log_turnover[day]), 0.6) * quiet
    volume = np.maximum(np.round(turnover * shares / LOT), 1) * LOT
    leaning = 0.5 + 0.35 * (shocks.position[day] - 0.5) + 0.08 * shocks.cut[day]
    average = low + spread * np.clip(leaning, 0.03, 0.97)
    bars.volume[day] = np.where(traded, volume, 0)
    bars.amount[day] = np.where(traded, np.round(volume * average, 2), 0)
    adjusted = close * bars.factor[day]
    if day:
        excess = among_traded(np.nan_to_num(adjusted / state.adjusted - 1), traded)
        excess /= max(float(np.sqrt((excess**2).sum() / max(traded.sum(), 1))), 1e-9)
        bars.follow[day] = among_traded(follow_through(high, low, close, excess), traded)
    state.adjusted = np.where(traded, adjusted, state.adjusted)
    log_turnover = among_traded(np.log(volume / shares), traded)
    before = bars.turnover[day - 1] if day else np.full(len(shares), np.nan)
    bars.turnover[day] = np.where(traded, log_turnover, before)


def _record(bars: Bars, day: int, state: State, present: Bools, bar: Day) -> None:
    """Keep the day's state, limits and flags."""
    bars.factor[day] = state.factor
    bars.shares[day] = state.shares
    bars.lower[day], bars.upper[day] = bar.lower, bar.upper
    bars.present[day] = present
    bars.traded[day] = bar.traded
