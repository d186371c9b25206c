"""Several processes write to one store: every row lands once, and none is lost to another's older read."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from gangru.errors import StoreError
from gangru.market import store_commit
from gangru.market.schema import BARS, CALENDAR, SECURITIES
from gangru.market.store import Change, Store
from gangru.market.store_commit import ConflictError

DAYS = [date(2020, 1, 1) + timedelta(days=place) for place in range(60)]

WRITER = """
import json, sys, time
from datetime import date, timedelta
import polars as pl
from gangru.market.schema import BARS, SECURITIES
from gangru.market.store import Store

uri, me, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = Store.open(uri)
print("ready", flush=True)
sys.stdin.readline()

def bars(keys):
    frame = pl.DataFrame(keys, schema={"code": pl.String, "date": pl.Date}, orient="row")
    price = pl.lit(10.0 + me)
    frame = frame.with_columns(open=price, high=price, low=price, close=price, volume=pl.lit(1.0))
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in BARS.columns.items()
    )

told = []
for round in range(rounds):
    day = date(2020, 1, 1) + timedelta(days=round)
    late = date(2019, 12, 1) + timedelta(days=round)
    own = [(f"{me}{round:05d}.SH", day), (f"{me}{round:05d}.SH", late)]
    shared = [(f"9{key:05d}.SH", day) for key in range(3)]
    told.append(store.upsert(BARS, bars(own)))
    time.sleep(0.3 - time.time() % 0.3)  # all at one moment
    told.append(store.upsert(BARS, bars(own + shared)))
added = []
for round in range(rounds):
    time.sleep(0.3 - time.time() % 0.3)
    row = pl.DataFrame({"code": [f"{me}{round:05d}.SH"], "name": ["x"]}).with_columns(
        list_date=pl.lit(None, dtype=pl.Date), delist_date=pl.lit(None, dtype=pl.Date))
    added.append(store.revise(SECURITIES, lambda old: pl.concat([old, row.select(old.columns)])))
count = lambda parts: [[c.new, c.changed, c.unchanged, c.removed] for c in parts]
print(json.dumps([count(told), count(added)]), flush=True)
"""


def write_at_once(uri: str, writers: int, rounds: int) -> list[list[list[Change]]]:
    """What each of several processes, started at one moment, says it changed in bars and in securities."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, uri, str(me), str(rounds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in range(1, writers + 1)
    ]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    answers = [json.loads(child.communicate(timeout=120)[0]) for child in children]
    assert [child.returncode for child in children] == [0] * writers
    return [[[Change(*counts) for counts in table] for table in answer] for answer in answers]


def check_nothing_lost(uri: str, writers: int, rounds: int) -> None:
    told = write_at_once(uri, writers, rounds)
    store = Store.open(uri)
    rows = store.read("bars")
    assert rows.select("date", "code").is_unique().all()
    assert len(rows) == 2 * writers * rounds + 3 * rounds
    own = rows.filter(~pl.col("code").str.starts_with("9"))
    assert (own["close"] == 10.0 + own["code"].str.slice(0, 1).cast(pl.Float64)).all()
    changes = [change for answer in told for change in answer[0]]
    # A key that two processes both believed to be new would be counted twice.
    assert sum(change.new for change in changes) == len(rows)
    assert store.versions()["bars"] == sum(change.any for change in changes) - 1
    assert any(change.changed for change in changes)
    assert len(store.read("securities")) == writers * rounds
    assert store.versions()["securities"] == writers * rounds - 1


def test_processes_that_write_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    check_nothing_lost(str(tmp_path / "store"), writers=4, rounds=5)


def test_processes_that_write_to_an_object_store_at_once_lose_and_double_nothing(bucket: str) -> None:
    check_nothing_lost(f"{bucket}/store", writers=3, rounds=3)


def days(*wanted: date) -> pl.DataFrame:
    return pl.DataFrame({"date": list(wanted)}, schema=CALENDAR.columns)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def test_a_table_that_another_process_made_first_is_a_conflict_and_stays(store: Store) -> None:
    store.upsert(CALENDAR, days(DAYS[0]))
    with pytest.raises(ConflictError):
        store.put(CALENDAR, None, iter([days(DAYS[1])]), "upsert", Change(new=1))
    assert store.read("calendar")["date"].to_list() == [DAYS[0]]


@pytest.mark.parametrize("years", [None, []], ids=["appending", "rewriting"])
@pytest.mark.parametrize("other", ["append", "rewrite"])
def test_a_write_on_an_older_version_than_the_latest_does_not_land(
    store: Store, years: list[int] | None, other: str
) -> None:
    store.upsert(CALENDAR, days(DAYS[0]))
    read = store.delta("calendar")
    theirs = days(DAYS[0], DAYS[1]) if other == "append" else days(DAYS[1])
    store.replace(CALENDAR, theirs)
    with pytest.raises(ConflictError):
        store.put(CALENDAR, read, iter([days(DAYS[2])]), "upsert", Change(new=1), years)
    assert store.read("calendar").equals(theirs)


def test_a_revision_is_asked_again_about_what_was_written_meanwhile(store: Store) -> None:
    store.upsert(CALENDAR, days(DAYS[0]))
    seen = []

    def revision(old: pl.DataFrame) -> pl.DataFrame:
        seen.append(len(old))
        if len(seen) == 1:
            store.upsert(CALENDAR, days(DAYS[1]))
        return pl.concat([old, days(DAYS[2])])

    assert store.revise(CALENDAR, revision) == Change(new=1, unchanged=2)
    assert seen == [1, 2]
    assert store.read("calendar")["date"].to_list() == DAYS[:3]


def test_a_first_revision_that_another_s_creation_overtakes_adds_to_it(store: Store) -> None:
    def revision(old: pl.DataFrame) -> pl.DataFrame:
        if old.is_empty():
            store.upsert(CALENDAR, days(DAYS[1]))
        return pl.concat([old, days(DAYS[2])])

    assert store.revise(CALENDAR, revision) == Change(new=1, unchanged=1)
    assert store.read("calendar")["date"].to_list() == DAYS[1:3]


def test_a_writer_that_is_overtaken_every_time_gives_up_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_commit, "ATTEMPTS", 3)

    def overtaken(old: pl.DataFrame) -> pl.DataFrame:
        store.upsert(CALENDAR, days(DAYS[len(old)]))
        return old.clear()

    store.upsert(CALENDAR, days(DAYS[0]))
    with pytest.raises(StoreError, match="changed by other processes 3 times"):
        store.revise(CALENDAR, overtaken)
    assert len(store.read("calendar")) == 4


def test_what_fails_for_another_reason_is_not_tried_again(store: Store) -> None:
    calls = []

    def failing(old: pl.DataFrame) -> pl.DataFrame:
        calls.append(len(old))
        raise OSError("out of reach")

    with pytest.raises(OSError, match="out of reach"):
        store.revise(SECURITIES, failing)
    assert calls == [0]
    with pytest.raises(StoreError, match="keeps its last version"):
        store.put(BARS, None, iter([pl.DataFrame({"date": DAYS[:1]})]), "upsert", Change())
    assert store.versions()["bars"] is None
