"""The data behind an edition as counts: coverage by year, the universe on a date, the quarantine."""

import numpy as np
import polars as pl

from gangru.report.inputs import MarketFacts
from gangru.study.inputs import Inputs

COVERAGE = {
    "year": pl.Int64,
    "days": pl.Int64,
    "stocks": pl.Int64,
    "bars": pl.Int64,
    "no_vwap": pl.Float64,
    "no_shares": pl.Float64,
    "st_unknown": pl.Float64,
}
QUARANTINE_KINDS = ("kind", "reason")


def market_facts(inputs: Inputs, drops: pl.DataFrame, picks_date: str | None, scored: int) -> MarketFacts:
    """Counts of `inputs`, cut to what may be seen; `drops` (date, reason, count) of the factor's making.

    `scored` stocks have a factor on `picks_date`. The quarantine is that of the store today.
    """
    row = None
    if picks_date is not None:
        row = int(np.searchsorted(inputs.market.dates, np.datetime64(picks_date)))
    on_date = drops.filter(pl.col("date").cast(pl.String) == picks_date) if picks_date else drops.clear()
    rows = inputs.workspace.store.read("quarantine").filter(~pl.col("released").fill_null(value=False))
    return MarketFacts(
        coverage=coverage(inputs),
        universe=on_date.select("reason", pl.col("count").cast(pl.Int64)),
        quarantine=rows.group_by(QUARANTINE_KINDS)
        .agg(pl.struct("file", "row").n_unique().cast(pl.Int64).alias("rows"))
        .sort("rows", *QUARANTINE_KINDS, descending=[True, False, False]),
        counted_on=None if row is None else inputs.market.dates[row].astype("datetime64[D]").item(),
        eligible=None if row is None else int(inputs.universe.eligible[row].sum()),
        scored=scored if picks_date else None,
    )


def coverage(inputs: Inputs) -> pl.DataFrame:
    """A row a calendar year: trading days, stocks that traded, bars, and shares of the bars that lack something."""
    market = inputs.market
    traded, vwap = market.traded, market.vwap()
    years = market.dates.astype("datetime64[Y]")
    rows = []
    for year in np.unique(years):
        days = years == year
        bars = traded[days]
        count = int(bars.sum())
        lacking = (np.isnan(vwap[days]), np.isnan(market.float_shares[days]), market.is_st[days] == -1)
        shares = [float((bars & missing).sum() / count) if count else None for missing in lacking]
        rows.append((int(str(year)), int(days.sum()), int(bars.any(axis=0).sum()), count, *shares))
    return pl.DataFrame(rows, schema=COVERAGE, orient="row")
