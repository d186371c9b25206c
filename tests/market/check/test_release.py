"""Quarantined rows: what they hold, letting them in, taking bars out, and that later ingests respect both."""

import json
import math
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from checked_store import CODES, Tables, changed, checked, clean_tables, day, finding, stored
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import InputError
from gangru.market.check.check import check
from gangru.market.check.withdrawal import withdraw, withheld, without_withheld
from gangru.market.quality import quarantined, row_contents
from gangru.market.release import (
    Selection,
    admitted,
    admitted_rows,
    release,
    released_faults,
    revised_quarantine,
    rows_of_contents,
    without_released,
)
from gangru.market.schema import BARS, INDUSTRY, QUARANTINE, TABLES
from gangru.market.store import Store

A = CODES[0]
ROW = (A, day(3), 9.0, 8.0, 9.5, 9.2, 1.0, 1e6, None, 1e9, False, False, None, None, None)


def held(*faults: tuple[str, str, int, str, str, str, str | None, bool | None]) -> pl.DataFrame:
    return pl.DataFrame(list(faults), schema=QUARANTINE.columns, orient="row")


def content(row: tuple[object, ...] = ROW) -> str:
    frame = pl.DataFrame([row], schema=BARS.columns, orient="row")
    return str(row_contents(frame, pl.Series([0]))[0])


def fault(
    row: int, reason: str, held_content: str | None, released: bool | None = None
) -> tuple[str, str, int, str, str, str, str | None, bool | None]:
    return ("bars", "a.csv", row, "high", "8", reason, held_content, released)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


