"""Seconds and memory of evaluations, printed as tables; part of `make bench`.

    python benchmarks/evaluation.py [WORKSPACE] [--part peer|whole|growth] [--runs 5] [--last-month 2021-12]

`peer`: the same figures of random scores from alphalens-reloaded and from gangru, which must agree. `whole`: reading a
store and evaluating a factor wholly, daily accounts included, in a process of its own. `growth`: the same of an eighth,
a quarter, a half and all of the stocks. The last two take the store of WORKSPACE, which is read alone, or that of the
real data at ../shared/data/ashare. No figure of a factor is printed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from evaluation_peer import print_peer
from market_data import DATA, GANGRU, measured

from gangru.market.schema import TABLES
from gangru.market.store import Store
from gangru.study.workspace import init_workspace, open_workspace

SHARES = (8, 4, 2, 1)  # one stock in so many
FEW = 128  # what a run takes at least, whatever the stocks: that of one in so many
OF_STOCKS = ("bars", "securities", "names", "st", "suspensions", "listings", "industry", "members")
WHOLE = """
import json, sys, time
from pathlib import Path
import polars as pl
from gangru.study.inputs import load_inputs
from gangru.study.evaluating import evaluate_own
from gangru.study.workspace import open_workspace

begun = time.perf_counter()
inputs = load_inputs(open_workspace(Path(sys.argv[1])))
loaded = time.perf_counter()
evaluate_own(inputs, pl.read_parquet(sys.argv[2]), "reversal", sys.argv[3] or None)
print(json.dumps({"load": loaded - begun, "evaluate": time.perf_counter() - loaded,
                  "shape": inputs.market.close.shape}))
"""


def month_end_reversal(store: Store, path: Path) -> None:
    """Write minus the return over 20 bars of every stock on each month's last trading day."""
    bars = store.scan("bars").filter(pl.col("volume") > 0)
    price = (pl.col("close") * pl.col("factor").fill_null(1)).alias("price")
    table = bars.select("date", "code", price).sort("code", "date").collect()
    table = table.with_columns((1 - pl.col("price") / pl.col("price").shift(20).over("code")).alias("factor"))
    month = pl.col("date").dt.truncate("1mo")
    ends = table.select("date").unique().group_by(month).agg(pl.col("date").max().alias("end"))["end"]
    kept = table.filter(pl.col("date").is_in(ends.implode())).drop_nulls("factor")
    kept.select("date", "code", "factor").write_parquet(path)


def workspace_on(store: Store, root: Path) -> Path:
    """A workspace of its own that reads a store, every setting at its default."""
    init_workspace(root, {"data.store": str(Path(store.uri).resolve())})
    return root


def whole_run(root: Path, factor: Path, month: str) -> tuple[float, float, dict[str, Any]]:
    """Wall seconds and peak memory in GiB of a process that reads the store and evaluates; and its own seconds."""
    row, text = measured("evaluation", sys.executable, "-c", WHOLE, root, factor, month)
    return row.seconds, row.gigabytes * 1e6 / 2**20, json.loads(text.splitlines()[-1])


def print_whole(root: Path, factor: Path, month: str) -> None:
    """Seconds and peak memory of the whole."""
    load = os.getloadavg()[0]
    seconds, peak, own = whole_run(root, factor, month)
    days, stocks = own["shape"]
    sys.stdout.write(
        f"whole evaluation and daily accounts, {days} days × {stocks} stocks to {month or 'the last month'}, "
        f"{os.cpu_count()} cores, load before {load:.1f}\n"
        f"{'start':<36}{seconds - own['load'] - own['evaluate']:>10.2f} s\n"
        f"{'store → arrays':<36}{own['load']:>10.2f} s\n"
        f"{'evaluation':<36}{own['evaluate']:>10.2f} s\n"
        f"{'whole process':<36}{seconds:>10.2f} s{peak:>8.2f} GiB   aim 15 s, 3 GiB\n"
    )


def part_of_store(store: Store, one_in: int, root: Path) -> tuple[Path, int]:
    """A workspace on a store of one stock in so many, and the number of its bars."""
    codes = store.scan("bars").select(pl.col("code").unique().sort()).collect()["code"].gather_every(one_in)
    part = Store.open(root / "store")
    for name in (*OF_STOCKS, "calendar", "index_bars"):
        frame = store.read(name)
        if name in OF_STOCKS:
            frame = frame.filter(pl.col("code").is_in(codes.implode()))
        if len(frame):
            part.upsert(TABLES[name], frame)
        if name == "bars":
            bars = len(frame)
    init_workspace(root)
    return root, bars


def print_growth(store: Store, factor: Path, month: str, place: Path, runs: int) -> None:
    """Seconds by the number of bars, and the power by which they grow beyond those of next to no stocks."""
    rows = []
    for one_in in (FEW, *SHARES):
        root, bars = part_of_store(store, one_in, place / f"one_in_{one_in}")
        times = [whole_run(root, factor, month)[0] for _ in range(runs)]
        rows.append((one_in, bars, statistics.median(times)))
    least = rows[0][2]
    sys.stdout.write(f"growth of the whole process, medians of {runs}\n")
    for one_in, bars, seconds in rows:
        beyond = f"{seconds - least:>10.2f} s beyond the first" if one_in != FEW else ""
        sys.stdout.write(f"one stock in {one_in:<6}{bars:>12,} bars{seconds:>10.2f} s{beyond}\n")
    power = exponent([row[1] for row in rows[1:]], [row[2] - least for row in rows[1:]])
    sys.stdout.write(f"seconds grow with bars to the power of {power:.2f}   aim 1.1\n")


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The power of the size that fits the seconds best, by least squares of logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def store_of(workspace: Path | None, place: Path) -> Store | None:
    """The store of a workspace, else one of the real data ingested here; None where there are none."""
    if workspace is not None:
        return open_workspace(workspace).store
    if not DATA.exists():
        return None
    root = place / "ingested"
    subprocess.run([GANGRU, "init", root], check=True, capture_output=True)
    subprocess.run([GANGRU, "ingest", DATA, "-C", root], check=True, capture_output=True)
    return open_workspace(root).store


def main() -> None:
    """Time what was asked for and print it."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--part", choices=("peer", "whole", "growth"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--last-month", default="")
    asked = parser.parse_args()
    if asked.part in (None, "peer"):
        print_peer(asked.runs)
    if asked.part == "peer":
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        store = store_of(asked.workspace, place)
        if store is None:
            sys.stdout.write(f"no workspace, and the real data are not at {DATA}: nothing evaluated\n")
            return
        month_end_reversal(store, place / "factor.parquet")
        if asked.part in (None, "whole"):
            root = workspace_on(store, place / "whole")
            print_whole(root, place / "factor.parquet", asked.last_month)
        if asked.part in (None, "growth"):
            print_growth(store, place / "factor.parquet", asked.last_month, place, min(asked.runs, 3))


if __name__ == "__main__":
    main()
