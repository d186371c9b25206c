"""Baostock: free bars, ST and suspension flags, adjustment factors and index lists of Shanghai and Shenzhen.

It asks for no account. One query at a time: it is known to bar addresses from which many come at once.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, partial
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from gangru.errors import InputError
from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.vendors import baostock_tables as tables
from gangru.market.sources.vendors.asked import OPENING, Asked, Days, days_asked, limits, now_in_shanghai
from gangru.market.sources.vendors.baostock_members import memberships
from gangru.market.sources.vendors.baostock_session import CATCHES, Session, judged
from gangru.market.sources.vendors.calls import Caller, NotGivenError, Pace
from gangru.market.sources.vendors.patience import Patience
from gangru.market.sources.vendors.secret import Secret, secret_from_environment
from gangru.market.sources.vendors.spool import Spool
from gangru.market.sources.vendors.vendor import Remarks, Vendor

NAME = "baostock"
KEY = "BAOSTOCK_API_KEY"  # of paying users; nothing is needed
SECONDS = 120.0  # for a query with all its pages
KINDS = ("calendar", "securities", "industry", "members", "index", "bars")
LISTS = {  # an index's query, and the day before which it has no list
    "000300.SH": ("query_hs300_stocks", date(2005, 4, 8)),
    "000905.SH": ("query_zz500_stocks", date(2007, 1, 15)),
    "000016.SH": ("query_sz50_stocks", date(2004, 1, 2)),
}
EXCHANGES = (".SH", ".SZ")
BEFORE = timedelta(days=35)  # lists are read again from a month before, to see who left since the last fetch


def imported() -> Any:
    """The vendor's package; raises InputError saying how to install it."""
    try:
        return import_module(NAME)
    except ModuleNotFoundError as error:
        raise InputError(f"{error}: install it with pip install 'gangru[baostock]'") from error


def key(environment: Mapping[str, str]) -> Secret:
    """The key of a paying user, where there is one; nothing is needed."""
    named = environment.get(KEY, "").strip()
    return secret_from_environment(KEY, NAME, "baostock.com", environment) if named else Secret()


def caller_for(secret: Secret) -> Caller:
    """The caller of baostock: two queries a second of each kind, never two at once."""
    return Caller(NAME, judged, CATCHES, Pace(per_minute=120.0), secret=secret)


