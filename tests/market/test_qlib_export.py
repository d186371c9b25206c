"""The store as a Qlib directory: what its files hold, what comes back, and that it is there whole or not at all."""

import os
import signal
import struct
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from gangru.cli import export
from gangru.errors import InputError, StoreError
from gangru.market import export_qlib as module
from gangru.market.export_qlib import export_qlib
from gangru.market.ingest import ingest_source
from gangru.market.schema import BARS, CALENDAR, TABLES
from gangru.market.sources.qlib import QlibSource
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
from gangru.study.workspace import init_workspace
from market.qlib_directories import CALENDAR_ROWS, Frames, bar, table
from market.qlib_directories import LATER as DAYS


def series(root: Path, folder: str, name: str) -> tuple[float, ...]:
    content = (root / "features" / folder / f"{name}.day.bin").read_bytes()
    return struct.unpack(f"<{len(content) // 4}f", content)


TWO = Frames(
    "memory",
    frames={
        "calendar": CALENDAR_ROWS,
        "bars": table(
            "bars",
            [
                bar("600519.SH", DAYS[2], 10.0, 2.0, 100.0, amount=1010.0, is_st=True, float_shares=5000.0),
                bar("600519.SH", DAYS[3], 10.0, 2.0, 0.0, suspended=True),
                bar("600519.SH", DAYS[5], 5.5, 4.0, 400.0, amount=2200.0, is_st=False),
                bar("000001.SZ", DAYS[1], 20.0, None, 300.0),
            ],
        ),
        "index_bars": table(
            "index_bars",
            [
                {
                    "code": "000300.SH",
                    "date": day,
                    "open": 4000.0,
                    "high": 4100.0,
                    "low": 3900.0,
                    "close": close,
                }
                for day, close in ((DAYS[1], 4000.0), (DAYS[2], 4100.0))
            ],
        ),
        "members": table(
            "members",
            [
                {"index": "CSI 300", "code": "600519.SH", "start": DAYS[0], "end": None},
                {"index": "CSI 300", "code": "000001.SZ", "start": DAYS[0], "end": DAYS[3]},
            ],
        ),
    },
)


def test_files_hold_what_qlib_expects(tmp_path: Path) -> None:
    done = export_qlib(TWO, tmp_path / "q")
    root = tmp_path / "q"
    assert (done.stocks, done.indices, done.days, done.bars, done.kept_beside) == (2, 1, 5, 4, 1)
    assert (root / "calendars" / "day.txt").read_text().split() == [str(day) for day in DAYS[1:6]]
    assert (root / "calendars" / "day_future.txt").read_text().split() == [str(day) for day in DAYS[1:]]
    assert (root / "instruments" / "all.txt").read_text() == (
        f"SZ000001\t{DAYS[1]}\t{DAYS[1]}\nSH600519\t{DAYS[2]}\t{DAYS[5]}\n"
    )
    assert (root / "instruments" / "csi_300.txt").read_text() == (
        f"SZ000001\t{DAYS[0]}\t{DAYS[2]}\nSH600519\t{DAYS[0]}\t2099-12-31\n"
    )
    nan = float("nan")
    expected = {
        "close": (1, 20, nan, nan, 22),
        "volume": (1, 50, nan, nan, 100),
        "amount": (1, 1010, nan, nan, 2200),
        "vwap": (1, np.float32(20.2), nan, nan, 22),
        "factor": (1, 2, 2, nan, 4),
        "change": (1, nan, nan, nan, np.float32(0.1)),
        "is_st": (1, 1, nan, nan, 0),
        "suspended": (1, nan, 1, nan, nan),
        "float_shares": (1, 5000, nan, nan, nan),
    }
    for name, numbers in expected.items():
        np.testing.assert_array_equal(series(root, "sh600519", name), numbers, err_msg=name)
    np.testing.assert_array_equal(series(root, "sz000001", "close"), (0, 20))
    assert not (root / "features" / "sz000001" / "factor.day.bin").exists()
    np.testing.assert_array_equal(series(root, "sh000300", "change"), (0, nan, np.float32(0.025)))
    np.testing.assert_array_equal(series(root, "sh000300", "factor"), (0, 1, 1))


def test_an_export_ingested_into_another_store_is_the_same_store(tmp_path: Path) -> None:
    export_qlib(TWO, tmp_path / "q")
    other = Store.open(tmp_path / "store")
    ingest_source(QlibSource(tmp_path / "q", DataSettings()), other)
    for name in ("calendar", "bars", "index_bars", "members"):
        assert other.read(name).equals(TWO.read(name).sort(TABLES[name].key)), name
    export_qlib(other, tmp_path / "again")
    for path in (path for path in (tmp_path / "q").rglob("*") if path.is_file()):
        if path.suffix != ".parquet":  # of rows in another order
            assert (
                tmp_path / "again" / path.relative_to(tmp_path / "q")
            ).read_bytes() == path.read_bytes(), path


def test_only_the_days_asked_for_are_written(tmp_path: Path) -> None:
    done = export_qlib(TWO, tmp_path / "q", start=DAYS[3], end=DAYS[5])
    assert (done.stocks, done.indices, done.days) == (1, 0, 3)
    with pytest.raises(StoreError, match="has no bars from 2021"):
        export_qlib(TWO, tmp_path / "later", start=date(2021, 1, 1))
    assert not (tmp_path / "later").exists()


