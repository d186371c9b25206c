"""The simulated market: an A-share-like market from a seed, with a signal whose best prediction is known.

Legend: D trading days × N stocks.
"""

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import SettingsError
from gangru.market.calendar import exchange_days
from gangru.market.daily import (
    DELISTING,
    GONE,
    LISTED,
    SUSPENDED,
    Bools,
    DailyMarket,
    Dates,
    Floats,
    carried,
)
from gangru.market.simulate.bars import Bars, make_bars
from gangru.market.simulate.counts import counts_of
from gangru.market.simulate.events import draw_events
from gangru.market.simulate.facts import (
    code_changes_frame,
    listings_frame,
    names_frame,
    st_frame,
    suspensions_frame,
)
from gangru.market.simulate.frames import bars_frame, industry_frame, securities_frame
from gangru.market.simulate.index import index_tables
from gangru.market.simulate.population import Population, draw_population
from gangru.market.simulate.settings import SimulateSettings
from gangru.market.simulate.shocks import draw_shocks
from gangru.market.simulate.signal import SPAN, expected_labels, signal_parts
from gangru.market.universe import UniverseSettings, universe

CALENDAR_AHEAD = 300  # calendar days beyond the last bar: holidays are announced beforehand
FEWEST_DAYS = 100


@dataclass(frozen=True)
class SimulatedMarket:
    """A simulated market's tables, in the columns of `market.schema`, and what is known of its signal.

    All are under the codes of the last day; `write_market` puts bars under the codes of their own.
    `expected` has date, code, expected: the expected label (close of t+1 to close of t+21) of every eligible stock,
    a function of bars up to t. `best_ic` is the mean daily Spearman correlation of it with the realised label,
    `best_ic_pearson` the same by Pearson; 0 without a signal. `shares` are the parts of the signal's variance.
    """

    settings: SimulateSettings
    bars: pl.DataFrame
    securities: pl.DataFrame
    industry: pl.DataFrame
    index_bars: pl.DataFrame
    members: pl.DataFrame
    names: pl.DataFrame
    st: pl.DataFrame
    suspensions: pl.DataFrame
    listings: pl.DataFrame
    code_changes: pl.DataFrame
    calendar: pl.DataFrame
    expected: pl.DataFrame
    best_ic: float
    best_ic_pearson: float
    shares: dict[str, float]
    counts: dict[str, int]

    def summary(self) -> dict[str, object]:
        """What `simulate.json` says: settings, seed, the best possible IC, the signal's parts, counts."""
        return {
            "simulated": True,
            "seed": self.settings.seed,
            "best_ic": self.best_ic,
            "best_ic_pearson": self.best_ic_pearson,
            "signal_variance_shares": self.shares,
            "counts": self.counts,
            "settings": asdict(self.settings),
        }


def simulate(settings: SimulateSettings) -> SimulatedMarket:
    """Make a market from its settings; the same settings give the same tables, byte for byte.

    Raises SettingsError where the span is no span of trading days.
    """
    calendar = simulated_days(settings)
    dates = calendar[calendar <= np.datetime64(settings.last)]
    of_stocks, of_shocks, of_events, of_standing, rare = (
        np.random.default_rng(seed) for seed in np.random.SeedSequence(settings.seed).spawn(5)
    )
    population = draw_population(settings, dates, of_stocks, rare)
    shocks = draw_shocks(population, settings.news, of_shocks, rare)
    events = draw_events(population, dates, settings, of_events, rare)
    bars = make_bars(population, shocks, events, dates, settings, of_standing)
    index_bars, members = index_tables(bars, population, dates)
    known = expected_labels(bars.follow, bars.turnover, settings.strength, settings.drift)
    market = as_daily_market(bars, population, dates)
    eligible = universe(market, dates, UniverseSettings()).eligible & ~np.isnan(known)
    spearman, pearson = best_possible_ic(known, realised_labels(market), eligible)
    listings, names = listings_frame(bars, population, dates), names_frame(bars, population, dates)
    changes = code_changes_frame(bars, population, dates)
    return SimulatedMarket(
        settings=settings,
        bars=bars_frame(bars, population, dates),
        securities=securities_frame(listings, names),
        industry=industry_frame(population, dates, settings.taxonomy),
        index_bars=index_bars,
        members=members,
        names=names,
        st=st_frame(bars, population, dates),
        suspensions=suspensions_frame(bars, population, dates),
        listings=listings,
        code_changes=changes,
        calendar=pl.DataFrame({"date": calendar}).cast(pl.Date),
        expected=_expected_frame(known, eligible, population, dates),
        best_ic=spearman,
        best_ic_pearson=pearson,
        shares=_variance_shares(bars, eligible, settings),
        counts=counts_of(bars, population, events, changes),
    )


