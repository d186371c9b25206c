"""Windows a second: qlib's TSDataSampler with PyTorch's DataLoader, and gangru without and with all its scaling.

Both sides give the same 64,000 windows of 40 days × 19 features: 1,000 stocks on 64 dates, in batches of a date here,
out of the same panel of 5,000 stocks, which no cache holds. The peer's making of its sampler is not part of its time
but printed beside it; where gangru puts the days by stock first, it is timed with that and without. The peer runs in
.venv-peers (`make peers`) in three ways, see peers/qlib_feeding.py; every batch size, number of workers and of threads
is tried and printed. The best passes of both sides count, in one run, first the peer's. The second figure is that of
the processor's time, which other work on the machine disturbs less; it is left out where the peer has workers.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gangru.features.gathering import by_stock, gather_windows
from gangru.features.settings import FeatureSettings
from gangru.features.windows import windows_of_date

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".venv-peers" / "bin" / "python"
DAYS, STOCKS, FEATURES, WINDOW = 500, 5000, 19, 40
CHOSEN, DATES, FIRST = 1000, 64, 200  # stocks and dates of the windows, the first one's row
GAPS, HALTS = (
    0.0003,
    0.0001,
)  # of a stock's days: single ones without a trade, begins of halts of four; as in 2020
PASSES = 5
UNSCALED, SCALED = "50 ×", "10 ×"  # aims


@dataclass(frozen=True)
class RandomPanel:
    """A panel of random walks in the real one's shape, with gaps and halts: what windows are gathered from."""

    dates: np.ndarray
    values: np.ndarray
    traded: np.ndarray
    carry: np.ndarray


def random_panel(seed: int = 0) -> RandomPanel:
    """Random walks, float32, NaN where nothing was traded."""
    random = np.random.default_rng(seed)
    values = np.cumsum(0.02 * random.standard_normal((DAYS, STOCKS, FEATURES), dtype=np.float32), axis=0) + 20
    traded = random.random((DAYS, STOCKS)) >= GAPS
    for day, stock in zip(*np.nonzero(random.random((DAYS, STOCKS)) < HALTS), strict=True):
        traded[day : day + 4, stock] = False
    values[~traded] = np.nan
    return RandomPanel(
        np.datetime64("2018-01-01") + np.arange(DAYS), values, traded, np.arange(FEATURES) % 3 == 0
    )


def peer(panel: RandomPanel, stocks: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    """What the peer tried; raises AssertionError where its windows are not gangru's."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "panel.npz", Path(folder) / "windows.npy"
        np.savez(given, values=panel.values[rows[0] - WINDOW + 1 : rows[-1] + 1], stocks=stocks)
        script = ROOT / "benchmarks" / "peers" / "qlib_feeding.py"
        done = subprocess.run(
            [PEER, script, given, str(WINDOW), made], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{script} failed: {done.stderr}")
        theirs = np.load(made).reshape(len(stocks), len(rows), WINDOW, FEATURES)
    held = by_stock(panel.values, rows[0] - WINDOW + 1, rows[-1])
    for nth, row in enumerate(rows):
        np.testing.assert_array_equal(theirs[:, nth], held.windows(row, stocks, WINDOW))
        np.testing.assert_array_equal(theirs[:, nth], gather_windows(panel.values, row, stocks, WINDOW))
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def best(give: Callable[[], int]) -> tuple[float, float]:
    """Windows a second, and a second of the processor's time, of the best of some passes over the dates."""
    walls, works = [], []
    for _ in range(PASSES):
        wall, work = time.perf_counter(), time.process_time()
        count = give()
        walls.append(count / (time.perf_counter() - wall))
        works.append(count / (time.process_time() - work))
    return max(walls), max(works)


def ours(
    panel: RandomPanel, stocks: np.ndarray, rows: np.ndarray
) -> dict[str, tuple[str, Callable[[], int]]]:
    """What gangru does over the dates in one pass: the aim it is held to and the work, which tells how many it made."""
    eligible, settings = np.zeros(STOCKS, dtype=bool), FeatureSettings(window=WINDOW)
    eligible[stocks] = True

    standing = by_stock(panel.values, rows[0] - WINDOW + 1, rows[-1])

    def already_by_stock() -> int:
        return sum(len(standing.windows(row, stocks, WINDOW)) for row in rows)

    def put_by_stock() -> int:
        held = by_stock(panel.values, rows[0] - WINDOW + 1, rows[-1])
        return sum(len(held.windows(row, stocks, WINDOW)) for row in rows)

    def out_of_the_panel() -> int:
        return sum(len(gather_windows(panel.values, row, stocks, WINDOW)) for row in rows)

    def scaled(threads: int) -> int:
        return sum(len(windows_of_date(panel, row, eligible, settings, threads).x_NTF) for row in rows)

    return {
        "without scaling, days already by stock, 1 thread": (UNSCALED, already_by_stock),
        "without scaling, days put by stock, 1 thread": (UNSCALED, put_by_stock),
        "without scaling, out of the panel, 1 thread": (UNSCALED, out_of_the_panel),
        "with all scaling, 1 thread": (SCALED, lambda: scaled(1)),
        "with all scaling, 2 threads": (SCALED, lambda: scaled(2)),
    }


def print_peer(told: dict[str, Any]) -> dict[str, float]:
    """The table of what the peer tried; the best of each way."""
    for row in told["tried"]:
        work = f"{row['work_rate']:>12,.0f} a CPU second" if row["workers"] == 0 else ""
        sys.stdout.write(
            f"qlib, {row['way']:<10}batch {row['batch']:>4}, workers {row['workers']}, threads {row['threads']}"
            f"{row['rate']:>12,.0f} /s{work}\n"
        )
    return {
        way: max(row["rate"] for row in told["tried"] if row["way"] == way)
        for way in ("trained", "collated", "listed")
    }


def main() -> None:
    """Time both sides and print them."""
    if not PEER.exists():
        sys.stdout.write(f"no {PEER}: run `make peers` first; nothing measured\n")
        return
    panel, rows = random_panel(), FIRST + np.arange(DATES)
    stocks = np.sort(np.random.default_rng(1).choice(STOCKS, CHOSEN, replace=False))
    told = peer(panel, stocks, rows)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    sys.stdout.write(
        f"{told['windows']:,} windows of {WINDOW} × {FEATURES}; {os.cpu_count()} cores, load average {load}; "
        f"the same content on both sides\n"
        f"pyqlib {told['versions']['pyqlib']}, torch {told['versions']['torch']}, numpy {np.__version__}\n\n"
    )
    theirs = print_peer(told)
    sys.stdout.write("\nbest of qlib: " + ", ".join(f"{way} {rate:,.0f} /s" for way, rate in theirs.items()))
    sys.stdout.write("\n")
    sys.stdout.write(f"qlib made its sampler before, in {told['making']:.1f} s\n\n")
    for name, (aim, give) in ours(panel, stocks, rows).items():
        rate, work_rate = best(give)
        ratios = ", ".join(f"{rate / seen:.1f} × {way}" for way, seen in theirs.items())
        sys.stdout.write(
            f"gangru {name:<50}{rate:>12,.0f} /s{work_rate:>12,.0f} a CPU second: {ratios} (aim {aim})\n"
        )


if __name__ == "__main__":
    main()
