"""The store: rows by key, one commit a write, every version still there."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import StoreError
from gangru.market.schema import BARS, CALENDAR, SECURITIES, TABLES, Table
from gangru.market.store import Change, Store
from gangru.market.store_rows import in_order


def bars(*rows: tuple[str, date, float | None], amount: float | None = None) -> pl.DataFrame:
    """Bars of (code, date, close) whose other prices are the close too."""
    frame = pl.DataFrame(rows, schema={"code": pl.String, "date": pl.Date, "close": pl.Float64}, orient="row")
    close = pl.col("close")
    frame = frame.with_columns(open=close, high=close, low=close, volume=pl.lit(100.0), amount=pl.lit(amount))
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in BARS.columns.items()
    )


OLD = date(2019, 12, 31)
NEW = date(2020, 1, 2)
CALENDAR_ROWS = pl.DataFrame({"date": [OLD, NEW]})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def test_a_store_that_was_never_written_is_empty_and_stays_unmade(store: Store, tmp_path: Path) -> None:
    assert not store.exists()
    assert store.read("bars").schema == pl.Schema(BARS.columns)
    assert store.scan("bars").collect().is_empty()
    assert store.read("bars", columns=["close"], start=OLD).columns == ["close"]
    assert set(store.versions().values()) == {None}
    assert not (tmp_path / "store").exists()


def test_rows_come_back_by_key_without_the_column_that_only_delta_has(store: Store) -> None:
    written = bars(("600001.SH", NEW, 2.0), ("600000.SH", NEW, 1.0), ("600000.SH", OLD, 3.0))
    assert store.upsert(BARS, written) == Change(new=3)
    got = store.read("bars")
    assert got.schema == pl.Schema(BARS.columns)
    assert got.select("date", "code", "close").rows() == [
        (OLD, "600000.SH", 3.0),
        (NEW, "600000.SH", 1.0),
        (NEW, "600001.SH", 2.0),
    ]
    assert store.scan("bars").collect().sort("date", "code").equals(got)
    assert store.exists()


def test_bars_lie_in_a_folder_a_year(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", OLD, 1.0), ("600000.SH", NEW, 1.0)))
    assert sorted(p.name for p in Path(store.uri, "bars").glob("year=*")) == ["year=2019", "year=2020"]


def test_a_span_includes_both_its_dates_and_columns_are_chosen(store: Store) -> None:
    days = [date(2019, 12, 30), OLD, NEW, date(2020, 1, 3), date(2021, 1, 4)]
    store.upsert(BARS, bars(*[("600000.SH", day, float(i)) for i, day in enumerate(days, start=1)]))
    assert store.read("bars", columns=["close"], start=OLD, end=NEW)["close"].to_list() == [2.0, 3.0]
    assert store.read("bars", columns=["close"], end=days[0])["close"].to_list() == [1.0]
    assert store.read("bars", columns=["close"], start=date(2022, 1, 1)).is_empty()


def test_the_same_rows_again_make_no_commit(store: Store) -> None:
    written = bars(("600000.SH", OLD, 1.0), ("600000.SH", NEW, 1.0), amount=None)
    store.upsert(BARS, written)
    before = store.versions()
    assert store.upsert(BARS, written) == Change(unchanged=2)
    assert store.versions() == before


def test_a_revision_wins_is_counted_and_leaves_other_years_files_alone(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", OLD, 1.0), ("600000.SH", NEW, 1.0)))
    untouched = sorted(Path(store.uri, "bars", "year=2019").iterdir())
    change = store.upsert(
        BARS, bars(("600000.SH", NEW, 5.0), ("600001.SH", NEW, 6.0), ("600000.SH", OLD, 1.0))
    )
    assert change == Change(new=1, changed=1, unchanged=1)
    assert store.read("bars")["close"].to_list() == [1.0, 5.0, 6.0]
    assert sorted(Path(store.uri, "bars", "year=2019").iterdir()) == untouched
    assert store.versions()["bars"] == 1


def test_a_null_leaves_what_was_known(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", NEW, 1.0), amount=7.0))
    assert store.upsert(BARS, bars(("600000.SH", NEW, 2.0), amount=None)) == Change(changed=1)
    assert store.read("bars", columns=["close", "amount"]).rows() == [(2.0, 7.0)]


def test_an_older_version_is_read_as_it_was(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", NEW, 1.0)))
    store.upsert(BARS, bars(("600000.SH", NEW, 2.0)))
    assert store.read("bars", version=0)["close"].to_list() == [1.0]
    assert store.read("bars")["close"].to_list() == [2.0]
    with pytest.raises(StoreError, match="at version 9"):
        store.read("bars", version=9)


def test_replacing_a_table_counts_what_went(store: Store) -> None:
    names = TABLES["securities"].columns
    first = pl.DataFrame(
        {"code": ["a", "b"], "name": ["A", "B"], "list_date": None, "delist_date": None}, schema=names
    )
    store.replace(SECURITIES, first)
    second = pl.DataFrame(
        {"code": ["b", "c"], "name": ["β", "C"], "list_date": None, "delist_date": None}, schema=names
    )
    assert store.replace(SECURITIES, second) == Change(new=1, changed=1, removed=1)
    assert store.read("securities").equals(second)
    assert store.replace(SECURITIES, second) == Change(unchanged=2)
    assert store.versions()["securities"] == 1


def test_a_write_that_dies_half_way_leaves_the_last_version_whole(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", OLD, 1.0)))

    def dying() -> Iterator[pl.DataFrame]:
        yield bars(("600000.SH", OLD, 9.0))
        raise OSError("disk full")

    with pytest.raises(StoreError, match="keeps its last version"):
        store.put(BARS, store.delta("bars"), dying(), "upsert", Change(), years=[])
    assert store.versions()["bars"] == 0
    assert store.read("bars")["close"].to_list() == [1.0]
    assert store.upsert(BARS, bars(("600000.SH", OLD, 9.0))) == Change(changed=1)


keyed = st.dictionaries(
    st.tuples(st.sampled_from(["600000.SH", "000001.SZ"]), st.sampled_from([OLD, NEW, date(2021, 3, 1)])),
    st.sampled_from([1.0, 2.0]),
    min_size=1,
)


@given(st.lists(keyed, min_size=1, max_size=3))
@settings(max_examples=12, deadline=None)
def test_any_order_of_upserts_holds_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, batches: list[dict]
) -> None:
    store = Store.open(tmp_path_factory.mktemp("market") / "store")
    held: dict = {}
    for batch in batches:
        change = store.upsert(BARS, bars(*[(code, day, close) for (code, day), close in batch.items()]))
        new = sum(key not in held for key in batch)
        changed = sum(key in held and held[key] != close for key, close in batch.items())
        assert change == Change(new, changed, len(batch) - new - changed)
        held |= batch
    rows = store.read("bars", columns=["code", "date", "close"]).rows()
    assert {(code, day): close for code, day, close in rows} == held
    assert len(rows) == len(held)


def test_tables_without_years_are_upserted_too(store: Store) -> None:
    store.upsert(CALENDAR, pl.DataFrame({"date": [NEW]}))
    assert store.upsert(CALENDAR, pl.DataFrame({"date": [OLD, NEW]})) == Change(new=1, unchanged=1)
    assert store.read("calendar")["date"].to_list() == [OLD, NEW]


def files(store: Store, table: str = "bars") -> set[str]:
    """The data files of a table, those of older versions too."""
    return {path.name for path in Path(store.uri, table).rglob("*.parquet")}


def test_rows_of_new_keys_are_added_without_rewriting_a_file(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", OLD, 1.0), ("600000.SH", NEW, 1.0)))
    before = files(store)
    change = store.upsert(BARS, bars(("600000.SH", NEW, 1.0), ("600001.SH", NEW, 2.0)))
    assert change == Change(new=1, unchanged=1)
    assert before < files(store)
    assert len(files(store)) == len(before) + 1
    assert pl.read_parquet(next(Path(store.uri, "bars").rglob(next(iter(files(store) - before))))).height == 1
    assert store.read("bars").select("date", "code").rows() == [
        (OLD, "600000.SH"),
        (NEW, "600000.SH"),
        (NEW, "600001.SH"),
    ]


def test_a_day_before_those_there_comes_first_when_read(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", date(2020, 1, 3), 3.0), ("600001.SH", date(2020, 1, 3), 4.0)))
    store.upsert(BARS, bars(("600000.SH", NEW, 1.0), ("600001.SH", NEW, 2.0)))
    assert store.read("bars")["close"].to_list() == [1.0, 2.0, 3.0, 4.0]


def test_a_revision_of_one_day_keeps_the_year_s_other_days(store: Store) -> None:
    days = [date(2020, 1, 2), date(2020, 3, 2), date(2020, 6, 1)]
    store.upsert(BARS, bars(*[("600000.SH", day, 1.0) for day in days]))
    assert store.upsert(BARS, bars(("600000.SH", days[1], 2.0))) == Change(changed=1)
    assert store.read("bars")["close"].to_list() == [1.0, 2.0, 1.0]


def test_keys_without_a_date_are_looked_for_in_the_whole_table(store: Store) -> None:
    def interval(code: str, start: date) -> pl.DataFrame:
        return pl.DataFrame({"code": [code], "start": [start], "end": [None]}, schema=TABLES["st"].columns)

    store.upsert(TABLES["st"], interval("600000.SH", OLD))
    assert store.upsert(TABLES["st"], interval("600001.SH", NEW)) == Change(new=1)
    assert store.upsert(TABLES["st"], interval("600000.SH", OLD)) == Change(unchanged=1)
    assert len(store.read("st")) == 2


def test_a_table_of_an_older_gangru_gets_the_columns_it_lacks(store: Store) -> None:
    quarantine = TABLES["quarantine"]
    older = Table("quarantine", dict(list(quarantine.columns.items())[:6]), quarantine.key, ())
    row = {"kind": "bars", "file": "f", "row": 1, "column": "c", "value": "v", "reason": "r"}
    store.upsert(older, pl.DataFrame([row], schema=older.columns))
    assert store.read("quarantine").select("content", "released").row(0) == (None, None)
    whole = pl.DataFrame([row | {"content": "{}", "released": True}], schema=quarantine.columns)
    more = pl.DataFrame([row | {"row": 2, "content": "{}"}], schema=quarantine.columns)
    assert store.upsert(quarantine, more) == Change(new=1)
    assert store.upsert(quarantine, whole) == Change(changed=1)
    assert store.read("quarantine")["released"].to_list() == [True, None]
    assert store.read("quarantine", version=0)["content"].to_list() == [None]


def test_a_pinned_store_shows_its_versions_and_takes_no_writes(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", OLD, 1.0)))
    store.upsert(CALENDAR, pl.DataFrame({"date": [OLD]}))
    pinned = store.pinned()
    market = {name: pinned.read(name).write_ipc(None).getvalue() for name in TABLES}
    versions = pinned.versions()
    store.upsert(BARS, bars(("600000.SH", OLD, 2.0), ("600000.SH", NEW, 2.0)))
    store.upsert(CALENDAR, pl.DataFrame({"date": [NEW]}))
    store.upsert(SECURITIES, pl.DataFrame([{"code": "600000.SH", "name": "x"}], schema=SECURITIES.columns))
    again = Store.open(store.uri, pinned.pins)
    assert {name: again.read(name).write_ipc(None).getvalue() for name in TABLES} == market
    assert again.scan("bars").collect()["close"].to_list() == [1.0]
    assert again.read("securities").is_empty()
    assert again.versions() == versions
    assert again.read("bars", version=1)["close"].to_list() == [2.0, 2.0]
    before = store.versions()
    for write in (
        lambda: again.upsert(BARS, bars(("600000.SH", NEW, 3.0))),
        lambda: again.replace(CALENDAR, CALENDAR_ROWS),
        lambda: again.revise(CALENDAR, lambda old: old),
    ):
        with pytest.raises(StoreError, match=r"opened at pinned versions.*take the pins out"):
            write()
    assert store.versions() == before
    assert again.unpinned().upsert(BARS, bars(("600000.SH", NEW, 3.0))) == Change(changed=1)


def test_a_table_without_a_pin_is_read_at_its_latest(store: Store) -> None:
    store.upsert(BARS, bars(("600000.SH", OLD, 1.0)))
    pinned = Store.open(store.uri, {"bars": 0})
    store.upsert(CALENDAR, CALENDAR_ROWS)
    assert pinned.read("calendar").equals(CALENDAR_ROWS)
    assert pinned.versions()["calendar"] == 0


def test_pins_that_fit_no_table_or_version_are_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="no table barz to pin; the store has bars,"):
        Store.open(store.uri, {"barz": 1})
    with pytest.raises(StoreError, match="cannot be read at version 4"):
        Store.open(store.uri, {"bars": 4}).read("bars")
    store.upsert(BARS, bars(("600000.SH", OLD, 1.0)))
    with pytest.raises(StoreError, match="cannot be read at version 4"):
        Store.open(store.uri, {"bars": 4}).read("bars")


KEYED = {"date": pl.Int64, "code": pl.String}


@given(st.lists(st.tuples(st.none() | st.integers(0, 2), st.none() | st.sampled_from("abc")), max_size=6))
def test_rows_are_put_in_order_wherever_they_are_not(rows: list[tuple[int | None, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema=KEYED, orient="row").with_row_index("row")
    expected = frame.sort("date", "code").drop("row")
    assert in_order(frame, ("date", "code")).drop("row").equals(expected)


def test_rows_that_are_in_order_stay_the_same_rows() -> None:
    frame = pl.DataFrame([(0, "a"), (0, "b"), (1, "a"), (1, "a")], schema=KEYED, orient="row")
    assert in_order(frame, ("date", "code")) is frame
    assert in_order(frame[::-1], ("date", "code")) is not frame
