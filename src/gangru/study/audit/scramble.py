"""The scrambled twin: a store with the same past up to a day, and noise after it in every table of the market."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from gangru.market.daily import Dates
from gangru.market.schema import (
    BARS,
    BOOKKEEPING,
    CALENDAR,
    CODE_CHANGES,
    INDEX_BARS,
    LISTINGS,
    SECURITIES,
    TABLES,
)
from gangru.market.store import Store
from gangru.study.audit.future import Future, draw_future
from gangru.study.audit.scramble_bars import other_bars, other_index_bars
from gangru.study.audit.scramble_facts import (
    other_code_changes,
    other_intervals,
    other_listings,
    other_securities,
)

Scrambled = tuple[pl.DataFrame, int]
OF_TABLE: dict[str, Callable[[pl.DataFrame, Future], Scrambled]] = {
    BARS.name: other_bars,
    INDEX_BARS.name: other_index_bars,
    LISTINGS.name: other_listings,
    SECURITIES.name: other_securities,
    CODE_CHANGES.name: other_code_changes,
}


def scrambled(name: str, frame: pl.DataFrame, future: Future) -> Scrambled:
    """A table with everything after the day replaced, and how many rows that touched.

    Trading days are known ahead and stay. Of the rest nothing later than the day is taken over.
    """
    if name == CALENDAR.name:
        return frame, 0
    if name in OF_TABLE:
        return OF_TABLE[name](frame, future)
    return other_intervals(name, frame, future)


def write_twin(
    store: Store,
    calendar: Dates,
    day: date,
    seed: int,
    where: Path,
) -> dict[str, int]:
    """Write the twin of `store` after `day` to a new store at `where`; the rows scrambled, by table.

    `calendar` are the trading days, reaching past the data. The store itself is only read.
    """
    twin = Store.open(where)
    bars = store.read(BARS.name)
    future = draw_future(store, bars, calendar, day, seed)
    rows = {}
    for name, table in TABLES.items():
        if name in BOOKKEEPING:
            continue
        frame, rows[name] = scrambled(name, bars if name == BARS.name else store.read(name), future)
        if name == BARS.name:
            del bars
        if len(frame):
            twin.upsert(table, frame)
        del frame
    return {name: count for name, count in rows.items() if count}
