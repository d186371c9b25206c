"""What Tushare refuses: judged by its words, told with what to do, left out only where nobody asked for it; and the token."""

import traceback
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tushare_opened import (
    ENVIRONMENT,
    FORBIDDEN,
    NOW,
    THROTTLED,
    Open,
    everything_written,
    fill_facts,
    opener,
    pieces,
)
from tushare_server import FIRST, TOKEN, Server, market

from gangru.errors import InputError
from gangru.market.ingest import ingest_source
from gangru.market.sources.protocol import Span
from gangru.market.sources.vendors.asked import Asked
from gangru.market.sources.vendors.calls import NotGivenError, Verdict
from gangru.market.sources.vendors.secret import Secret
from gangru.market.sources.vendors.tushare import FETCHES, open_source
from gangru.market.sources.vendors.tushare_client import caller_for, verdict
from gangru.market.store import Store


@pytest.fixture
def server() -> Server:
    return Server(market())


@pytest.fixture
def opened(server: Server, tmp_path: Path) -> Open:
    return opener(server, tmp_path / "spool")


def test_a_day_without_bars_is_a_failure_and_not_a_day_without_trading(opened: Open, server: Server) -> None:
    server.tables["daily"] = [line for line in server.tables["daily"] if line["trade_date"] != "20200102"]
    with pytest.raises(
        InputError, match=r"daily\(trade_date=20200102, offset=0\) was tried 6 times .* no rows came"
    ):
        pieces(opened("bars"))


def test_a_vendor_that_does_not_page_is_found_out(
    opened: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = server.answer
    monkeypatch.setattr(
        server, "answer", lambda name, fields, asked: honest(name, fields, asked | {"offset": 0})
    )
    with pytest.raises(InputError, match="gives the same 2000 rows"):
        pieces(opened("calendar"))


@pytest.mark.parametrize(
    ("words", "means"),
    [
        (THROTTLED, Verdict.LATER),
        (FORBIDDEN, Verdict.NEVER),
        ("抱歉，您每天最多访问该接口100次", Verdict.NEVER),
        ("抱歉，您每小时最多访问该接口1次", Verdict.NEVER),
        ("抱歉，您访问接口(stock_basic)频率超限(1次/小时)，具体频次详情：https://tushare.pro", Verdict.NEVER),
        ("抱歉，您访问接口(daily)频率超限(5次/天)", Verdict.NEVER),
        ("抱歉，您访问接口(daily)频率超限(200次/分钟)", Verdict.LATER),
        ("您的token不对，请确认。", Verdict.NEVER),
        ("必填参数", Verdict.NEVER),
        ("You don't have permission to access this api", Verdict.NEVER),
        ("服务器内部错误，请稍后重试", Verdict.AGAIN),
        ("", Verdict.AGAIN),
    ],
)
def test_the_vendors_words_are_judged(words: str, means: Verdict) -> None:
    assert verdict(Exception(words)) is means


def test_a_line_that_fails_is_tried_again_whatever_its_words() -> None:
    assert verdict(ConnectionError("Max retries exceeded with url: /dataapi/daily?token")) is Verdict.AGAIN


def test_slower_endpoints_are_called_more_slowly() -> None:
    caller = caller_for(Secret(TOKEN))
    assert caller.paces["stock_basic"].per_minute == 50
    assert "daily" not in caller.paces


def test_what_the_account_may_not_have_is_left_out_and_told(opened: Open, server: Server) -> None:
    fill_facts(server)
    server.fails = lambda _number, name: FORBIDDEN if name in {"ci_index_member", "index_weight"} else None
    source = opened()
    came = {piece.kind for piece in pieces(source)}
    assert came == set(FETCHES) - {"members"}
    assert [text.split(":")[0] for text in source.skipped[:2]] == ["industries of CITIC", "members"]
    assert all("没有接口访问权限" in text for text in source.skipped[:2])
    assert "gangru ingest tushare --tables members" in source.skipped[2]
    assert not source.whole


def test_what_was_asked_for_by_name_is_not_left_out(opened: Open, server: Server) -> None:
    server.fails = lambda _number, name: FORBIDDEN if name == "index_weight" else None
    with pytest.raises(NotGivenError, match="index_weight"):
        pieces(opened("members"))


def test_bars_without_permission_for_factors_are_an_error(opened: Open, server: Server) -> None:
    fill_facts(server)
    server.fails = lambda _number, name: FORBIDDEN if name == "adj_factor" else None
    with pytest.raises(InputError, match="adj_factor"):
        pieces(opened())


def test_a_column_that_is_gone_is_named(
    opened: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = server.query

    def query(name: str, fields: str = "", **asked: Any) -> Any:
        return honest(name, fields, **asked).drop(columns="close", errors="ignore")

    monkeypatch.setattr(server, "query", query)
    with pytest.raises(
        InputError, match=r"tushare daily came without close; expected ts_code, .* found ts_code"
    ):
        pieces(opened("bars"))


def test_without_a_token_nothing_is_opened(tmp_path: Path, server: Server) -> None:
    with pytest.raises(InputError, match="set the environment variable TUSHARE_TOKEN"):
        open_source(Asked(), tmp_path, {}, lambda: NOW, lambda _secret: server.query)
    assert list(tmp_path.iterdir()) == []


def test_a_kind_that_there_is_not_is_refused_before_anything(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="tushare has no listings: it has calendar"):
        open_source(
            Asked(("listings",)), tmp_path, ENVIRONMENT, lambda: NOW, lambda _secret: Server({}).query
        )


def refused_with(words: str, _number: int, _name: str) -> str:
    return words


def test_the_token_is_in_no_file_message_or_representation(
    opened: Open, server: Server, tmp_path: Path
) -> None:
    fill_facts(server)
    store = Store.open(tmp_path / "store")
    source = opened()
    list(source.pieces(lambda _stage, _share: None))
    said = [repr(source), *source.notes, *source.skipped]
    assert "平安银行" in everything_written(tmp_path), "what is written is not read"
    assert TOKEN not in everything_written(tmp_path)
    report = ingest_source(opened(), store)
    said.append(repr(report))
    for words in (f"token {TOKEN} is wrong 抱歉", f"http://api/?token={TOKEN}"):
        server.fails = partial(refused_with, words)
        with pytest.raises(InputError) as caught:
            pieces(opened("names", span=Span(FIRST)))
        said += [str(caught.value), *traceback.format_exception(caught.value)]
        assert "***" in str(caught.value)
    assert all(TOKEN not in text for text in said)
    assert TOKEN not in everything_written(tmp_path)
