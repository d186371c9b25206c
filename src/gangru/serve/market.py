"""The market of a study as its store holds it now: facts at once, bars a slice at a time and never as a whole."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from gangru.errors import MarketError
from gangru.market.codes import canonical_codes
from gangru.market.daily import DailyMarket, Dates
from gangru.market.facts import Facts, facts_of
from gangru.market.intervals import as_of
from gangru.market.loading import loaded_market
from gangru.market.store import Store
from gangru.study.inputs import calendar_of
from gangru.study.workspace import Workspace

LONG_AGO = date(1990, 1, 1)  # stands for a listing before the store's first day: older than any age asked for


@dataclass(frozen=True)
class Market:
    """The store at the versions that were there when it was opened, its facts and its trading days."""

    store: Store
    versions: tuple[tuple[str, int | None], ...]
    facts: Facts
    calendar: Dates
    first: date  # of the bars
    last: date

    @property
    def key(self) -> tuple[object, ...]:
        """What distinguishes it from the same store at other versions."""
        return (self.store.uri, self.versions, str(self.calendar[-1]))

    @cached_property
    def names(self) -> pl.DataFrame:
        """code and name of every security on the last day, in order of code."""
        return self.facts.names_as_of(self.last).select("code", "name")

    @cached_property
    def taxonomies(self) -> list[str]:
        """The industry classifications that the store has."""
        return self.facts.industry["taxonomy"].unique().sort().to_list()

    def identity(self, asked: str) -> str | None:
        """The identity of a code in any spelling; None where it is no code."""
        code = canonical_codes(pl.Series([asked]))[0]
        return None if code is None else self.facts.identities.newest.get(code, code)

    def industries(self, day: date, taxonomy: str) -> pl.DataFrame:
        """code and industry as of a day."""
        own = self.facts.industry.filter(pl.col("taxonomy") == taxonomy)
        return as_of(own, day, ["code"], "industry")

    def row(self, day: date) -> int:
        """Position of a trading day in the calendar. Raises MarketError where it is none."""
        at = int(np.searchsorted(self.calendar, np.datetime64(day)))
        if at == len(self.calendar) or self.calendar[at] != np.datetime64(day):
            raise MarketError(f"{day} is no trading day of the store's calendar")
        return at

    def month_after(self, day: date) -> tuple[date, date] | None:
        """The days of entry and exit of the return after a month's last trading day; None where not known yet.

        Bought at the close of the day after it and sold at that of the day after the next month's end, as in the
        evaluation. None too for a day that ends no month.
        """
        at = self.row(day)
        month = self.calendar.astype("datetime64[M]")
        if at + 1 >= len(month) or month[at + 1] == month[at]:
            return None
        end = int(np.searchsorted(month, month[at] + 2)) - 1
        if end + 1 >= len(month) or self.calendar[end + 1] > np.datetime64(self.last):
            return None
        return self.calendar[at + 1].item(), self.calendar[end + 1].item()


def open_market(workspace: Workspace) -> Market:
    """Open a study's store and read its facts. Raises MarketError where it has no bars."""
    store = workspace.store.pinned()
    bars = store.scan("bars").select(first=pl.col("date").min(), last=pl.col("date").max()).collect()
    first, last = bars.row(0)
    if last is None:
        raise MarketError("the store has no bars: ingest some with `gangru ingest PATH`")
    calendar = calendar_of(workspace, store, last)
    versions = tuple(sorted(store.market_versions().items()))
    return Market(store, versions, facts_of(store), calendar, first, last)


def series_spans(market: Market) -> pl.DataFrame:
    """code (identity), first_bar and last_bar of every series in the store."""
    seen = (
        market.store.scan("bars")
        .group_by("code")
        .agg(pl.col("date").min().alias("first_bar"), pl.col("date").max().alias("last_bar"))
        .collect()
    )
    own = seen.with_columns(market.facts.identities.of(seen["code"]).alias("code"))
    return own.group_by("code").agg(pl.col("first_bar").min(), pl.col("last_bar").max()).sort("code")


def with_listings(market: Market, spans: pl.DataFrame) -> pl.DataFrame:
    """The list of securities with a listing date for each: a slice of bars would take its own first for one."""
    first = pl.when(pl.col("first_bar") > market.first).then("first_bar").otherwise(pl.lit(LONG_AGO))
    return (
        market.facts.securities.join(spans, on="code", how="full", coalesce=True)
        .with_columns(pl.coalesce("list_date", first).alias("list_date"))
        .select("code", "name", "list_date", "delist_date")
    )


def sliced(
    market: Market, securities: pl.DataFrame, first: int, last: int, code: str | None = None
) -> DailyMarket:
    """The market on the calendar's days `first` to `last`, of all stocks or one, read from the store.

    `securities` is as of `with_listings`. Raises MarketError where there is no bar in the span.
    """
    days = market.calendar[first : last + 1]
    scan = market.store.scan("bars").filter(pl.col("date").is_between(days[0].item(), days[-1].item()))
    if code is not None:
        spellings = [old for old, new in market.facts.identities.newest.items() if new == code]
        scan = scan.filter(pl.col("code").is_in([code, *spellings]))
    bars = scan.collect().sort("date", "code")
    known = bars.filter(pl.col("date").is_in(days.astype("datetime64[D]").tolist()))
    if known.is_empty():
        raise MarketError(f"the store has no bar{f' of {code}' if code else ''} from {days[0]} to {days[-1]}")
    return padded(loaded_market(known, securities, market.calendar, market.facts).market, days)


def padded(market: DailyMarket, days: Dates) -> DailyMarket:
    """The market on all of `days`, NaN on those before its first bar and after its last."""
    if len(market.dates) == len(days):
        return market
    at = np.searchsorted(days, market.dates)

    def spread(values: np.ndarray, empty: float) -> np.ndarray:
        out = np.full((len(days), values.shape[1]), empty, dtype=values.dtype)
        out[at] = values
        return out

    floats = ("open", "high", "low", "close", "factor", "volume", "amount", "float_shares")
    return replace(
        market,
        dates=days,
        is_st=spread(market.is_st, -1),
        status=spread(market.status, 0),
        **{name: spread(getattr(market, name), np.nan) for name in floats},
    )
