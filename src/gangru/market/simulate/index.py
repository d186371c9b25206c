"""Indices of a simulated market: their members and their daily bars.

Legend: D trading days × N stocks, K indices.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from gangru.market.daily import Bools, Dates, Floats
from gangru.market.schema import INDEX_BARS, MEMBERS
from gangru.market.simulate.bars import Bars
from gangru.market.simulate.frames import as_table
from gangru.market.simulate.population import Population
from gangru.market.simulate.spells import spells

START_LEVEL = 1000.0


@dataclass(frozen=True)
class IndexRule:
    """An index of the stocks whose tradable value ranks within a span of shares, largest first."""

    code: str
    largest: float
    smallest: float


INDICES = (
    IndexRule("000300.SH", 0.0, 0.3),
    IndexRule("000905.SH", 0.3, 0.6),
    IndexRule("000985.SH", 0.0, 1.0),
)


def index_tables(bars: Bars, population: Population, dates: Dates) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Index bars and members, as the store's tables; weights are tradable values, reviewed twice a year."""
    value = np.where(bars.present, bars.close * bars.shares, np.nan)
    quotes, members = [], []
    for rule in INDICES:
        inside = _membership(value, dates, rule)
        quotes.append(_index_bars(bars, value, inside, dates, rule.code))
        members.append(_intervals(inside, population, dates, rule.code))
    return pl.concat(quotes).sort("date", "code"), pl.concat(members)


def _membership(value: Floats, dates: Dates, rule: IndexRule) -> Bools:
    """Who is a member on each day, (D, N); a review sees the day before, the first one its own day."""
    months = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    late = np.isin(months, (6, 12)) & (day >= 15)
    reviews = [0, *(np.flatnonzero(late[1:] & ~late[:-1]) + 1).tolist()]
    inside = np.zeros(value.shape, dtype=bool)
    for start, stop in zip(reviews, [*reviews[1:], len(dates)], strict=True):
        seen = value[max(start - 1, 0)]
        rank = np.argsort(np.argsort(np.where(np.isnan(seen), np.inf, -seen), kind="stable"))
        count = np.count_nonzero(~np.isnan(seen))
        chosen = (rank >= round(rule.largest * count)) & (rank < round(rule.smallest * count))
        inside[start:stop] = chosen & ~np.isnan(value[start:stop])
    return inside


def _index_bars(bars: Bars, value: Floats, inside: Bools, dates: Dates, code: str) -> pl.DataFrame:
    """A chain of value-weighted returns; the day's range is half of what the members' ranges add up to."""
    days = len(dates)
    weight = np.zeros(value.shape)
    weight[1:] = np.where(inside[1:] & ~np.isnan(value[:-1]), value[:-1], 0)
    weight[0] = np.where(inside[0], np.nan_to_num(value[0]), 0)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1)
    base = bars.close * bars.factor
    before = np.concatenate([base[:1], base[:-1]])

    def moved(prices: Floats) -> Floats:
        return np.asarray((weight * np.nan_to_num(prices * bars.factor / before - 1)).sum(axis=1))

    close_move = moved(bars.close)
    level = START_LEVEL * np.cumprod(1 + close_move)
    previous = np.concatenate([[START_LEVEL], level[:-1]])
    start = previous * (1 + moved(bars.open))
    top, bottom = np.maximum(start, level), np.minimum(start, level)
    high = top + 0.5 * np.maximum(previous * (1 + moved(bars.high)) - top, 0)
    low = bottom - 0.5 * np.maximum(bottom - previous * (1 + moved(bars.low)), 0)
    return as_table(
        {
            "code": [code] * days,
            "date": dates,
            "open": np.round(start, 3),
            "high": np.round(high, 3),
            "low": np.round(low, 3),
            "close": np.round(level, 3),
            "volume": np.where(inside, np.nan_to_num(bars.volume), 0).sum(axis=1),
            "amount": np.round(np.where(inside, np.nan_to_num(bars.amount), 0).sum(axis=1), 2),
        },
        INDEX_BARS,
    )


def _intervals(inside: Bools, population: Population, dates: Dates, code: str) -> pl.DataFrame:
    """Membership as half-open intervals: from one change to the next, null where it lasts."""
    runs = spells(np.where(inside, 0, -1))
    frame = {
        "index": [code] * len(runs.stock),
        "code": population.codes[runs.stock],
        "start": runs.starts(dates),
        "end": runs.ends(dates),
    }
    return as_table(frame, MEMBERS)
