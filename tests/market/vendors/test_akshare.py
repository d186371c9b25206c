"""Akshare's adapter with the package itself on sites that are played back, and its translations by hand."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.errors import InputError
from gangru.market.industries import industries
from gangru.market.ingest import ingest_source
from gangru.market.sources.protocol import Piece, Span
from gangru.market.sources.vendors import akshare_tables as tables
from gangru.market.sources.vendors.akshare import KINDS, open_source
from gangru.market.sources.vendors.akshare_client import imported, judged
from gangru.market.sources.vendors.akshare_endpoints import BARS, ENDPOINTS, FACTORS, SZ_NAMES
from gangru.market.sources.vendors.akshare_industries import (
    EDITION_2014,
    EDITION_2021,
    NAMES,
    classes,
    unnamed,
)
from gangru.market.sources.vendors.asked import Asked
from gangru.market.sources.vendors.calls import Caller, Pace, RefusedError
from gangru.market.sources.vendors.vendor import Vendor
from gangru.market.store import Store
from market.vendors.akshare_sites import EX_DAY, FIRST, LAST, MORE_SHARES, Racer, Sites, weekdays

akshare = pytest.importorskip("akshare", reason="the vendor's package is not installed")

MONDAY = datetime(2024, 6, 3, 1, tzinfo=UTC)  # in the morning in Shanghai
FRIDAY = datetime(2024, 5, 31, 13, tzinfo=UTC)  # at nine in the evening: the day is settled


@pytest.fixture
def sites(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sites]:
    """The sites behind requests, and no answers remembered by the package from other tests."""
    import py_mini_racer
    import requests

    playing = Sites()

    def request(_session: Any, method: str, url: str, **arguments: Any) -> Any:
        answer = requests.Response()
        answer.status_code = 200
        answer._content = playing.answer(url, arguments.get("params") or arguments.get("data") or {})
        answer.encoding = "utf-8"
        return answer

    monkeypatch.setattr(requests.sessions.Session, "request", request)
    monkeypatch.setattr(py_mini_racer, "MiniRacer", Racer)
    remembering = [
        getattr(akshare, name) for name in ENDPOINTS if hasattr(getattr(akshare, name), "cache_clear")
    ]
    for function in remembering:
        function.cache_clear()
    yield playing
    for function in remembering:
        function.cache_clear()


def hurried() -> Caller:
    """A caller without pauses."""
    return Caller("akshare", judged, (RefusedError, OSError), Pace(1e9, 3, 0.0))


def source(
    directory: Path,
    *kinds: str,
    package: Any = None,
    now: datetime = MONDAY,
    seconds: float = 20.0,
    **asked: Any,
) -> Vendor:
    """The vendor asked for a span of three months."""
    request = Asked(kinds or None, asked.pop("span", Span(FIRST, LAST)), **asked)
    return open_source(request, directory, lambda: now, lambda: package or imported(), hurried, seconds)


def read(vendor: Vendor) -> list[Piece]:
    """All its pieces."""
    return list(vendor.pieces(lambda _stage, _share: None))


def frame_of(vendor: Vendor) -> pl.DataFrame:
    """Its only piece's rows."""
    (piece,) = read(vendor)
    return piece.frame


def test_bars_come_in_shares_and_yuan_with_factor_and_float_in_force(sites: Sites, tmp_path: Path) -> None:
    bars = frame_of(source(tmp_path, "bars", codes=("600000.SH",)))
    assert bars["date"].to_list() == weekdays()
    assert bars.row(0, named=True) == {
        "code": "600000.SH", "date": FIRST, "open": 10.0, "high": 10.5, "low": 9.8, "close": 10.2, "factor": 12.0,
        "volume": 2_000_000.0, "amount": 20_300_000.0, "float_shares": 8e8, "shares_est": False, "is_st": None,
    }  # fmt: skip
    for row in bars.iter_rows(named=True):
        assert row["factor"] == (12.6 if row["date"] >= EX_DAY else 12.0)
        assert row["float_shares"] == (9e8 if row["date"] >= MORE_SHARES else 8e8)