def test_groups_of_codes_make_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_qlib(TWO, tmp_path / "whole")
    monkeypatch.setattr(module, "ROWS", 1)
    export_qlib(TWO, tmp_path / "apart")
    files = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*.bin"))
    assert files
    assert all(
        (tmp_path / "whole" / path).read_bytes() == (tmp_path / "apart" / path).read_bytes() for path in files
    )


def test_a_list_of_members_never_takes_the_name_of_the_market(tmp_path: Path) -> None:
    rows = [
        {"index": name, "code": "600519.SH", "start": DAYS[0], "end": None} for name in ("all", "A/B", "a b")
    ]
    store = Frames("memory", frames=TWO.frames | {"members": table("members", rows)})
    export_qlib(store, tmp_path / "q")
    names = {path.name for path in (tmp_path / "q" / "instruments").iterdir()}
    assert names == {"all.txt", "all_.txt", "a_b.txt", "a_b_.txt"}
    found = [
        p
        for p in QlibSource(tmp_path / "q", DataSettings()).pieces(lambda _s, _x: None)
        if p.kind == "members"
    ]
    assert sorted(piece.frame["index"].item() for piece in found) == ["A/B", "a b", "all"]


# Whole or not at all


def test_a_directory_of_somebody_elses_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"was not written by gangru export"):
        export_qlib(TWO, tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    export_qlib(TWO, tmp_path / "empty")
    with pytest.raises(InputError, match="add --overwrite"):
        export_qlib(TWO, tmp_path / "empty")


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    export_qlib(TWO, tmp_path / "q")
    before = (tmp_path / "q" / "instruments" / "all.txt").read_text()

    def stop(stage: str, _share: float) -> None:
        if stage == "writing":
            raise KeyboardInterrupt

    one = Frames("memory", frames=TWO.frames | {"bars": TWO.read("bars").head(1)})
    with pytest.raises(KeyboardInterrupt):
        export_qlib(one, tmp_path / "q", overwrite=True, on_progress=stop)
    assert (tmp_path / "q" / "instruments" / "all.txt").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["q"]
    export_qlib(one, tmp_path / "q", overwrite=True)
    assert (tmp_path / "q" / "instruments" / "all.txt").read_text() != before
    assert [path.name for path in tmp_path.iterdir()] == ["q"]


def test_an_export_that_is_killed_leaves_nothing_that_looks_whole_and_can_be_run_again(
    tmp_path: Path,
) -> None:
    script = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from market.test_qlib_export import TWO, export_qlib\n"
        "def kill(stage, share):\n"
        "    if stage == 'writing': os.kill(os.getpid(), signal.SIGKILL)\n"
        "export_qlib(TWO, Path(sys.argv[1]) / 'q', on_progress=kill)\n"
    )
    tests = str(Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path), tests], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "q").exists()
    export_qlib(TWO, tmp_path / "q")
    assert [path.name for path in tmp_path.iterdir()] == ["q"]


def test_an_export_stopped_between_its_two_renames_is_put_back(tmp_path: Path) -> None:
    export_qlib(TWO, tmp_path / "q")
    (tmp_path / "q").rename(tmp_path / ".q.gangru-old")
    with pytest.raises(InputError, match="add --overwrite"):
        export_qlib(TWO, tmp_path / "q")
    assert (tmp_path / "q" / "instruments" / "all.txt").is_file()


@pytest.mark.parametrize("name", [".q.gangru-part", ".q.gangru-old"])
def test_a_folder_of_ours_by_name_alone_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=rf"{name} is in the way"):
        export_qlib(TWO, tmp_path / "q")
    assert (tmp_path / name / "thesis.txt").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_folders_that_others_call_old_or_part_are_never_touched(tmp_path: Path) -> None:
    for name in (".q.old", ".q.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("years of work")
    export_qlib(TWO, tmp_path / "q")
    export_qlib(TWO, tmp_path / "q", overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"q", ".q.old", ".q.part"}
    assert (tmp_path / ".q.old" / "thesis.txt").is_file()


def test_a_directory_is_found_whatever_way_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    monkeypatch.chdir(tmp_path / "full")
    for name in (".", "nowhere/..", ".."):
        with pytest.raises(InputError, match="was not written by gangru export"):
            export_qlib(TWO, Path(name), overwrite=True)
    with pytest.raises(InputError, match="name a directory below it"):
        export_qlib(TWO, Path("/"), overwrite=True)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    export_qlib(TWO, Path("../a/../q"))
    assert (tmp_path / "q" / "calendars" / "day.txt").is_file()


def test_the_command_writes_the_workspaces_store(tmp_path: Path) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    export.register(app)
    init_workspace(tmp_path / "w", {})
    store = Store.open(tmp_path / "w" / "store")
    store.upsert(BARS, TWO.read("bars"))
    store.upsert(CALENDAR, CALENDAR_ROWS)
    words = ["export", "qlib", str(tmp_path / "q"), "-C", str(tmp_path / "w"), "--start", str(DAYS[2])]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "3 bars of 1 stocks on 4 days" in result.output
    marked = ["export", "qlib", str(tmp_path / "x" / "[/x]"), *words[3:]]
    result = CliRunner().invoke(app, marked)
    assert result.exit_code == 0, result.output
    assert f"wrote {tmp_path}/x/[/x]: 3 bars" in result.output
    assert CliRunner().invoke(app, [*words[:-1], "soon"]).exit_code == 2
