"""A simulated market's arrays as the store's tables."""

from typing import Any

import numpy as np
import polars as pl

from gangru.market.daily import Dates
from gangru.market.schema import BARS, INDUSTRY, SECURITIES, Table
from gangru.market.simulate.bars import Bars
from gangru.market.simulate.population import Population


def as_table(columns: dict[str, Any], table: Table) -> pl.DataFrame:
    """Columns as a table of the store, in its order and types."""
    return pl.DataFrame(columns).select(pl.col(name).cast(kind) for name, kind in table.columns.items())


def bars_frame(bars: Bars, population: Population, dates: Dates) -> pl.DataFrame:
    """One row for every listed stock and day; a suspended one carries its prices and has no volume."""
    row, column = np.nonzero(bars.present)
    at = (row, column)
    frame = {
        "code": population.codes[column],
        "date": dates[row],
        "open": bars.open[at],
        "high": bars.high[at],
        "low": bars.low[at],
        "close": bars.close[at],
        "factor": bars.factor[at],
        "volume": bars.volume[at],
        "amount": bars.amount[at],
        "float_shares": bars.shares[at],
        "is_st": bars.is_st[at],
        "suspended": ~bars.traded[at],
        "amount_est": np.zeros(len(row), dtype=bool),
        "shares_est": np.zeros(len(row), dtype=bool),
        "st_inferred": np.zeros(len(row), dtype=bool),
    }
    return as_table(frame, BARS)


def securities_frame(bars: Bars, population: Population, dates: Dates) -> pl.DataFrame:
    """Codes, invented names, listing dates, and the first day without the stock where it has left."""
    gone = ~bars.present[-1]
    last = len(dates) - 1 - np.argmax(bars.present[::-1], axis=0)
    left = np.where(gone, dates[np.minimum(last + 1, len(dates) - 1)], np.datetime64("NaT"))
    frame = {
        "code": population.codes,
        "name": [f"Simulated {code[:6]}" for code in population.codes],
        "list_date": population.list_date,
        "delist_date": left,
    }
    return as_table(frame, SECURITIES)


def industry_frame(population: Population, dates: Dates, taxonomy: str) -> pl.DataFrame:
    """Each stock's industries as half-open intervals, the first from its listing, the last open."""
    names = np.array(population.industry_names)
    changed = np.vstack(
        [np.ones((1, len(population.codes)), dtype=bool), np.diff(population.industry, axis=0) != 0]
    )
    column, row = np.nonzero(changed.T)
    start = np.where(row == 0, population.list_date[column], dates[row])
    follows = np.append(column[1:] == column[:-1], False)
    end = np.where(follows, np.append(start[1:], np.datetime64("NaT")), np.datetime64("NaT"))
    frame = {
        "code": population.codes[column],
        "start": start,
        "end": end,
        "taxonomy": [taxonomy] * len(row),
        "industry": names[population.industry[row, column]],
    }
    table = as_table(frame, INDUSTRY)
    return table.filter(pl.col("end").is_null() | (pl.col("end") > pl.col("start")))
