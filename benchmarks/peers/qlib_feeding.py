"""How many windows a second qlib's TSDataSampler and PyTorch's DataLoader give; run by benchmarks/feeding.py.

Runs in .venv-peers (`make peers`), where pyqlib and PyTorch are:

    .venv-peers/bin/python benchmarks/peers/qlib_feeding.py PANEL.npy WINDOW WINDOWS.npy

PANEL.npy is (days, stocks, features) float32; windows of WINDOW days end on every day that has as many before it. They
are written to WINDOWS.npy, stock by stock. On the last line of its output stands JSON: every way tried, with its rate.

Two ways are timed. `collated` is how pytorch_gru_ts and its like are fed: a window at a time, put together by the
DataLoader. `listed` asks the sampler for all windows of a batch at once, as pytorch_gats_ts does. The panel holds the
days and stocks of these windows alone and no row is absent, which is the sampler's fastest case.
"""

import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from qlib.data.dataset import TSDataSampler
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

BATCHES, WORKERS, THREADS = (500, 1000, 4000), (0, 1, 2), (1, 2)
AGAIN = 2  # further passes of the best of either way


def sampler_of(panel: np.ndarray, window: int) -> TSDataSampler:
    """qlib's sampler of all the panel's whole windows."""
    days = pd.bdate_range("2018-01-01", periods=len(panel))
    codes = [f"SH{600000 + n}" for n in range(panel.shape[1])]
    index = pd.MultiIndex.from_product([days, codes], names=["datetime", "instrument"])
    frame = pd.DataFrame(panel.reshape(-1, panel.shape[2]), index=index)
    return TSDataSampler(frame, days[window - 1], days[-1], window)


def loader_of(sampler: TSDataSampler, way: str, batch: int, workers: int) -> DataLoader:
    """A loader of the sampler's windows in their order; workers live on from pass to pass."""
    given: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0}
    if way == "collated":
        return DataLoader(sampler, batch_size=batch, **given)
    return DataLoader(
        sampler,
        batch_size=None,
        sampler=BatchSampler(SequentialSampler(sampler), batch, drop_last=False),
        **given,
    )


def rate(loader: DataLoader) -> float:
    """Windows a second of one pass."""
    started, count = time.perf_counter(), 0
    for x in loader:
        count += len(x)
    return count / (time.perf_counter() - started)


def tried(sampler: TSDataSampler, way: str) -> list[dict[str, Any]]:
    """Every batch size, number of workers and of threads, the best one several times; its best pass counts."""
    rows = []
    for threads in THREADS:
        torch.set_num_threads(threads)
        for workers in WORKERS:
            for batch in BATCHES:
                seen = rate(loader_of(sampler, way, batch, workers))
                rows.append(
                    {"way": way, "batch": batch, "workers": workers, "threads": threads, "rate": seen}
                )
    best = max(rows, key=lambda row: row["rate"])
    torch.set_num_threads(best["threads"])
    loader = loader_of(sampler, way, best["batch"], best["workers"])
    best["rate"] = max(best["rate"], *(rate(loader) for _ in range(AGAIN)))
    return rows


def main() -> None:
    """Time both ways, write the windows and print what was found."""
    panel, window, written = np.load(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    sampler = sampler_of(panel, window)
    np.save(written, sampler[list(range(len(sampler)))])
    rows = tried(sampler, "collated") + tried(sampler, "listed")
    versions = {name: importlib.metadata.version(name) for name in ("pyqlib", "torch")}
    print(json.dumps({"versions": versions, "windows": len(sampler), "tried": rows}))


if __name__ == "__main__":
    main()
