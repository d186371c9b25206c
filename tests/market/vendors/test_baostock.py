"""Baostock's adapter with the package itself against a server on loopback, and its translations by hand."""

import ast
import inspect
import random
import re
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.errors import InputError
from gangru.market.ingest import ingest_source
from gangru.market.sources.protocol import Piece, Span
from gangru.market.sources.vendors import baostock_tables as tables
from gangru.market.sources.vendors.asked import Asked
from gangru.market.sources.vendors.baostock import KEY, LISTS, NAME, imported, open_source
from gangru.market.sources.vendors.baostock_members import memberships
from gangru.market.sources.vendors.baostock_session import CATCHES, judged
from gangru.market.sources.vendors.calls import Caller, Pace
from gangru.market.sources.vendors.secret import Secret
from gangru.market.sources.vendors.vendor import Vendor
from gangru.market.store import Store
from market.vendors.baostock_server import Script, serving

baostock = pytest.importorskip("baostock", reason="the vendor's package is not installed")

FIRST, LAST = date(2024, 3, 1), date(2024, 5, 31)
NOW = datetime(2024, 6, 3, 1, tzinfo=UTC)  # a Monday morning in Shanghai
STOCKS = [
    ("sh.000300", "沪深300指数", "2005-04-08", "", "2", "1"),
    ("sh.600000", "浦发银行", "1999-11-10", "", "1", "1"),
    ("sh.600001", "邯郸钢铁", "1998-01-22", "2009-12-29", "1", "0"),
    ("sh.900901", "云赛B股", "1992-02-21", "", "1", "1"),
    ("sz.000002", "万 科A", "1991-01-29", "", "1", "1"),
]
FACTORS = {
    "sh.600000": [("2023-07-21", "0.9", "12.0", "1.02"), ("2024-04-15", "1.0", "12.6", "1.05")],
    "sz.000002": [],
}
BEFORE, AFTER = ("sh.600000", "sz.000002"), ("sh.600000", "sz.000001")
CHANGE = date(2024, 4, 17)


