"""Akshare: lists of the exchanges, bars of East Money, factors of Sina, Shenwan's classes; free, without an account.

The factor is Sina's dated one and not East Money's adjusted price over its raw one: East Money adds dividends where it
ought to multiply (akshare issues 1878, 5287), so that quotient drifts from day to day and its returns are wrong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.vendors import akshare_endpoints as endpoints
from gangru.market.sources.vendors import akshare_tables as tables
from gangru.market.sources.vendors.akshare_client import NAME, SECONDS, Client, caller, imported
from gangru.market.sources.vendors.akshare_industries import classes, unnamed
from gangru.market.sources.vendors.asked import Asked, Days, days_asked, limits, now_in_shanghai
from gangru.market.sources.vendors.calls import Caller, NotGivenError
from gangru.market.sources.vendors.patience import Patience
from gangru.market.sources.vendors.spool import Spool
from gangru.market.sources.vendors.vendor import Remarks, Vendor

KINDS = ("calendar", "securities", "names", "suspensions", "industry", "members", "index", "bars")
LISTS = ("000300.SH", "000905.SH", "000852.SH", "000906.SH", "000016.SH")  # on the index company's site
EXCHANGES = (".SH", ".SZ")
HALT_DAYS = 60  # newest trading days whose list of halts is asked for: one call a day
MOST_LEFT = (
    500  # rows of Shanghai's list of those that left, which the package asks for without a second page
)
ALL = {  # calls for the exchanges' lists: exchange, endpoint, arguments; those that left come last
    "SH main": ("SH", endpoints.SH_LIST, {"symbol": "主板A股"}),
    "SH star": ("SH", endpoints.SH_LIST, {"symbol": "科创板"}),
    "SZ": ("SZ", endpoints.SZ_LIST, {"symbol": "A股列表"}),
    "BJ": ("BJ", endpoints.BJ_LIST, {}),
    "SH left": ("SH", endpoints.SH_LEFT, {"symbol": "全部"}),
    "SZ left": ("SZ", endpoints.SZ_LEFT, {"symbol": "终止上市公司"}),
}


@dataclass(frozen=True)
class Akshare:
    """The fetches, kind by kind."""

    client: Client
    asked: Asked
    days: Days
    remarks: Remarks = field(default_factory=Remarks)
    bare: set[str] = field(default_factory=set)  # exchanges without factors

    def calendar(self, on_progress: OnProgress) -> Iterator[Piece]:
        """The trading days, as far ahead as they are announced."""
        on_progress("calendar", 0.0)
        days = [day for day in self._trading_days if day >= self.days.first]
        yield self._piece("calendar", endpoints.TRADE_DATES, pl.DataFrame({"date": days}))

    def securities(self, on_progress: OnProgress) -> Iterator[Piece]:
        """All A shares that are or were listed; their names are today's, or their last."""
        on_progress("securities", 0.0)
        self.remarks.notes.append(
            "akshare: names of securities are today's; Beijing's list has none that left"
        )
        yield self._piece("securities", endpoints.SH_LIST, self._securities)

    def names(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Dated short names, which only Shenzhen publishes."""
        on_progress("names", 0.0)
        answer = self._now(endpoints.SZ_NAMES, {"symbol": "简称变更"})
        self.remarks.notes.append("akshare: dated names, and with them past ST, are of Shenzhen alone")
        found = tables.names(answer, self._securities)
        yield self._piece("names", endpoints.SZ_NAMES, self._wanted(found))

    def suspensions(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Halts of whole days as seen on the newest days of the span; on earlier ones a halted stock has no bar."""
        days = [day for day in self._trading_days if self.days.first <= day <= self.days.last][-HALT_DAYS:]
        seen = {}
        for done, day in enumerate(days):
            on_progress("suspensions", done / len(days))
            answer = self.client.answer(endpoints.SUSPENDED, str(day), {"date": f"{day:%Y%m%d}"})
            seen[day] = tables.halted(answer, day)
        if days:
            self.remarks.notes.append(f"akshare: suspensions are read for {days[0]} to {days[-1]}")
            found = tables.observed(seen, self._trading_days)
            yield self._piece("suspensions", endpoints.SUSPENDED, self._wanted(found))

    def industry(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Shenwan's level-1 classes by its own history of codes."""
        on_progress("industry", 0.0)
        history = self._now(endpoints.SW_HISTORY, {})
        self.remarks.notes.append(
            "akshare: Shenwan's classes of before 2014 are left out, their editions being others"
        )
        if strange := unnamed(history):
            self.remarks.skipped.append(f"akshare: {strange} codes of Shenwan that its editions do not have")
        yield self._piece("industry", endpoints.SW_HISTORY, self._wanted(classes(history)))

    def members(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Index lists as of now: each says who is in on its day, and nothing of any other."""
        self._pass_over("lists of members", [index for index in self.asked.indices if index not in LISTS])
        for index in (index for index in self.asked.indices if index in LISTS):
            on_progress(f"members {index}", 0.0)
            answer = self._now(endpoints.INDEX_LIST, {"symbol": index[:6]})
            seen = {
                day: frozenset(rows["成分券代码"])
                for (day,), rows in answer.drop_nulls("日期").group_by("日期")
                if isinstance(day, date) and self._trading_days[0] <= day < self._trading_days[-1]
            }
            found = tables.observed(seen, self._trading_days)
            yield self._piece("members", endpoints.INDEX_LIST, found.with_columns(index=pl.lit(index)))

    def index(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Daily bars of the indices."""
        indices = [index for index in self.asked.indices if index.endswith(EXCHANGES) and self.days.any]
        found: list[pl.DataFrame] = []
        patience = Patience()
        for done, index in enumerate(indices):
            on_progress("index bars", done / len(indices))
            answer = patience.tried(index, partial(self._index, index))
            if len(answer):
                found.append(answer)
        self.remarks.left_out("index", patience)
        if found:
            yield self._piece("index", endpoints.INDEX_BARS, pl.concat(found))

    def bars(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Daily bars with factors and floats, a piece a hundred codes or so: those of one beginning."""
        codes = self._listed_in_span() if self.days.any else []
        warned = self._warned() if codes else None
        empty: list[str] = []
        bare: list[str] = []
        patience = Patience()
        done = 0
        for beginning, group in groupby(codes, key=lambda code: code[:4] + code[6:]):
            found: list[pl.DataFrame] = []
            for code in group:
                on_progress("bars", done / len(codes))
                done += 1
                bars = patience.tried(code, partial(self._stock, code, warned))
                if bars.is_empty():
                    if code not in patience.failed:
                        empty.append(code)
                    continue
                found.append(bars)
                if bars["factor"].null_count():
                    bare.append(code)
            if found:
                yield self._piece(
                    "bars", endpoints.BARS, pl.concat(found, how="vertical_relaxed"), f" {beginning}"
                )
        self._pass_over("bars in this span", empty)
        self._pass_over("adjustment factors for some days", bare)
        self.remarks.left_out("bars", patience)

    def _index(self, index: str) -> pl.DataFrame:
        """One index's bars."""
        answer = self._of_span(endpoints.INDEX_BARS, index, {"symbol": tables.sina_code(index)})
        return tables.index_bars(answer, index)

    def _warned(self) -> frozenset[str] | None:
        """The digits of those under a risk warning today; None where today is not among the days, or nobody says."""
        if self.days.last != self.days.today:
            return None
        try:
            return frozenset(self._now(endpoints.ST_TODAY, {})["代码"])
        except NotGivenError as error:
            self.remarks.skipped.append(f"is_st of {self.days.today}: {error}")
            return None

    def _stock(self, code: str, warned: frozenset[str] | None) -> pl.DataFrame:
        """One stock's bars with the factors and floats in force; empty where the site has none in the span."""
        answer = self._of_span(endpoints.BARS, code, {"symbol": code[:6], "period": "daily", "adjust": ""})
        if answer.is_empty():
            return answer
        shares = self.client.answer(endpoints.SHARES, self._known(code), {"symbol": code})
        bars = tables.bars(answer, code, self._factors(code), shares)
        return tables.with_st(bars, self.days.today, warned)

    def _factors(self, code: str) -> pl.DataFrame:
        """Sina's factors of a stock; none for Beijing's once one of them could not be had: it may know none."""
        arguments = {"symbol": tables.sina_code(code), "adjust": "hfq-factor"}
        none = pl.DataFrame(schema=dict(endpoints.FACTORS.columns))
        if code[-3:] in self.bare:
            return none
        try:
            return self.client.answer(endpoints.FACTORS, self._known(code), arguments)
        except NotGivenError as error:
            if not code.endswith(".BJ"):
                raise
            self.bare.add(".BJ")
            self.remarks.skipped.append(str(error))
            return none

    def _known(self, code: str) -> str:
        """The key of levels: those up to the last day do not change afterwards."""
        return f"{code} {self.days.last}"

    def _of_span(self, endpoint: endpoints.Endpoint, code: str, arguments: Mapping[str, str]) -> pl.DataFrame:
        """An answer about a code from the first to the last day."""
        span = {"start_date": f"{self.days.first:%Y%m%d}", "end_date": f"{self.days.last:%Y%m%d}"}
        key = f"{code} {self.days.first} {self.days.last}"
        return self.client.answer(endpoint, key, {**arguments, **span})

    def _now(self, endpoint: endpoints.Endpoint, arguments: Mapping[str, str]) -> pl.DataFrame:
        """A list as it is today: kept for today."""
        return self.client.answer(endpoint, " ".join((*arguments.values(), str(self.days.today))), arguments)

    @cached_property
    def _trading_days(self) -> list[date]:
        """All trading days of the Shanghai exchange, ascending."""
        return self._now(endpoints.TRADE_DATES, {})["trade_date"].sort().to_list()

    @cached_property
    def _securities(self) -> pl.DataFrame:
        """The exchanges' lists below one another, sorted by code; who is listed again counts as listed."""
        found = []
        for exchange, endpoint, arguments in ALL.values():
            answer = self._now(endpoint, arguments)
            found.append(tables.listed(answer, exchange, tuple(endpoint.columns)))
            if endpoint is endpoints.SH_LEFT and len(answer) >= MOST_LEFT:
                self.remarks.skipped.append(
                    f"akshare: of those that left Shanghai all beyond the first {MOST_LEFT}"
                )
        return self._wanted(pl.concat(found).unique("code", keep="first").sort("code"))

    def _listed_in_span(self) -> list[str]:
        """The codes that may have a bar in the span."""
        came, left = (pl.col(name).str.to_date(strict=False) for name in ("list_date", "delist_date"))
        began = came.is_null() | (came <= self.days.last)
        return self._securities.filter(began & (left.is_null() | (left >= self.days.first)))["code"].to_list()

    def _wanted(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of the codes asked for, whose digits are theirs alone."""
        if self.asked.codes is None:
            return rows
        return rows.filter(pl.col("code").str.head(6).is_in([code[:6] for code in self.asked.codes]))

    def _piece(self, kind: str, endpoint: endpoints.Endpoint, frame: pl.DataFrame, of: str = "") -> Piece:
        """Rows with where they come from: the call and the span."""
        return Piece(kind, frame, f"akshare {endpoint.name}{of} {self.days.first} {self.days.last}")

    def _pass_over(self, what: str, names: Sequence[str]) -> None:
        """Note what akshare does not have."""
        if names:
            self.remarks.skipped.append(f"akshare has no {what} of {', '.join(names)}")


def open_source(
    asked: Asked,
    directory: Path,
    clock: Callable[[], datetime] = now_in_shanghai,
    connected: Callable[[], Any] = imported,
    calling: Callable[[], Caller] = caller,
    seconds: float = SECONDS,
) -> Vendor:
    """Akshare as a source that keeps what it fetches in `directory` until it is in the store.

    Raises InputError without the package, or for a kind that akshare does not have.
    """
    spool = Spool(directory)
    asked.wanted(KINDS, NAME)
    client = Client(connected(), calling(), spool, seconds)
    fetch = Akshare(client, asked, days_asked(asked, spool, clock))
    fetch.remarks.notes.extend(f"{NAME}: {limit}" for limit in limits(asked, fetch.days, clock))
    fetches = {kind: getattr(fetch, kind) for kind in KINDS}
    return Vendor(NAME, fetches, asked, spool, fetch.remarks)