def test_without_a_share_count_the_float_is_of_the_turnover_and_marked(sites: Sites, tmp_path: Path) -> None:
    vendor = source(tmp_path, "bars", codes=("430047.BJ",))
    bars = frame_of(vendor)
    assert set(bars["float_shares"]) == {800_000_000.0}  # 2,000,000 / 0.25 %
    assert set(bars["shares_est"]) == {True}
    assert bars["factor"].null_count() == len(bars)  # the site says that it has none: nothing is made up
    assert "akshare has no adjustment factors for some days of 430047.BJ" in vendor.skipped


def test_st_is_observed_on_the_day_of_the_list_alone(sites: Sites, tmp_path: Path) -> None:
    bars = pl.concat(piece.frame for piece in read(source(tmp_path, "bars", now=FRIDAY)))
    seen = bars.filter(pl.col("is_st").is_not_null())
    assert set(seen["date"]) == {LAST}
    assert {row[0]: row[1] for row in seen.select("code", "is_st").iter_rows()} == {
        "600000.SH": False, "688001.SH": False, "000002.SZ": True,
    }  # fmt: skip


def test_everything_lands_in_the_store_and_comes_again_without_a_change(sites: Sites, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    report = ingest_source(source(tmp_path / "spool", now=FRIDAY), store)
    assert store.read("quarantine").is_empty()
    bars = store.read("bars")
    assert bars.group_by("code").len().sort("code").rows() == [
        ("000002.SZ", 65), ("430047.BJ", 66), ("600000.SH", 66), ("688001.SH", 10),
    ]  # fmt: skip
    securities = store.read("securities").filter(
        pl.col("code").is_in(["600001.SH", "000015.SZ", "430047.BJ"])
    )
    assert securities.sort("code").rows() == [
        ("000015.SZ", "甲退", date(1991, 7, 3), date(2002, 6, 14)),
        ("430047.BJ", "诺思兰德", date(2021, 11, 15), None),
        ("600001.SH", "邯郸钢铁", date(1998, 1, 22), date(2009, 12, 29)),
    ]
    assert not store.read("securities")["code"].str.contains("^[29]00").any()  # B shares
    assert store.read("members").filter(pl.col("index") == "000300.SH").rows() == [
        ("000300.SH", "000002.SZ", LAST, date(2024, 6, 3)),
        ("000300.SH", "600000.SH", LAST, date(2024, 6, 3)),
    ]
    assert set(store.read("index_bars")["volume"]) == {2_000_000.0}
    assert report.changed
    assert not (tmp_path / "spool").exists()
    assert not ingest_source(source(tmp_path / "spool", now=FRIDAY), store).changed


def test_names_run_from_change_to_change_and_the_first_from_the_listing(sites: Sites, tmp_path: Path) -> None:
    names = frame_of(source(tmp_path, "names"))
    assert names.select("code", "start", "end", "name").rows() == [
        ("000002.SZ", date(1991, 1, 29), date(2023, 5, 4), "甲旧"),
        ("000002.SZ", date(2023, 5, 4), date(2024, 4, 10), "ST甲0"),
        ("000002.SZ", date(2024, 4, 10), None, "甲0"),
    ]


def test_names_do_not_depend_on_the_order_of_the_changes() -> None:
    changes = [
        (date(2020, 5, 1), "000002", "甲", "ST甲"),
        (date(2021, 5, 1), "000002", "ST甲", "乙"),
        (date(2021, 5, 1), "000004", "丙", "丁"),
    ]
    listed = pl.DataFrame({"code": ["000002.SZ"], "list_date": ["1991-01-29"]})
    schema = dict(SZ_NAMES.columns)
    there = tables.names(pl.DataFrame(changes, schema=schema, orient="row"), listed)
    back = tables.names(pl.DataFrame(changes[::-1], schema=schema, orient="row"), listed)
    assert there.rows() == back.rows()
    assert there.select("code", "start", "name").rows() == [
        ("000002.SZ", date(1991, 1, 29), "甲"),
        ("000002.SZ", date(2020, 5, 1), "ST甲"),
        ("000002.SZ", date(2021, 5, 1), "乙"),
        ("000004.SZ", date(2021, 5, 1), "丁"),  # whose listing is not known
    ]


def test_halts_of_whole_days_are_intervals_to_the_next_trading_day(sites: Sites, tmp_path: Path) -> None:
    halts = frame_of(source(tmp_path, "suspensions"))
    assert halts.rows() == [("000002", EX_DAY, date(2024, 4, 17))]


def test_classes_are_named_by_the_edition_of_their_day(sites: Sites, tmp_path: Path) -> None:
    vendor = source(tmp_path, "industry")
    found = frame_of(vendor).select("code", "start", "end", "industry").rows()
    assert found == [
        ("000002", date(2014, 2, 21), date(2021, 7, 30), "房地产"),
        ("000002", date(2021, 7, 30), None, "房地产"),
        ("000003", date(2016, 1, 1), date(2018, 1, 1), "采掘"),
        ("600000", date(2014, 2, 21), date(2021, 7, 30), "银行"),
        ("600000", date(2021, 7, 30), None, "银行"),
    ]
    assert "akshare: 1 codes of Shenwan that its editions do not have" in vendor.skipped


def test_the_digits_are_named_as_the_editions_name_their_classes() -> None:
    for edition, names in NAMES.items():
        assert sorted(names.values()) == sorted(one.zh for one in industries(edition))
    assert [len(names) for names in NAMES.values()] == [28, 31]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["000001", "600000"]),
            st.dates(date(2013, 1, 1), date(2022, 12, 31)),
            st.sampled_from(["21", "22", "28", "63", "74", "99"]),
        ),
        max_size=8,
        unique_by=lambda row: row[:2],
    )
)
def test_on_every_day_a_class_is_that_of_the_last_code_in_the_edition_in_force(
    rows: list[tuple[str, date, str]],
) -> None:
    schema = {"symbol": pl.String, "start_date": pl.Date, "industry_code": pl.String}
    found = classes(pl.DataFrame(rows, schema=schema, orient="row")).rows()
    for day in (date(2013, 6, 1) + timedelta(days=97 * k) for k in range(38)):
        for symbol in ("000001", "600000"):
            last = max(
                (row for row in rows if row[0] == symbol and row[1] <= day),
                key=lambda row: row[1],
                default=None,
            )
            names = (
                EDITION_2021 if day >= date(2021, 7, 30) else EDITION_2014 if day >= date(2014, 2, 21) else {}
            )
            expected = [names[last[2]]] if last and last[2] in names else []
            held = [
                name
                for code, start, end, name in found
                if code == symbol and start <= day and (not end or day < end)
            ]
            assert held == expected


