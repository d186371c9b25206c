"""Ingests killed at points spread over their write phase: whole versions stay, and the rerun completes."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

import polars as pl
import pytest

from gangru.market.ingest import ingest
from gangru.market.schema import TABLES
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
from object_store import listed

INGEST = """
import sys
from gangru.market.ingest import ingest
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
import deltalake, polars, pyarrow
folder, uri = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
told = False
def on_progress(stage, share):
    global told
    if stage.startswith("writing") and not told:
        told = True
        print("writing", flush=True)
ingest(folder, Store.open(uri), DataSettings(), on_progress=on_progress)
print("done", flush=True)
"""
Content = dict[str, pl.DataFrame]
Listing = Callable[[], set[str]]


class Ingest:
    """An ingest in a process of its own, which waits with everything imported until it is sent off."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", INGEST, str(folder), uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
        )

    def hear(self, word: str) -> None:
        """Wait until it says this."""
        assert self.child.stdout
        assert self.child.stdout.readline() == f"{word}\n"

    def send_off(self) -> None:
        """Start, and return when its write phase begins."""
        self.hear("ready")
        assert self.child.stdin
        self.child.stdin.write("go\n")
        self.hear("writing")

    def kill(self) -> None:
        """SIGKILL."""
        self.child.kill()
        self.child.communicate()


def write_market(folder: Path, revision: int, stocks: int = 150) -> None:
    """A market of some stocks and two years in which every table differs from one revision to the next."""
    folder.mkdir(exist_ok=True)
    dates = pl.date_range(date(2019, 1, 1), date(2020, 12, 31), eager=True)
    dates = dates.filter(dates.dt.weekday() <= 5)
    codes = pl.DataFrame({"code": [f"{600000 + place}.SH" for place in range(stocks)]})
    (pl.DataFrame({"date": dates}) if revision else pl.DataFrame({"date": dates[:-5]})).write_csv(
        folder / "calendar.csv"
    )
    codes.with_columns(name=pl.lit(f"name {revision}")).write_csv(folder / "securities.csv")
    spans = codes.with_columns(start=pl.lit("2019-01-01"), end=pl.lit("2020-06-30"))
    spans.with_columns(industry=pl.lit(f"industry {revision}")).write_csv(folder / "industry.csv")
    members = spans.with_columns(index=pl.lit("csi300"), end=pl.lit(f"202{revision}-07-01"))
    members.write_csv(folder / "members.csv")
    price = pl.lit(10.0 + revision)
    bars = codes.join(pl.DataFrame({"date": dates[:-5]}), how="cross").with_columns(
        open=price, high=price, low=price, close=price, volume=pl.lit(1.0)
    )
    faulty = bars.head(3).with_columns(low=pl.lit(-1.0 - revision), date=dates[-6])
    pl.concat([bars, faulty]).write_csv(folder / "bars.csv")


def content(store: Store) -> Content:
    """Every table's rows."""
    return {name: store.read(name) for name in TABLES}


@dataclass
class Market:
    """Files whose ingest is to be killed, what the store holds before it, and what after it undisturbed."""

    folder: Path
    before: Content
    after: Content
    write_seconds: float


def undisturbed(folder: Path, make_base: Callable[[str], str], times: int) -> Market:
    """Time the write phase of ingests that nobody kills."""
    seconds = []
    for place in range(times):
        uri = make_base(f"undisturbed{place}")
        before = content(Store.open(uri))
        run = Ingest(folder, uri)
        run.send_off()
        started = time.perf_counter()
        run.hear("done")
        seconds.append(time.perf_counter() - started)
        run.kill()
    after = content(Store.open(uri))
    # Otherwise a kill would not be told from a finished run.
    changed = {name for name in TABLES if not before[name].equals(after[name])}
    assert changed >= {"calendar", "securities", "industry", "members", "bars", "quarantine"}
    return Market(folder, before, after, median(seconds))


def killed_at(market: Market, uri: str, seconds: float, listing: Listing) -> bool:
    """Kill an ingest so long after its write phase began, check the store, complete it; whether it was amid commits."""
    store = Store.open(uri)
    versions, files = store.versions(), listing()
    run = Ingest(market.folder, uri)
    run.send_off()
    time.sleep(seconds)
    run.kill()
    written = listing() != files
    found = content(store)
    landed = {name for name in TABLES if store.versions()[name] != versions[name]}
    for name in TABLES:
        wanted = market.after if name in landed else market.before
        assert found[name].equals(wanted[name]), f"{name} is neither the old nor the new version"
    ingest(market.folder, store, DataSettings())
    rerun = content(store)
    for name in TABLES:
        assert rerun[name].equals(market.after[name]), f"{name} differs from an undisturbed run's"
    changing = {name for name in TABLES if not market.before[name].equals(market.after[name])}
    return written and landed != changing


def kill_at_points(
    market: Market, base: Callable[[str], str], listing: Callable[[str], Listing], points: int
) -> int:
    """Kill at points spread evenly over the write phase; how many landed between its first byte and last commit."""
    amid = 0
    for point in range(points):
        uri = base(f"killed{point}")
        amid += killed_at(market, uri, market.write_seconds * (point + 0.5) / points, listing(uri))
    return amid


@pytest.mark.parametrize("points", [20, pytest.param(100, marks=pytest.mark.full)])
def test_an_ingest_killed_while_it_writes_leaves_whole_versions_and_the_rerun_completes(
    tmp_path: Path, points: int, record_property: Callable[[str, object], None]
) -> None:
    base = tmp_path / "base"
    write_market(tmp_path / "in", revision=0)
    ingest(tmp_path / "in", Store.open(base), DataSettings())

    def copy_of_base(name: str) -> str:
        return str(shutil.copytree(base, tmp_path / name))

    def listing(uri: str) -> Listing:
        return lambda: {f"{path} {path.stat().st_size}" for path in Path(uri).rglob("*") if path.is_file()}

    write_market(tmp_path / "in", revision=1)
    market = undisturbed(tmp_path / "in", copy_of_base, times=3)
    amid = kill_at_points(market, copy_of_base, listing, points)
    record_property(
        "measured",
        f"{amid} of {points} kills landed amid the commits of a write phase of {market.write_seconds:.2f} s",
    )
    assert amid >= 0.3 * points


def test_an_ingest_into_an_object_store_is_as_safe_from_kills(
    tmp_path: Path, bucket: str, server: dict[str, str], record_property: Callable[[str, object], None]
) -> None:
    write_market(tmp_path / "old", revision=0, stocks=20)
    (tmp_path / "in").mkdir()

    def fresh(name: str) -> str:
        # The quarantine names the files, which must be those of the undisturbed run.
        for path in (tmp_path / "old").iterdir():
            shutil.copy(path, tmp_path / "in")
        ingest(tmp_path / "in", Store.open(f"{bucket}/{name}"), DataSettings())
        write_market(tmp_path / "in", revision=1, stocks=20)
        return f"{bucket}/{name}"

    def listing(uri: str) -> Listing:
        return lambda: listed(server, uri.removeprefix("s3://market/"))

    market = undisturbed(tmp_path / "in", fresh, times=1)
    amid = kill_at_points(market, fresh, listing, points=3)
    record_property(
        "measured", f"{amid} of 3 kills landed amid commits to an object store ({market.write_seconds:.2f} s)"
    )
    assert amid >= 1