anything = st.fixed_dictionaries(
    {
        "code": st.sampled_from(CODES),
        "date": st.dates(date(1991, 1, 1), date(2030, 1, 1)),
        "close": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "volume": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "suspended": st.none() | st.booleans(),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(anything, min_size=1, max_size=5))
def test_a_row_comes_back_from_its_content_to_the_last_bit(rows: list[dict[str, object]]) -> None:
    filled = [{name: row.get(name) for name in BARS.columns} for row in rows]
    frame = pl.DataFrame(filled, schema=BARS.columns)
    back = rows_of_contents(row_contents(frame, pl.Series(range(len(rows)))), BARS)
    assert back.equals(frame, null_equal=True)


def test_what_is_not_finite_or_not_readable_comes_back_as_nothing() -> None:
    frame = pl.DataFrame({"code": ["x", "x"], "open": [math.inf, math.nan], "_index": [0, 1]})
    assert [json.loads(one) for one in row_contents(frame, pl.Series([1, 0]))] == [
        {"code": "x", "open": None}
    ] * 2
    odd = rows_of_contents(pl.Series(["[1]", "no json", None, '{"open": "ten", "date": 7}']), BARS)
    assert odd.null_count().sum_horizontal().item() == 4 * len(BARS.columns)


def test_a_fault_s_content_goes_with_it_and_is_null_where_none_is_given() -> None:
    faults = pl.DataFrame(
        {"index": [1], "column": ["high"], "value": ["8"], "reason": ["is below the day's low"]}
    )
    frame = pl.DataFrame({"code": ["x", "y"], "high": [1.0, 8.0]})
    told = quarantined("bars", "a.csv", pl.Series([7]), faults, row_contents(frame, faults["index"]))
    assert told.columns == list(QUARANTINE.columns)
    assert json.loads(told["content"][0]) == {"code": "y", "high": 8.0}
    assert quarantined("bars", "a.csv", pl.Series([7]), faults)["content"].to_list() == [None]


def test_a_released_row_stands_in_its_table_and_is_marked(store: Store) -> None:
    store.replace(QUARANTINE, held(fault(2, "is below the day's low", content())))
    done = release(store, Selection(reason="below"))
    assert (done.rows, done.incomplete, done.otherwise_faulty) == (1, 0, 0)
    assert store.read("bars").row(0) == ROW
    assert store.read("quarantine")["released"].to_list() == [True]
    with pytest.raises(InputError, match="no row in quarantine matches"):
        release(store, Selection(reason="below"))


def test_a_row_is_released_with_all_its_faults_or_not_at_all(store: Store) -> None:
    store.replace(QUARANTINE, held(fault(2, "one", content()), fault(2, "two", content())))
    done = release(store, Selection(reason="one"))
    assert (done.rows, done.otherwise_faulty) == (0, 1)
    assert store.read("bars").is_empty()
    assert release(store, Selection(file="a.csv")).rows == 1
    assert store.read("quarantine")["released"].to_list() == [True, True]


def test_a_row_whose_content_is_not_whole_stays(store: Store) -> None:
    bare = (A, day(3), None, *ROW[3:])
    store.replace(QUARANTINE, held(fault(2, "not a number", content(bare)), fault(3, "not a number", None)))
    done = release(store, Selection(kind="bars"))
    assert (done.rows, done.incomplete) == (0, 2)
    assert store.read("bars").is_empty()
    assert not store.read("quarantine")["released"].any()


def test_rows_are_chosen_by_code_in_any_spelling_and_never_all_by_accident(store: Store) -> None:
    other = ("600002.SH", *ROW[1:])
    store.replace(QUARANTINE, held(fault(2, "x", content()), fault(3, "x", content(other))))
    with pytest.raises(InputError, match="say which rows"):
        release(store, Selection())
    assert release(store, Selection(code="sh600002")).rows == 1
    assert store.read("bars")["code"].to_list() == ["600002.SH"]


def test_a_release_killed_before_its_mark_is_finished_by_the_same_call(store: Store) -> None:
    store.replace(QUARANTINE, held(fault(2, "x", content())))
    store.upsert(BARS, rows_of_contents(pl.Series([content()]), BARS))  # the first of the two commits landed
    assert release(store, Selection(reason="x")).rows == 1
    assert store.read("bars").height == 1


def test_a_released_interval_takes_the_place_of_what_was_said_of_its_time(store: Store) -> None:
    old = pl.DataFrame(
        [(A, day(0), None, "sw", "银行"), ("600002.SH", day(0), None, "sw", "煤炭")],
        schema=INDUSTRY.columns,
        orient="row",
    )
    store.replace(INDUSTRY, old)
    said = pl.DataFrame([(A, day(10), day(20), "sw", "钢铁")], schema=INDUSTRY.columns, orient="row")
    text = str(row_contents(said, pl.Series([0]))[0])
    store.replace(QUARANTINE, held(("industry", "i.csv", 5, "industry", "钢铁", "contradicts", text, None)))
    assert release(store, Selection(kind="industry")).rows == 1
    assert store.read("industry").filter(code=A).select("start", "end", "industry").rows() == [
        (day(0), day(10), "银行"),
        (day(10), day(20), "钢铁"),
        (day(20), None, "银行"),
    ]
    assert store.read("industry").filter(code="600002.SH").height == 1


def test_a_later_ingest_keeps_what_was_released_and_renews_the_rest(store: Store) -> None:
    store.replace(
        QUARANTINE,
        held(
            fault(2, "x", content(), True),
            fault(3, "y", None),
            ("bars", "b.csv", 1, "high", "8", "z", None, None),
        ),
    )
    again = held(fault(2, "x", content()), fault(3, "new", None))
    left = without_released(again, released_faults(store))
    assert left["reason"].to_list() == ["new"]
    after = revised_quarantine(store.read("quarantine"), ["a.csv"], again)
    assert sorted(zip(after["reason"], after["released"], strict=True), key=str) == [
        ("new", None),
        ("x", True),
        ("z", None),
    ]
    other_value = again.with_columns(value=pl.lit("7"))
    assert without_released(other_value, released_faults(store)).height == 2


def test_a_released_row_that_comes_with_other_faults_is_held_anew_and_the_mark_hides_nothing(
    store: Store,
) -> None:
    released = held(fault(2, "x", "{}", True), fault(2, "y", "{}", True), fault(3, "x", "{}", True))
    store.replace(QUARANTINE, released)
    other = held(fault(2, "x", "{}"), fault(2, "y", "{}")).with_columns(
        value=pl.when(reason=pl.lit("y")).then(pl.lit("7")).otherwise("value")
    )
    cases = {
        "the same": (held(fault(2, "x", "{}"), fault(2, "y", "{}")), [True, True]),
        "another value": (other, [None, None]),
        "one mended": (held(fault(2, "x", "{}")), [None]),
        "one more": (held(*[fault(2, reason, "{}") for reason in "xyz"]), [None, None, None]),
    }
    for name, (faults, marks) in cases.items():
        after = revised_quarantine(released, ["a.csv"], faults)
        assert after.filter(row=2)["released"].to_list() == marks, name
        assert sorted(after.filter(row=2)["value"]) == sorted(faults["value"]), name
        assert after.filter(row=3)["released"].to_list() == [True], name  # nothing came against it
        assert len(admitted(faults, released)) == (2 if name == "the same" else 0), name


def test_a_released_row_comes_in_with_what_its_file_says_of_the_rest_now(store: Store) -> None:
    quarantine = held(fault(2, "x", content(), True))
    now = (*ROW[:6], 5.0, *ROW[7:])
    rows = admitted_rows(quarantine, BARS, held(fault(2, "x", content(now))))
    assert rows.rows() == [now]
    assert admitted_rows(quarantine, BARS, held(fault(2, "z", content(now)))).is_empty()


def broken_market() -> Tables:
    """A stock with one slip of the unit, and one with bars after its delisting."""
    tables = changed(clean_tables(), A, 5, amount=pl.col("amount") / 1000)
    late = pl.when(pl.col("code") == CODES[1]).then(day(90)).otherwise("delist_date").alias("delist_date")
    return {**tables, "securities": tables["securities"].with_columns(late)}


def test_rows_of_error_rules_move_to_the_quarantine_and_back(tmp_path: Path) -> None:
    tables = broken_market()
    store = stored(tables, tmp_path)
    whole = store.read("bars")
    moved = withdraw(store, check(store, quiet))
    assert moved.removed == 1 + 9
    rows = store.read("quarantine")
    assert rows.filter(reason="unit-slip").select("file", "row").rows() == [(f"gangru check {A}", 20200309)]
    assert store.read("bars").height == len(whole) - 10
    assert withdraw(store, check(store, quiet)).removed == 0
    assert release(store, Selection(reason="unit-slip")).rows == 1
    assert withdraw(store, check(store, quiet)).removed == 0  # somebody looked at it
    assert release(store, Selection(file="gangru check")).rows == 9
    assert store.read("bars").equals(whole)


def test_a_withdrawal_killed_between_its_two_commits_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stored(broken_market(), tmp_path)
    size = store.read("bars").height
    monkeypatch.setattr("gangru.market.check.withdrawal.remove_bars", killed)
    with pytest.raises(KeyboardInterrupt):
        withdraw(store, check(store, quiet))
    assert store.read("bars").height == size
    assert store.read("quarantine").height == 10
    monkeypatch.undo()
    assert withdraw(store, check(store, quiet)).removed == 10
    assert store.read("quarantine").height == 10


def test_ingests_leave_out_what_was_withdrawn_until_it_changes_or_is_released(tmp_path: Path) -> None:
    tables = broken_market()
    store = stored(tables, tmp_path)
    withdraw(store, check(store, quiet))
    coming = tables["bars"]
    assert without_withheld(coming, withheld(store.read("quarantine"))).height == len(coming) - 10
    corrected = changed(tables, A, 5, amount=pl.col("amount") * 1000)["bars"]
    assert without_withheld(corrected, withheld(store.read("quarantine"))).height == len(coming) - 9
    some = coming.with_columns(pl.lit(None, dtype=pl.Float64).alias("float_shares"))
    assert without_withheld(some, withheld(store.read("quarantine"))).height == len(coming) - 10
    less = withheld(store.read("quarantine")).with_columns(float_shares=pl.lit(None, dtype=pl.Float64))
    assert without_withheld(coming, less).height == len(coming) - 10  # a column that was not known then
    release(store, Selection(reason="unit-slip"))
    assert without_withheld(coming, withheld(store.read("quarantine"))).height == len(coming) - 9


def test_a_check_alone_changes_nothing(tmp_path: Path) -> None:
    store = stored(broken_market(), tmp_path)
    before = store.versions()
    report = check(store, quiet)
    assert finding(report, "unit-slip").broken
    assert store.versions() == before
    assert checked({}, tmp_path / "none").versions == dict.fromkeys(TABLES)


def quiet(_stage: str, _share: float) -> None:
    """Nobody listens."""


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_days_of_the_calendar_are_weekdays() -> None:
    assert day(5) - day(0) == timedelta(days=7)
