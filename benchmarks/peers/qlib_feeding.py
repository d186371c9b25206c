"""How many windows a second qlib's TSDataSampler and PyTorch's DataLoader give; run by benchmarks/feeding.py.

Runs in .venv-peers (`make peers`), where pyqlib and PyTorch are:

    .venv-peers/bin/python benchmarks/peers/qlib_feeding.py PANEL.npz WINDOW WINDOWS.npy

PANEL.npz has `values` (days, stocks, features) float32 and `stocks`, the positions of those whose windows are asked
for; windows of WINDOW days end on every day that has as many before it. They are written to WINDOWS.npy, stock by
stock. On the last line of its output stands JSON: every way tried, with its rate.

Three ways are timed. `trained` is what pytorch_gru_ts trains from: fillna_type = "ffill+bfill", ConcatDataset with
weights of 1, shuffled, a window at a time, put together by the DataLoader. `collated` leaves out the filling, the
weights and the shuffling. `listed` also asks the sampler for all windows of a batch at once, as pytorch_gats_ts does.
No row is absent from the sampler's data, which is its fastest case.
"""

import importlib.metadata
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from qlib.data.dataset import TSDataSampler
from qlib.model.utils import ConcatDataset
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

WAYS = ("trained", "collated", "listed")
BATCHES, WORKERS, THREADS = (250, 1000, 4000), (0, 1, 2), (1, 2)
AGAIN = 2  # further passes of the best of each way


def sampler_of(panel: np.ndarray, stocks: np.ndarray, window: int) -> TSDataSampler:
    """qlib's sampler of all whole windows of some of the panel's stocks."""
    days = pd.bdate_range("2018-01-01", periods=len(panel))
    codes = [f"SH{600000 + n}" for n in range(panel.shape[1])]
    index = pd.MultiIndex.from_product([days, codes], names=["datetime", "instrument"])
    frame = pd.DataFrame(panel.reshape(-1, panel.shape[2]), index=index)
    chosen = pd.Series(np.tile(np.isin(np.arange(len(codes)), stocks), len(days)), index=index)
    return TSDataSampler(frame, days[window - 1], days[-1], window, flt_data=chosen)


def loader_of(sampler: TSDataSampler, way: str, batch: int, workers: int) -> DataLoader:
    """A loader of the sampler's windows; workers live on from pass to pass."""
    given: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0}
    sampler.config(fillna_type="ffill+bfill" if way == "trained" else "none")
    if way == "trained":
        return DataLoader(
            ConcatDataset(sampler, np.ones(len(sampler))), batch_size=batch, shuffle=True, **given
        )
    if way == "collated":
        return DataLoader(sampler, batch_size=batch, **given)
    return DataLoader(
        sampler,
        batch_size=None,
        sampler=BatchSampler(SequentialSampler(sampler), batch, drop_last=False),
        **given,
    )


def passed(loader: DataLoader) -> tuple[float, float]:
    """Windows a second of one pass, and a second of this process's processor time."""
    wall, work, count = time.perf_counter(), time.process_time(), 0
    for x in loader:
        count += len(x[0] if isinstance(x, list) else x)
    return count / (time.perf_counter() - wall), count / (time.process_time() - work)


def tried(sampler: TSDataSampler, way: str) -> list[dict[str, Any]]:
    """Every batch size, number of workers and of threads, the best one several times; its best pass counts."""
    rows = []
    for threads, workers, batch in itertools.product(THREADS, WORKERS, BATCHES):
        torch.set_num_threads(threads)
        rate, work_rate = passed(loader_of(sampler, way, batch, workers))
        seen = {"rate": rate, "work_rate": work_rate if workers == 0 else None}
        rows.append({"way": way, "batch": batch, "workers": workers, "threads": threads} | seen)
    best = max(rows, key=lambda row: row["rate"])
    torch.set_num_threads(best["threads"])
    loader = loader_of(sampler, way, best["batch"], best["workers"])
    best["rate"] = max(best["rate"], *(passed(loader)[0] for _ in range(AGAIN)))
    return rows


def main() -> None:
    """Time all ways, write the windows and print what was found."""
    given, window, written = np.load(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    started = time.perf_counter()
    sampler = sampler_of(given["values"], given["stocks"], window)
    making = time.perf_counter() - started
    np.save(written, sampler[list(range(len(sampler)))])
    rows = [row for way in WAYS for row in tried(sampler, way)]
    versions = {name: importlib.metadata.version(name) for name in ("pyqlib", "torch")}
    print(json.dumps({"versions": versions, "windows": len(sampler), "making": making, "tried": rows}))


if __name__ == "__main__":
    main()
