"""How bars and facts become the arrays of a `DailyMarket`: masked, placed, with factors, ST and states settled.

Shapes: D trading days × N stocks, as in `daily`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.daily import DELISTING, GONE, SUSPENDED, Bools, DailyMarket, Dates, Floats, carried
from gangru.market.listings import Spells, gone_rows, spells_of
from gangru.market.placing import Placed, placed
from gangru.market.standing import SOURCES as ST_SOURCES
from gangru.market.standing import (
    Evidence,
    Flags,
    deciding_source,
    disagreements,
    in_delisting_period,
    settled,
    spans,
    st_by_absence,
    st_by_name,
    st_by_table,
)

if TYPE_CHECKING:
    from gangru.market.facts import Facts


def known_factors(told: Floats, close: Floats) -> Floats:
    """The factor of each day, (D, N), from those `told` with the bars; NaN before a stock first trades.

    A missing factor is the last one. A stock that traded before its first factor has 1 until then, and from then on
    its factors are relative to that first one: their beginning is no return, and looks at nothing later.
    """
    factor = carried(told)
    traded = ~np.isnan(close)
    begin = traded.argmax(axis=0)
    late = np.flatnonzero(traded.any(axis=0) & np.isnan(factor[begin, np.arange(close.shape[1])]))
    if len(late):
        own = factor[:, late]
        known = ~np.isnan(own)
        first = np.where(known.any(axis=0), own[known.argmax(axis=0), np.arange(len(late))], 1.0)
        factor[:, late] = np.where(known, own / first, 1.0)
        for k in late.tolist():
            factor[: begin[k], k] = np.nan
    return factor


@dataclass(frozen=True)
class Loaded:
    """The market as arrays, and what was decided on the way: counts of bars, by what was done with them."""

    market: DailyMarket
    counts: dict[str, int]


def daily_market(
    bars: pl.DataFrame, securities: pl.DataFrame, calendar: Dates, facts: "Facts | None" = None
) -> DailyMarket:
    """Scatter bars into (date, stock) arrays, as `loaded_market` does."""
    return loaded_market(bars, securities, calendar, facts).market


def loaded_market(
    bars: pl.DataFrame, securities: pl.DataFrame, calendar: Dates, facts: "Facts | None" = None
) -> Loaded:
    """Scatter bars into (date, stock) arrays.

    `bars` and `securities` have the columns of `market.schema`; `calendar` are ascending trading days, and those from
    the first bar to the last make the date axis. Suspended rows and rows without volume are masked, and those inside
    an interval of suspension. Missing factors are those of `known_factors`. A missing listing date is the first
    bar's; a stock there on the first day of all is taken as listed long before. With `facts` codes are identities,
    ST comes from the best source that knows, and listings have ends; each day's state is that of intervals that hold
    on the day, save the last day of a listing, which is announced before it. Raises MarketError where there are no
    bars.
    """
    moved = (bars["volume"].fill_null(0) > 0).to_numpy()
    flagged = bars["suspended"].fill_null(value=False).to_numpy()
    place = placed(bars, calendar, facts.identities if facts else None, moved & ~flagged)
    halted, counts = halts(flagged, moved, place, facts)
    live = place.used & ~halted & moved
    at = place.at[live]

    def scatter(name: str) -> Floats:
        out = np.full(place.shape, np.nan)
        out.ravel()[at] = bars[name].cast(pl.Float64).to_numpy()[live]
        return out

    close = scatter("close")
    is_st, st_counts = st_states(bars, place, facts, ~np.isnan(close))
    spells = spells_of(place.codes, securities, facts.listings if facts else None, first_bars(place))
    market = DailyMarket(
        dates=place.dates,
        codes=place.codes,
        open=scatter("open"),
        high=scatter("high"),
        low=scatter("low"),
        close=close,
        factor=known_factors(scatter("factor"), close),
        volume=scatter("volume"),
        amount=scatter("amount"),
        float_shares=scatter("float_shares"),
        is_st=is_st,
        list_date=spells.first(len(place.codes)),
        status=statuses(place, spells, calendar, facts, halted),
        relisted=spells.again(len(place.codes)),
    )
    return Loaded(market, place.counts | counts | st_counts)


def halts(flagged: Bools, moved: Bools, place: Placed, facts: "Facts | None") -> tuple[Bools, dict[str, int]]:
    """Which bars are of a suspended day, (rows,): `flagged`, or in an interval of suspension; `moved` had volume."""
    if facts is None or facts.suspensions.is_empty():
        return flagged, {}
    inside = np.zeros(place.shape, dtype=bool)
    for rows, stock in spans(facts.suspensions, place.dates, place.codes):
        inside[rows, stock] = True
    masked = np.zeros(len(flagged), dtype=bool)
    masked[place.used] = inside.ravel()[place.at[place.used]]
    traded = masked & ~flagged & moved
    return flagged | masked, {"bars with volume inside a suspension": int(traded.sum())}


def st_states(
    bars: pl.DataFrame, place: Placed, facts: "Facts | None", traded: Bools
) -> tuple[Flags, dict[str, int]]:
    """The ST state of every day, (D, N), and on how many traded days which source decided or was overruled."""
    flags = bars["is_st"].cast(pl.Int8).fill_null(-1).to_numpy()
    guessed = bars["st_inferred"].fill_null(value=False).to_numpy()

    def scattered(rows: Bools) -> Flags:
        out = np.full(place.shape, -1, dtype=np.int8)
        out.ravel()[place.at[rows]] = flags[rows]
        return out

    nothing = np.full((1, 1), -1, dtype=np.int8)
    told = facts is not None and len(facts.st) > 0
    named = facts is not None and len(facts.names) > 0
    table = st_by_table(facts.st, place.dates, place.codes) if facts and told else nothing
    evidence = Evidence(
        observed=scattered(place.used & ~guessed),
        table=table,
        name=st_by_name(facts.names, place.dates, place.codes) if facts and named else nothing,
        inferred=scattered(place.used & guessed),
        absence=st_by_absence(table, facts.st, place.dates) if facts and told else nothing,
    )
    source = deciding_source(evidence)
    counts = {f"ST by {name}": int(((source == k) & traded).sum()) for k, name in enumerate(ST_SOURCES)}
    counts["ST not known"] = int(((source < 0) & traded).sum())
    overruled = {f"ST: {pair}": count for pair, count in disagreements(evidence, traded).items()}
    return settled(evidence), counts | overruled


def statuses(
    place: Placed,
    spells: Spells,
    calendar: Dates,
    facts: "Facts | None",
    halted: Bools,
) -> NDArray[np.int8]:
    """What each day is for each stock, (D, N): of several, gone goes before suspended before the delisting period."""
    status = np.zeros(place.shape, dtype=np.int8)
    if facts is not None:
        for rows, stock in in_delisting_period(facts.names, place.dates, place.codes):
            status[rows, stock] = DELISTING
        for rows, stock in spans(facts.suspensions, place.dates, place.codes):
            status[rows, stock] = SUSPENDED
    status.ravel()[place.at[place.used & halted]] = SUSPENDED
    for rows, stock in gone_rows(spells, place.dates, calendar):
        status[rows, stock] = GONE
    return status


def first_bars(place: Placed) -> Dates:
    """The day of each stock's first bar, (N,); NaT where that is the first day of all, or none is on the axis."""
    there = np.zeros(place.shape, dtype=bool)
    there.ravel()[place.at[place.used]] = True
    first = np.where(there.any(axis=0), there.argmax(axis=0), len(place.dates))
    day = np.append(place.dates, np.datetime64("NaT"))[first]
    return np.where(first == 0, np.datetime64("NaT"), day).astype("datetime64[D]")
