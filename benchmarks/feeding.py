"""Windows a second: qlib's TSDataSampler with PyTorch's DataLoader, and gangru without and with all its scaling.

Both sides give the same 64,000 windows of 40 days × 19 features: 1,000 stocks on 64 dates, in batches of a date here.
gangru takes them out of a panel of 500 days × 5,000 stocks, which no cache holds; the peer gets the days and stocks of
these windows alone, which is its fastest case. The peer runs in .venv-peers (`make peers`); every batch size, number of
workers and of threads is tried and printed. Best passes on both sides, in one run, first the peer, then gangru.
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

from gangru.features.gathering import gather_windows
from gangru.features.settings import FeatureSettings
from gangru.features.windows import windows_of_date

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".venv-peers" / "bin" / "python"
DAYS, STOCKS, FEATURES, WINDOW = 500, 5000, 19, 40
CHOSEN, DATES, FIRST = 1000, 64, 200  # stocks and dates of the windows, the first one's row
GAPS, HALTS = (
    0.002,
    0.0005,
)  # shares of the days on which a stock does not trade, alone and at the begin of a halt
PASSES = 5
AIMS = {"without scaling": 50, "with all scaling": 10}


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
        given, made = Path(folder) / "panel.npy", Path(folder) / "windows.npy"
        np.save(given, panel.values[rows[0] - WINDOW + 1 : rows[-1] + 1][:, stocks])
        script = ROOT / "benchmarks" / "peers" / "qlib_feeding.py"
        done = subprocess.run(
            [PEER, script, given, str(WINDOW), made], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{script} failed: {done.stderr}")
        theirs = np.load(made).reshape(len(stocks), len(rows), WINDOW, FEATURES)
    ours = gather_windows(panel.values, np.tile(rows, len(stocks)), np.repeat(stocks, len(rows)), WINDOW)
    np.testing.assert_array_equal(theirs, ours.reshape(theirs.shape))
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def best_rate(give: Callable[[int], int], rows: np.ndarray) -> float:
    """Windows a second of the best of some passes over the dates; `give` makes one date's and tells how many."""
    rates = []
    for _ in range(PASSES):
        started = time.perf_counter()
        count = sum(give(int(row)) for row in rows)
        rates.append(count / (time.perf_counter() - started))
    return max(rates)


def ours(panel: RandomPanel, stocks: np.ndarray, rows: np.ndarray, threads: int) -> dict[str, float]:
    """gangru's rates with so many threads."""
    eligible, settings = np.zeros(STOCKS, dtype=bool), FeatureSettings(window=WINDOW)
    eligible[stocks] = True
    return {
        "without scaling": best_rate(
            lambda row: len(gather_windows(panel.values, row, stocks, WINDOW, threads=threads)), rows
        ),
        "with all scaling": best_rate(
            lambda row: len(windows_of_date(panel, row, eligible, settings, threads).x_NTF), rows
        ),
    }


def main() -> None:
    """Time both sides and print them."""
    if not PEER.exists():
        sys.stdout.write(f"no {PEER}: run `make peers` first; nothing measured\n")
        return
    panel, rows = random_panel(), FIRST + np.arange(DATES)
    stocks = np.sort(np.random.default_rng(1).choice(STOCKS, CHOSEN, replace=False))
    told = peer(panel, stocks, rows)
    versions = told["versions"]
    load = os.getloadavg()
    sys.stdout.write(
        f"{told['windows']:,} windows of {WINDOW} × {FEATURES}; {os.cpu_count()} cores, load average "
        f"{load[0]:.1f} {load[1]:.1f} {load[2]:.1f}; the same content on both sides\n"
        f"pyqlib {versions['pyqlib']}, torch {versions['torch']}, numpy {np.__version__}\n\n"
    )
    for row in told["tried"]:
        sys.stdout.write(
            f"qlib, {row['way']}, batch {row['batch']:>4}, workers {row['workers']}, threads {row['threads']}"
            f"{row['rate']:>14,.0f} /s\n"
        )
    best = {
        way: max(row["rate"] for row in told["tried"] if row["way"] == way) for way in ("collated", "listed")
    }
    sys.stdout.write(
        f"\nbest of qlib: {best['collated']:,.0f} /s as its GRU is fed, {best['listed']:,.0f} /s where its "
        "sampler is asked for a batch at once\n\n"
    )
    for threads in (1, 2):
        for name, seen in ours(panel, stocks, rows, threads).items():
            sys.stdout.write(
                f"gangru {name}, {threads} threads{seen:>14,.0f} /s{seen / best['collated']:>8.1f} × "
                f"(aim {AIMS[name]} ×), {seen / best['listed']:.1f} × of the sampler asked for a batch\n"
            )


if __name__ == "__main__":
    main()
