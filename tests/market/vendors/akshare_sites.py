"""The websites that akshare's functions read, as far as the functions read them, played back without a network.

Bytes go through the package's own code: what is made here is the sites' JSON, script and workbooks, in the fields and
headers that the package unpacks.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlparse

FIRST, LAST = date(2024, 3, 1), date(2024, 5, 31)
EX_DAY = date(2024, 4, 15)
MORE_SHARES = date(2024, 5, 6)
Answer = bytes | str | dict[str, Any]


def weekdays(first: date = FIRST, last: date = LAST) -> list[date]:
    """Every day but Saturdays and Sundays."""
    days = (first + timedelta(days=k) for k in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def workbook(header: tuple[str, ...], *rows: tuple[object, ...]) -> bytes:
    """A sheet as the exchanges and index companies hand them out."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (header, *rows):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def sh_list(params: Mapping[str, str]) -> Answer:
    """Shanghai's list of what is listed, or of what has left."""
    if params["COMPANY_STATUS"] == "3":
        names = ("COMPANY_CODE", "COMPANY_ABBR", "LIST_DATE", "DELIST_DATE")
        rows = [
            ("600001", "邯郸钢铁", "1998-01-22", "2009-12-29"),
            ("900951", "退市B股", "1997-01-01", "2020-01-01"),
        ]
        return {"result": [dict(zip(names, row, strict=True)) for row in rows]}
    names = ("A_STOCK_CODE", "SEC_NAME_CN", "SEC_NAME_FULL", "COMPANY_ABBR", "FULL_NAME", "LIST_DATE")
    row = {
        "1": ("600000", "浦发银行", "浦发银行", "浦发银行", "浦发银行", "1999-11-10"),
        "8": ("688001", "华兴源创", "华兴源创", "华兴源创", "华兴源创", "2024-05-20"),
    }[params["STOCK_TYPE"]]
    return {"result": [dict(zip(names, row, strict=True))]}


def sz_report(params: Mapping[str, str]) -> Answer:
    """Shenzhen's workbooks: the list, those that left, the changes of names."""
    if params["CATALOGID"] == "1110":
        header = ("板块", "A股代码", "A股简称", "A股上市日期", "A股总股本", "A股流通股本", "所属行业")
        stocks = [("主板", 2 + k, f"甲{k}", "1991-01-29", 1, 1, "K 房地产") for k in range(11)]
        return workbook(header, *stocks, ("主板", None, None, None, None, None, "K 房地产"))
    if params["CATALOGID"] == "1793_ssgs":
        header = ("证券代码", "证券简称", "上市日期", "终止上市日期")
        return workbook(header, ("000015", "甲退", "1991-07-03", "2002-06-14"))
    header = ("变更日期", "证券代码", "证券简称", "变更前简称", "变更后简称")
    return workbook(
        header,
        ("2024-04-10", "000002", "甲0", "ST甲0", "甲0"),
        ("2023-05-04", "000002", "甲0", "甲旧", "ST甲0"),
        ("2023-05-04", "200002", "乙", "乙旧", "乙"),
    )


def bj_list(params: Mapping[str, str]) -> Answer:
    """Beijing's list: rows of 48 fields that the package names by their place."""
    row: dict[str, object] = {f"f{k:02d}": "" for k in range(48)}
    row |= {"f00": "2021-11-15", "f11": 1, "f22": "2024-05-30", "f38": "430047", "f40": "诺思兰德", "f36": 1}
    return "null(" + json.dumps([{"totalPages": 1, "content": [row]}]) + ")"


def k_lines(params: Mapping[str, str]) -> Answer:
    """East Money's daily lines of a stock or an index; lots, yuan, percent."""
    first, last = (date.fromisoformat(params[name]) for name in ("beg", "end"))
    index = params["secid"].startswith(("1.000", "0.399"))
    if not index and params["secid"] not in ("1.600000", "0.000002", "0.430047", "1.688001"):
        return {"data": None}
    came = date(2024, 5, 20) if params["secid"] == "1.688001" else FIRST
    days = [day for day in weekdays(max(first, came), last) if params["secid"] != "0.000002" or day != EX_DAY]
    long = "2.00,1.5,0.2,0.25"
    return {
        "data": {
            "klines": [
                f"{day},10.00,10.20,10.50,9.80,20000,20300000.00,{long if 'f59' in params['fields2'] else 1}"
                for day in days
            ]
        }
    }


def factors(params: Mapping[str, str]) -> Answer:
    """Sina's script of factors, newest first."""
    rows = [
        ("2024-04-15", "12.6000000000000000"),
        ("2023-07-21", "12.0"),
        ("1900-01-01", "1.0000000000000000"),
    ]
    data = [{"d": day, "f": factor} for day, factor in rows]
    return f"var sh600000hfq={json.dumps({'total': len(data), 'data': data})}\n/* x */"


