"""Seconds and memory of each stage on a simulated market, printed as a table; `make bench`.

Medians of three runs a stage, one process; the market is made first and not counted.
"""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gangru.features.catalogue import chosen_features
from gangru.features.labels import build_labels
from gangru.features.panel import build_panel
from gangru.features.windows import windows_of_date
from gangru.market.ingest import ingest
from gangru.models.losses import ic_loss
from gangru.models.predictor import Predictor
from gangru.study.inputs import load_inputs
from gangru.study.simulated import FOLDER, simulate_market
from gangru.study.workspace import init_workspace, open_workspace

STOCKS, RUNS = 1000, 3


def median_seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall seconds of a few runs."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def gflops(size: int = 1024) -> float:
    """Measured peak of a large matrix product, GFLOP/s."""
    a = torch.randn(size, size)
    return 2 * size**3 / median_seconds(lambda: a @ a, 9) / 1e9


def predictor_step(stocks: int = STOCKS) -> Callable[[], object]:
    """One forward and backward pass of the published predictor on one date."""
    net, x, label = Predictor(18), torch.randn(stocks, 40, 18), torch.randn(stocks)
    return lambda: ic_loss(net(x), label).backward()


def main() -> None:
    """Time the stages and print them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        init_workspace(root, {"simulate.stocks": STOCKS})
        workspace = open_workspace(root)
        simulate_market(workspace)
        store, settings = workspace.store, workspace.settings
        rows = [("ingest, first", median_seconds(lambda: ingest([root / FOLDER], store, settings.data), 1))]
        rows.append(("ingest, again", median_seconds(lambda: ingest([root / FOLDER], store, settings.data))))
        rows.append(("store → arrays", median_seconds(lambda: load_inputs(workspace))))
        inputs = load_inputs(workspace)
        features = chosen_features(settings.features.names)
        rows.append(("panel, 18 features", median_seconds(lambda: build_panel(inputs.market, features))))
        rows.append(("labels", median_seconds(lambda: build_labels(inputs.market, settings.label))))
        row = len(inputs.market.dates) - 1
        eligible = inputs.universe.eligible[row]
        panel = inputs.panel
        seconds = median_seconds(lambda: windows_of_date(panel, row, eligible, settings.features), 9)
        count = int(np.count_nonzero(eligible))
        rows.append((f"scaled windows of a date ({count / seconds:,.0f} a second)", seconds))
    peak, seconds = gflops(), median_seconds(predictor_step(), 5)
    work = STOCKS * 40 * 3 * 2 * 3 * 128 * (18 + 128 + 128 + 128) / 1e9
    share = work / seconds / peak
    rows.append((f"predictor step, {STOCKS} stocks ({share:.0%} of {peak:.0f} GFLOP/s)", seconds))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{STOCKS} stocks, {len(inputs.market.dates)} days, {torch.get_num_threads()} threads\n")
    for name, seconds in rows:
        sys.stdout.write(f"{name:<60}{seconds:>10.3f} s\n")
    sys.stdout.write(f"peak memory {rss / 1e6:.2f} GB\n")


if __name__ == "__main__":
    main()
