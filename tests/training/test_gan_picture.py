"""gan_windows.csv: a few windows of the newest validation date, as the nets see them and as they were regenerated."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from gangru.training.feeding import regenerate
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.gan import build_generator
from gangru.training.gan_picture import COLUMNS, write_windows
from gangru.training.loop import seeded
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
from gangru.training.trained_fold import load_fold
from training.fold_data import planted_fold

GAN, TRAINING = GanSettings(generator_hidden=8), TrainingSettings(threads=1)
NAMES = ("open", "close", "volume", "return_1d")


def generator() -> torch.nn.Module:
    return seeded(lambda: build_generator(4, GAN), 0)


def written(path: Path, training: TrainingSettings = TRAINING, **fold: int) -> list[dict[str, str]]:
    write_windows(path, planted_fold(**fold), generator(), GAN, training, NAMES)
    with path.open() as file:
        return list(csv.DictReader(file))


def test_the_values_are_those_of_the_newest_validation_date(tmp_path: Path) -> None:
    rows = written(tmp_path / "w.csv")
    assert tuple(rows[0]) == COLUMNS
    sample = planted_fold().valid[-1]
    made = regenerate(generator(), sample, GAN, TRAINING).x_NTF
    stocks = {code: n for n, code in enumerate(sample.codes_N)}
    assert len(rows) == 4 * 10 * 4
    for row in rows:
        at = stocks[row["code"]], int(row["day"]) + 9, NAMES.index(row["feature"])
        assert np.isclose(float(row["real"]), sample.x_NTF[at], atol=6e-5)
        assert np.isclose(float(row["generated"]), made[at], atol=6e-5)


def test_the_stocks_are_drawn_by_the_seed(tmp_path: Path) -> None:
    one = {row["code"] for row in written(tmp_path / "a.csv")}
    other = {row["code"] for row in written(tmp_path / "b.csv", TrainingSettings(threads=1, seed=5))}
    written(tmp_path / "c.csv")
    assert len(one) == len(other) == 4
    assert one != other
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()


def test_fewer_stocks_than_the_picture_has_room_for_are_all_shown(tmp_path: Path) -> None:
    assert len({row["code"] for row in written(tmp_path / "w.csv", stocks=3)}) == 3


def test_features_without_names_are_numbered(tmp_path: Path) -> None:
    write_windows(tmp_path / "w.csv", planted_fold(), generator(), GAN, TRAINING, None)
    with (tmp_path / "w.csv").open() as file:
        assert {row["feature"] for row in csv.DictReader(file)} == {f"feature {i}" for i in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    "gan", [{"feed": "beside"}, {"feed": "augment"}, {"ic_learning_rate": 1e-2}, {"z": "window+noise"}]
)
def test_a_folds_picture_is_of_the_generator_that_it_keeps(tmp_path: Path, gan: dict[str, object]) -> None:
    settings = GanSettings(
        generator_hidden=4, discriminator_channels=(2, 4), max_epochs=1, min_epochs=1, **gan
    )
    predictor = PredictorSettings(hidden=4, mlp=(4,), max_epochs=2, learning_rate=1e-2)
    manifest = {"features": list(NAMES)}
    job = FoldJob(
        "2018-12-31", tmp_path / "run", planted_fold, "gan", settings, predictor, TRAINING, "", "", manifest
    )
    train_fold(job, lambda _: None)
    kept = load_fold(job, 4).generator
    assert kept is not None
    write_windows(tmp_path / "w.csv", planted_fold(), kept, settings, TRAINING, NAMES)
    assert (tmp_path / "run" / "gan_windows.csv").read_bytes() == (tmp_path / "w.csv").read_bytes()


def test_a_published_window_of_eighteen_features_stays_small(tmp_path: Path) -> None:
    data = planted_fold(train=1, valid=1, days=40, features=18)
    net = seeded(lambda: build_generator(18, GAN), 0)
    names = [f"a_rather_long_name_{i}" for i in range(18)]
    write_windows(tmp_path / "w.csv", data, net, GAN, TRAINING, names)
    assert (tmp_path / "w.csv").stat().st_size < 300_000
