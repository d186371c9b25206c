"""A study's trainings as plain arrays: trained from them they are what they are from the panel itself."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gangru.errors import TrainingError
from gangru.features.settings import FeatureSettings
from gangru.training import arrays_folder
from gangru.training.arrays_folder import read_jobs, write_arrays
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.fold_source import PanelArrays, PanelFold
from gangru.training.folds import SampleRows
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings

DAYS, STOCKS, WINDOW = 120, 60, 10
FEATURES = FeatureSettings(names=("close", "volume", "return_1d"), window=WINDOW, min_bars=8)
WITHOUT = (
    "polars",
    "pandas",
    "scipy",
    "deltalake",
    "pyarrow",
    "pydantic",
    "typer",
    "rich",
    "altair",
    "jinja2",
)
SCRIPT = """
import runpy, sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None  # an import of it fails, as where it is not installed
sys.argv = ["gangru.training", *sys.argv[2:]]
runpy.run_module("gangru.training", run_name="__main__")
"""


def panel() -> PanelArrays:
    random = np.random.default_rng(4)
    values = np.exp(random.normal(0, 0.02, (DAYS, STOCKS, 3)).cumsum(axis=0)).astype(np.float32)
    traded = random.random((DAYS, STOCKS)) > 0.02
    values[~traded] = np.nan
    labels = random.normal(0, 0.1, (DAYS, STOCKS))
    labels[-21:] = np.nan
    return PanelArrays(
        np.datetime64("2018-01-01") + np.arange(DAYS),
        np.array([f"{600000 + n}.SH" for n in range(STOCKS)]),
        values,
        traded,
        random.random((DAYS, STOCKS)) > 0.05,
        labels,
        np.array([True, False, False]),
    )


def jobs(folder: Path) -> list[FoldJob]:
    arrays = panel()
    made = []
    for number, (name, seed) in enumerate((("2018-06-30", 0), ("2018-06-30 seed 1", 1), ("2018-12-31", 0))):
        start = 20 + 8 * (number // 2)
        rows = np.arange(start, start + 50, 5)
        directory = folder / name.split()[0]
        made.append(
            FoldJob(
                name,
                directory / f"seed-{seed}" if seed else directory,
                PanelFold(lambda: arrays, SampleRows(rows[:6], rows[6:8], rows[8:]), FEATURES),
                "gan",
                GanSettings(generator_hidden=4, discriminator_channels=(2, 4), max_epochs=2, min_epochs=1),
                PredictorSettings(hidden=4, mlp=(4,), max_epochs=2),
                TrainingSettings(threads=1, seed=seed, min_stocks=10),
                f"[training]\nseed = {seed}\n",
                "[training]\nseed = 0\n",
                {"features": list(FEATURES.names), "hardware": {"threads": 1}},
            )
        )
    return made


def written(folder: Path) -> dict[str, bytes]:
    """What trainings left, but for the seconds they took."""
    files = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    for name, content in files.items():
        if name.endswith("metrics.json"):
            files[name] = json.dumps({**json.loads(content), "seconds": None}).encode()
    return files


def run_light(*arguments: str, without: tuple[str, ...] = WITHOUT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT, ",".join(without), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(arrays_folder, "PIECE", 30 * STOCKS * 3 * 4)  # bytes of thirty days
    days = write_arrays(tmp_path / "arrays", jobs(tmp_path / "here"), lambda _done, _total: None)
    assert days == (28 + 45) - (20 - WINDOW + 1) + 1
    assert len(list((tmp_path / "arrays").glob("panel-*.npz"))) == 3
    return tmp_path


def test_numpy_and_torch_alone_train_what_the_panel_itself_trains_byte_for_byte(folder: Path) -> None:
    for job in jobs(folder / "here"):
        train_fold(job, lambda _: None)
    done = run_light(
        str(folder / "arrays"), str(folder / "there"), "--threads", "1", without=(*WITHOUT, "safetensors")
    )
    assert done.returncode == 0, done.stderr
    assert "2018-06-30 seed 1 predictor epoch 2/2: train_ic" in done.stdout
    assert "trained 2018-06-30, 2018-06-30 seed 1, 2018-12-31" in done.stdout
    assert written(folder / "there") == written(folder / "here")


def test_what_is_done_is_skipped_and_one_fold_may_be_asked_for(folder: Path) -> None:
    asked = (str(folder / "arrays"), str(folder / "there"), "--threads", "1")
    done = run_light(*asked, "--fold", "2018-12-31")
    assert done.returncode == 0, done.stderr
    assert [p.name for p in (folder / "there").iterdir()] == ["2018-12-31"]
    again = run_light(*asked, "--fold", "2018-12-31")
    assert again.stdout == "trained nothing: every training was done already\n"
    unknown = run_light(*asked, "--fold", "2018-12-30")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("no training is named 2018-12-30: there are 2018-06-30, ")


def test_a_folder_is_not_written_over(folder: Path) -> None:
    with pytest.raises(TrainingError, match="holds trainings already"):
        write_arrays(folder / "arrays", jobs(folder / "here"), lambda _done, _total: None)


def test_a_job_without_a_panel_is_told(tmp_path: Path) -> None:
    without = [replace(job, load=lambda: None) for job in jobs(tmp_path)]  # type: ignore[arg-type, return-value]
    with pytest.raises(TrainingError, match="no training whose data are a panel"):
        write_arrays(tmp_path / "arrays", without, lambda _done, _total: None)


def test_a_folder_that_is_none_is_told_in_a_line(tmp_path: Path) -> None:
    done = run_light(str(tmp_path), str(tmp_path / "there"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "gangru export arrays" in done.stderr


def test_trainings_of_a_newer_version_are_told(folder: Path) -> None:
    path = folder / "arrays" / "jobs.json"
    path.write_text(path.read_text("utf-8").replace('"gan": {', '"gan": {"unheard_of": 1, '), "utf-8")
    with pytest.raises(TrainingError, match="holds no trainings"):
        read_jobs(folder / "arrays", folder / "there", {})


def test_the_device_is_the_studys_unless_it_is_named(folder: Path) -> None:
    path = folder / "arrays" / "jobs.json"
    path.write_text(path.read_text("utf-8").replace('"device": "cpu"', '"device": "cuda:7"'), "utf-8")
    asked = (str(folder / "arrays"), str(folder / "there"), "--fold", "2018-12-31")
    assert "sees no CUDA device" in run_light(*asked).stderr
    assert run_light(*asked, "--device", "cpu").returncode == 0


def test_a_missing_piece_is_told(folder: Path) -> None:
    (folder / "arrays" / "panel-001.npz").unlink()
    job = read_jobs(folder / "arrays", folder / "there", {})[0]
    with pytest.raises(TrainingError, match=r"panel-001\.npz"):
        job.load()


def test_a_card_that_is_not_there_is_told(folder: Path) -> None:
    done = run_light(str(folder / "arrays"), str(folder / "there"), "--device", "cuda:7")
    assert done.returncode == 1
    assert "sees no CUDA device" in done.stderr
