"""A simulated market's facts with a duration: listings, names, ST, suspensions, and changes of code.

All under the codes of the last day. Legend: D trading days × N stocks.
"""

import numpy as np
import polars as pl

from gangru.market.daily import Bools, Dates
from gangru.market.schema import CODE_CHANGES, LISTINGS, NAMES, ST, SUSPENSIONS, Table
from gangru.market.simulate.bars import Bars
from gangru.market.simulate.frames import as_table
from gangru.market.simulate.population import Population
from gangru.market.simulate.spells import spells

ABSENT, PLAIN, SPECIAL, LEAVING = -1, 0, 1, 2
SPELLINGS = {PLAIN: "{}", SPECIAL: "ST {}", LEAVING: "{} 退"}  # as the exchanges mark names


def listings_frame(bars: Bars, population: Population, dates: Dates) -> pl.DataFrame:
    """When each stock was listed: from the listing date, open where it is still there."""
    return _spans(bars.present, population, dates, LISTINGS)


def st_frame(bars: Bars, population: Population, dates: Dates) -> pl.DataFrame:
    """When each stock was ST; what began before the span begins with it."""
    return _spans(bars.is_st, population, dates, ST)


def suspensions_frame(bars: Bars, population: Population, dates: Dates) -> pl.DataFrame:
    """When each listed stock did not trade."""
    return _spans(bars.present & ~bars.traded, population, dates, SUSPENSIONS)


def names_frame(bars: Bars, population: Population, dates: Dates) -> pl.DataFrame:
    """Invented names, with ST before them while the stock is ST, and 退 behind them in its delisting period."""
    state = np.where(bars.leaving, LEAVING, np.where(bars.is_st, SPECIAL, PLAIN))
    runs = spells(np.where(bars.present, state, ABSENT))
    given = [
        SPELLINGS[state].format(f"Simulated {population.codes[stock][:6]}")
        for stock, state in zip(runs.stock.tolist(), runs.state.tolist(), strict=True)
    ]
    start = np.where(runs.start == 0, population.list_date[runs.stock], runs.starts(dates))
    frame = {"code": population.codes[runs.stock], "start": start, "end": runs.ends(dates), "name": given}
    return as_table(frame, NAMES)


def code_changes_frame(bars: Bars, population: Population, dates: Dates) -> pl.DataFrame:
    """Codes that changed while the stock was listed, with the first day of the new one."""
    made = [change for change in population.code_changes if bars.present[change.row, change.stock]]
    frame = {
        "old": [change.old for change in made],
        "code": [str(population.codes[change.stock]) for change in made],
        "date": dates[[change.row for change in made]] if made else dates[:0],
    }
    return as_table(frame, CODE_CHANGES)


def _spans(where: Bools, population: Population, dates: Dates, table: Table) -> pl.DataFrame:
    """Half-open intervals of the days marked, (D, N); a listing begins on its own date."""
    runs = spells(np.where(where, PLAIN, ABSENT))
    start = runs.starts(dates)
    if table is LISTINGS:
        start = np.where(runs.start == 0, population.list_date[runs.stock], start)
    frame = {"code": population.codes[runs.stock], "start": start, "end": runs.ends(dates)}
    return as_table(frame, table)
