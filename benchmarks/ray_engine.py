"""Two workers of one thread against one, on identical folds with the published nets; and what a cluster costs to start.

The panel is random numbers of a real one's size. Seconds of one run each; the ratio is the claim, and what is fixed
(starting Ray, a worker's first import of PyTorch) stands apart, because it does not grow with the work.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from gangru.features.settings import FeatureSettings
from gangru.training.engines import local
from gangru.training.engines.ray import train_folds
from gangru.training.engines.ray_cluster import own_cluster
from gangru.training.fold_run import FoldJob
from gangru.training.fold_source import PanelArrays, PanelFold
from gangru.training.folds import sample_rows
from gangru.training.loop import Tick
from gangru.training.settings import GanSettings, PredictorSettings, RaySettings, TrainingSettings

DAYS, FEATURES, REACH = 520, 18, 21


def random_panel(stocks: int) -> PanelArrays:
    """A panel in which every stock trades every day; labels are noise."""
    random = np.random.default_rng(0)
    traded = np.ones((DAYS, stocks), dtype=bool)
    return PanelArrays(
        dates=np.datetime64("2018-01-01") + np.arange(DAYS),
        codes=np.array([f"{600000 + n:06d}.SH" for n in range(stocks)]),
        values=random.normal(size=(DAYS, stocks, FEATURES)).astype(np.float32),
        traded=traded,
        eligible=traded,
        labels=random.normal(size=(DAYS, stocks)),
        carry=np.ones(FEATURES, dtype=bool),
    )


def identical_jobs(root: Path, panel: PanelArrays, count: int, epochs: int) -> list[FoldJob]:
    """The same fold several times: published dates and nets, a few epochs of each."""
    training = TrainingSettings(threads=1)
    fold = PanelFold(lambda: panel, sample_rows(DAYS - 1, training, REACH), FeatureSettings())
    gan = GanSettings(max_epochs=epochs, min_epochs=1, reconstruction_weight=10.0)
    predictor = PredictorSettings(max_epochs=epochs)
    names = [f"fold-{n}" for n in range(count)]
    return [FoldJob(name, root / name, fold, "gan", gan, predictor, training, "", "", {}) for name in names]


def silent(job: FoldJob, tick: Tick) -> None:
    """Nobody looks on."""


def ray_seconds(root: Path, panel: PanelArrays, workers: int, asked: argparse.Namespace) -> tuple[float, ...]:
    """Seconds until Ray is there, until its workers have trained once, and of the folds on so many workers."""
    started = time.perf_counter()
    with own_cluster(workers):
        there = time.perf_counter()
        tiny = identical_jobs(root / f"warm-{workers}", random_panel(30), workers, 1)
        train_folds(tiny, RaySettings(), silent)
        warm = time.perf_counter()
        train_folds(
            identical_jobs(root / f"{workers}", panel, asked.folds, asked.epochs), RaySettings(), silent
        )
        done = time.perf_counter()
    return there - started, warm - there, done - warm


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stocks", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=2, help="of the GAN and of the GRU")
    parser.add_argument("--folds", type=int, default=2)
    asked = parser.parse_args()
    panel = random_panel(asked.stocks)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        one = ray_seconds(root, panel, 1, asked)
        two = ray_seconds(root, panel, 2, asked)
        started = time.perf_counter()
        local.train_folds(identical_jobs(root / "local", panel, asked.folds, asked.epochs), silent)
        alone = time.perf_counter() - started
        weights = {path.read_bytes() for path in root.glob("[!w]*/*/predictor.safetensors")}
    sys.stdout.write(
        f"{asked.folds} identical folds, {asked.stocks} stocks, 80 dates, {asked.epochs} epochs a net, one thread "
        f"each\n{'':<46}{'1 worker':>12}{'2 workers':>12}\n"
    )
    for name, *seconds in zip(
        ("starting Ray", "first training of each worker, 30 stocks", "the folds"), one, two, strict=True
    ):
        sys.stdout.write(f"{name:<46}{seconds[0]:>10.1f} s{seconds[1]:>10.1f} s\n")
    sys.stdout.write(f"{'local engine, one thread':<46}{alone:>10.1f} s\n")
    sys.stdout.write(f"two workers against one: {one[2] / two[2]:.2f} times\n")
    sys.stdout.write(f"{'the same' if len(weights) == 1 else 'DIFFERENT'} weights throughout\n")


if __name__ == "__main__":
    main()
