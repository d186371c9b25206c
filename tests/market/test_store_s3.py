"""The store on an object store: the same as in a directory, and clear words where it cannot be reached."""

import socket
import time
from datetime import date, timedelta

import polars as pl
import pytest
from test_store import bars

from gangru.errors import StoreError
from gangru.market import store_commit
from gangru.market.schema import BARS, CALENDAR
from gangru.market.sql import query
from gangru.market.store import Change, Store
from gangru.market.store_log import commits, compact

DAY, NEXT = date(2019, 12, 31), date(2020, 1, 2)


def test_an_object_store_holds_tables_as_a_directory_does(bucket: str) -> None:
    store = Store.open(f"{bucket}/store")
    assert not store.exists()
    assert store.upsert(BARS, bars(("600000.SH", NEXT, 1.0), ("600000.SH", DAY, 2.0))) == Change(new=2)
    assert store.upsert(BARS, bars(("600000.SH", NEXT, 1.0), ("600001.SH", NEXT, 3.0))) == Change(
        new=1, unchanged=1
    )
    assert store.upsert(BARS, bars(("600000.SH", NEXT, 4.0))) == Change(changed=1)
    assert store.replace(CALENDAR, pl.DataFrame({"date": [DAY]})) == Change(new=1)
    assert store.revise(CALENDAR, lambda old: old.clear()) == Change(removed=1)
    assert store.exists()
    assert store.read("bars")["close"].to_list() == [2.0, 4.0, 3.0]
    assert store.read("bars", start=NEXT, columns=["code"])["code"].to_list() == ["600000.SH", "600001.SH"]
    assert store.read("bars", version=0)["close"].to_list() == [2.0, 1.0]
    assert Store.open(store.uri, {"bars": 1}).read("bars")["close"].to_list() == [2.0, 1.0, 3.0]
    assert store.scan("bars").select(pl.len()).collect().item() == 3
    with pytest.raises(StoreError, match="at version 9"):
        store.read("bars", version=9)


def test_log_compaction_and_sql_work_on_an_object_store(bucket: str) -> None:
    store = Store.open(f"{bucket}/store")
    for place in range(3):
        store.upsert(BARS, bars(("600000.SH", NEXT + timedelta(days=place), 1.0 + place)))
    before = store.read("bars")
    (done,) = compact(store, {"bars": [0]}, timedelta(0))
    assert (done.files_before, done.files_after, done.deleted) == (3, 1, 2)
    assert store.read("bars").equals(before)
    assert len(store.read("bars", version=0)) == 1
    with pytest.raises(StoreError, match="cannot be read any more"):
        store.read("bars", version=1)
    assert [one.operation for one in commits(store, ["bars"])][-4:] == [
        "compact",
        "upsert",
        "upsert",
        "upsert",
    ]
    for engine in ("duckdb", "polars"):
        assert pl.concat(query(store, "select sum(close) from bars", engine)).item() == 6.0  # type: ignore[arg-type]


def test_a_bucket_that_is_not_there_is_named_and_what_to_look_at(bucket: str) -> None:
    with pytest.raises(
        StoreError, match=r"s3://nobody/store/bars cannot be read.*NoSuchBucket.*is the bucket there"
    ):
        Store.open("s3://nobody/store").upsert(BARS, bars(("600000.SH", DAY, 1.0)))


def test_a_server_that_does_not_answer_is_given_up_in_bounded_time(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(store_commit.S3_OPTIONS, "timeout", "1s")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"cannot be read.*AWS_ENDPOINT_URL"):
            Store.open(f"{bucket}/store").read("bars")
        assert time.monotonic() - started < 15


def test_a_server_that_is_not_there_is_given_up_in_bounded_time(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    started = time.monotonic()
    with pytest.raises(StoreError) as told:
        Store.open(f"{bucket}/store").versions()
    assert time.monotonic() - started < 15
    assert "\n" not in str(told.value)
    assert "\x1b" not in str(told.value)
