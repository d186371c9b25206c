"""What a workspace keeps of a vendor's fetch: a folder for each request, and the last day where nothing is missing."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from gangru.market.sources.protocol import OnProgress, Piece, Span
from gangru.market.sources.request import Request
from gangru.market.sources.vendors.asked import Asked, now_in_shanghai
from gangru.market.sources.vendors.calls import NotGivenError
from gangru.market.sources.vendors.patience import Patience
from gangru.market.sources.vendors.spool import Spool
from gangru.market.sources.vendors.vendor import Remarks, Vendor
from gangru.study.ingesting import fetched_to, taken
from gangru.study.workspace import Workspace, init_workspace, open_workspace

REQUEST = Request("baostock")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    init_workspace(tmp_path / "ws")
    return open_workspace(tmp_path / "ws")


def vendor(folder: Path, until: str, failing: str = "", tables: bool = False) -> Vendor:
    """Bars of two stocks on 2020-01-02, but for the one that fails; or a table of members that fails."""
    remarks = Remarks()
    asked = Asked(None, Span(date(2020, 1, 2), date.fromisoformat(until)))

    def calendar(_: OnProgress) -> Iterator[Piece]:
        yield Piece("calendar", pl.DataFrame({"date": ["2020-01-02"]}), "calendar")

    def members(_: OnProgress) -> Iterator[Piece]:
        if tables:
            raise NotGivenError(
                "no list. The same command goes on where it stopped: what was fetched is kept"
            )
        yield from ()

    def bars(_: OnProgress) -> Iterator[Piece]:
        patience = Patience()

        def one(code: str) -> pl.DataFrame:
            if code == failing:
                raise NotGivenError(f"no {code}")
            prices = {name: [10.0] for name in ("open", "high", "low", "close")}
            return pl.DataFrame({"code": [code], "date": ["2020-01-02"], **prices, "volume": [100.0]})

        found = [patience.tried(code, partial(one, code)) for code in ("sh.600000", "sh.600001")]
        yield Piece("bars", pl.concat([bar for bar in found if len(bar)]), "bars")
        remarks.left_out("bars", patience)

    fetches = {"calendar": calendar, "members": members, "bars": bars}
    return Vendor("baostock", fetches, asked, Spool(folder), remarks)


def until(workspace: Workspace) -> date | None:
    """The last day that an update goes on from."""
    found: date | None = workspace.store.unpinned().read("sources")["until"].item()
    return found


def test_a_whole_fetch_is_gone_on_from_its_last_day(workspace: Workspace, tmp_path: Path) -> None:
    taken(workspace, REQUEST, vendor(tmp_path / "a", "2020-01-02"), None)
    assert until(workspace) == date(2020, 1, 2)


@pytest.mark.parametrize(
    ("fault", "command"),
    [
        (
            {"failing": "sh.600001"},
            "gangru ingest baostock --tables bars --codes 600001.SH --since 2020-01-02 --until 2020-01-03",
        ),
        ({"tables": True}, "gangru ingest baostock --tables members --since 2020-01-02 --until 2020-01-03"),
    ],
)
def test_a_fetch_with_a_hole_does_not_move_the_last_day_and_says_how_to_fill_it(
    workspace: Workspace, tmp_path: Path, fault: dict[str, str | bool], command: str
) -> None:
    broken = vendor(tmp_path / "b", "2020-01-03", **fault)  # type: ignore[arg-type]
    report = taken(workspace, REQUEST, broken, None)
    assert until(workspace) is None
    assert any(command in line for line in report.skipped)
    assert not any("goes on where it stopped" in line for line in report.skipped)  # nothing is kept
    taken(workspace, REQUEST, vendor(tmp_path / "a", "2020-01-02"), None)
    taken(workspace, REQUEST, vendor(tmp_path / "b", "2020-01-03", **fault), None)  # type: ignore[arg-type]
    assert until(workspace) == date(2020, 1, 2)


def test_a_small_fetch_leaves_the_answers_of_a_stopped_whole_one(workspace: Workspace) -> None:
    whole, small = (
        Spool(fetched_to(workspace, request))
        for request in (REQUEST, Request("baostock", codes=("600000.SH",)))
    )
    for spool in (whole, small):
        spool.put("bars", "a", pl.DataFrame({"x": [1]}))
    Vendor("baostock", {}, Asked(), small, Remarks()).landed()
    assert whole.has("bars", "a")
    assert not small.has("bars", "a")


def test_one_request_has_one_folder_however_it_is_spelled_and_on_whatever_day_it_comes_again(
    workspace: Workspace,
) -> None:
    today = now_in_shanghai().date()
    since = date(2020, 1, 2)
    same = [
        Request(
            "baostock", tables=("bars", "index"), codes=("600000.SH", "000001.SZ"), since=since, until=last
        )
        for last in (None, *(today + timedelta(days=n) for n in (1, 2)))  # days whose figures are not settled
    ]
    same.append(Request("baostock", tables=("index", "bars"), codes=("sz000001", "600000"), since=since))
    assert len({fetched_to(workspace, request) for request in same}) == 1
    others = [Request("baostock", since=since), Request("baostock", until=since), REQUEST, Request("akshare")]
    assert len({fetched_to(workspace, request) for request in [*same, *others]}) == 5