def weekdays(first: date, last: date) -> list[date]:
    """Every day but Saturdays and Sundays."""
    days = (first + timedelta(days=k) for k in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def trade_dates(arguments: Any) -> Any:
    first, last = map(date.fromisoformat, arguments)
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    return ("calendar_date", "is_trading_day"), [(str(day), "01"[day.weekday() < 5]) for day in days]


def k_data(arguments: Any) -> Any:
    code, fields, first, last, frequency, adjustflag = arguments
    assert (frequency, adjustflag) == ("d", "3")
    names = fields.split(",")
    if code == "sh.999999" or not any(code == stock[0] for stock in STOCKS):
        return names, []
    found = []
    for k, day in enumerate(weekdays(date.fromisoformat(first), date.fromisoformat(last))):
        still = code == "sz.000002" and k == 2
        bar = {
            "date": str(day), "code": code, "open": "10.00", "high": "10.50", "low": "9.80", "close": "10.20",
            "volume": "" if still else "2000000", "amount": "" if still else "20300000.00",
            "turn": "" if still else "0.250000", "tradestatus": "01"[not still], "isST": "01"[code == "sz.000002"],
        }  # fmt: skip
        found.append([bar[name] for name in names])
    return names, found


def factors(arguments: Any) -> Any:
    code, first, _ = arguments
    assert first == "1990-12-19"
    rows = [(code, *row) for row in FACTORS[code]]
    return ("code", "dividOperateDate", "foreAdjustFactor", "backAdjustFactor", "adjustFactor"), rows


def members(arguments: Any) -> Any:
    (day,) = arguments
    codes = BEFORE if date.fromisoformat(day) < CHANGE else AFTER
    return ("updateDate", "code", "code_name"), [(day, code, "名") for code in codes]


def industries(arguments: Any) -> Any:
    rows = [
        ("2024-05-27", "sh.600000", "浦发银行", "J66货币金融服务", "证监会行业分类"),
        ("2024-05-27", "sh.600001", "邯郸钢铁", "", "证监会行业分类"),
    ]
    return ("updateDate", "code", "code_name", "industry", "industryClassification"), rows


TABLES = {
    "query_trade_dates": trade_dates,
    "query_stock_basic": lambda _: (tables.STOCKS, STOCKS),
    "query_history_k_data_plus": k_data,
    "query_adjust_factor": factors,
    "query_stock_industry": industries,
    "query_hs300_stocks": members,
    "query_zz500_stocks": members,
    "query_sz50_stocks": members,
}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """The server, and the package's client turned to it."""
    from baostock.common import contants, context

    monkeypatch.delenv(KEY, raising=False)
    monkeypatch.setattr(contants, "BAOSTOCK_SERVER_IP", "127.0.0.1")
    monkeypatch.setattr(contants, "BAOSTOCK_VIP_SERVER_IP", "127.0.0.1")
    with serving(Script(dict(TABLES))) as running:
        monkeypatch.setattr(contants, "BAOSTOCK_SERVER_PORT", running.port)
        yield running
    for name in ("apiKey", "user_id", "default_socket"):
        if hasattr(context, name):
            delattr(context, name)


def hurried(secret: Secret) -> Caller:
    """A caller without pauses."""
    return Caller(NAME, judged, CATCHES, Pace(per_minute=1e9, tries=3, first_wait=0.0), secret=secret)


def source(directory: Path, *kinds: str, seconds: float = 5.0, client: Any = None, **asked: Any) -> Vendor:
    """The vendor asked for a span of three months."""
    request = Asked(kinds or None, asked.pop("span", Span(FIRST, LAST)), **asked)
    return open_source(request, directory, None, lambda: NOW, lambda: client or imported(), hurried, seconds)


def read(vendor: Vendor) -> list[Piece]:
    """All its pieces."""
    return list(vendor.pieces(lambda _stage, share: None))


def frame_of(vendor: Vendor) -> pl.DataFrame:
    """Its only piece's rows."""
    (piece,) = read(vendor)
    return piece.frame


def test_bars_come_in_shares_and_yuan_with_the_factor_in_force(script: Script, tmp_path: Path) -> None:
    bars = frame_of(source(tmp_path, "bars", codes=("600000.SH",))).with_columns(pl.col("date").str.to_date())
    before, after = (
        bars.filter(pl.col("date") < date(2024, 4, 15)),
        bars.filter(pl.col("date") >= date(2024, 4, 15)),
    )
    assert bars["date"].to_list() == weekdays(FIRST, LAST)
    assert set(before["factor"]) == {12.0}
    assert set(after["factor"]) == {12.6}
    assert set(bars["float_shares"]) == {800_000_000.0}  # 2,000,000 / 0.25 %
    assert bars.select("volume", "amount", "close").row(0) == ("2000000", "20300000.00", "10.20")
    assert set(bars["is_st"]) == {False}


def test_a_suspended_day_has_no_volume_and_no_float_shares(script: Script, tmp_path: Path) -> None:
    bars = frame_of(source(tmp_path, "bars", codes=("000002.SZ",)))
    assert bars.row(2, named=True) == {
        "code": "sz.000002", "date": "2024-03-05", "open": "10.00", "high": "10.50", "low": "9.80", "close": "10.20",
        "factor": None, "volume": "0", "amount": "0", "float_shares": None, "is_st": True, "suspended": True,
    }  # fmt: skip
    assert bars["suspended"].sum() == 1


def test_everything_lands_in_the_store_and_comes_again_without_a_change(
    script: Script, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    report = ingest_source(source(tmp_path / "spool"), store)
    days = len(weekdays(FIRST, LAST))
    assert {name: len(store.read(name)) for name in ("calendar", "securities", "bars", "members")} == {
        "calendar": days, "securities": 3, "bars": 2 * days, "members": 2 * 3,
    }  # fmt: skip
    assert store.read("quarantine").is_empty()
    assert not (tmp_path / "spool").exists()  # let go of what has landed
    assert report.changed
    again = ingest_source(source(tmp_path / "spool"), store)
    assert not again.changed
    codes = store.read("bars").select(pl.col("code").unique().sort()).to_series().to_list()
    assert codes == ["000002.SZ", "600000.SH"]
    assert store.read("industry").rows() == [
        ("600000.SH", date(2024, 5, 27), None, "csrc", "J66货币金融服务")
    ]
    assert any("no lists of members of 000852.SH" in line for line in report.skipped)


def test_only_shares_listed_in_the_span_are_asked_for(script: Script, tmp_path: Path) -> None:
    read(source(tmp_path, "bars"))
    assert [rest[2] for method, rest in script.asked if method == "query_history_k_data_plus"] == [
        "sh.600000",
        "sz.000002",
    ]


def test_members_are_dated_to_the_day_by_halving(script: Script, tmp_path: Path) -> None:
    found = frame_of(source(tmp_path, "members", indices=("000300.SH",)))
    spans = {row["code"]: (row["start"], row["end"]) for row in found.iter_rows(named=True)}
    start = weekdays(FIRST - timedelta(days=35), LAST)[0]
    assert spans == {"sh.600000": (start, None), "sz.000002": (start, CHANGE), "sz.000001": (CHANGE, None)}
    assert script.queries().count("query_hs300_stocks") < 15  # of 86 days


def test_a_list_dated_after_the_day_is_not_known_on_it(script: Script, tmp_path: Path) -> None:
    script.tables = TABLES | {
        "query_hs300_stocks": lambda arguments: (
            tables.MEMBERS,
            [("2024-05-06", "sh.600000", "浦发银行")],
        )
    }
    found = frame_of(source(tmp_path, "members", indices=("000300.SH",)))
    assert found["start"].to_list() == [date(2024, 5, 6)]


def test_a_list_that_is_suddenly_empty_is_refused(script: Script, tmp_path: Path) -> None:
    script.tables = TABLES | {
        "query_hs300_stocks": lambda arguments: (
            (tables.MEMBERS, []) if arguments[0] > "2024-05-10" else members(arguments)
        )
    }
    with pytest.raises(InputError, match="the list of members on 2024-05-13 is empty"):
        read(source(tmp_path, "members", indices=("000300.SH",)))


def test_an_answer_of_many_pages_is_whole(script: Script, tmp_path: Path) -> None:
    first = date(2010, 1, 1)
    last = first + timedelta(days=3999)  # two full pages: the third is empty
    calendar = frame_of(source(tmp_path, "calendar", span=Span(first, last)))
    assert calendar["date"].to_list() == [str(day) for day in weekdays(first, last)]
    assert script.queries() == ["query_trade_dates"] * 3


@pytest.mark.parametrize("fault", ["close", "hang", "garbled", "10001001", "10002007", "10005001"])
@pytest.mark.parametrize("request_number", [0, 1, 2])  # logging in, the query, its second page
def test_a_line_that_fails_once_is_no_loss(
    script: Script, tmp_path: Path, fault: str, request_number: int
) -> None:
    script.faults[request_number] = fault
    last = date(2010, 1, 1) + timedelta(days=2500)
    calendar = frame_of(source(tmp_path, "calendar", seconds=0.5, span=Span(date(2010, 1, 1), last)))
    assert calendar["date"].to_list() == [str(day) for day in weekdays(date(2010, 1, 1), last)]
    assert script.logins >= (2 if request_number else 1)


def test_a_call_that_hangs_leaves_no_thread_behind(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.faults = {1: "close", 3: "hang", 5: "hang"}
    before = threading.active_count()
    with pytest.raises(InputError, match=r"tried 3 times.*no answer within 0\.3 s"):
        read(source(tmp_path, "securities", seconds=0.3))
    deadline = time.monotonic() + 5
    while threading.active_count() > before + 2 and time.monotonic() < deadline:  # two are the server's
        time.sleep(0.05)
    assert threading.active_count() <= before + 2
    assert capsys.readouterr().out == ""


def test_a_span_of_which_no_day_is_settled_is_no_fault(script: Script, tmp_path: Path) -> None:
    today = NOW.date()
    pieces = read(source(tmp_path, span=Span(today, today)))
    assert {piece.kind for piece in pieces} == {"securities", "industry"}
    assert set(script.queries()) == {"query_stock_basic", "query_stock_industry"}


def test_a_barred_address_is_told_at_once(script: Script, tmp_path: Path) -> None:
    script.faults[0] = "10001011"
    with pytest.raises(InputError, match=r"baostock query_trade_dates.*tried once and refused.*10001011"):
        read(source(tmp_path, "calendar"))
    assert len(script.asked) == 1


def test_a_stopped_fetch_goes_on_with_what_is_missing(script: Script, tmp_path: Path) -> None:
    script.faults = dict.fromkeys(
        range(4, 20), "10002007"
    )  # login, basics, bars, factors of the first: then nothing
    with pytest.raises(InputError, match="goes on where it stopped"):
        read(source(tmp_path, "bars"))
    before = script.queries().count("query_history_k_data_plus")
    script.faults = {}
    script.asked.clear()
    assert sum(len(piece.frame) for piece in read(source(tmp_path, "bars"))) == 2 * len(weekdays(FIRST, LAST))
    assert before > 1
    assert script.queries() == ["query_history_k_data_plus", "query_adjust_factor"]  # of the second


def test_a_column_that_is_gone_is_named(script: Script, tmp_path: Path) -> None:
    script.tables = TABLES | {
        "query_trade_dates": lambda _: (("calendar_date", "open"), [("2024-03-01", "1")])
    }
    with pytest.raises(
        InputError, match=r"query_trade_dates came without is_trading_day; expected .* found calendar_date"
    ):
        read(source(tmp_path, "calendar"))


def test_a_stock_with_a_faulty_factor_is_passed_over_with_the_reason(script: Script, tmp_path: Path) -> None:
    def wrong(arguments: Any) -> Any:
        names, rows = factors(arguments)
        return names, [(*row[:3], "0", row[4]) for row in rows]

    script.tables = TABLES | {"query_adjust_factor": wrong}
    vendor = source(tmp_path, "bars")
    assert [set(piece.frame["code"]) for piece in read(vendor)] == [{"sz.000002"}]
    assert any("'code': 'sh.600000'" in line and "above 0" in line for line in vendor.skipped)


def test_an_answer_about_another_stock_is_refused(script: Script, tmp_path: Path) -> None:
    def another(arguments: Any) -> Any:
        return k_data(["sz.000002", *arguments[1:]])

    script.tables = TABLES | {"query_history_k_data_plus": another}
    with pytest.raises(InputError, match=r"asked for sh\.600000 and answered with sz\.000002"):
        read(source(tmp_path, "bars", codes=("600000.SH",)))


def test_without_the_package_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "baostock", None)
    with pytest.raises(InputError, match=r"pip install 'gangru\[baostock\]'"):
        open_source(Asked(), tmp_path)


def test_the_client_prints_nothing_on_the_screen(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read(source(tmp_path, "calendar", "securities"))
    assert capsys.readouterr().out == ""


def test_a_key_is_written_nowhere(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from baostock.login.loginout import calculate_checksum

    key = "bs-" + "ab" + "K" * 27 + calculate_checksum("ab", "K" * 27)
    monkeypatch.setenv(KEY, key)
    vendor = source(tmp_path, "calendar", "securities")
    pieces = read(vendor)
    assert ("login", ("123456", key)) in script.asked
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert written
    assert key.encode() not in written
    assert key not in repr(vendor) + repr(pieces) + str(vendor.notes)
    monkeypatch.setenv(KEY, key[:-1])  # refused by the client itself
    with pytest.raises(InputError) as refusal:
        read(source(tmp_path / "other", "calendar"))
    assert key[:-1] not in str(refusal.value)


class Recorder:
    """The package, with what is called noted."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.common = baostock.common

    def __getattr__(self, name: str) -> Any:
        real = getattr(baostock, name)

        def call(**arguments: str) -> Any:
            self.calls.append((name, arguments))
            return real(**arguments)

        return call


def test_every_call_fits_the_signature_of_the_package(script: Script, tmp_path: Path) -> None:
    recorder = Recorder()
    read(source(tmp_path, client=recorder, indices=tuple(LISTS)))
    assert {name for name, _ in recorder.calls} == {*TABLES, "login", "logout"}
    for name, arguments in recorder.calls:
        inspect.signature(getattr(baostock, name)).bind(**arguments)
    assert list(inspect.signature(baostock.set_API_key).parameters) == ["apiKey"]


def test_the_columns_are_those_that_the_package_names() -> None:
    """Read out of the package's own code: its docstrings and demonstrations. It names no others."""
    folder = Path(baostock.__file__).parent / "demo"
    demo = ast.parse((folder / "demo_A_stock_k_data.py").read_text("utf-8"))
    (fields,) = {
        node.value
        for node in ast.walk(demo)
        if isinstance(node, ast.Constant) and "tradestatus" in str(node.value)
    }
    assert set(tables.BARS) <= set(fields.split(","))
    index = (folder / "demo_Index_k_data.py").read_text("utf-8")
    assert all(name in index for name in tables.INDEX_BARS)
    remark = (folder / "demo_daily_adjust_factor_data.py").read_text("utf-8")
    assert set(tables.FACTORS) <= set(re.findall(r"\w+", remark.split("返回字段")[1].splitlines()[0]))
    assert all(name in str(baostock.query_trade_dates.__doc__) for name in tables.TRADE_DATES)


def test_the_page_that_tells_a_broken_answer_is_still_the_package_s() -> None:
    from baostock.common import contants
    from baostock.data.resultset import ResultData

    assert ResultData().per_page_count == contants.BAOSTOCK_PER_PAGE_COUNT
    assert contants.BSERR_RECVSOCK_FAIL == "10002007"
    assert contants.BSERR_NO_LOGIN == "10001001"
    assert contants.BSERR_LOGIN_COUNT_LIMIT == "10001005"
    assert contants.BSERR_BLACKLIST_USER == "10001011"


def test_the_factor_is_the_last_on_or_before_the_day() -> None:
    rng = random.Random(3)
    days = weekdays(date(2020, 1, 1), date(2021, 12, 31))
    steps = sorted(rng.sample(days, 12))
    levels = {day: str(1 + k / 7) for k, day in enumerate(steps)}
    answer = pl.DataFrame({"date": [str(day) for day in days]})
    table = pl.DataFrame(
        [("sh.600000", str(day), level) for day, level in reversed(levels.items())],
        schema=list(tables.FACTORS),
        orient="row",
    )
    found = dict(tables.with_factor(answer, table, whole=False).select("date", "factor").iter_rows())
    for day in days:
        known = [step for step in steps if step <= day]
        assert found[str(day)] == (float(levels[known[-1]]) if known else 1.0)


@pytest.mark.parametrize("level", ["", "0", "-1", "NaN", "x"])
def test_a_factor_that_is_none_is_refused(level: str) -> None:
    table = pl.DataFrame([("sh.600000", "2024-01-02", level)], schema=list(tables.FACTORS), orient="row")
    with pytest.raises(InputError, match="backAdjustFactor above 0"):
        tables.with_factor(pl.DataFrame({"date": ["2024-01-03"]}), table, whole=True)


@given(st.lists(st.frozensets(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=6), st.randoms())
def test_memberships_say_of_every_day_what_its_list_says(
    lists: list[frozenset[str]], rng: random.Random
) -> None:
    days = weekdays(date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=40 * len(lists)))
    months = sorted({(day.year, day.month) for day in days})
    turns = {  # at most one change between two lists that are asked for
        month: rng.choice([day for day in days if (day.year, day.month) == month][1:] or [days[-1]])
        for month in months
    }

    def members_on(day: date) -> frozenset[str]:
        return lists[sum(turn <= day for turn in turns.values()) % len(lists)]

    found = memberships(days, members_on).rows()
    for day in days:
        inside = {code for code, start, end in found if start <= day and (end is None or day < end)}
        assert inside == members_on(day)


def without_rows(query: str) -> Any:
    """The query's fields and no rows."""
    return lambda arguments: (TABLES[query](arguments)[0], [])


@pytest.mark.parametrize("query", ["query_stock_basic", "query_trade_dates"])
@pytest.mark.parametrize("kinds", [("bars",), ("calendar", "securities", "bars")])
def test_an_empty_list_of_stocks_or_days_is_asked_for_again_and_then_refused(
    script: Script, tmp_path: Path, query: str, kinds: tuple[str, ...]
) -> None:
    if query == "query_trade_dates" and kinds == ("bars",):
        kinds = ("calendar",)
    script.tables = TABLES | {query: without_rows(query)}
    with pytest.raises(InputError, match=rf"{query}.*tried 3 times.*no rows"):
        read(source(tmp_path, *kinds))
    assert script.queries().count(query) == 3
    script.tables = dict(TABLES)
    assert read(source(tmp_path, *kinds))  # the empty answer was not kept


def test_no_bar_of_any_stock_on_days_of_trading_is_a_failure(script: Script, tmp_path: Path) -> None:
    script.tables = TABLES | {"query_history_k_data_plus": without_rows("query_history_k_data_plus")}
    with pytest.raises(InputError, match=r"no bar of any of the 2 stocks.*2024-03-01.*66 trading days"):
        read(source(tmp_path, "bars"))
    weekend = Span(date(2024, 3, 2), date(2024, 3, 3))
    assert read(source(tmp_path, "bars", span=weekend)) == []
    script.tables = dict(TABLES)
    assert sum(len(piece.frame) for piece in read(source(tmp_path, "bars"))) == 2 * 66


def test_without_a_list_of_factors_the_factor_is_one_only_over_the_whole_history(
    script: Script, tmp_path: Path
) -> None:
    later = source(tmp_path / "a", "bars", codes=("000002.SZ",))
    assert set(frame_of(later)["factor"]) == {None}
    assert any("sz.000002" in note and "factor" in note for note in later.notes)
    whole = source(tmp_path / "b", "bars", codes=("000002.SZ",), span=Span(date(1991, 1, 29), LAST))
    assert set(frame_of(whole)["factor"]) == {1.0}


def test_an_empty_list_of_factors_does_not_overwrite_those_in_the_store(
    script: Script, tmp_path: Path
) -> None:
    store = Store.open(tmp_path / "store")
    ingest_source(source(tmp_path / "spool", "calendar", "securities", "bars"), store)
    before = store.read("bars").filter(pl.col("code") == "600000.SH")["factor"].to_list()
    script.tables = TABLES | {"query_adjust_factor": without_rows("query_adjust_factor")}
    ingest_source(source(tmp_path / "spool", "calendar", "securities", "bars"), store)
    assert store.read("bars").filter(pl.col("code") == "600000.SH")["factor"].to_list() == before
