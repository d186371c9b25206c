"""What is known of every stock as of a day: nothing later, and nothing of today taken for the day's."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gangru.cli.facts import register, shown, spelled_codes
from gangru.errors import InputError, MarketError
from gangru.market.facts import OF_THE_DAY, OF_TODAY, Facts, facts_of
from gangru.market.ingest import ingest
from gangru.market.keyed import empty
from gangru.market.schema import BARS, TABLES
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
from gangru.study.workspace import init_workspace

DAY0 = date(2020, 1, 1)
OLD, NEW, LEFT, ENDED, LATER = "600001.SH", "600002.SH", "600003.SH", "600004.SH", "600005.SH"


def day(number: int) -> date:
    return DAY0 + timedelta(number)


def bar(code: str, number: int, **flags: bool) -> dict[str, object]:
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), 1.0)
    return {"code": code, "date": day(number), **prices, **flags}


TOLD: dict[str, list[tuple[object, ...]]] = {
    "code_changes": [(OLD, NEW, day(10))],
    "securities": [
        (NEW, "*ST of today", day(-900), None),
        (LEFT, "left", day(-900), day(12)),
        (ENDED, "ended", None, None),
        (LATER, "later", day(15), None),
    ],
    "names": [(OLD, day(0), day(10), "ST old"), (NEW, day(10), None, "new"), (LEFT, day(5), None, "退市左")],
    "st": [],
    "suspensions": [(ENDED, day(3), day(6))],
    "industry": [
        (OLD, day(-900), day(10), "sw", "steel"),
        (NEW, day(10), None, "sw", "banks"),
        (LEFT, day(0), None, "citic", "coal"),
    ],
    "members": [("csi300", OLD, day(0), day(20)), ("csi800", NEW, day(8), None)],
}
BARS_TOLD = [
    bar(OLD, 0, is_st=True, st_inferred=False),
    bar(OLD, 5),
    bar(NEW, 11, is_st=True, st_inferred=True),
    bar(NEW, 16),
    bar(LEFT, 0),
    bar(LEFT, 11),
    bar(ENDED, 2),
    bar(ENDED, 5, suspended=True),
    bar(LATER, 16),
]


def filled(root: Path, **more: list[tuple[object, ...]]) -> Store:
    store = Store.open(root)
    for name, rows in (TOLD | more).items():
        if rows:
            store.upsert(TABLES[name], pl.DataFrame(rows, schema=TABLES[name].columns, orient="row"))
    store.upsert(BARS, pl.concat([empty(BARS), pl.DataFrame(BARS_TOLD)], how="diagonal_relaxed"))
    return store


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return facts_of(filled(tmp_path_factory.mktemp("facts") / "store"))


def row(known: Facts, code: str, number: int) -> dict[str, object]:
    """The row of a code as of a day; empty where it is not there."""
    rows = known.as_of(day(number)).filter(pl.col("code") == code).to_dicts()
    return rows[0] if rows else {}


def test_a_stock_has_the_code_name_class_and_indices_of_the_day(known: Facts) -> None:
    before, after = row(known, OLD, 9), row(known, NEW, 10)
    assert row(known, NEW, 9) == row(known, OLD, 10) == {}
    assert before["identity"] == after["identity"] == NEW
    assert (before["name"], before["industry_sw"], before["indices"]) == (
        "ST old",
        "steel",
        ["csi300", "csi800"],
    )
    assert (after["name"], after["industry_sw"], after["indices"]) == ("new", "banks", ["csi300", "csi800"])
    assert row(known, NEW, 20)["indices"] == ["csi800"]
    assert row(known, LEFT, 9)["indices"] == []
    assert before["industry_citic"] is None
    assert before["listed_since"] == day(-900)


def test_who_is_listed_is_told_by_dates_and_a_series_that_ends_is_no_delisting(known: Facts) -> None:
    def listed(number: int) -> list[str]:
        return known.as_of(day(number))["code"].to_list()

    assert listed(-1) == [OLD, LEFT]
    assert listed(2) == [OLD, LEFT, ENDED]
    assert listed(11) == [NEW, LEFT, ENDED]
    assert listed(12) == [NEW, ENDED]
    assert listed(15) == [NEW, ENDED, LATER]
    assert row(known, ENDED, 99)["last_bar"] == day(5)
    assert row(known, ENDED, 99)["listed_since"] == day(2)


def test_a_name_of_today_is_marked_and_nothing_is_concluded_from_it(known: Facts) -> None:
    early = row(known, OLD, -1)
    assert (early["name"], early["name_from"]) == ("*ST of today", OF_TODAY)
    assert (early["st"], early["st_from"], early["delisting_period"]) == (None, None, None)
    assert row(known, OLD, 5)["name_from"] == OF_THE_DAY


def test_st_is_told_with_its_source(known: Facts) -> None:
    assert [row(known, OLD, n)["st_from"] for n in (0, 1, 4, 5)] == [
        "observed flag",
        "observed flag",
        "name",
        "name",
    ]
    assert row(known, OLD, 5)["st"] is True
    assert (row(known, NEW, 11)["st"], row(known, NEW, 11)["st_from"]) == (False, "name")
    assert (row(known, LEFT, 5)["st"], row(known, LEFT, 5)["delisting_period"]) == (False, True)
    assert row(known, ENDED, 5)["st"] is None


def test_the_table_of_st_speaks_from_its_first_start_on(tmp_path: Path) -> None:
    told = facts_of(filled(tmp_path / "store", st=[(LEFT, day(4), day(6))]))
    assert (row(told, LEFT, 5)["st"], row(told, LEFT, 5)["st_from"]) == (True, "st table")
    assert (row(told, LEFT, 6)["st"], row(told, LEFT, 6)["st_from"]) == (False, "st table")
    assert row(told, ENDED, 5)["st_from"] == "absence from the st table"
    assert row(told, OLD, 5)["st"] is True  # by its name: the table need not be of every stock
    assert row(told, ENDED, 4)["st"] is False
    assert row(told, ENDED, 3)["st"] is None


def test_suspension_is_the_flag_s_or_the_interval_s(known: Facts) -> None:
    assert [row(known, ENDED, n)["suspended"] for n in (2, 3, 4, 5)] == [None, True, True, True]
    assert row(known, OLD, 5)["suspended"] is None


def test_the_facts_of_an_older_version_are_those_of_then(tmp_path: Path) -> None:
    store = filled(tmp_path / "store")
    pinned = store.pinned()
    changed = pl.DataFrame([(OLD, day(0), None, "renamed")], schema=TABLES["names"].columns, orient="row")
    store.replace(TABLES["names"], changed)
    assert row(facts_of(store), OLD, 5)["name"] == "renamed"
    assert row(facts_of(pinned), OLD, 5)["name"] == "ST old"


def test_an_empty_store_has_no_facts_and_no_error(tmp_path: Path) -> None:
    assert facts_of(Store.open(tmp_path / "nothing")).as_of(day(0)).is_empty()


@given(st.integers(-5, 25), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_nothing_that_begins_later_changes_what_is_known_as_of_a_day(
    known: Facts, number: int, gap: int
) -> None:
    """Facts and bars from after the day are taken away, ends in the future opened: the frame stays as it was."""
    asked = day(number)

    def cut(frame: pl.DataFrame) -> pl.DataFrame:
        later = pl.col("end") > day(number + gap)
        return frame.filter(pl.col("start") <= asked).with_columns(pl.when(~later).then("end").alias("end"))

    past = Facts(
        identities=known.identities,
        securities=known.securities.with_columns(
            pl.when(pl.col("list_date") <= asked)
            .then("list_date")
            .otherwise(day(number + gap))
            .alias("list_date")
        ).with_columns(pl.when(pl.col("code") == ENDED).then(None).otherwise("list_date").alias("list_date")),
        names=cut(known.names),
        st=cut(known.st),
        suspensions=cut(known.suspensions),
        listings=cut(known.listings),
        industry=cut(known.industry),
        members=cut(known.members),
        bars=known.bars.filter(pl.col("date") <= asked),
    )
    ours, theirs = known.as_of(asked), past.as_of(asked)
    shared = [name for name in ours.columns if name in theirs.columns]
    assert ours.select(shared).equals(theirs.select(shared))
    gone = [name for name in ours.columns if name not in shared]  # a taxonomy that begins later
    assert all(ours[name].null_count() == len(ours) for name in gone)


def test_names_as_of_a_day_are_of_identities(known: Facts) -> None:
    names = dict(known.names_as_of(day(5)).select("code", "name").iter_rows())
    assert names == {NEW: "ST old", LEFT: "退市左", ENDED: "ended", LATER: "later"}


def test_codes_are_read_in_any_spelling_and_others_are_named() -> None:
    assert spelled_codes(["SZ000001", "600519"]).to_list() == ["000001.SZ", "600519.SH"]
    with pytest.raises(InputError, match="12: expected a code"):
        spelled_codes(["600519", "12"])


def test_what_is_not_known_is_a_dash() -> None:
    assert [shown(value) for value in (None, True, False, "x", day(0))] == [
        "–",
        "yes",
        "no",
        "x",
        "2020-01-01",
    ]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    init_workspace(tmp_path)
    filled(tmp_path / "store")
    return tmp_path


def command(*words: str) -> str:
    """What `gangru facts` prints; its error where it raises one."""
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["facts", *words], catch_exceptions=False).output


def test_the_command_prints_the_stocks_asked_for_by_any_of_their_codes(workspace: Path) -> None:
    for code in (OLD, "sh600002"):
        said = command(code, "--as-of", "2020-01-06", "-C", str(workspace))
        assert "1 stocks as of 2020-01-06" in said
        assert "2017-07-15" in said
    with pytest.raises(MarketError, match=r"600005\.SH: not listed on 2020-01-06"):
        command(LATER, "--as-of", "2020-01-06", "-C", str(workspace))


def test_the_command_writes_all_stocks_of_the_last_day_by_default(workspace: Path) -> None:
    path = workspace / "facts.csv"
    command("--csv", str(path), "-C", str(workspace))
    written = pl.read_csv(path, try_parse_dates=True)
    assert written["code"].to_list() == [NEW, ENDED, LATER]
    assert written["indices"].fill_null("").to_list() == ["csi300 csi800", "", ""]


def test_the_command_asks_for_a_day_where_there_are_no_bars(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    with pytest.raises(MarketError, match="give a day"):
        command("-C", str(tmp_path))


def test_flags_of_old_bars_say_nothing_of_a_day_long_after_them(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    (tmp_path / "b.csv").write_text(
        "code,date,open,high,low,close,volume,is_st,suspended\n600000.SH,2020-01-02,1,1,1,1,9,true,true\n"
    )
    ingest(tmp_path / "b.csv", store, DataSettings())
    facts = facts_of(store)
    [soon], [late] = (facts.as_of(day).rows(named=True) for day in (date(2020, 1, 6), date(2030, 1, 1)))
    assert (soon["st"], soon["suspended"]) == (True, True)
    assert (late["st"], late["suspended"], late["last_bar"]) == (None, None, date(2020, 1, 2))
