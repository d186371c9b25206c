"""A simulated market's arrays as the store's tables of bars, securities and industries.

Legend: D trading days × N stocks.
"""

from typing import Any

import numpy as np
import polars as pl

from gangru.market.daily import Dates
from gangru.market.schema import BARS, INDUSTRY, SECURITIES, Table
from gangru.market.simulate.bars import Bars
from gangru.market.simulate.industries import (
    CITIC,
    NEW_EDITION,
    SHENWAN,
    in_citic,
    with_new_edition,
)
from gangru.market.simulate.population import Population
from gangru.market.simulate.spells import spells


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


def securities_frame(listings: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Codes, their last names, their first listing dates, and the first day without the stock where it has left."""
    listed = listings.group_by("code").agg(
        pl.col("start").min().alias("list_date"),
        pl.col("end").sort_by("start").last().alias("delist_date"),
    )
    last = names.group_by("code").agg(pl.col("name").sort_by("start").last())
    return as_table(listed.join(last, on="code").sort("code").to_dict(as_series=True), SECURITIES)


def industry_frame(population: Population, dates: Dates, taxonomy: str) -> pl.DataFrame:
    """Each stock's industries as half-open intervals, the first from its listing, the last open.

    By two taxonomies: the one named, which follows Shenwan's change of edition, and CITIC's, or Shenwan's beside
    CITIC's; of a new edition only a span that reaches it knows.
    """
    other = CITIC if taxonomy != CITIC else SHENWAN
    return pl.concat([_classified(population, dates, name, name == CITIC) for name in (taxonomy, other)])


def _classified(population: Population, dates: Dates, taxonomy: str, citic: bool) -> pl.DataFrame:
    """The industry intervals of one taxonomy."""
    elsewhere = population.classes.citic
    runs = spells(np.where(elsewhere >= 0, elsewhere, population.industry) if citic else population.industry)
    start = np.where(runs.start == 0, population.list_date[runs.stock], runs.starts(dates))
    names = np.array(population.industry_names)
    frame = {
        "code": population.codes[runs.stock],
        "start": start,
        "end": runs.ends(dates),
        "taxonomy": [taxonomy] * len(start),
        "industry": names[runs.state],
    }
    table = as_table(frame, INDUSTRY).filter(pl.col("end").is_null() | (pl.col("end") > pl.col("start")))
    if citic:
        return table.with_columns(in_citic(table["industry"]))
    if dates[-1] < np.datetime64(NEW_EDITION):
        return table
    return with_new_edition(table, pl.Series(population.codes[population.classes.splits_off]))
