"""A full-market fold on a card: seconds of windows, GAN and predictor, use of the card, agreement with the CPU.

    python benchmarks/gpu.py [--device cuda] [--stocks 4500] [--epochs 50] [--folds 1] [--precision float32]

`make bench-gpu`. Needs NumPy and PyTorch alone, and the package's source on the path (PYTHONPATH=src). The panel is
random walks of the real market's shape, so that nothing has to be sent; speed does not depend on what is in it. Every
epoch is run, none is stopped early. `--device cpu` with small numbers shows that it runs.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from gangru.features.settings import FeatureSettings
from gangru.training import gan, predictor
from gangru.training.batches import FoldData, batch_of
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.fold_source import PanelArrays, PanelFold
from gangru.training.folds import sample_rows
from gangru.training.loop import Tick, device_of, products_of
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
from gangru.training.trained_fold import load_fold

REACH, FEATURES = 21, 18
AIM_FOLD, AIM_STUDY, FOLDS = 60, 600, 13  # seconds on an H200, and trainings of the seven-year study


def panel(stocks: int, days: int) -> PanelArrays:
    """Random walks with a few gaps."""
    random = np.random.default_rng(0)
    values = random.standard_normal((days, stocks, FEATURES), dtype=np.float32)
    np.cumsum(values, axis=0, out=values)
    traded = random.random((days, stocks)) > 0.01
    values[~traded] = np.nan
    labels = random.normal(0, 0.1, (days, stocks))
    everyone = np.ones((days, stocks), dtype=bool)
    dates = np.datetime64("2018-01-01") + np.arange(days)
    codes = np.array([f"{n:06d}.SH" for n in range(stocks)])
    return PanelArrays(dates, codes, values, traded, everyone, labels, np.arange(FEATURES) < 5)


@contextmanager
def watched(every: float = 0.5) -> Iterator[list[int]]:
    """Percent of the time that the card was busy, sampled; empty where there is no nvidia-smi."""
    seen: list[int] = []
    stop = threading.Event()
    command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]

    def sample() -> None:
        while not stop.wait(every):
            told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
            seen.extend(int(value) for value in told[:1] if value.isdigit())

    thread = threading.Thread(target=sample, daemon=True)
    if shutil.which(command[0]):
        thread.start()
    yield seen
    stop.set()


def job_of(arrays: PanelArrays, root: Path, epochs: int, training: TrainingSettings) -> FoldJob:
    """A training of the published form that runs every epoch."""
    rows = sample_rows(len(arrays.dates) - 1, training, REACH)
    return FoldJob(
        root.name,
        root,
        PanelFold(lambda: arrays, rows, FeatureSettings(), training.device, training.threads),
        "gan",
        GanSettings(max_epochs=epochs, patience=epochs, min_epochs=min(10, epochs)),
        PredictorSettings(max_epochs=epochs, patience=epochs),
        training,
        "",
        "",
        {},
    )


def profile(data: FoldData, training: TrainingSettings) -> str:
    """Where the time of one step of each net goes."""
    device = device_of(training.device)
    batch = batch_of(data.train[0], None, device)
    pair = gan.build_pair(*data.shape, GanSettings(), 0, device)
    net = predictor.build_predictor(FEATURES, PredictorSettings()).to(device)
    adam = torch.optim.Adam(net.parameters())
    products = products_of(training, device)
    on_card = device.type == "cuda"
    kinds = [torch.profiler.ProfilerActivity.CPU] + [torch.profiler.ProfilerActivity.CUDA] * on_card
    tables = []
    for name, work in (
        ("GAN step", lambda: gan.step(pair, batch, GanSettings(), torch.Generator())),
        ("predictor step", lambda: predictor.step(net, adam, batch, products)),
    ):
        work()
        with torch.profiler.profile(activities=kinds) as told:
            work()
        order = "self_cuda_time_total" if on_card else "self_cpu_time_total"
        tables.append(f"{name}\n{told.key_averages().table(sort_by=order, row_limit=12)}")
    return "\n".join(tables)


def agreement(job: FoldJob, data: FoldData) -> float:
    """Correlation of the card's predictions with the CPU's, of the same weights on the newest validation date."""
    found = []
    for device in (job.training.device, "cpu"):
        trained = load_fold(replace(job, training=replace(job.training, device=device)), FEATURES)
        assert trained.generator is not None
        assert isinstance(trained.predictor, torch.nn.Module)
        x = data.valid[-1].x_NTF.to(device)
        with torch.inference_mode():
            found.append(predictor.predict(trained.predictor, trained.generator(x)).cpu().numpy())
    return float(np.corrcoef(found[0], found[1])[0, 1])


def main() -> None:
    """Train, and print what it took."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--device", default="cuda")
    given.add_argument("--stocks", type=int, default=4500)
    given.add_argument("--epochs", type=int, default=50)
    given.add_argument("--folds", type=int, default=1)
    given.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    given.add_argument("--profile", action="store_true", help="where the time of a step goes")
    asked = given.parse_args()
    training = TrainingSettings(device=asked.device, precision=asked.precision)
    device = device_of(asked.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    arrays = panel(asked.stocks, REACH + 5 * 79 + 40)
    spent: dict[str, float] = {}
    last = time.perf_counter()

    def tell(tick: Tick) -> None:
        nonlocal last
        now = time.perf_counter()
        spent[tick.phase] = spent.get(tick.phase, 0.0) + now - last
        last = now

    write = sys.stdout.write
    write(
        f"{name}, PyTorch {torch.__version__}, {asked.stocks:,} stocks, {asked.epochs} epochs, {asked.precision}\n"
    )
    with tempfile.TemporaryDirectory() as folder, watched() as busy:
        started = time.perf_counter()
        for number in range(asked.folds):
            job = job_of(
                arrays, Path(folder) / f"fold-{number}", asked.epochs, replace(training, seed=number)
            )
            begun = time.perf_counter()
            data = job.load()
            if device.type == "cuda":
                torch.cuda.synchronize()
            spent["windows"] = spent.get("windows", 0.0) + time.perf_counter() - begun
            last = time.perf_counter()
            train_fold(replace(job, load=lambda data=data: data), tell)
            write(f"fold {number}: {time.perf_counter() - begun:.1f} s (aim {AIM_FOLD} s on an H200)\n")
        total = time.perf_counter() - started
        write("".join(f"  {part}: {seconds:.1f} s\n" for part, seconds in spent.items()))
        study = total / asked.folds * FOLDS
        write(f"{asked.folds} folds one after another: {total:.1f} s; {FOLDS} would take {study:.0f} s ")
        write(f"(aim {AIM_STUDY} s)\n")
        if busy:
            write(f"card busy {np.mean(busy):.0f} % of the time, {len(busy)} samples\n")
        if device.type == "cuda":
            write(f"most memory on the card: {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB\n")
        write(f"predictions beside the CPU's, same weights: correlation {agreement(job, data):.6f}\n")
        if asked.profile:
            write(profile(data, training) + "\n")


if __name__ == "__main__":
    main()