@given(st.dictionaries(st.integers(0, 12), st.frozensets(st.sampled_from("abc"))))
def test_what_was_seen_on_single_days_holds_on_those_days_alone(lists: dict[int, frozenset[str]]) -> None:
    days = weekdays(FIRST, FIRST + timedelta(days=20))
    seen = {days[k]: codes for k, codes in lists.items()}
    rows = tables.observed(seen, days).rows()
    for day in days:
        held = [code for code, start, end in rows if start <= day < end]
        assert sorted(held) == sorted(seen.get(day, frozenset()))
    assert all(
        rows[k][0] != rows[k + 1][0] or rows[k][2] < rows[k + 1][1] for k in range(len(rows) - 1)
    )  # runs are whole


def test_a_stopped_fetch_goes_on_with_what_is_missing(sites: Sites, tmp_path: Path) -> None:
    sites.shut["datacenter.eastmoney.com"] = ConnectionResetError("reset by peer")
    with pytest.raises(
        InputError, match=r"stock_zh_a_gbjg_em\(symbol=\d+\.\w+\) was tried 3 times.*goes on where"
    ):
        read(source(tmp_path, "bars"))
    sites.shut.clear()
    sites.asked.clear()
    assert sum(len(piece.frame) for piece in read(source(tmp_path, "bars"))) == 65 + 66 + 66 + 10
    assert not any("szse" in place or "sse.com" in place for place in sites.asked)  # the lists were there
    assert sum("kline" in place for place in sites.asked) == 10  # only those without bars are asked again


def test_a_site_that_is_gone_costs_its_table_alone_and_is_told(sites: Sites, tmp_path: Path) -> None:
    sites.shut["www.swsresearch.com"] = OSError("certificate verify failed")
    vendor = source(tmp_path)
    assert {piece.kind for piece in read(vendor)} == set(KINDS) - {"industry"}
    (told,) = [line for line in vendor.skipped if line.startswith("industry: ")]
    assert "stock_industry_clf_hist_sw() was tried 3 times" in told
    assert "certificate verify failed" in told
    with pytest.raises(InputError, match="certificate verify failed"):
        read(source(tmp_path / "asked for", "industry"))


