"""What the predictor reads where there is a generator, and a generator that goes on learning with it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from gangru.training import fold_run
from gangru.training.batches import Sample
from gangru.training.feeding import channels, fed, fed_fold, regenerate
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.gan import build_generator
from gangru.training.loop import Tick
from gangru.training.predictor import predict
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
from gangru.training.trained_fold import load_fold
from training.fold_data import planted_fold

TRAINING = TrainingSettings(stocks_per_date=40, threads=1)
SMALL = {"generator_hidden": 8, "discriminator_channels": (4, 8), "max_epochs": 2, "min_epochs": 1}


class StoppedError(Exception):
    """Stands for a kill after an epoch."""


def silent(_: Tick) -> None:
    """Watch nothing."""


def job(directory: Path, **gan: object) -> FoldJob:
    return FoldJob(
        "2018-12-31", directory, planted_fold, "gan", GanSettings(**(SMALL | gan)),
        PredictorSettings(hidden=8, mlp=(8,), learning_rate=1e-2, max_epochs=4), TRAINING, "", "", {},
    )  # fmt: skip


def sample_of_fold() -> Sample:
    return planted_fold().valid[0]


def test_generated_windows_stand_in_place_of_the_real_ones_by_default() -> None:
    settings, sample = GanSettings(**SMALL), sample_of_fold()
    net = build_generator(4, settings)
    with torch.inference_mode():
        expected = net(sample.x_NTF)
    read = fed(net, sample, settings, TRAINING)
    assert np.array_equal(read.x_NTF, expected)
    assert np.array_equal(read.label_N, sample.label_N)
    assert channels(4, settings, has_generator=True) == 4


def test_beside_gives_the_real_features_then_the_generated_ones() -> None:
    settings, sample = GanSettings(**SMALL, feed="beside"), sample_of_fold()
    net = build_generator(4, settings)
    read = fed(net, sample, settings, TRAINING)
    assert np.array_equal(read.x_NTF[:, :, :4], sample.x_NTF)
    assert np.array_equal(read.x_NTF[:, :, 4:], regenerate(net, sample, settings, TRAINING).x_NTF)
    assert channels(4, settings, has_generator=True) == 8
    assert channels(4, settings, has_generator=False) == 4


def test_augment_gives_more_to_train_on_and_predicts_from_real_windows() -> None:
    settings, data = GanSettings(**SMALL, feed="augment"), planted_fold()
    net = build_generator(4, settings)
    read = fed_fold(net, data, settings, TRAINING)
    one, real = read.train[0], data.train[0]
    assert np.array_equal(one.x_NTF[:60], real.x_NTF)
    assert np.array_equal(one.x_NTF[60:], regenerate(net, real, settings, TRAINING).x_NTF)
    assert np.array_equal(one.label_N, np.tile(real.label_N, 2))
    assert one.codes_N.tolist() == [*real.codes_N, *real.codes_N]
    assert np.array_equal(read.valid[0].x_NTF, data.valid[0].x_NTF)
    assert fed(net, data.valid[0], settings, TRAINING) is data.valid[0]


def test_standardised_windows_have_mean_0_and_deviation_1_over_the_stocks_of_the_date() -> None:
    settings, sample = GanSettings(**SMALL, standardise=True), sample_of_fold()
    net = build_generator(4, settings)
    made = regenerate(net, sample, settings, TRAINING).x_NTF.numpy()
    read = fed(net, sample, settings, TRAINING).x_NTF.numpy()
    assert np.abs(made.std(axis=0)).max() < 0.5
    assert np.abs(read.mean(axis=0)).max() < 1e-4
    assert np.abs(read.std(axis=0) - 1).max() < 1e-4
    stock, day, feature = 7, 3, 2
    column = made[:, day, feature].astype(np.float64)
    by_hand = (column[stock] - column.mean()) / column.std()
    assert read[stock, day, feature] == pytest.approx(by_hand, abs=1e-3)
    assert read.dtype == np.float32


def test_standardising_a_generator_that_gives_every_stock_the_same_gives_zeros_not_rounding() -> None:
    settings, sample = GanSettings(**SMALL, standardise=True), sample_of_fold()
    net = build_generator(4, settings)
    with torch.no_grad():
        net.out.weight.zero_()
        net.out.bias.fill_(0.1)
    assert not fed(net, sample, settings, TRAINING).x_NTF.any()


def test_beside_and_augment_standardise_the_generated_windows_alone() -> None:
    sample = sample_of_fold()
    beside, added = (GanSettings(**SMALL, standardise=True, feed=feed) for feed in ("beside", "augment"))
    net = build_generator(4, beside)
    own = fed(net, sample, GanSettings(**SMALL, standardise=True), TRAINING).x_NTF
    read = fed(net, sample, beside, TRAINING).x_NTF
    assert np.array_equal(read[:, :, :4], sample.x_NTF)
    assert np.array_equal(read[:, :, 4:], own)
    trained = fed_fold(net, planted_fold(), added, TRAINING)
    assert np.array_equal(trained.valid[0].x_NTF, sample.x_NTF)
    assert np.abs(trained.train[0].x_NTF[60:].numpy().std(axis=0) - 1).max() < 1e-4


def test_without_a_generator_the_predictor_reads_what_is_there() -> None:
    sample = sample_of_fold()
    assert fed(None, sample, GanSettings(feed="beside"), TRAINING) is sample


def test_noise_is_a_matter_of_seed_and_date() -> None:
    settings, sample = GanSettings(**SMALL, z="noise"), sample_of_fold()
    net = build_generator(4, settings)
    one, two = (regenerate(net, sample, settings, TRAINING).x_NTF for _ in range(2))
    assert np.array_equal(one, two)
    other = regenerate(net, sample, settings, TrainingSettings(seed=1, threads=1)).x_NTF
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("feed", ["generated", "beside", "augment"])
def test_a_fold_trains_and_predicts_with_every_feed(tmp_path: Path, feed: str) -> None:
    one = job(tmp_path / "run", feed=feed)
    train_fold(one, silent)
    trained = load_fold(one, features=4)
    read = fed(trained.generator, sample_of_fold(), one.gan, TRAINING)
    pret = predict(trained.predictor, read.x_NTF)
    assert torch.isfinite(pret).all()
    assert len(pret) == 60


@pytest.mark.parametrize("feed", ["generated", "beside"])
def test_the_predictors_gradient_moves_the_generator_where_asked(tmp_path: Path, feed: str) -> None:
    still, moved = (
        job(tmp_path / "still", feed=feed),
        job(tmp_path / "moved", feed=feed, ic_learning_rate=1e-2),
    )
    train_fold(still, silent)
    train_fold(moved, silent)
    before, after = (load_fold(one, features=4).generator for one in (still, moved))
    assert not torch.equal(before.out.weight, after.out.weight)
    gan = json.loads((moved.directory / "metrics.json").read_text())["gan"]
    assert gan["after_predictor"]["correlation"] != gan["at_best"]["correlation"]
    assert "after_predictor" not in json.loads((still.directory / "metrics.json").read_text())["gan"]


def test_a_generator_that_learns_with_the_predictor_is_the_one_that_predicts(tmp_path: Path) -> None:
    one = job(tmp_path / "run", ic_learning_rate=1e-2)
    train_fold(one, silent)
    trained = load_fold(one, features=4)
    data = planted_fold()
    ics = []
    for sample in data.valid:
        read = fed(trained.generator, sample, one.gan, TRAINING)
        pret = predict(trained.predictor, read.x_NTF).numpy()
        ics.append(np.corrcoef(pret, sample.label_N)[0, 1])
    kept = json.loads((one.directory / "metrics.json").read_text())["best_valid_ic"]
    assert float(np.mean(ics)) == pytest.approx(kept, abs=1e-5)


def test_joint_learning_resumed_after_a_kill_is_undisturbed_and_counts_the_time_before(
    tmp_path: Path,
) -> None:
    def cut(tick: Tick) -> None:
        if (tick.phase, tick.epoch) == ("predictor", 2):
            raise StoppedError

    whole, resumed = (job(tmp_path / name, ic_learning_rate=1e-2) for name in ("whole", "cut"))
    train_fold(whole, silent)
    with pytest.raises(StoppedError):
        train_fold(resumed, cut)
    before = json.loads((resumed.directory / fold_run.STOPWATCH).read_text())
    train_fold(resumed, silent)
    spent = json.loads((resumed.directory / "metrics.json").read_text())["seconds"]
    assert spent["generator"] >= before["generator"] > 0
    assert spent["predictor"] > before["predictor"] > 0
    assert {path.name for path in resumed.directory.iterdir()} == {
        path.name for path in whole.directory.iterdir()
    }
    for name in ("generator", "predictor"):
        files = [(one.directory / f"{name}.safetensors").read_bytes() for one in (whole, resumed)]
        assert files[0] == files[1]


def test_a_wrong_feed_is_told_when_nets_are_read(tmp_path: Path) -> None:
    train_fold(job(tmp_path / "run"), silent)
    with pytest.raises(fold_run.CheckpointError, match="the settings make"):
        load_fold(job(tmp_path / "run", feed="beside"), features=4)
