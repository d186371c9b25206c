"""A decision on a refused row outlives later ingests of the file it came from."""

from pathlib import Path

import polars as pl
import pytest

from gangru.market.check.check import check
from gangru.market.check.withdrawal import withdraw
from gangru.market.ingest import ingest
from gangru.market.release import Selection, release
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store

FILES = {
    "calendar.csv": "date\n2020-01-02\n2020-01-03\n2020-01-06\n2020-01-07\n",
    "bars.csv": "code,date,open,high,low,close,volume,amount\n"
    "SH600000,2020-01-02,10,11,9,10.5,100,1000\n"
    "SH600000,2020-01-03,10,8,9,10.5,100,1000\n"  # high below low
    "SH600000,2020-01-06,x,11,9,10.5,100,1000\n"  # no number
    "SH600000,2020-01-07,10,11,9,10.5,100,10\n"  # amount in the wrong unit
    "SH600000,2020-01-07,10,12,9,10.5,100,1000\n",  # its key again
    "industry.csv": "code,start,end,industry\n"
    "SH600000,2020-01-02,2020-02-02,A\nSH600000,2020-02-01,2020-03-02,B\n"  # contradict each other
    "SH600001,2020-01-01,2020-05-01,C\nSH600001,2020-02-01,2020-06-01,C\n",  # one and the same
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def test_released_rows_stay_in_however_often_their_file_comes_again(folder: Path, store: Store) -> None:
    ingest(folder, store, DataSettings())
    assert store.read("quarantine")["content"].null_count() == 0
    for reason in ("day's low", "contradicts", "repeats the key"):
        release(store, Selection(reason=reason))
    bars, industry, versions = store.read("bars"), store.read("industry"), store.versions()
    assert bars["high"].to_list() == [11.0, 8.0, 12.0]
    assert industry.filter(code="600000.SH")["industry"].to_list() == ["A", "B"]
    ingest(folder, store, DataSettings())
    assert store.versions() == versions
    assert store.read("quarantine").filter(~pl.col("released"))["value"].to_list() == ["x"]


def test_a_correction_of_a_released_row_lands_and_another_fault_there_is_held(
    folder: Path, store: Store
) -> None:
    ingest(folder, store, DataSettings())
    release(store, Selection(reason="day's low"))
    bars = folder / "bars.csv"
    corrected = FILES["bars.csv"].replace("10,8,9,10.5", "10,11.5,9,10.5")
    bars.write_text(corrected)
    ingest(folder, store, DataSettings())
    assert store.read("bars")["high"].to_list()[1] == 11.5
    bars.write_text(FILES["bars.csv"].replace("10,8,9,10.5", "10,7,9,10.5"))
    report = ingest(folder, store, DataSettings())
    assert report.tables["bars"].quarantined == 3
    found = store.read("quarantine").filter(kind="bars", row=3)
    assert set(found["released"]) <= {False, None}
    assert "7" in found["value"].to_list()
    assert store.read("bars")["high"].to_list()[1] == 11.5
    release(store, Selection(reason="day's low"))
    assert store.read("bars")["high"].to_list()[1] == 7


def test_withdrawn_bars_stay_out_until_their_file_is_mended(folder: Path, store: Store) -> None:
    ingest(folder, store, DataSettings())
    assert withdraw(store, check(store, lambda _stage, _share: None)).removed == 1
    versions = store.versions()
    ingest(folder, store, DataSettings())
    assert store.versions() == versions
    mended = FILES["bars.csv"].replace("10.5,100,10\n", "10.5,100,1001\n")
    (folder / "bars.csv").write_text(mended)
    ingest(folder, store, DataSettings())
    assert store.read("bars")["amount"].to_list() == [1000.0, 1001.0]


def test_the_check_tells_what_the_ingest_merged_and_refused(folder: Path, store: Store) -> None:
    ingest(folder, store, DataSettings())
    report = check(store, lambda _stage, _share: None)
    found = next(one.found for one in report.findings if one.rule.name == "intervals-merged")
    assert found is not None
    assert found.detail == "industry: 1 joined, 1 of them overlapping, 2 refused"