def test_without_the_list_of_st_the_bars_come_all_the_same(sites: Sites, tmp_path: Path) -> None:
    class Silent(Recorder):
        def stock_zh_a_st_em(self) -> Any:
            raise OSError("no answer")

    vendor = source(tmp_path, "bars", package=Silent(), now=FRIDAY)
    assert pl.concat(piece.frame for piece in read(vendor))["is_st"].null_count() == 65 + 66 + 66 + 10
    assert any(line.startswith("is_st of 2024-05-31: akshare stock_zh_a_st_em()") for line in vendor.skipped)


def test_a_site_without_beijing_s_factors_is_asked_for_one_of_them(sites: Sites, tmp_path: Path) -> None:
    class Puzzled(Recorder):
        def stock_zh_a_daily(self, symbol: str, adjust: str) -> Any:
            self.calls.append(("stock_zh_a_daily", {"symbol": symbol}))
            if symbol.startswith("bj"):
                raise SyntaxError("<html>")
            return akshare.stock_zh_a_daily(symbol=symbol, adjust=adjust)

    package = Puzzled()
    vendor = source(tmp_path, "bars", package=package)
    found = pl.concat((piece.frame for piece in read(vendor)), how="vertical_relaxed")
    assert found.filter(pl.col("code") == "430047.BJ")["factor"].null_count() == 66
    assert found.filter(pl.col("code") != "430047.BJ")["factor"].null_count() == 0
    assert any("430047.BJ" in line for line in vendor.skipped)


def test_a_stock_that_cannot_be_had_is_passed_over_with_the_reason(sites: Sites, tmp_path: Path) -> None:
    class Choking(Recorder):
        def stock_zh_a_gbjg_em(self, symbol: str) -> Any:
            return akshare.stock_zh_a_gbjg_em(symbol="?" if symbol == "600000.SH" else symbol)

    vendor = source(tmp_path, "bars", package=Choking())
    found = pl.concat(piece.frame for piece in read(vendor))
    assert set(found["code"]) == {"000002.SZ", "430047.BJ", "688001.SH"}
    assert any("stock_zh_a_gbjg_em(symbol=600000.SH) was tried 3 times" in line for line in vendor.skipped)


@pytest.mark.parametrize(
    "page",
    ["<html>403 Forbidden</html>", {"rc": 102}, {"data": {"klines": ["2024-03-01,1"]}}],
    ids=["html", "none", "odd"],
)
def test_a_page_that_cannot_be_read_says_whose_it_is_and_what_to_do(
    sites: Sites, tmp_path: Path, page: Any
) -> None:
    sites.shut["push2his.eastmoney.com"] = page
    with pytest.raises(
        InputError, match=r"stock_zh_a_hist\(symbol=000002.*akshare 1\.19\.5 cannot read.*a newer akshare"
    ):
        read(source(tmp_path, "bars", codes=("000002.SZ",)))


def test_a_script_that_is_none_is_no_factor_and_no_crash(sites: Sites, tmp_path: Path) -> None:
    sites.shut["finance.sina.com.cn"] = "<html>a = forbidden</html>"
    with pytest.raises(InputError, match=r"stock_zh_a_daily\(symbol=sh600000.*(SyntaxError|NameError)"):
        read(source(tmp_path, "bars", codes=("600000.SH",)))


def test_without_the_package_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "akshare", None)
    with pytest.raises(InputError, match=r"pip install 'gangru\[akshare\]'"):
        open_source(Asked(), tmp_path)


def test_a_site_that_never_answers_is_left_after_its_time(tmp_path: Path) -> None:
    import threading

    class Waiting:
        __version__ = "1"

        def tool_trade_date_hist_sina(self) -> None:
            threading.Event().wait(5)

    with pytest.raises(InputError, match=r"tried 3 times.*no answer within 0\.05 s"):
        read(source(tmp_path, "calendar", package=Waiting(), seconds=0.05))


