"""Epochs and steps of the nets beside their plain forms, qlib's epoch and the machine's peak; `make bench`.

    .venv/bin/python benchmarks/epoch.py [--peer] [--stocks 1000] [--dates 64] [--large 4500]

One process, the same random windows for all; the best of a few runs of each, for what disturbs a run only adds to it.
The peak is the best matrix product among large squares and the shapes that the GRU asks for, by as many threads. Work
is counted in floating-point operations of the products alone, forward once and backward twice; of the discriminator
what its steps need. `--peer` runs qlib's pytorch_gru_ts in .venv-peers (`make peers`) on the same sizes.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gangru.models.crew import crew_of
from gangru.models.losses import ic_loss
from gangru.models.predictor import Predictor
from gangru.training import gan, predictor
from gangru.training.batches import Batch
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings

DAYS, FEATURES, HIDDEN = 40, 18, 128
SHAPES = ((1024, 1024, 1024), (2048, 2048, 2048), (4096, 2048, 2048), (512, 128, 384), (4500, 128, 384))
PEER = ("benchmarks/peers/qlib_gru_epoch.py", ".venv-peers/bin/python")


def best_seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Least wall seconds of a few runs, after one that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def peak() -> float:
    """The best matrix product, GFLOP/s, by the threads that PyTorch has now."""
    found = []
    for rows, inner, columns in SHAPES:
        a, b, out = torch.randn(rows, inner), torch.randn(inner, columns), torch.empty(rows, columns)
        repeats = max(1, round(2e9 / (2 * rows * inner * columns)))

        def product(a: Tensor = a, b: Tensor = b, out: Tensor = out, repeats: int = repeats) -> None:
            for _ in range(repeats):
                torch.mm(a, b, out=out)

        found.append(repeats * 2 * rows * inner * columns / best_seconds(product, 7) / 1e9)
    return max(found)


def predictor_work(stocks: int) -> float:
    """Operations of one predictor step."""
    widths = (HIDDEN, 256, 64, 64, 1)
    mlp = sum(a * b for a, b in itertools.pairwise(widths))
    return 3 * 2 * stocks * (DAYS * 3 * HIDDEN * (FEATURES + 3 * HIDDEN) + mlp)


def gan_work(stocks: int) -> float:
    """Operations that one D step and one G step cannot do without: the generated windows are made once.

    G: forward and backward. D: both halves forward and backward, and the generated half again for G, forward and back
    to its input alone. The first layers' input needs no gradient but in that last pass.
    """
    hidden = GanSettings().generator_hidden
    generator_in = 2 * DAYS * 4 * hidden * FEATURES
    generator = 2 * DAYS * (4 * hidden * (FEATURES + 3 * hidden) + hidden * FEATURES)
    first, second, last = 2 * 20 * 9 * 9 * 16, 2 * 10 * 5 * 144 * 32, 2 * 10 * 5 * 32
    judge = first + second + last
    discriminator = 2 * (3 * judge - first) + 2 * judge
    return float(stocks) * (3 * generator - generator_in + discriminator)


class PlainPredictor(Predictor):
    """The published net with PyTorch's GRU."""

    def forward(self, x_NTF: Tensor) -> Tensor:
        """As `Predictor`."""
        h_NTH, _ = self.gru(x_NTF)
        pret: Tensor = self.mlp(h_NTH[:, -1]).squeeze(1)
        return pret


def plain_gan_step(pair: gan.Pair, x: Tensor) -> None:
    """A GAN step as one would write it: the generator run for D and again for G, PyTorch's LSTM, no slices."""

    def fakes() -> Tensor:
        return pair.generator.out(nn.LSTM.forward(pair.generator.lstm, x)[0])  # type: ignore[no-any-return]

    with torch.no_grad():
        fake = fakes()
    pair.d_adam.zero_grad()
    real_logit, fake_logit = pair.discriminator(x), pair.discriminator(fake)
    d_loss = nn.functional.softplus(-real_logit).mean() + nn.functional.softplus(fake_logit).mean()
    d_loss.backward()
    pair.d_adam.step()
    pair.g_adam.zero_grad()
    nn.functional.softplus(-pair.discriminator(fakes())).mean().backward()
    pair.g_adam.step()


def batch_of(stocks: int) -> Batch:
    """One date of random windows and labels."""
    random = torch.Generator().manual_seed(stocks)
    x = torch.randn(stocks, DAYS, FEATURES, generator=random)
    codes = np.array([str(n) for n in range(stocks)])
    return Batch(np.datetime64("2018-01-01"), x, torch.randn(stocks, generator=random), codes)


