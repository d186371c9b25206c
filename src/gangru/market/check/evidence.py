"""What the rules of the check look at: the store's tables of one moment, and the bars with what went before them.

Bars are in order of code and date. A stock's prior day is the last one before a row on which it traded.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from gangru.errors import MarketError
from gangru.market.calendar import Dates, as_days, trading_days
from gangru.market.check.basis import price_basis
from gangru.market.facts import Facts, facts_from
from gangru.market.identity import identities_of
from gangru.market.loading import daily_market
from gangru.market.rules import market_limits
from gangru.market.schema import BARS, CODE_CHANGES, TABLES
from gangru.market.sources.protocol import OnProgress
from gangru.market.store import Store

STEADY = 1e-6  # factors that differ by less are the same: they come as rounded decimals


@dataclass(frozen=True)
class Evidence:
    """One moment of a store.

    `bars` has the columns of the table and: traded; follows (the row before is the same stock's); step (trading
    days since that row); prior_close, prior_factor (of the stock's last traded day before); rescaled (the factor
    differs from that day's); lower, upper (the day's limits in yuan, null on a day without); basis (what the stock's
    prices are: "raw", "adjusted" or "unclear"). `bases` is what `price_basis` says of each stock, `tables` are all
    others, `days` the trading days. `commits` are what ingests recorded in their commits, by table. `changes` are
    the changes of code that reading follows: those known to this package and the table's.
    """

    bars: pl.DataFrame
    bases: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    days: Dates
    versions: dict[str, int | None]
    commits: dict[str, list[dict[str, str]]]
    changes: pl.DataFrame

    def __getitem__(self, name: str) -> pl.DataFrame:
        """A table by its name."""
        return self.bars if name == BARS.name else self.tables[name]

    @property
    def first(self) -> date | None:
        """The first bar's day."""
        day = self.bars["date"].min()
        return day if isinstance(day, date) else None

    @property
    def last(self) -> date | None:
        """The last bar's day."""
        day = self.bars["date"].max()
        return day if isinstance(day, date) else None

    def lacking(self, needs: tuple[str, ...]) -> str:
        """Which of the tables and columns has no value at all, as "no delist_date in securities"; else nothing."""
        for need in needs:
            table, _, column = need.partition(".")
            frame = self[table]
            if frame.is_empty():
                return f"no {table}"
            if column and frame[column].null_count() == len(frame):
                return f"no {column} in {table}"
        return ""


def gather_evidence(store: Store, on_progress: OnProgress) -> Evidence:
    """Read every table at the version it has now; raises StoreError where one cannot be read."""
    store = store if store.pins else store.pinned()
    on_progress("reading facts", 0.0)
    tables = {name: store.read(name) for name in TABLES if name != BARS.name}
    days = trading_days(store)
    on_progress("reading bars", 0.02)
    bars = store.read(BARS.name)
    return evidence_of(bars, tables, days, store.versions(), commit_records(store), on_progress)


def evidence_of(
    bars: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
    days: Dates,
    versions: dict[str, int | None],
    commits: dict[str, list[dict[str, str]]],
    on_progress: OnProgress,
) -> Evidence:
    """Work out what the rules look at from all tables and the trading days."""
    on_progress("limits", 0.2)
    bars = bars.with_columns(limit_columns(bars, facts_followed(tables, bars), days))
    on_progress("ordering", 0.5)
    bars = with_history(bars, days)
    bases = price_basis(bars)
    bars = bars.join(bases.select("code", "basis"), on="code", how="left", maintain_order="left")
    return Evidence(bars, bases, tables, days, versions, commits, followed(tables[CODE_CHANGES.name]))


def followed(changes: pl.DataFrame) -> pl.DataFrame:
    """The changes of code that reading follows; the table's own where it cannot be followed, which a rule reports."""
    try:
        return identities_of(changes).changes
    except MarketError:
        return changes


def facts_followed(tables: dict[str, pl.DataFrame], bars: pl.DataFrame) -> Facts:
    """The facts as the stages read them; where the changes of code contradict each other, with the known ones alone."""
    try:
        return facts_from(tables, bars.lazy())
    except MarketError:
        return facts_from({**tables, CODE_CHANGES.name: tables[CODE_CHANGES.name].clear()}, bars.lazy())


def limit_columns(bars: pl.DataFrame, facts: Facts, days: Dates) -> list[pl.Series]:
    """Each row's lower and upper limit in yuan, as the stages see it.

    Null where the day has none or lies off the calendar, and on bars left out for another code's of the day.
    """
    if bars.is_empty() or not bars["date"].is_in(pl.Series(days).implode()).any():
        return [pl.Series(name, [None] * len(bars), dtype=pl.Float64) for name in ("lower", "upper")]
    market = daily_market(bars, facts.securities, days, facts)
    names = bars["code"].unique().sort()
    identity = facts.identities.of(names)
    number = bars["code"].cast(pl.Enum(names)).to_physical().to_numpy()
    place = np.searchsorted(market.codes, identity.to_numpy().astype(np.str_))[number]
    day = as_days(bars["date"])
    row = np.minimum(np.searchsorted(market.dates, day), len(market.dates) - 1)
    left_out = identity.is_duplicated().to_numpy()[number] & (
        market.close[row, place] != bars["close"].to_numpy()
    )
    on_axis = (market.dates[row] == day) & ~left_out
    with np.errstate(invalid="ignore"):
        limits = market_limits(market)
    return [
        pl.Series(name, np.where(on_axis, limit[row, place], np.nan)).fill_nan(None)
        for name, limit in zip(("lower", "upper"), limits, strict=True)
    ]


def with_history(bars: pl.DataFrame, days: Dates) -> pl.DataFrame:
    """The rows in order of code and date with what went before each of them."""
    codes = bars["code"].unique().sort()
    bars = bars.with_columns(pl.col("code").cast(pl.Enum(codes))).sort("code", "date")
    traded = (bars["volume"] > 0).fill_null(value=False) & ~bars["suspended"].fill_null(value=False)
    stock = bars["code"].to_physical().to_numpy()
    follows = np.concatenate([[False], stock[1:] == stock[:-1]])[: len(stock)]
    place = np.where(traded.to_numpy(), np.arange(len(stock)), -1)
    before = np.concatenate([[-1], np.maximum.accumulate(place)[:-1]])[: len(stock)] if len(stock) else place
    known = (before >= 0) & (stock[before] == stock) if len(stock) else before >= 0
    prior = pl.Series("before", np.where(known, before, 0), dtype=pl.UInt32)
    there = pl.Series(known)
    day = pl.Series(np.searchsorted(days, as_days(bars["date"])).astype(np.int32))
    return bars.with_columns(
        traded.alias("traded"),
        pl.Series("follows", follows, dtype=pl.Boolean),
        pl.Series("step", day - day.shift(1)).cast(pl.Int32),
        *(bars[name].gather(prior).set(~there, None).alias(f"prior_{name}") for name in ("close", "factor")),
    ).with_columns(
        step=pl.when("follows").then("step"),
        rescaled=(pl.col("factor") / pl.col("prior_factor") - 1).abs() > STEADY,
    )


def commit_records(store: Store) -> dict[str, list[dict[str, str]]]:
    """What ingests recorded in their commits of each table, the newest first: rows_read, merged and overlapping."""
    records: dict[str, list[dict[str, str]]] = {}
    for name in TABLES:
        delta = store.delta(name)
        history = [] if delta is None else delta.history()
        records[name] = [
            {key: str(commit[key]) for key in ("rows_read", "merged", "overlapping") if key in commit}
            for commit in history
        ]
    return records