def declared(function: Any) -> list[set[str]]:
    """The lists and keys of text in a function's own code: what it names its columns, and selects or renames."""
    tree = ast.parse(inspect.getsource(inspect.unwrap(function)))
    found = [
        {
            leaf.value
            for leaf in ast.walk(node)
            if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
        }
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Dict | ast.Subscript)
    ]
    return [names for names in found if names]


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_every_column_read_is_named_in_the_code_of_the_package(name: str) -> None:
    named = set().union(*declared(getattr(akshare, name)))
    theirs = {"stock_info_sz_delist": {"证券简称"}, "stock_info_sz_change_name": {"变更前简称", "变更后简称"}}
    # The exchange's own headers go through these two untouched; they stand in the vendor's manual.
    assert set(ENDPOINTS[name].columns) - named == theirs.get(name, set())


class Recorder:
    """The package, with what is called noted."""

    __version__ = akshare.__version__

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(akshare, name)

        def call(**arguments: str) -> Any:
            self.calls.append((name, arguments))
            return real(**arguments)

        return call


def test_every_call_fits_the_signature_of_the_package(sites: Sites, tmp_path: Path) -> None:
    recorder = Recorder()
    read(source(tmp_path, package=recorder, now=FRIDAY))
    assert {name for name, _ in recorder.calls} == set(ENDPOINTS)
    for name, arguments in recorder.calls:
        inspect.signature(inspect.unwrap(getattr(akshare, name))).bind(**arguments)


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_a_column_that_is_gone_is_named_with_those_that_are_there(
    sites: Sites, tmp_path: Path, name: str
) -> None:
    gone = next(iter(ENDPOINTS[name].columns))

    class Changed(Recorder):
        def __getattr__(self, called: str) -> Any:
            real = super().__getattr__(called)
            if called != name:
                return real
            return lambda **arguments: real(**arguments).rename(columns={gone: "另一个"})

    vendor = source(
        tmp_path, *KINDS, package=Changed(), now=FRIDAY, indices=("000300.SH",), codes=("600000.SH",)
    )
    told = ""
    try:
        read(vendor)
    except InputError as error:
        told = str(error)
    if name == "stock_zh_a_st_em":  # without it the bars come all the same
        told = "; ".join(vendor.skipped)
    assert re.search(rf"akshare {name}\(.* came without {gone}; expected .*found.*另一个", told)


@pytest.mark.parametrize("factor", ["0", "-1", "NaN", "x"])
def test_a_factor_that_is_none_is_refused(factor: str) -> None:
    table = pl.DataFrame({"date": [FIRST], "hfq_factor": [factor]}, schema=dict(FACTORS.columns))
    with pytest.raises(InputError, match="expected numbers above 0"):
        tables.factor_on(pl.Series([FIRST]), table)


@pytest.mark.real
def test_shenwan_s_names_are_those_of_the_real_classes(real_data: Path) -> None:
    """The editions' names against a table made from the same history by others, who use the later names for both."""
    theirs = pl.read_csv(real_data / "industry_sw.csv", infer_schema=False)
    later = theirs.filter(pl.col("start_date") >= "2021-07-30")["sw_l1"].unique()
    assert set(later) == set(EDITION_2021.values())
    first = theirs.filter(pl.col("start_date").is_between(pl.lit("2014-02-21"), pl.lit("2021-07-29")))[
        "sw_l1"
    ].unique()
    digits = {name: code for code, name in EDITION_2021.items()} | {"采掘": "21"}
    assert {digits[name] for name in first} == set(EDITION_2014)


def test_bars_keep_text_that_is_no_number_for_the_checks() -> None:
    row = {
        "日期": FIRST,
        "开盘": "-",
        "最高": "10.5",
        "最低": "9.8",
        "收盘": "10",
        "成交量": "1",
        "成交额": "-",
        "换手率": "-",
    }
    assert set(row) == set(BARS.columns)
    shares = pl.DataFrame(schema={"变更日期": pl.Date, "已上市流通A股": pl.Float64})
    found = tables.bars(pl.DataFrame([row]), "600000.SH", pl.DataFrame(schema=dict(FACTORS.columns)), shares)
    assert found.select("open", "amount", "float_shares", "shares_est").row(0) == ("-", "-", None, None)


def test_no_code_is_unnamed_in_its_own_edition() -> None:
    history = pl.DataFrame(
        [
            ("000001", date(2015, 1, 1), "210101"),
            ("000001", date(2022, 1, 1), "740101"),
            ("000002", date(2022, 1, 1), "210101"),
        ],
        schema=["symbol", "start_date", "industry_code"],
        orient="row",
    )
    assert unnamed(history) == 1
