"""Tushare's source before the fake server: opened, with every table filled, at a fixed moment."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
from tushare_server import FIRST, LAST, TOKEN, Server, row

from gangru.market.sources.protocol import Piece, Span
from gangru.market.sources.vendors.asked import SHANGHAI, Asked
from gangru.market.sources.vendors.calls import Caller
from gangru.market.sources.vendors.secret import Secret
from gangru.market.sources.vendors.tushare import open_source
from gangru.market.sources.vendors.tushare_client import caller_for
from gangru.market.sources.vendors.vendor import Vendor

ENVIRONMENT = {"TUSHARE_TOKEN": TOKEN}
NOW = datetime(2020, 1, 13, 9, tzinfo=SHANGHAI)  # before that day's figures are settled
SPAN = Span(FIRST, LAST)
THROTTLED = (
    "抱歉，您每分钟最多访问该接口200次，权限的具体详情访问：https://tushare.pro/document/1?doc_id=108。"
)
FORBIDDEN = "抱歉，您没有接口访问权限，权限的具体详情访问：https://tushare.pro/document/1?doc_id=108。"
Open = Callable[..., Vendor]


def unhurried(secret: Secret) -> Caller:
    caller = caller_for(secret)
    caller.sleep = lambda _seconds: None
    return caller


def opener(server: Server, folder: Path) -> Open:
    """A function that opens the source over some kinds, days and codes, keeping what it fetches in `folder`."""

    def opened(
        *kinds: str, span: Span = SPAN, codes: tuple[str, ...] | None = None, now: datetime = NOW
    ) -> Vendor:
        asked = Asked(kinds or None, span, codes, ("000300.SH",))
        return open_source(asked, folder, ENVIRONMENT, lambda: now, lambda _secret: server.query, unhurried)

    return opened


def pieces(source: Vendor) -> list[Piece]:
    return list(source.pieces(lambda _stage, _share: None))


def everything_written(folder: Path) -> str:
    """The names and contents of all files in a folder; of Parquet files the rows and what is said about them."""
    parts = []
    for path in sorted(folder.rglob("*")):
        parts.append(str(path))
        if path.is_file():
            parts.append(path.read_bytes().decode("utf-8", errors="replace"))
        if path.suffix == ".parquet":
            parts += [repr(pl.read_parquet(path).rows()), repr(pl.read_parquet_metadata(path))]
    return "\n".join(parts)


def fill_facts(server: Server) -> None:
    """One or two rows in each table of facts."""
    code = "000001.SZ"
    server.tables["namechange"] = [
        row("namechange", ts_code=code, name="平安银行", start_date="20200108", ann_date="20200107"),
        row(
            "namechange",
            ts_code=code,
            name="*ST平安",
            start_date="20190601",
            end_date="20200107",
            ann_date="20190531",
        ),
    ]
    server.tables["suspend_d"] = [row("suspend_d", ts_code=code, trade_date="20200102", suspend_type="S")]
    stay = {"ts_code": code, "in_date": "20140102", "is_new": "Y"}
    server.tables["index_member_all"] = [row("index_member_all", l1_name="银行", **stay)]
    server.tables["ci_index_member"] = [row("ci_index_member", l1_name="银行", **stay)]
    server.tables["index_classify"] = [
        row("index_classify", index_code="801780.SI", industry_name="银行", level="L1", src="SW2014")
    ]
    server.tables["index_member"] = [
        row("index_member", index_code="801780.SI", con_code=code, in_date="20140102", is_new="Y")
    ]
    server.tables["index_weight"] = [
        row("index_weight", index_code="000300.SH", con_code=code, trade_date="20191231")
    ]