def simulated_days(settings: SimulateSettings) -> Dates:
    """Trading days from the first bar to some months past the last; weekdays where the exchange's are not known."""
    try:
        first, last = np.datetime64(settings.first, "D"), np.datetime64(settings.last, "D")
    except ValueError as error:
        raise SettingsError(
            f"simulate.first, simulate.last: expected dates as 2017-01-03; {error}"
        ) from error
    known = exchange_days()
    weekdays = np.arange(first, last + CALENDAR_AHEAD)
    weekdays = weekdays[np.is_busday(weekdays)]
    unknown = weekdays[(weekdays < known[0]) | (weekdays > known[-1])]
    days = np.union1d(known[(known >= first) & (known < last + CALENDAR_AHEAD)], unknown)
    bars = int((days <= last).sum())
    if bars < FEWEST_DAYS:
        raise SettingsError(
            f"simulate.first = {settings.first!r}, simulate.last = {settings.last!r}: {bars} trading days, "
            f"expected at least {FEWEST_DAYS}"
        )
    return np.asarray(days)


def as_daily_market(bars: Bars, population: Population, dates: Dates) -> DailyMarket:
    """The bars as arrays, as `daily_market` reads them from a store."""

    def traded(values: Floats) -> Floats:
        return np.where(bars.traded, values, np.nan)

    return DailyMarket(
        dates=dates,
        codes=population.codes,
        open=traded(bars.open),
        high=traded(bars.high),
        low=traded(bars.low),
        close=traded(bars.close),
        factor=np.where(bars.traded, bars.factor, 1.0),
        volume=traded(bars.volume),
        amount=traded(bars.amount),
        float_shares=traded(bars.shares),
        is_st=np.where(bars.present, bars.is_st, -1).astype(np.int8),
        list_date=population.list_date,
        status=_statuses(bars),
        relisted=np.append(dates, np.datetime64("NaT"))[np.minimum(population.returns, len(dates))][None],
    )


def _statuses(bars: Bars) -> NDArray[np.int8]:
    """What each day is for each stock, (D, N), as `daily_market` has it: gone from the last day of a listing on."""
    absent = ~bars.present & (np.cumsum(bars.present, axis=0) > 0)
    gone = absent.copy()
    gone[:-1] |= absent[1:]
    states = [gone, bars.present & ~bars.traded, bars.leaving]
    return np.select(states, [GONE, SUSPENDED, DELISTING], LISTED).astype(np.int8)


def realised_labels(market: DailyMarket) -> Floats:
    """The default label, (D, N): close of t+1 to close of t+21, the last price carried; sees prices up to t+21."""
    adjusted = market.adjusted("close")
    held = carried(adjusted)
    labels = np.full(adjusted.shape, np.nan)
    labels[: -1 - SPAN] = held[1 + SPAN :] / adjusted[1:-SPAN] - 1
    return labels


def best_possible_ic(expected: Floats, realised: Floats, eligible: Bools) -> tuple[float, float]:
    """Mean daily Spearman and Pearson correlation of expected and realised labels; 0 where nothing is expected."""
    usable = eligible & ~np.isnan(realised)
    by_rank, by_value = [], []
    for day in np.flatnonzero(usable.sum(axis=1) >= 30):
        e, r = expected[day, usable[day]], realised[day, usable[day]]
        if np.ptp(e) > 0:
            by_value.append(np.corrcoef(e, r)[0, 1])
            by_rank.append(np.corrcoef(_ranks(e), _ranks(r))[0, 1])
    if not by_rank:
        return 0.0, 0.0
    return float(np.mean(by_rank)), float(np.mean(by_value))


def _ranks(values: Floats) -> Floats:
    """Average ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])


def _variance_shares(bars: Bars, eligible: Bools, settings: SimulateSettings) -> dict[str, float]:
    """How much of the signal's variance across stocks each part makes up."""
    if settings.strength == 0:
        return {"order_free": 0.0, "order": 0.0}
    parts = [np.where(eligible, part, np.nan) for part in signal_parts(bars.follow, bars.turnover)]
    enough = eligible.sum(axis=1) >= 30
    variances = [float(np.mean(np.nanvar(part[enough], axis=1))) for part in parts]
    return {name: v / sum(variances) for name, v in zip(("order_free", "order"), variances, strict=True)}


def _expected_frame(known: Floats, eligible: Bools, population: Population, dates: Dates) -> pl.DataFrame:
    row, column = np.nonzero(eligible)
    frame = {"date": dates[row], "code": population.codes[column], "expected": known[row, column]}
    return pl.DataFrame(frame).cast({"date": pl.Date})
