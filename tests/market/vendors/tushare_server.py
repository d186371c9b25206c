"""A fake of Tushare's server: answers from tables of documented columns, pages and caps, fails when it is told to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd
from tushare_documented import DATE_COLUMNS, DOCUMENTED

TOKEN = "c0ffee5ecre7c0ffee5ecre7c0ffee5ecre7c0ffee"
Rows = list[dict[str, Any]]
ARGUMENTS_ONLY = {
    "is_open",
    "is_new",
    "list_status",
    "exchange",
    "level",
    "src",
    "index_code",
    "suspend_type",
    "ts_code",
    "trade_date",
}


@dataclass
class Server:
    """Tables by endpoint, and a record of every call; `fails(number of the call, endpoint)` may give words to refuse with."""

    tables: dict[str, Rows]
    fails: Callable[[int, str], str | None] = lambda _number, _name: None
    caps: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def post(self, url: str, json: dict[str, Any], timeout: float) -> "Answer":
        """Stand in for requests.post."""
        assert timeout > 0
        assert url.endswith(f"/{json['api_name']}")
        self.tokens.add(json["token"])
        asked = {name: value for name, value in json["params"].items() if name != "ts_type_name"}
        return self.answer(json["api_name"], json["fields"], asked)

    def query(self, api_name: str, fields: str = "", **parameters: Any) -> pd.DataFrame:
        """Stand in for the package's query."""
        answer = self.answer(api_name, fields, parameters)
        if not answer:
            return pd.DataFrame()
        content = json.loads(answer.text)
        if content["code"] != 0:
            raise Exception(content["msg"])  # as the package does
        return pd.DataFrame(content["data"]["items"], columns=content["data"]["fields"])

    def answer(self, api_name: str, fields: str, parameters: dict[str, Any]) -> "Answer":
        """One answer in the shape of the server's."""
        documented = DOCUMENTED[api_name]
        self.calls.append((api_name, parameters))
        words = self.fails(len(self.calls), api_name)
        if words == "502":
            return Answer("", ok=False)
        if words is not None:
            return Answer(json.dumps({"code": 40203, "msg": words, "data": None}))
        strange = set(parameters) - set(documented.parameters) - {"limit", "offset"}
        assert not strange, f"{api_name} has no parameter {strange}"
        columns = fields.split(",") if fields else list(documented.columns)
        assert set(columns) <= set(documented.columns), (
            f"{api_name} has no column {set(columns) - set(documented.columns)}"
        )
        rows = [row for row in self.tables.get(api_name, []) if fits(api_name, row, parameters)]
        offset = int(parameters.get("offset", 0))
        limit = min(int(parameters.get("limit", documented.cap)), self.caps.get(api_name, documented.cap))
        items = [[row.get(name) for name in columns] for row in rows[offset : offset + limit]]
        return Answer(json.dumps({"code": 0, "msg": None, "data": {"fields": columns, "items": items}}))


@dataclass(frozen=True)
class Answer:
    """As much of an HTTP answer as the package looks at."""

    text: str
    ok: bool = True

    def __bool__(self) -> bool:
        return self.ok


def fits(api_name: str, row: dict[str, Any], parameters: dict[str, Any]) -> bool:
    """Whether a row answers a call."""
    day = row.get(DATE_COLUMNS.get(api_name, "trade_date"))
    if day is not None and not parameters.get("start_date", "0") <= day <= parameters.get("end_date", "9"):
        return False
    same = {name: value for name, value in parameters.items() if name in ARGUMENTS_ONLY and name in row}
    return all(str(row[name]) == str(value) for name, value in same.items())


def row(api_name: str, **values: Any) -> dict[str, Any]:
    """A row of an endpoint with all its documented columns; those not given are filled in by type."""
    documented = DOCUMENTED[api_name]
    assert set(values) <= set(documented.columns), set(values) - set(documented.columns)
    filled: dict[type, Any] = {str: None, float: 1.25, int: 1}
    return {name: values.get(name, filled[kind]) for name, kind in documented.columns.items()}


def spelled(day: date) -> str:
    return f"{day:%Y%m%d}"


def weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


STOCKS = {"600000.SH": "L", "000001.SZ": "L", "300001.SZ": "L", "920001.BJ": "L", "600001.SH": "D"}
FIRST, LAST = date(2019, 12, 25), date(2020, 1, 10)
DELISTED = date(2020, 1, 6)
RECENT = date(2019, 1, 1)  # a calendar from here on is one page long, and not twenty times as slow


def market(opening: date = date(1990, 12, 19)) -> dict[str, Rows]:
    """A small market over the turn of a year: five stocks, one of which leaves; newest rows first, as the vendor has them."""
    open_days = weekdays(opening, date(2021, 12, 31))
    tables: dict[str, Rows] = {
        "trade_cal": [row("trade_cal", exchange="SSE", cal_date=spelled(day)) for day in reversed(open_days)],
        "stock_basic": [
            row(
                "stock_basic",
                ts_code=code,
                name=f"股票{code[:6]}",
                list_status=status,
                list_date="20100104",
                delist_date=spelled(DELISTED) if status == "D" else None,
            )
            for code, status in STOCKS.items()
        ],
        "daily": [],
        "adj_factor": [],
        "daily_basic": [],
        "index_daily": [],
    }
    for number, day in enumerate(reversed(weekdays(FIRST, LAST))):
        for place, (code, status) in enumerate(STOCKS.items()):
            if status == "D" and day >= DELISTED:
                continue
            price = 10.0 + place + number / 100
            key = {"ts_code": code, "trade_date": spelled(day)}
            bar = {"open": price, "high": price + 0.5, "low": price - 0.5, "close": price + 0.1}
            tables["daily"].append(row("daily", **key, **bar, vol=12345.67 + place, amount=13579.246))
            tables["adj_factor"].append(row("adj_factor", **key, adj_factor=1.5 + place))
            tables["daily_basic"].append(row("daily_basic", **key, float_share=98765.4321))
        tables["index_daily"].append(
            row(
                "index_daily",
                ts_code="000300.SH",
                trade_date=spelled(day),
                open=4000.5,
                high=4010.25,
                low=3990.75,
                close=4005.1,
                vol=1e6,
                amount=2e8,
            )
        )
    return tables