def equity(params: Mapping[str, str]) -> Answer:
    """East Money's counts of shares; none of the Beijing stock."""
    if "BJ" in params["filter"]:
        return {"result": None}
    names = [
        "END_DATE",
        "TOTAL_SHARES",
        "LISTED_A_SHARES",
        "FREE_SHARES",
        "CHANGE_REASON",
        "LIMITED_A_SHARES",
        "LIMITED_OTHARS",
    ]
    names += ["LIMITED_DOMESTIC_NOSTATE", "LIMITED_DOMESTIC_NATURAL"]
    rows = [
        (f"{MORE_SHARES} 00:00:00", 2e9, 9e8, 9e8, "x", 0, 0, 0, 0),
        ("2000-01-01 00:00:00", 2e9, 8e8, 8e8, "x", 0, 0, 0, 0),
    ]
    return {"result": {"pages": 1, "data": [dict(zip(names, row, strict=True)) for row in rows]}}


def halts(params: Mapping[str, str]) -> Answer:
    """East Money's halts of a day: twelve fields that the package names by their place."""
    rows = [
        ("000002", "甲0", "2024-04-15 09:30:00", "2024-04-16 15:00:00", "连续停牌"),
        ("600000", "浦发银行", "2024-04-15 09:30:00", None, "盘中停牌"),
    ]
    day = params["filter"].split("DATETIME='")[1][:10]
    found = [(*row, "重大事项", "沪深", row[2], None, 0, 0, 0) for row in rows if row[2][:10] <= day]
    if not found:
        return {"result": {"pages": 0, "data": []}}
    return {
        "result": {"pages": 1, "data": [{f"F{k}": value for k, value in enumerate(row)} for row in found]}
    }


def warned(params: Mapping[str, str]) -> Answer:
    """East Money's board of risk warnings: the fields asked for, by number, and two more that come unasked."""
    names = sorted([*params["fields"].split(","), "f140", "f141"], key=lambda name: int(name[1:]))
    rows = [dict.fromkeys(names, 1) | {"f12": "000002", "f14": "*ST甲"}]
    return {"data": {"total": 1, "diff": rows}}


def index_list(params: Mapping[str, str]) -> Answer:
    """The index company's workbook of nine columns."""
    header = tuple("ABCDEFGHI")
    codes = (600000, 2)
    return workbook(
        header,
        *[(20240531, 300, "沪深300", "CSI 300", code, "名", "name", "上交所", "SSE") for code in codes],
    )


def sw_history(params: Mapping[str, str]) -> Answer:
    """Shenwan's workbook of codes."""
    header = ("股票代码", "计入日期", "行业代码", "更新日期")
    rows = [
        ("600000", "1999-11-10", "440101", "2015-10-27"),
        ("600000", "2014-02-21", "480101", "2015-10-27"),
        ("600000", "2021-07-30", "480301", "2021-07-31"),
        ("000002", "1991-01-29", "430101", "2015-10-27"),
        ("000003", "2016-01-01", "210101", "2016-01-01"),
        ("000003", "2018-01-01", "999999", "2018-01-01"),
    ]
    return workbook(header, *rows)


ROUTES: dict[tuple[str, str], Callable[[Mapping[str, str]], Answer]] = {  # host and the beginning of the path
    ("query.sse.com.cn", "/"): sh_list,
    ("www.szse.cn", "/api/report"): sz_report,
    ("www.bse.cn", "/nqxxController"): bj_list,
    ("push2his.eastmoney.com", "/api/qt/stock/kline"): k_lines,
    ("finance.sina.com.cn", "/realstock/company/klc_td_sh"): lambda _: 'var x="abc";',
    ("finance.sina.com.cn", "/realstock/company/s"): factors,
    ("finance.sina.com.cn", "/realstock/company/b"): lambda _: 'var x={"total":0,"data":[]}\n',
    ("datacenter.eastmoney.com", "/securities"): equity,
    ("datacenter-web.eastmoney.com", "/api"): halts,
    ("40.push2.eastmoney.com", "/api"): warned,
    ("oss-ch.csindex.com.cn", "/static"): index_list,
    ("www.swsresearch.com", "/swindex"): sw_history,
}


@dataclass
class Sites:
    """What is played back; `shut` are hosts that refuse, each with what it sends instead."""

    shut: dict[str, Answer | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, url: str, params: Mapping[str, str]) -> bytes:
        """The bytes behind an address; raises LookupError for one that nobody plays."""
        place = urlparse(url)
        self.asked.append(place.netloc + place.path)
        content: Answer | Exception | None = self.shut.get(place.netloc)
        if content is None:
            (route,) = [
                play
                for (host, path), play in ROUTES.items()
                if place.netloc == host and place.path.startswith(path)
            ]
            content = route(params)
        if isinstance(content, Exception):
            raise content
        if isinstance(content, bytes):
            return content
        return (content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)).encode()


class Racer:
    """In place of the script engine: Sina's packed calendar, unpacked."""

    def eval(self, script: str) -> None:
        """Take the script."""
        assert "function" in script

    def call(self, name: str, packed: str) -> list[str]:
        """The trading days, to the end of the year."""
        assert (name, packed) == ("d", "abc")
        return [f"{day}T00:00:00.000Z" for day in weekdays(date(2023, 12, 1), date(2024, 12, 31))]