@dataclass(frozen=True)
class Baostock:
    """The fetches, kind by kind."""

    session: Session
    asked: Asked
    spool: Spool
    days: Days
    remarks: Remarks = field(default_factory=Remarks)

    def calendar(self, on_progress: OnProgress) -> Iterator[Piece]:
        """The trading days of the span."""
        on_progress("calendar", 0.0)
        if not self.days.any:
            return
        yield self._piece("calendar", "query_trade_dates", self._trading_days(self.days.first))

    def securities(self, on_progress: OnProgress) -> Iterator[Piece]:
        """All A shares that are or were listed; their names are today's."""
        on_progress("securities", 0.0)
        self.remarks.notes.append(
            "baostock has Shanghai and Shenzhen, not Beijing; names of securities are today's"
        )
        yield self._piece("securities", "query_stock_basic", tables.securities(self._shares()))

    def industry(self, on_progress: OnProgress) -> Iterator[Piece]:
        """The securities commission's classes, from the day of the list on."""
        on_progress("industry", 0.0)
        answer = self._kept("industry", str(self.days.today), "query_stock_industry", {}, tables.INDUSTRIES)
        self.remarks.notes.append(
            "baostock's industries are the securities commission's (taxonomy csrc), in force from the day of the "
            "list on; nothing is said about the time before"
        )
        wanted = answer.filter(pl.col("code").is_in(self._codes(answer["code"].unique().to_list())))
        yield self._piece("industry", "query_stock_industry", tables.industries(wanted), taxonomy="csrc")

    def members(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Index lists as intervals."""
        indices = [index for index in self.asked.indices if index in LISTS and self.days.any]
        self._pass_over("lists of members", [index for index in self.asked.indices if index not in LISTS])
        since = self.asked.span.since
        for done, index in enumerate(indices):
            on_progress(f"members {index}", done / len(indices))
            endpoint, opening = LISTS[index]
            days = self._trading_days(max(opening, OPENING if since is None else since - BEFORE))["date"]
            found = memberships(days.str.to_date().to_list(), self._list_of(index, endpoint))
            yield self._piece("members", endpoint, found.with_columns(index=pl.lit(index)))

    def index(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Daily bars of the indices."""
        indices = [index for index in self.asked.indices if index.endswith(EXCHANGES) and self.days.any]
        found: list[pl.DataFrame] = []
        for done, index in enumerate(indices):
            on_progress("index bars", done / len(indices))
            code = tables.vendor_code(index)
            answer = self._bars_of("index", code, tables.INDEX_BARS)
            found.append(tables.index_bars(answer))
        self._pass_over(
            "index bars",
            [index for index in self.asked.indices if not index.endswith(EXCHANGES)]
            + [index for index, bars in zip(indices, found, strict=True) if bars.is_empty()],
        )
        if found:
            yield self._piece("index", "query_history_k_data_plus", pl.concat(found))

    def bars(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Daily bars with factors, a piece a hundred codes or so: those of one beginning."""
        span = self.days
        shares = tables.listed_between(self._shares(), str(span.first), str(span.last))
        codes = shares["code"].to_list() if self.days.any else []
        whole = set(shares.filter(pl.col("ipoDate") >= str(span.first))["code"])
        empty: list[str] = []
        bare: list[str] = []
        patience = Patience()
        done = 0
        for beginning, group in groupby(codes, key=lambda code: code[:7]):
            found: list[pl.DataFrame] = []
            for code in group:
                on_progress("bars", done / len(codes))
                done += 1
                bars = patience.tried(code, partial(self._stock, code, code in whole))
                if bars.is_empty() and code not in patience.failed:
                    empty.append(code)
                elif len(bars):
                    found.append(bars)
                    if bars["factor"].null_count():
                        bare.append(code)
            if found:
                yield self._piece("bars", f"query_history_k_data_plus {beginning}*", pl.concat(found))
        self.remarks.left_out("bars", patience)
        if empty and len(empty) + len(patience.failed) == len(codes):
            self._refuse_none(shares)
        self._pass_over("bars in this span", empty)
        if bare:
            self.remarks.notes.append(
                f"baostock gave no list of factors for {', '.join(bare)}: left empty, since the span does not begin at "
                "the listing"
            )
        self.remarks.notes.append(
            "baostock's float shares are volume / turnover rate: with a rate of four decimals in percent they are "
            "off by up to 0.00005 / rate, 0.05 % at a rate of 0.1 %"
        )

    def _refuse_none(self, shares: pl.DataFrame) -> None:
        """Raise InputError where one of the shares was listed on a trading day of the span: none of them has a bar."""
        days = self._trading_days(self.days.first).select(day="date")
        listed = tables.listed_between(shares, str(self.days.first), str(self.days.last))
        began, left = pl.col("ipoDate").fill_null(""), pl.col("outDate").fill_null("9")
        if listed.join_where(days, began <= pl.col("day"), pl.col("day") < left).is_empty():
            return
        raise InputError(
            f"baostock gave no bar of any of the {len(shares)} stocks asked for from {self.days.first} to "
            f"{self.days.last}, {len(days)} trading days: try again later"
        )

    def _stock(self, code: str, whole: bool) -> pl.DataFrame:
        """One stock's bars with its factors, which are asked from the first day ever on: they are levels.

        `whole`: the span begins at its listing or before.
        """
        answer = self._bars_of("bars", code, tables.BARS)
        if answer.is_empty():
            return answer
        arguments = {"code": code, "start_date": str(OPENING), "end_date": str(self.days.last)}
        key = f"{code} {self.days.last}"
        factors = self._kept("factors", key, "query_adjust_factor", arguments, tables.FACTORS)
        return tables.bars(answer, factors, whole=whole or self.days.first <= OPENING)

    def _bars_of(self, kind: str, code: str, columns: Sequence[str]) -> pl.DataFrame:
        """Raw daily bars of a stock or an index; raises NotGivenError for an answer about another one."""
        arguments = {
            "code": code,
            "fields": ",".join(columns),
            "start_date": str(self.days.first),
            "end_date": str(self.days.last),
            "frequency": "d",
            "adjustflag": "3",  # as they were paid
        }
        key = f"{code} {self.days.first} {self.days.last}"
        answer = self._kept(kind, key, "query_history_k_data_plus", arguments, columns)
        strange = answer.filter(pl.col("code") != code)
        if len(strange):
            raise NotGivenError(
                f"baostock was asked for {code} and answered with {strange['code'][0]}: try again later"
            )
        return answer

    def _shares(self) -> pl.DataFrame:
        """The A shares asked for, in baostock's own columns; those it does not have are passed over by name."""
        answer = self._kept("securities", str(self.days.today), "query_stock_basic", {}, tables.STOCKS)
        shares = tables.a_shares(answer)
        wanted = self._codes(shares["code"].to_list())
        self._pass_over("securities", sorted(set(wanted) - set(shares["code"])))
        return shares.filter(pl.col("code").is_in(wanted))

    def _codes(self, there: Sequence[str]) -> list[str]:
        """The codes asked for as baostock spells them; all that are there where none were named."""
        return (
            list(there)
            if self.asked.codes is None
            else [tables.vendor_code(code) for code in self.asked.codes]
        )

    def _trading_days(self, first: date) -> pl.DataFrame:
        """The trading days from `first` to the last day of the fetch, as text."""
        last = self.days.last
        if max(first, OPENING) > last:
            return tables.trading_days(pl.DataFrame(schema=dict.fromkeys(tables.TRADE_DATES, pl.String)))
        arguments = {"start_date": str(first), "end_date": str(last)}
        answer = self._kept("calendar", f"{first} {last}", "query_trade_dates", arguments, tables.TRADE_DATES)
        return tables.trading_days(answer)

    def _list_of(self, index: str, endpoint: str) -> Callable[[date], frozenset[str]]:
        """An index's members on a day. A list dated later than the day is none: it was not known yet."""
        kind = f"members {index}"

        @cache
        def members_on(day: date) -> frozenset[str]:
            answer = self._kept(kind, str(day), endpoint, {"date": str(day)}, tables.MEMBERS)
            return frozenset(answer.filter(pl.col("updateDate") <= str(day))["code"])

        return members_on

    def _kept(
        self, kind: str, key: str, endpoint: str, arguments: dict[str, str], columns: Sequence[str]
    ) -> pl.DataFrame:
        """An answer out of the spool, or fetched into it; an empty one is not kept, it may come later."""
        if self.spool.has(kind, key):
            return self.spool.get(kind, key)
        answer = self.session.ask(endpoint, arguments, columns)
        if len(answer):
            self.spool.put(kind, key, answer)
        return answer

    def _piece(self, kind: str, call: str, frame: pl.DataFrame, taxonomy: str = "sw") -> Piece:
        """Rows with where they come from: the call and the span."""
        return Piece(kind, frame, f"baostock {call} {self.days.first} {self.days.last}", taxonomy=taxonomy)

    def _pass_over(self, what: str, names: Sequence[str]) -> None:
        """Note what baostock does not have."""
        if names:
            self.remarks.skipped.append(f"baostock has no {what} of {', '.join(names)}")


def open_source(
    asked: Asked,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = now_in_shanghai,
    connected: Callable[[], Any] = imported,
    calling: Callable[[Secret], Caller] = caller_for,
    seconds: float = SECONDS,
) -> Vendor:
    """Baostock as a source that keeps what it fetches in `directory` until it is in the store.

    Raises InputError without the package, or for a kind that baostock does not have.
    """
    spool = Spool(directory)
    asked.wanted(KINDS, NAME)
    secret = key(os.environ if environment is None else environment)
    session = Session(connected(), calling(secret), secret, seconds)
    fetch = Baostock(session, asked, spool, days_asked(asked, spool, clock))
    fetch.remarks.notes.extend(f"{NAME}: {limit}" for limit in limits(asked, fetch.days, clock))
    fetches = {kind: getattr(fetch, kind) for kind in KINDS}
    return Vendor(NAME, fetches, asked, spool, fetch.remarks, session.opened)
