"""The store's log, compaction, and what it may delete."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from test_store import bars

from gangru import __version__
from gangru.errors import StoreError
from gangru.market.schema import BARS, CALENDAR
from gangru.market.sql import Engine, query
from gangru.market.store import Change, Store
from gangru.market.store_log import commits, compact

DAYS = [date(2020, 1, 1) + timedelta(days=place) for place in range(6)]
NOW = timedelta(0)  # older than nothing: everything that is not needed may go


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def files(store: Store, table: str = "bars") -> int:
    return len(list(Path(store.uri, table).rglob("*.parquet")))


def fill(store: Store) -> list[pl.DataFrame]:
    """Three versions of bars of two years, the second in small files; their contents."""
    found = []
    for place, close in ((0, 1.0), (1, 2.0), (2, 3.0)):
        store.upsert(BARS, bars(("600001.SH", DAYS[place], close), ("600000.SH", date(2019, 5, 6), 7.0)))
        found.append(store.read("bars"))
    return found


def test_the_log_says_when_by_what_and_what_became_of_the_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/gangru", "ingest", "day.csv"])
    started = datetime.now(tz=UTC) - timedelta(seconds=1)
    store.upsert(BARS, bars(("600000.SH", DAYS[0], 1.0), ("600001.SH", DAYS[0], 1.0)))
    store.upsert(BARS, bars(("600000.SH", DAYS[0], 2.0), ("600002.SH", DAYS[0], 1.0)))
    store.replace(CALENDAR, pl.DataFrame({"date": DAYS[:2]}))
    store.replace(CALENDAR, pl.DataFrame({"date": DAYS[1:3]}))
    found = commits(store)
    assert [(one.table, one.version, one.operation, one.change) for one in found] == [
        ("calendar", 1, "replace", Change(new=1, unchanged=1, removed=1)),
        ("calendar", 0, "replace", Change(new=2)),
        ("bars", 1, "upsert", Change(new=1, changed=1)),
        ("bars", 0, "upsert", Change(new=2)),
    ]
    assert {(one.command, one.gangru) for one in found} == {("gangru ingest day.csv", __version__)}
    assert all(started <= one.time <= datetime.now(tz=UTC) for one in found)
    assert [one.version for one in commits(store, ["bars"])] == [1, 0]
    assert len(commits(store, limit=3)) == 3
    assert commits(store, ["st"]) == []


def test_a_commit_of_another_program_is_listed_without_what_it_did_not_say(store: Store) -> None:
    from deltalake import write_deltalake

    write_deltalake(f"{store.uri}/calendar", pl.DataFrame({"date": DAYS[:1]}).to_arrow())
    (found,) = commits(store)
    assert (found.operation, found.change, found.command, found.gangru) == ("write", None, "", "")


def test_compacting_merges_files_and_keeps_every_row_and_version(store: Store) -> None:
    contents = fill(store)
    before = files(store)
    told: list[tuple[str, float]] = []
    (done,) = compact(store, {}, on_table=lambda name, share: told.append((name, share)))
    assert (done.table, done.files_before, done.files_after, done.deleted) == ("bars", 4, 2, 0)
    assert files(store) == before + 1  # the year that lay in one file stays as it is
    assert store.read("bars").equals(contents[-1])
    for version, content in enumerate(contents):
        assert store.read("bars", version=version).equals(content)
    assert [one.operation for one in commits(store)] == ["compact", "upsert", "upsert", "upsert"]
    assert told[0] == ("bars", 0.0)
    assert told[-1][1] == 1.0


def test_a_compact_store_is_left_as_it_is(store: Store) -> None:
    fill(store)
    compact(store, {})
    before = store.versions()
    assert [(one.files_before, one.files_after) for one in compact(store, {})] == [(2, 2)]
    assert store.versions() == before
    assert compact(Store.open(store.uri + "-that-is-not"), {}) == []


def revised(store: Store) -> list[pl.DataFrame]:
    """Three versions of bars, each in place of the one before; their contents."""
    found = []
    for close in (1.0, 2.0, 3.0):
        store.upsert(BARS, bars(("600000.SH", DAYS[0], close)))
        found.append(store.read("bars"))
    return found


def test_old_files_go_but_never_those_of_a_pinned_version(store: Store) -> None:
    contents = revised(store)
    Path(store.uri, "bars", "year=2020", "left-by-a-killed-writer.parquet").write_bytes(b"half")
    (done,) = compact(store, {"bars": [0, 99, -1]}, NOW)
    assert done.deleted == 2
    assert files(store) == 2
    assert store.read("bars").equals(contents[2])
    assert store.read("bars", version=0).equals(contents[0])
    with pytest.raises(StoreError, match=r"bars at version 1 cannot be read any more.*--drop-older-than"):
        store.read("bars", version=1)


def test_files_younger_than_asked_stay_whosever_they_are(store: Store) -> None:
    contents = revised(store)
    of_a_writer_at_work = Path(store.uri, "bars", "year=2020", "not-committed-yet.parquet")
    of_a_writer_at_work.write_bytes(b"half")
    (done,) = compact(store, {}, timedelta(days=1))
    assert done.deleted == 0
    assert of_a_writer_at_work.exists()
    assert [store.read("bars", version=version)["close"].item() for version in range(3)] == [1.0, 2.0, 3.0]
    assert store.read("bars").equals(contents[2])


def test_a_pinned_store_is_not_compacted(store: Store) -> None:
    fill(store)
    with pytest.raises(StoreError, match="pinned"):
        compact(store.pinned(), {})


def test_a_compaction_that_an_ingest_overtakes_starts_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gangru.market import store_log

    fill(store)
    whole = store_log.merge_files
    overtaken = []

    def merge(target: Store, table: object, delta: object) -> int:
        if not overtaken:
            overtaken.append(True)
            store.upsert(BARS, bars(("600005.SH", DAYS[5], 5.0)))
        return whole(target, table, delta)  # type: ignore[arg-type]

    monkeypatch.setattr(store_log, "merge_files", merge)
    (done,) = compact(store, {})
    assert done.files_before == 5
    assert store.read("bars")["close"].to_list() == [7.0, 1.0, 2.0, 3.0, 5.0]


def test_versions_survive_the_checkpoints_that_delta_makes(store: Store) -> None:
    for place in range(103):  # a checkpoint comes every hundred commits
        store.upsert(CALENDAR, pl.DataFrame({"date": [date(2020, 1, 1) + timedelta(days=place)]}))
    assert list(Path(store.uri, "calendar", "_delta_log").glob("*.checkpoint.parquet"))
    assert len(store.read("calendar")) == 103
    assert len(store.read("calendar", version=1)) == 2
    assert len(commits(store, ["calendar"])) == 103
    delta = store.delta("calendar")
    assert delta
    assert delta.metadata().configuration == {"delta.enableExpiredLogCleanup": "false"}


@pytest.mark.parametrize("asked", ["scan", "read", "upsert", "revise", "compact", "query"])
def test_a_data_file_that_is_gone_is_named_by_whatever_needs_it(store: Store, asked: str) -> None:
    fill(store)
    old = Path(store.delta("bars").file_uris()[0])  # type: ignore[union-attr]
    old.unlink()
    day = bars(("600001.SH", DAYS[1], 9.0))
    calls: dict[str, Callable[[], object]] = {
        "scan": lambda: store.scan("bars").collect(),
        "read": lambda: store.read("bars"),
        "upsert": lambda: store.upsert(BARS, day),
        "revise": lambda: store.replace(BARS, day),
        "compact": lambda: compact(store, {}),
        "query": lambda: list(query(store, "select * from bars")),
    }
    before = commits(store)
    with pytest.raises(StoreError, match=rf"bars at version 2 cannot be read any more.*{old.name}.*copy"):
        calls[asked]()
    assert commits(store) == before


@pytest.mark.parametrize("name", ["a b", "数据", "ü#1", "a+b", "a&'b"])
def test_a_store_in_a_folder_of_any_name_is_read_compacted_and_cleared(tmp_path: Path, name: str) -> None:
    store = Store.open(tmp_path / name)
    fill(store)
    rows = store.read("bars")
    assert len(rows) == len(store.scan("bars").collect()) == 4
    assert [one.files_after for one in compact(store, {}, NOW)] == [2]
    assert files(store) == 2
    assert store.read("bars").equals(rows)
    assert (
        answer(store, "select count(*) from bars")
        == answer(store, "select count(*) from bars", "polars")
        == 4
    )


def answer(store: Store, text: str, engine: Engine | None = None) -> object:
    return pl.concat(query(store, text, engine)).item()
