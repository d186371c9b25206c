"""The store: rows by key, one commit a write, every version still there."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import StoreError
from gangru.market.schema import BARS, CALENDAR, SECURITIES, TABLES
from gangru.market.store import Change, Store


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
        store.write(BARS, dying(), years=None)
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
