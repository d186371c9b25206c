"""The spool: what was fetched is there again, whole, until it is in the store; the days that are asked are settled."""

import os
import subprocess
import sys
import textwrap
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from gangru.errors import InputError
from gangru.market.sources.protocol import Span
from gangru.market.sources.vendors.asked import SHANGHAI, Asked, days_asked, limits, settled_day
from gangru.market.sources.vendors.spool import Spool

ROWS = pl.DataFrame({"code": ["600000.SH", "000001.SZ"], "close": [1.5, None]})


def at(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2020, month, day, hour, tzinfo=SHANGHAI)


def test_an_answer_that_was_put_is_there_and_equal(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    assert not spool.has("daily", "2020-01-02")
    spool.put("daily", "2020-01-02", ROWS)
    assert Spool(tmp_path / "spool").has("daily", "2020-01-02")
    assert_frame_equal(spool.get("daily", "2020-01-02"), ROWS)
    assert not spool.has("basic", "2020-01-02")


def test_what_is_kept_is_not_fetched_again(tmp_path: Path) -> None:
    asked = []

    def fetch() -> pl.DataFrame:
        asked.append(1)
        return ROWS

    spool = Spool(tmp_path)
    for _ in range(3):
        assert_frame_equal(spool.kept("daily", "a", fetch), ROWS)
    assert len(asked) == 1


@settings(deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=15),
        min_size=1,
        max_size=5,
        unique=True,
    )
)
def test_any_text_is_a_key_and_never_leaves_the_directory(keys: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "spool")
        for number, key in enumerate(keys):
            spool.put("kind", key, pl.DataFrame({"number": [number]}))
        assert spool.keys("kind") == sorted(keys)
        assert [spool.get("kind", key)["number"][0] for key in keys] == list(range(len(keys)))
        assert {path.name for path in Path(folder).iterdir()} == {"spool"}


def test_answers_below_one_another_take_text_where_one_has_text(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put("daily", "a", ROWS)
    spool.put("daily", "b", pl.DataFrame({"code": ["600000.SH"], "close": ["none"]}))
    spool.put("daily", "empty", pl.DataFrame(schema={"code": pl.String, "close": pl.Float64}))
    both = spool.read("daily", ["a", "b", "empty"])
    assert both["close"].to_list() == ["1.5", None, "none"]
    assert spool.read("daily", ["empty"]).is_empty()
    assert spool.read("daily", []).is_empty()


def test_a_damaged_answer_is_named(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put("daily", "a", ROWS)
    path = next((tmp_path / "daily").iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"a\.parquet cannot be read .* remove it"):
        spool.get("daily", "a")


@pytest.mark.parametrize("content", ["", "[]", '{"all": "soon"}', "[1"])
def test_a_damaged_memory_of_the_last_day_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "begun.json").write_text(content, "utf-8")
    with pytest.raises(InputError, match=r"begun\.json cannot be read .* remove it"):
        Spool(tmp_path).until("all", date(2020, 1, 2))


def test_clear_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.put("daily", "a", ROWS)
    spool.until("all", date(2020, 1, 2))
    spool.clear()
    spool.clear()
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_could_not_be_written_whole_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError("no space left on device")

    spool = Spool(tmp_path)
    monkeypatch.setattr("gangru.atomic.os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        spool.put("daily", "a", ROWS)
    assert not spool.has("daily", "a")
    assert list((tmp_path / "daily").iterdir()) == []


def test_whoever_is_killed_while_putting_leaves_whole_answers_only(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        from pathlib import Path
        import polars as pl
        from gangru.market.sources.vendors.spool import Spool
        spool = Spool(Path({str(tmp_path)!r}))
        print("ready", flush=True)
        for number in range(100_000):
            spool.put("daily", str(number), pl.DataFrame({{"x": range(20_000)}}))
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ | {"POLARS_MAX_THREADS": "1"}
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while len(Spool(tmp_path).keys("daily")) < 5:
            pass
        process.kill()
    spool = Spool(tmp_path)
    assert len(spool.keys("daily")) >= 5
    assert all(len(spool.get("daily", key)) == 20_000 for key in spool.keys("daily"))


def test_a_day_is_settled_in_its_evening() -> None:
    assert settled_day(at(3, 19)) == date(2020, 3, 2)
    assert settled_day(at(3, 20)) == date(2020, 3, 3)


@settings(deadline=None)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), st.none() | st.dates(), st.none() | st.dates()
)
def test_no_fetch_reaches_beyond_what_is_settled(
    now: datetime, since: date | None, until: date | None
) -> None:
    import tempfile

    local = now.replace(tzinfo=SHANGHAI)
    if since is not None and until is not None and since > until:
        return
    with tempfile.TemporaryDirectory() as folder:
        days = days_asked(Asked(span=Span(since, until)), Spool(Path(folder)), lambda: local)
        assert days.last <= settled_day(local)
        assert days.last < local.date() + timedelta(days=1)
        if until is not None:
            assert days.last <= until


def test_a_stopped_fetch_of_everything_keeps_its_last_day(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first = days_asked(Asked(), spool, lambda: at(3, 21))
    again = days_asked(Asked(), spool, lambda: at(9, 12))
    other = days_asked(Asked(codes=("600000.SH",)), spool, lambda: at(9, 12))
    assert (first.last, again.last, other.last) == (date(2020, 3, 3), date(2020, 3, 3), date(2020, 3, 8))
    assert limits(Asked(), again, lambda: at(9, 12)) == [
        "goes on with a fetch that was begun for the days up to 2020-03-03; update for those since"
    ]
    spool.clear()
    assert days_asked(Asked(), spool, lambda: at(9, 12)).last == date(2020, 3, 8)


def test_a_day_that_is_not_over_is_told_to_be_left_out(tmp_path: Path) -> None:
    asked = Asked(span=Span(None, date(2020, 3, 3)))
    days = days_asked(asked, Spool(tmp_path), lambda: at(3, 10))
    assert days.last == date(2020, 3, 2)
    assert "asked up to 2020-03-03, fetched up to 2020-03-02" in limits(asked, days, lambda: at(3, 10))[0]


def test_a_span_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="first day has to come before the last"):
        days_asked(Asked(span=Span(date(2020, 3, 3), date(2020, 3, 2))), Spool(tmp_path))


def test_kinds_come_in_the_order_that_an_ingest_needs() -> None:
    assert Asked().wanted(("bars", "calendar", "index"), "vendor") == ("calendar", "index", "bars")
    assert Asked(kinds=("bars", "calendar")).wanted(("bars", "calendar", "index"), "vendor") == (
        "calendar",
        "bars",
    )
    with pytest.raises(InputError, match="vendor has no members, nonsense: it has calendar, bars"):
        Asked(kinds=("nonsense", "members")).wanted(("bars", "calendar"), "vendor")


HOLD = """
    import sys, time
    from pathlib import Path
    from gangru.market.sources.vendors.spool import Spool
    with Spool(Path(sys.argv[1])).held():
        print("held", flush=True)
        time.sleep(60)
"""


def test_two_processes_do_not_share_a_spool_and_a_killed_one_does_not_block_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.put("daily", "a", ROWS)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(spool.directory)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(InputError, match="another process is fetching"), spool.held():
            pass
        spool.let_go()
        assert spool.has("daily", "a")  # the other one is at it
        process.kill()
    with spool.held():
        assert spool.has("daily", "a")
    spool.let_go()
    assert list(tmp_path.iterdir()) == []
