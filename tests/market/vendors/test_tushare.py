"""Tushare as a source: units, days, pages, resumed where it stopped, and all of it through the checks into the store."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tushare_opened import ENVIRONMENT, NOW, THROTTLED, Open, fill_facts, opener, pieces, unhurried
from tushare_server import FIRST, LAST, RECENT, STOCKS, Server, market, spelled, weekdays

from gangru.errors import InputError
from gangru.market.ingest import ingest_source
from gangru.market.sources.protocol import Span
from gangru.market.sources.vendors.asked import Asked
from gangru.market.sources.vendors.calls import Caller
from gangru.market.sources.vendors.secret import Secret
from gangru.market.sources.vendors.tushare import open_source
from gangru.market.sources.vendors.tushare_endpoints import ENDPOINTS
from gangru.market.store import Store


@pytest.fixture
def server() -> Server:
    return Server(market())


@pytest.fixture
def opened(server: Server, tmp_path: Path) -> Open:
    return opener(server, tmp_path / "spool")


def test_bars_are_in_shares_and_yuan_with_factor_and_float_shares(opened: Open) -> None:
    (first, second) = pieces(opened("bars"))
    assert (first.origin, second.origin) == (
        "tushare bars 2019-12-25 to 2019-12-31",
        "tushare bars 2020-01-01 to 2020-01-10",
    )
    day = second.convert(second.frame.filter(code="000001.SZ", date="20200110")).row(0, named=True)
    assert day == {
        "code": "000001.SZ",
        "date": "20200110",
        "open": 11.0,
        "high": 11.5,
        "low": 10.5,
        "close": 11.1,
        "volume": 1234667.0,
        "amount": 13579246.0,
        "factor": 2.5,
        "float_shares": 987654321.0,
    }


def test_every_kind_goes_through_the_checks_into_the_store(
    opened: Open, server: Server, tmp_path: Path
) -> None:
    fill_facts(server)
    store = Store.open(tmp_path / "store")
    source = opened()
    report = ingest_source(source, store)
    assert {name: part.quarantined for name, part in report.tables.items() if part.quarantined} == {}
    assert len(store.read("bars")) == len(server.tables["daily"])
    assert store.read("bars").filter(code="600001.SH")["date"].max() == date(2020, 1, 3)
    assert store.read("securities").filter(code="600001.SH")["delist_date"].item() == date(2020, 1, 6)
    assert store.read("calendar")["date"].max() == date(2021, 12, 31)
    assert {
        name: len(store.read(name)) for name in ("names", "st", "suspensions", "industry", "members")
    } == {
        "names": 2,
        "st": 1,
        "suspensions": 1,
        "industry": 2,  # the same class in both editions of Shenwan is one stay; the other is of CITIC
        "members": 1,
    }
    assert len(store.read("index_bars")) == len(weekdays(FIRST, LAST))
    assert not (tmp_path / "spool").exists(), "what has landed is let go"

    again = ingest_source(opened(), store)
    assert not again.changed


def test_a_fetch_that_was_stopped_goes_on_with_what_is_missing(opened: Open, server: Server) -> None:
    undisturbed = [piece.frame for piece in pieces(opened("bars"))]
    whole = len(server.calls)
    opened("bars").landed()
    server.calls.clear()
    server.fails = lambda number, _name: "服务器内部错误" if number > 20 else None
    with pytest.raises(InputError, match="goes on where it stopped"):
        pieces(opened("bars"))
    tries = len(server.calls) - 20
    server.calls.clear()
    server.fails = lambda _number, _name: None
    resumed = [piece.frame for piece in pieces(opened("bars"))]
    assert len(server.calls) == whole - 20
    assert tries == 6
    for one, other in zip(undisturbed, resumed, strict=True):
        assert_frame_equal(one, other)


@settings(max_examples=6, deadline=None)
@given(st.sets(st.integers(1, 30), max_size=20))
def test_failures_that_pass_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, failing: set[int]
) -> None:
    def fetched(server: Server) -> list[pl.DataFrame]:
        asked = Asked(("bars",), Span(date(2019, 12, 30), date(2020, 1, 3)))
        folder = tmp_path_factory.mktemp("spool")
        source = open_source(asked, folder, ENVIRONMENT, lambda: NOW, lambda _s: server.query, patient)
        return [piece.frame for piece in pieces(source)]

    def patient(secret: Secret) -> Caller:
        caller = unhurried(secret)
        caller.pace = type(caller.pace)(caller.pace.per_minute, tries=30)
        return caller

    words = ["502", THROTTLED, "服务器内部错误"]
    disturbed = Server(market(RECENT), lambda number, _name: words[number % 3] if number in failing else None)
    for one, other in zip(fetched(Server(market(RECENT))), fetched(disturbed), strict=True):
        assert_frame_equal(one, other)


def test_a_last_day_that_is_not_there_yet_is_told_and_asked_again(opened: Open, server: Server) -> None:
    late = [line for line in server.tables["daily"] if line["trade_date"] == spelled(LAST)]
    server.tables["daily"] = [line for line in server.tables["daily"] if line["trade_date"] != spelled(LAST)]
    source = opened("bars")
    assert pieces(source)[-1].frame["date"].max() == "20200109"
    assert source.skipped == ("tushare bars of 2020-01-10: not there yet, to be had by the next update",)
    server.tables["daily"] = late + server.tables["daily"]
    assert pieces(opened("bars"))[-1].frame["date"].max() == "20200110"


def test_the_day_that_is_not_over_is_never_asked_for(opened: Open, server: Server) -> None:
    source = opened("bars", span=Span(LAST, date(2020, 1, 13)))
    pieces(source)
    assert {asked["trade_date"] for _, asked in server.calls if "trade_date" in asked} == {spelled(LAST)}
    assert "fetched up to 2020-01-12" in source.notes[0]


def test_an_update_with_nothing_new_is_no_error(opened: Open) -> None:
    source = opened("bars", "index", "suspensions", span=Span(date(2020, 1, 13)))
    assert pieces(source) == []
    assert source.notes == ("tushare bars: no trading day is settled from 2020-01-13 to 2020-01-12",)


def test_few_codes_are_fetched_by_code_with_the_same_bars(opened: Open, server: Server) -> None:
    by_day = pl.concat([piece.frame for piece in pieces(opened("bars", codes=tuple(STOCKS)[:1] * 20))])
    server.calls.clear()
    (piece,) = pieces(opened("bars", codes=("600000.SH",)))
    key = ["code", "date"]
    assert_frame_equal(piece.frame.sort(key), by_day.sort(key))
    assert {
        name: sum(called == name for called, _ in server.calls)
        for name in ("daily", "adj_factor", "daily_basic")
    } == {
        "daily": 1,
        "adj_factor": 1,
        "daily_basic": 1,
    }


def test_bars_without_factor_or_shares_are_kept_and_counted(opened: Open, server: Server) -> None:
    server.tables["adj_factor"] = [
        line for line in server.tables["adj_factor"] if line["ts_code"] != "000001.SZ"
    ]
    first = pieces(opened("bars"))[0]
    assert first.frame.filter(code="000001.SZ")["factor"].null_count() == 5
    assert first.notes == ("tushare bars 2019-12-25 to 2019-12-31: 5 of 25 rows without factor",)


def test_a_doubled_factor_doubles_no_bar(opened: Open, server: Server) -> None:
    bars = sum(len(piece.frame) for piece in pieces(opened("bars")))
    opened("bars").landed()
    server.tables["adj_factor"] *= 2
    assert sum(len(piece.frame) for piece in pieces(opened("bars"))) == bars


@pytest.mark.parametrize("cap", [2000, 1000, 500])
def test_pages_are_joined_to_the_last_row_whatever_the_vendor_cuts_at(
    opened: Open, server: Server, cap: int
) -> None:
    server.caps["trade_cal"] = cap
    (piece,) = pieces(opened("calendar"))
    assert piece.frame["date"].to_list() == weekdays(date(1990, 12, 19), date(2021, 12, 31))


def test_progress_tells_the_stage_and_a_share(opened: Open, server: Server) -> None:
    fill_facts(server)
    told: list[tuple[str, float]] = []
    list(opened().pieces(lambda stage, share: told.append((stage, share))))
    assert ("fetching bars", 1.0) in told
    assert all(0.0 <= share <= 1.0 for _, share in told)


def test_every_endpoint_is_asked_by_some_kind(opened: Open, server: Server) -> None:
    fill_facts(server)
    pieces(opened())
    assert {name for name, _ in server.calls} == set(ENDPOINTS)
