"""The pinned package against what the adapter does with it: its client, its query, and which endpoints it knows by name."""

import ast
import importlib
import inspect
import os
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal
from tushare_documented import DOCUMENTED
from tushare_opened import ENVIRONMENT, NOW, SPAN, everything_written, fill_facts, opener, pieces, unhurried
from tushare_server import TOKEN, Server, market

from gangru.errors import InputError
from gangru.market.sources.vendors.asked import Asked
from gangru.market.sources.vendors.secret import Secret
from gangru.market.sources.vendors.tushare import open_source
from gangru.market.sources.vendors.tushare_client import connect
from gangru.market.sources.vendors.tushare_endpoints import ENDPOINTS

SECRET = Secret(TOKEN)


@pytest.fixture(scope="module")
def package() -> Any:
    return pytest.importorskip(
        "tushare", reason="the package tushare is not installed: pip install 'gangru[tushare]'"
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, package: Any) -> Server:
    """The real client of the package before a fake server."""
    made = Server(market())
    client = importlib.import_module("tushare.pro.client")
    monkeypatch.setattr(client.requests, "post", made.post)
    return made


def test_the_package_makes_a_client_from_a_token_and_a_timeout(package: Any) -> None:
    inspect.signature(package.pro_api).bind(TOKEN, timeout=60)
    client = package.pro_api(TOKEN, timeout=60)
    assert type(client) is importlib.import_module("tushare.pro.client").DataApi
    inspect.signature(type(client)).bind(token=TOKEN, timeout=60)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_query_takes_what_the_adapter_hands_over(package: Any, name: str) -> None:
    given = dict.fromkeys(ENDPOINTS[name].parameters, "") | {"limit": 1, "offset": 0}
    bound = inspect.signature(package.pro_api(TOKEN).query).bind(name, fields="ts_code", **given)
    assert set(bound.arguments["kwargs"]) == set(given), (
        "a parameter of this name belongs to the package's own query"
    )


def test_the_package_has_no_signature_of_an_endpoint(package: Any) -> None:
    """Were there one, the adapter would have to be checked against it, as the other vendors' are."""
    client = package.pro_api(TOKEN)
    for name in ENDPOINTS:
        assert not hasattr(type(client), name)
        assert isinstance(getattr(client, name), partial)


def test_the_packages_own_calls_of_our_endpoints_use_no_other_parameters(package: Any) -> None:
    source = ast.parse(
        Path(importlib.import_module("tushare.pro.data_pro").__file__ or "").read_text("utf-8")
    )
    called: dict[str, set[str]] = {}
    for node in ast.walk(source):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ENDPOINTS
        ):
            called.setdefault(node.func.attr, set()).update(str(word.arg) for word in node.keywords)
    assert {"daily", "adj_factor", "daily_basic", "index_daily"} <= set(called)
    for name, words in called.items():
        assert words <= {*ENDPOINTS[name].parameters, "limit", "offset"}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_what_is_asked_for_is_documented(name: str) -> None:
    endpoint, documented = ENDPOINTS[name], DOCUMENTED[name]
    assert set(endpoint.columns) <= set(documented.columns)
    assert endpoint.parameters == documented.parameters
    assert endpoint.page <= documented.cap
    for column, kind in endpoint.columns.items():
        assert (documented.columns[column] is str) == (str(kind) == "String"), column


def test_the_docs_name_every_endpoint_with_its_limits() -> None:
    docs = (Path(__file__).resolve().parents[3] / "docs" / "vendors.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in docs.splitlines()
        if line.startswith("| ")
    ]
    told = {row[0]: (int(row[2]), int(row[3])) for row in rows if row[0] in ENDPOINTS and len(row) == 4}
    assert told == {name: (endpoint.page, endpoint.points) for name, endpoint in ENDPOINTS.items()}


def test_the_client_sends_token_fields_and_parameters_and_gives_a_table(server: Server) -> None:
    answer = connect(SECRET)("daily", fields="ts_code,close", trade_date="20200102", limit=6000, offset=0)
    assert list(answer.columns) == ["ts_code", "close"]
    assert len(answer) == 5
    assert server.tokens == {TOKEN}
    assert server.calls == [("daily", {"trade_date": "20200102", "limit": 6000, "offset": 0})]


def test_the_client_gives_nothing_at_all_where_the_server_fails(server: Server) -> None:
    """Why an answer without columns is taken as a failure, and not as a day without trading."""
    server.fails = lambda _number, _name: "502"
    assert list(connect(SECRET)("daily", fields="ts_code").columns) == []


def test_the_client_raises_a_bare_exception_with_the_servers_words(server: Server) -> None:
    server.fails = lambda _number, _name: "抱歉，您没有接口访问权限"
    with pytest.raises(Exception, match="没有接口访问权限") as caught:
        connect(SECRET)("daily", fields="ts_code")
    assert type(caught.value) is Exception


def test_the_packages_client_feeds_the_source(server: Server, tmp_path: Path) -> None:
    fill_facts(server)
    asked = Asked(None, SPAN, None, ("000300.SH",))
    through_client = open_source(asked, tmp_path / "one", ENVIRONMENT, lambda: NOW, connect, unhurried)
    one, other = pieces(through_client), pieces(opener(server, tmp_path / "other")())
    assert server.tokens == {TOKEN}
    assert TOKEN not in everything_written(tmp_path) + repr(through_client)
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert mine.origin == theirs.origin
        assert_frame_equal(mine.frame, theirs.frame)


def test_the_token_is_neither_looked_for_nor_left_in_the_home_directory(package: Any, tmp_path: Path) -> None:
    script = textwrap.dedent("""
        from gangru.market.sources.vendors.secret import Secret
        from gangru.market.sources.vendors.tushare_client import connect
        connect(Secret("0123456789abcdef"))
    """)
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert list(tmp_path.iterdir()) == []
    assert "0123456789abcdef" not in done.stdout + done.stderr


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tushare", None)
    with pytest.raises(InputError, match=r"pip install 'gangru\[tushare\]'"):
        connect(SECRET)
