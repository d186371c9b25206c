"""Seconds of one training epoch by qlib's pytorch_gru_ts, with its own net and with the published one.

Runs in .venv-peers (`make peers`), where pyqlib and PyTorch are:

    .venv-peers/bin/python benchmarks/peers/qlib_gru_epoch.py [DATA.npz] [--batch 1000] [--search 6]

DATA.npz has `values` (days, stocks, features) float32, `labels` (days, stocks) float32 and `rows`, the days on which
the windows of 40 end that are trained on; without it, 1,000 stocks on 64 dates of random numbers, 18 features. Feeding
is qlib's own: TSDataSampler with fillna_type = "ffill+bfill", ConcatDataset with weights of 1, DataLoader with shuffle
and drop_last, then `GRU.train_epoch`: MSE, gradients clipped at 3, Adam.

Two nets are timed in that loop. `qlib_net` is qlib's GRUModel: GRU(128, 128) and one linear map to the output.
`published_net` is the published net in its place, of PyTorch's own parts: GRU(128, 128) and an MLP of 256, 64, 64.
Every n_jobs of 0, 1, 2 with 1 and 2 threads is tried on `--search` batches, then the whole epoch is timed with the
best. On the last line of the output stands JSON:

    {"versions": {name: version}, "batches": 64, "batch": 1000, "windows": 64000,
     "flops": {net: floating-point operations of an epoch, forward and backward},
     "qlib_net": {"seconds": of an epoch, "n_jobs", "threads", "tried": [{"n_jobs", "threads", "seconds_a_batch"}]},
     "published_net": likewise}
"""

import argparse
import importlib.metadata
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from qlib.contrib.model.pytorch_gru_ts import GRU
from qlib.data.dataset import TSDataSampler
from qlib.model.utils import ConcatDataset
from torch.utils.data import DataLoader

WINDOW, HIDDEN, LAYERS, LEARNING_RATE = 40, 128, 2, 1e-4
N_JOBS, THREADS = (0, 1, 2), (1, 2)
MLP = (256, 64, 64)
Data = dict[str, np.ndarray]


class PublishedNet(torch.nn.Module):
    """The published predictor of PyTorch's own parts, as a user of qlib would write it."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.gru = torch.nn.GRU(features, HIDDEN, LAYERS, batch_first=True)
        widths = (HIDDEN, *MLP)
        blocks = [
            part for a, b in itertools.pairwise(widths) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())
        ]
        self.mlp = torch.nn.Sequential(*blocks, torch.nn.Linear(widths[-1], 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """pRet, (N,)."""
        states, _ = self.gru(x)
        return self.mlp(states[:, -1]).squeeze(1)


def random_data(stocks: int = 1000, dates: int = 64, features: int = 18, step: int = 5) -> Data:
    """Random numbers in the shape of a fold: a sample date every few days."""
    random = np.random.default_rng(0)
    rows = WINDOW - 1 + step * np.arange(dates)
    days = int(rows[-1]) + 1
    return {
        "values": random.standard_normal((days, stocks, features), dtype=np.float32),
        "labels": random.standard_normal((days, stocks), dtype=np.float32),
        "rows": rows,
    }


def sampler_of(data: Data) -> TSDataSampler:
    """qlib's sampler of the windows that end on the sample dates, the label as the last column."""
    values, rows = data["values"], data["rows"]
    days = pd.bdate_range("2018-01-01", periods=len(values))
    codes = [f"SH{600000 + n}" for n in range(values.shape[1])]
    index = pd.MultiIndex.from_product([days, codes], names=["datetime", "instrument"])
    table = np.concatenate([values, data["labels"][:, :, None]], axis=2).reshape(len(index), -1)
    chosen = pd.Series(np.repeat(np.isin(np.arange(len(days)), rows), len(codes)), index=index)
    sampler = TSDataSampler(pd.DataFrame(table, index), days[WINDOW - 1], days[-1], WINDOW, flt_data=chosen)
    sampler.config(fillna_type="ffill+bfill")
    return sampler


def loader_of(sampler: TSDataSampler, batch: int, n_jobs: int) -> DataLoader:
    """The loader that GRU.fit makes."""
    weighted = ConcatDataset(sampler, np.ones(len(sampler)))
    return DataLoader(weighted, batch_size=batch, shuffle=True, num_workers=n_jobs, drop_last=True)


def model_of(features: int, net: str, batch: int) -> GRU:
    """qlib's model; with the published net in place of its own where that is asked for."""
    model = GRU(
        d_feat=features,
        hidden_size=HIDDEN,
        num_layers=LAYERS,
        lr=LEARNING_RATE,
        batch_size=batch,
        GPU=-1,
        seed=0,
    )
    if net == "published_net":
        model.GRU_model = PublishedNet(features)
        model.train_optimizer = torch.optim.Adam(model.GRU_model.parameters(), lr=LEARNING_RATE)
    return model


def seconds_of(work: Callable[[], object]) -> float:
    """Wall seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def epoch(sampler: TSDataSampler, features: int, net: str, batch: int, search: int) -> dict[str, Any]:
    """Seconds of an epoch at the best n_jobs and threads, and what was tried."""
    tried = []
    for threads, n_jobs in itertools.product(THREADS, N_JOBS):
        torch.set_num_threads(threads)
        model, loader = model_of(features, net, batch), loader_of(sampler, batch, n_jobs)
        batches = iter(loader)
        model.train_epoch([next(batches)])  # the first one waits for the workers and for PyTorch's first call
        seconds = seconds_of(lambda: model.train_epoch(itertools.islice(batches, search)))  # noqa: B023
        tried.append({"n_jobs": n_jobs, "threads": threads, "seconds_a_batch": seconds / search})
    best = min(tried, key=lambda row: row["seconds_a_batch"])
    torch.set_num_threads(int(best["threads"]))
    model, loader = model_of(features, net, batch), loader_of(sampler, batch, int(best["n_jobs"]))
    seconds = seconds_of(lambda: model.train_epoch(loader))
    return {"seconds": seconds, "n_jobs": best["n_jobs"], "threads": best["threads"], "tried": tried}


def flops(windows: int, features: int, head: tuple[int, ...]) -> float:
    """Floating-point operations of an epoch: products of the GRU and the head, forward once and backward twice."""
    gru = WINDOW * 3 * HIDDEN * (features + HIDDEN + (LAYERS - 1) * 2 * HIDDEN)
    widths = (HIDDEN, *head, 1)
    return 3 * 2 * windows * (gru + sum(a * b for a, b in itertools.pairwise(widths)))


def main() -> None:
    """Time both nets and print JSON."""
    parser = argparse.ArgumentParser(description="One epoch of qlib's pytorch_gru_ts.")
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--search", type=int, default=6)
    given = parser.parse_args()
    data = random_data() if given.data is None else dict(np.load(given.data))
    features, sampler = data["values"].shape[2], sampler_of(data)
    batches = len(sampler) // given.batch
    search = min(given.search, batches - 1)
    made = {net: epoch(sampler, features, net, given.batch, search) for net in ("qlib_net", "published_net")}
    windows = batches * given.batch
    print(
        json.dumps(
            {
                "versions": {name: importlib.metadata.version(name) for name in ("pyqlib", "torch")},
                "batches": batches,
                "batch": given.batch,
                "windows": windows,
                "flops": {
                    "qlib_net": flops(windows, features, ()),
                    "published_net": flops(windows, features, MLP),
                },
                **made,
            }
        )
    )


if __name__ == "__main__":
    main()
