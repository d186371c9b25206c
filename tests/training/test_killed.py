"""A training killed with SIGKILL, wherever that falls, ends with the weights of an undisturbed one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gangru.training.fold_run import train_fold
from gangru.training.loop import Tick

FILES = ("generator.safetensors", "predictor.safetensors", "gan_curves.csv", "predictor_curves.csv")

SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from training.test_killed import slow_job
from gangru.training.fold_run import train_fold
train_fold(slow_job(Path(sys.argv[1])), lambda tick: print(tick.phase, tick.epoch, flush=True))
"""


def slow_job(directory: Path) -> "object":
    """A fold of a second or two."""
    from gangru.training.fold_run import FoldJob
    from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
    from training.fold_data import planted_fold

    return FoldJob(
        "2018-12-31", directory, planted_fold, "gan",
        GanSettings(generator_hidden=16, discriminator_channels=(4, 8), max_epochs=5, min_epochs=1, patience=5,
                    reconstruction_weight=10.0, learning_rate=1e-3),
        PredictorSettings(hidden=16, mlp=(8,), learning_rate=1e-3, max_epochs=8),
        TrainingSettings(stocks_per_date=40, threads=1), "", "", {},
    )  # fmt: skip


def start(directory: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", SCRIPT, str(directory), str(Path(__file__).parent.parent)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def killed_until_done(directory: Path, random: np.random.Generator, kills: int) -> tuple[int, list[str]]:
    """Kill the training at a random moment after an epoch's line, again and again.

    How often it was killed alive, and the lines of all epochs that were trained meanwhile.
    """
    alive, lines = 0, []
    for _ in range(kills):
        running = start(directory)
        assert running.stdout is not None
        for _ in range(int(random.integers(1, 4))):
            lines.append(running.stdout.readline())
        time.sleep(float(random.uniform(0, 0.1)))
        alive += running.poll() is None
        running.send_signal(signal.SIGKILL)
        running.wait()
        lines += running.stdout.readlines()
        running.stdout.close()
        if (directory / "DONE").exists():
            break
    return alive, [line.strip() for line in lines if line]


def noted_in(lines: list[str]) -> Callable[[Tick], None]:
    """Note an epoch as the script prints it."""
    return lambda tick: lines.append(f"{tick.phase} {tick.epoch}")


@pytest.mark.parametrize(
    "seed", [0, pytest.param(1, marks=pytest.mark.full), pytest.param(2, marks=pytest.mark.full)]
)
def test_a_killed_training_ends_as_an_undisturbed_one(tmp_path: Path, seed: int) -> None:
    whole = slow_job(tmp_path / "whole")
    undisturbed: list[str] = []
    train_fold(whole, noted_in(undisturbed))
    random = np.random.default_rng(seed)
    alive, trained = killed_until_done(tmp_path / "cut", random, kills=4 if seed == 0 else 12)
    assert alive >= 2
    train_fold(slow_job(tmp_path / "cut"), noted_in(trained))
    coming = iter(undisturbed)
    assert all(epoch in coming for epoch in trained), trained  # none is trained after one that comes later
    for name in FILES:
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {path.name for path in (tmp_path / "cut").iterdir()} == names
    assert not any(name.endswith(".part") for name in names)


def test_states_and_half_files_that_a_kill_at_the_very_end_left_are_swept(tmp_path: Path) -> None:
    job = slow_job(tmp_path / "run")
    train_fold(job, lambda tick: None)
    names = {path.name for path in job.directory.iterdir()}
    states = ("predictor.state.safetensors", "generator.state.first.safetensors", "seconds.state.json")
    for name in (*states, ".predictor.state.safetensors.4711.part", ".DONE.4711.part"):
        (job.directory / name).write_bytes(b"left")
    train_fold(job, lambda tick: None)
    assert {path.name for path in job.directory.iterdir()} == names
