"""Tushare's client under our rules: paged to the last row, judged, kept in the spool."""

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Any

import polars as pl

from gangru.errors import InputError
from gangru.market.sources.vendors.answers import shaped
from gangru.market.sources.vendors.asked import OPENING, Asked, Days
from gangru.market.sources.vendors.calls import Caller, Pace, RefusedError, Verdict
from gangru.market.sources.vendors.secret import Secret
from gangru.market.sources.vendors.spool import Spool
from gangru.market.sources.vendors.tushare_endpoints import ENDPOINTS, TRADE_CAL, Endpoint
from gangru.market.sources.vendors.vendor import Remarks

TOKEN = "TUSHARE_TOKEN"  # noqa: S105 - the variable's name
TIMEOUT = 60  # seconds for one answer
PER_MINUTE = 180.0  # of each endpoint; from 2000 points on the vendor allows 200
ROUND = 500  # the vendor's caps on rows are multiples of this
LATER = re.compile(r"每分钟|频率|频次|过于频繁|too many|rate limit", re.IGNORECASE)
TODAY = re.compile(r"每小时|每天|每日|次\s*[/／]\s*(?:小时|天|日)")  # not in this fetch
NEVER = re.compile(r"权限|积分|token|参数|接口名|必填|抱歉|permission|denied", re.IGNORECASE)

Query = Callable[..., Any]  # of the package: query(api_name, fields, **parameters) → pandas


class Empty(Enum):
    """What an answer without rows means."""

    FACT = "there is nothing, and it is kept as an answer"
    NOT_YET = "it may come later, so it is not kept"
    FAULT = "there has to be something: the call has failed"


def connect(secret: Secret) -> Query:
    """The package's query function for a token; raises InputError where the package is not installed.

    The token is handed over, so that the package neither looks for one in the home directory nor writes it there.
    """
    try:
        package = importlib.import_module("tushare")
    except ModuleNotFoundError as error:
        raise InputError(f"{error}: install it with pip install 'gangru[tushare]'") from error
    query: Query = package.pro_api(secret.reveal(), timeout=TIMEOUT).query
    return query


def verdict(error: Exception) -> Verdict:
    """What a failure means: the package raises a bare Exception with the vendor's Chinese words."""
    words = str(error)
    if type(error) is Exception and TODAY.search(words):
        return Verdict.NEVER
    if LATER.search(words):
        return Verdict.LATER
    if type(error) is Exception and NEVER.search(words):
        return Verdict.NEVER
    return Verdict.AGAIN


def caller_for(secret: Secret, per_minute: float = PER_MINUTE) -> Caller:
    """The caller of Tushare: `per_minute` calls of each endpoint, fewer where the vendor says so."""
    slower = {
        name: Pace(min(per_minute, endpoint.per_minute))
        for name, endpoint in ENDPOINTS.items()
        if endpoint.per_minute is not None
    }
    return Caller(
        "tushare",
        verdict,
        (Exception,),  # the package raises nothing narrower for a refusal
        Pace(per_minute),
        slower,
        secret,
    )


@dataclass(frozen=True)
class Tushare:
    """One fetch from Tushare under way."""

    query: Query
    caller: Caller
    spool: Spool
    asked: Asked
    days: Days
    remarks: Remarks

    def answer(
        self, endpoint: Endpoint, key: str, parameters: Mapping[str, str], empty: Empty = Empty.FACT
    ) -> pl.DataFrame:
        """All rows of a call, from the spool where they are there; `key` names what they depend on."""
        if self.spool.has(endpoint.name, key):
            return self.spool.get(endpoint.name, key)
        rows = self._pages(endpoint, parameters, empty)
        if len(rows) or empty is Empty.FACT:
            self.spool.put(endpoint.name, key, rows)
        return rows

    def snapshot(
        self, endpoint: Endpoint, parameters: Mapping[str, str], empty: Empty = Empty.FACT
    ) -> pl.DataFrame:
        """A list as it is today: kept for today."""
        named = " ".join(parameters.values())
        return self.answer(endpoint, f"{named} on {self.days.today}".strip(), parameters, empty)

    @cached_property
    def calendar(self) -> list[date]:
        """Every trading day of the Shanghai exchange from its opening to the end of what is announced, ascending."""
        until = date(self.days.today.year + 1, 12, 31)
        open_days = {
            "exchange": "SSE",
            "is_open": "1",
            "start_date": spelled(OPENING),
            "end_date": spelled(until),
        }
        rows = self.snapshot(TRADE_CAL, open_days, Empty.FAULT).filter(pl.col("is_open") == 1)
        return rows["cal_date"].str.to_date("%Y%m%d").unique().sort().to_list()

    def of_asked_codes(self, rows: pl.DataFrame, column: str = "ts_code") -> pl.DataFrame:
        """The rows of the stocks that were asked for."""
        return rows if self.asked.codes is None else rows.filter(pl.col(column).is_in(self.asked.codes))

    def _pages(self, endpoint: Endpoint, parameters: Mapping[str, str], empty: Empty) -> pl.DataFrame:
        """Page after page until one is short; raises InputError where the vendor gives the same page again.

        A full page may be cut at less than was asked for, so one of a round number of rows counts as cut.
        """
        pages: list[pl.DataFrame] = []
        while not pages or looks_cut(pages[-1], endpoint):
            offset = sum(len(page) for page in pages)
            page = self._page(endpoint, parameters, offset, empty)
            if pages and len(page) and page.equals(pages[-1]):
                raise InputError(
                    f"tushare {endpoint.name}({dict(parameters)}) gives the same {len(page)} rows "
                    f"from row {offset} on: it does not page, and the rest cannot be had; ask for fewer codes"
                )
            pages.append(page)
        filled = [page for page in pages if len(page)] or pages[:1]
        return pl.concat(filled, how="vertical_relaxed")

    def _page(
        self, endpoint: Endpoint, parameters: Mapping[str, str], offset: int, empty: Empty
    ) -> pl.DataFrame:
        """One call."""

        def ask() -> pl.DataFrame:
            answer = self.query(
                endpoint.name,
                fields=",".join(endpoint.columns),
                limit=endpoint.page,
                offset=offset,
                **parameters,
            )
            if not len(answer.columns):
                raise RefusedError("the server answered with neither rows nor columns")
            if not len(answer) and not offset and empty is Empty.FAULT:
                raise RefusedError("no rows came where there have to be some")
            return shaped(answer, endpoint.columns, f"tushare {endpoint.name}")

        return self.caller.call(endpoint.name, {**parameters, "offset": offset}, ask)


def looks_cut(page: pl.DataFrame, endpoint: Endpoint) -> bool:
    """Whether there may be rows after this page."""
    return len(page) >= endpoint.page or (len(page) > 0 and len(page) % ROUND == 0)


def spelled(day: date) -> str:
    """A day as Tushare spells it: 20200131."""
    return f"{day:%Y%m%d}"


def dated(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Columns of days in Tushare's spelling as dates; null where there is none."""
    return rows.with_columns(pl.col(name).str.to_date("%Y%m%d", strict=False) for name in columns)