def say(text: str) -> None:
    """One line of output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def steps_of(stocks: int, threads: int, top: float) -> dict[str, float]:
    """Seconds of steps and of predictions of one date, ours and plain; prints a row each."""
    batch, settings, training = batch_of(stocks), GanSettings(), TrainingSettings()
    cpu = torch.device("cpu")
    net = predictor.build_predictor(FEATURES, PredictorSettings())
    adam = torch.optim.Adam(net.parameters(), lr=1e-4)
    plain = PlainPredictor(FEATURES)
    plain_adam = torch.optim.Adam(plain.parameters(), lr=1e-4)
    pair, plain_pair = (gan.build_pair(DAYS, FEATURES, settings, 0, cpu) for _ in range(2))
    noise = torch.Generator()

    def plain_step() -> None:
        plain_adam.zero_grad()
        ic_loss(plain(batch.x_NTF), batch.label_N).backward()  # type: ignore[no-untyped-call]
        plain_adam.step()

    def predicted() -> None:
        with torch.inference_mode():
            pair.generator(batch.x_NTF)
            net(batch.x_NTF)

    ours: dict[str, tuple[Callable[[], object], float]] = {
        "predictor step": (
            lambda: predictor.step(net, adam, batch, predictor.products_of(training, cpu)),
            predictor_work(stocks),
        ),
        "GAN step": (lambda: gan.step(pair, batch, settings, noise), gan_work(stocks)),
        "prediction through G": (predicted, predictor_work(stocks) / 3 + gan_work(stocks) / 4),
    }
    plains: dict[str, tuple[Callable[[], object], float]] = {
        "predictor step, torch.nn.GRU": (plain_step, predictor_work(stocks)),
        "GAN step, torch.nn.LSTM": (lambda: plain_gan_step(plain_pair, batch.x_NTF), gan_work(stocks)),
    }
    seconds = {}
    with crew_of(threads):
        for name, (work, _) in ours.items():
            seconds[name] = best_seconds(work)
    torch.set_num_threads(threads)
    for name, (work, _) in plains.items():
        seconds[name] = best_seconds(work, 3)
    for name, (_, operations) in (ours | plains).items():
        rate = operations / seconds[name] / 1e9
        say(f"| {name} | {stocks:,} | {threads} | {seconds[name]:.3f} | {rate:.0f} | {rate / top:.0%} |")
    return seconds


def exactness(stocks: int) -> float:
    """Largest difference between our gradient's entries and the plain form's, over the largest entry of a net's."""
    torch.manual_seed(0)
    net, batch = Predictor(FEATURES), batch_of(stocks)
    plain = PlainPredictor(FEATURES)
    plain.load_state_dict(net.state_dict())
    for one in (net, plain):
        ic_loss(one(batch.x_NTF), batch.label_N).backward()  # type: ignore[no-untyped-call]
    mine, its = (
        torch.cat([p.grad.flatten() for p in one.parameters() if p.grad is not None]) for one in (net, plain)
    )
    return float((mine - its).abs().max() / its.abs().max())


def epoch_seconds(stocks: int, dates: int, threads: int) -> float:
    """One pass over so many dates, a step each, windows already scaled."""
    batches = [batch_of(stocks) for _ in range(dates)]
    net = predictor.build_predictor(FEATURES, PredictorSettings())
    adam = torch.optim.Adam(net.parameters(), lr=1e-4)
    products = predictor.products_of(TrainingSettings(), torch.device("cpu"))

    def epoch() -> None:
        for batch in batches:
            predictor.step(net, adam, batch, products)

    with crew_of(threads):
        return best_seconds(epoch, 2)


def main() -> None:
    """Measure and print tables of Markdown."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--peer", action="store_true", help="time qlib's epoch too, in .venv-peers")
    given.add_argument("--stocks", type=int, default=1000)
    given.add_argument("--dates", type=int, default=64)
    given.add_argument("--large", type=int, default=4500, help="stocks of a whole cross-section")
    asked = given.parse_args()
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    say(f"{cores} cores, PyTorch {torch.__version__}, load before {load:.2f}\n")
    say(
        "| step | stocks | threads | seconds | GFLOP/s | of the peak |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for threads in sorted({1, cores}):
        torch.set_num_threads(threads)
        top = peak()
        say(f"| peak of a matrix product | | {threads} | | {top:.0f} | |")
        for stocks in (600, asked.stocks, asked.large):
            steps_of(stocks, threads, top)
    torch.set_num_threads(cores)
    top = peak()
    say(f"\ngradient beside the plain form's: {exactness(600):.1e} of the largest entry at most")
    seconds = epoch_seconds(asked.stocks, asked.dates, cores)
    share = asked.dates * predictor_work(asked.stocks) / seconds / 1e9 / top
    say(
        f"epoch of {asked.dates} dates × {asked.stocks:,} stocks: {seconds:.2f} s, {share:.0%} of {top:.0f} GFLOP/s"
    )
    if asked.peer:
        root = Path(__file__).parents[1]
        command = [str(root / PEER[1]), str(root / PEER[0]), "--batch", str(asked.stocks)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
        told = json.loads(done.stdout.splitlines()[-1])
        for net in ("qlib_net", "published_net"):
            its = told[net]["seconds"] * asked.dates / told["batches"]
            how = f"n_jobs {told[net]['n_jobs']}, {told[net]['threads']} threads, its best"
            say(
                f"qlib {told['versions']['pyqlib']}, {net}: {its:.2f} s ({how}): {its / seconds:.2f} times ours"
            )
    say(f"load after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
