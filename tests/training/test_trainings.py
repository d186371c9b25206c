"""The trainings: resumed as if undisturbed, the same from the same seed, stopped by what is not finite."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gangru.errors import CheckpointError, TrainingError
from gangru.training import gan as gan_training
from gangru.training import trained_fold
from gangru.training.autoencoder import train_autoencoder
from gangru.training.batches import FoldData, Sample, date_batches, epoch_random
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.gan import train_gan
from gangru.training.gan_health import CollapseRule, is_collapsed, window_health
from gangru.training.gradient_boosting import BoostedTrees
from gangru.training.loop import Tick, device_of, prepare_torch
from gangru.training.predictor import predict, train_predictor
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
from gangru.training.trained_fold import load_fold
from training.fold_data import planted_fold

TRAINING = TrainingSettings(stocks_per_date=40, threads=1)
PREDICTOR = PredictorSettings(hidden=8, mlp=(8,), learning_rate=1e-2, max_epochs=6)
GAN = GanSettings(
    generator_hidden=8, discriminator_channels=(4, 8), max_epochs=4, min_epochs=1, learning_rate=1e-3
)


class StoppedError(Exception):
    """Stands for a kill after an epoch."""


def silent(_: Tick) -> None:
    """Watch nothing."""


def stop_after(epoch: int) -> "object":
    """Raise after an epoch's state was written."""

    def on_tick(tick: Tick) -> None:
        if tick.epoch == epoch:
            raise StoppedError

    return on_tick


def weights(net: torch.nn.Module) -> bytes:
    return b"".join(tensor.numpy().tobytes() for tensor in net.state_dict().values())


def job(directory: Path, kind: str = "none", **changes: object) -> FoldJob:
    parts = {
        "name": "2018-12-31",
        "directory": directory,
        "load": planted_fold,
        "kind": kind,
        "gan": GAN,
        "predictor": PREDICTOR,
        "training": TRAINING,
        "settings_text": "[training]\nseed = 0\n",
        "default_text": "[training]\nseed = 0\nnew = 1\n",
        "manifest": {"study": "main"},
    }
    return FoldJob(**(parts | changes))


def test_the_predictor_finds_a_planted_label(tmp_path: Path) -> None:
    data = planted_fold(train=24, noise=0.5)
    result = train_predictor(
        data,
        PredictorSettings(hidden=16, mlp=(16,), learning_rate=1e-2, max_epochs=20),
        TRAINING,
        tmp_path / "s",
        silent,
    )
    assert result.best_ic > 0.5


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_predictor_resumed_after_a_kill_is_an_undisturbed_one(tmp_path: Path, epoch: int) -> None:
    data, ticks, later = planted_fold(), [], []
    whole = train_predictor(data, PREDICTOR, TRAINING, tmp_path / "whole", ticks.append)
    with pytest.raises(StoppedError):
        train_predictor(data, PREDICTOR, TRAINING, tmp_path / "cut", stop_after(epoch))
    resumed = train_predictor(data, PREDICTOR, TRAINING, tmp_path / "cut", later.append)
    assert later == ticks[epoch:]  # no epoch is trained twice
    assert weights(resumed.net) == weights(whole.net)
    assert resumed.curve == whole.curve


def test_a_gan_resumed_after_a_kill_is_an_undisturbed_one(tmp_path: Path) -> None:
    data, ticks, later = planted_fold(), [], []
    whole = train_gan(data, GAN, TRAINING, tmp_path / "whole.st", ticks.append)
    with pytest.raises(StoppedError):
        train_gan(data, GAN, TRAINING, tmp_path / "cut.st", stop_after(2))
    resumed = train_gan(data, GAN, TRAINING, tmp_path / "cut.st", later.append)
    assert later == ticks[2:]  # no epoch is trained twice
    assert weights(resumed.generator) == weights(whole.generator)


def test_an_autoencoder_resumed_is_an_undisturbed_one_and_reconstructs_better(tmp_path: Path) -> None:
    data, ticks, later = planted_fold(), [], []
    whole = train_autoencoder(data, GAN, TRAINING, tmp_path / "whole", ticks.append)
    with pytest.raises(StoppedError):
        train_autoencoder(data, GAN, TRAINING, tmp_path / "cut", stop_after(2))
    resumed = train_autoencoder(data, GAN, TRAINING, tmp_path / "cut", later.append)
    assert later == ticks[2:]  # no epoch is trained twice
    assert weights(resumed.generator) == weights(whole.generator)
    errors = [row["valid_error"] for row in whole.curve]
    assert errors[-1] < errors[0]


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    data = planted_fold()
    one = train_predictor(data, PREDICTOR, TRAINING, tmp_path / "a", silent)
    two = train_predictor(
        data, PREDICTOR, TrainingSettings(stocks_per_date=40, seed=1), tmp_path / "b", silent
    )
    assert weights(one.net) != weights(two.net)


def test_a_batch_is_one_dates_stocks_and_an_epoch_every_date_once() -> None:
    data = planted_fold()
    by_date = {sample.date: sample for sample in data.train}
    seen = []
    for batch in date_batches(data.train, 40, epoch_random(0, 1, 0), torch.device("cpu")):
        sample = by_date[batch.date]
        rows = {row.tobytes() for row in sample.x_NTF.numpy()}
        assert all(row.numpy().tobytes() in rows for row in batch.x_NTF)
        assert len(batch.label_N) == 40
        seen.append(batch.date)
    assert sorted(seen) == [sample.date for sample in data.train]


def test_stocks_are_drawn_anew_each_epoch_and_alike_each_time() -> None:
    data = planted_fold()

    def first(epoch: int) -> bytes:
        batch = next(date_batches(data.train[:1], 40, epoch_random(0, epoch, 0), torch.device("cpu")))
        return batch.x_NTF.numpy().tobytes()

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_a_stock_without_a_label_is_not_trained_on(tmp_path: Path) -> None:
    data = planted_fold()
    hidden = tuple(
        Sample(
            s.date,
            torch.cat([s.x_NTF, s.x_NTF[:5] * 100]),
            np.append(s.label_N, [np.nan] * 5),
            np.append(s.codes_N, s.codes_N[:5]),
        )
        for s in data.train
    )
    training = TrainingSettings(threads=1)
    plain = train_predictor(data, PREDICTOR, training, tmp_path / "a", silent)
    other = train_predictor(FoldData(hidden, data.valid, ()), PREDICTOR, training, tmp_path / "b", silent)
    assert weights(plain.net) == weights(other.net)


def test_a_window_that_is_not_finite_stops_the_fold_with_date_and_stock(tmp_path: Path) -> None:
    data = planted_fold()
    data.train[2].x_NTF[7, 0, 0] = np.inf
    with pytest.raises(TrainingError, match=r"window of 600007.SH ending 2018-01-15 is not finite"):
        train_predictor(data, PREDICTOR, TRAINING, tmp_path / "s", silent)


def test_too_few_labelled_stocks_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"none of the 12 training dates has 100 labelled stocks"):
        train_predictor(planted_fold(), PREDICTOR, TrainingSettings(min_stocks=100), tmp_path / "s", silent)


def test_kernels_are_deterministic_from_the_first_step() -> None:
    torch.set_deterministic_debug_mode("default")
    prepare_torch(TRAINING)
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()


def test_a_missing_cuda_device_is_told(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(TrainingError, match="sees no CUDA device"):
        train_predictor(planted_fold(), PREDICTOR, TrainingSettings(device="cuda"), tmp_path / "s", silent)


@pytest.mark.parametrize(
    ("cards", "name", "there"),
    [
        (0, "cuda", "no CUDA device"),
        (0, "cuda:0", "no CUDA device"),
        (1, "cuda:7", "cuda:0"),
        (1, "cuda:1", "cuda:0"),
        (2, "cuda:300", "cuda:0, cuda:1"),
        (1, "mps", "cuda:0"),
        (0, "meta", "no CUDA device"),
        (1, "cpu:0", "cuda:0"),
        (2, "cuda:01", "cuda:0, cuda:1"),
        (1, "cuda:-1", "cuda:0"),
        (1, "", "cuda:0"),
    ],
)
def test_a_device_that_is_not_there_is_told_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch, cards: int, name: str, there: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cards > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    with pytest.raises(TrainingError) as told:
        device_of(name)
    assert f"training.device = {name!r}: expected cpu, cuda or cuda:N" in str(told.value)
    assert f"PyTorch sees {there}: choose" in str(told.value)


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:1"])
def test_a_device_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device_of(name) == torch.device(name)


def test_a_prediction_depends_on_the_stocks_own_window_alone(tmp_path: Path) -> None:
    data = planted_fold()
    net = train_predictor(data, PREDICTOR, TRAINING, tmp_path / "s", silent).net
    x = data.valid[0].x_NTF
    assert torch.allclose(predict(net, x)[:7], predict(net, x[:7]), atol=1e-6)


def test_a_generator_that_puts_out_a_constant_is_restarted_once_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = []
    original = gan_training.build_pair

    def frozen(
        days: int, features: int, settings: GanSettings, seed: int, device: torch.device
    ) -> gan_training.Pair:
        seeds.append(seed)
        pair = original(days, features, settings, seed, device)
        for name, parameter in pair.generator.named_parameters():
            torch.nn.init.constant_(parameter, 0.5 if name == "out.bias" else 0.0)
            parameter.requires_grad_(name == "out.bias")
        return pair

    monkeypatch.setattr(gan_training, "build_pair", frozen)
    result = train_gan(
        planted_fold(), GanSettings(max_epochs=30, min_epochs=1), TRAINING, tmp_path / "g.st", silent
    )
    assert result.collapsed
    assert result.restarted
    assert len(set(seeds)) == 2
    assert len(result.curve) == CollapseRule().epochs


def test_a_discriminator_that_is_never_wrong_counts_as_collapse() -> None:
    rule, toss = CollapseRule(), 1.386
    healthy = {"dispersion_ratio": 0.8, "d_loss": 1.2, "valid_d_loss": 1.2}
    assert not is_collapsed([healthy] * 5, rule, toss)
    assert is_collapsed([healthy, *[healthy | {"valid_d_loss": 0.001}] * 3], rule, toss)
    assert is_collapsed([healthy | {"d_loss": 0.001}] * 3, rule, toss)
    assert not is_collapsed([healthy | {"valid_d_loss": 0.001}] * 2, rule, toss)
    assert not is_collapsed([healthy | {"valid_d_loss": -9.0}] * 3, rule, None)  # a critic has no coin toss


def test_health_of_a_perfect_copy() -> None:
    x = planted_fold().train[0].x_NTF
    health = window_health(x, x)
    assert health["correlation"] == pytest.approx(1)
    assert health["variance_ratio"] == pytest.approx(1)
    assert health["dispersion_ratio"] == pytest.approx(1)
    assert health["distance"] == pytest.approx(0, abs=1e-6)


def test_the_distance_grows_with_what_is_wrong() -> None:
    x = planted_fold().train[0].x_NTF
    near, far = window_health(x, x + 0.1)["distance"], window_health(x, x + 1.0)["distance"]
    still = window_health(x, torch.zeros_like(x))["distance"]
    assert 0 < near < far < still


@pytest.mark.parametrize("kind", ["none", "gan", "ae", "untrained"])
def test_a_fold_leaves_its_directory_and_a_rerun_changes_nothing(tmp_path: Path, kind: str) -> None:
    one = job(tmp_path / "run", kind)
    train_fold(one, silent)
    names = {path.name for path in one.directory.iterdir()}
    expected = {
        "settings.toml",
        "manifest.json",
        "predictor_curves.csv",
        "metrics.json",
        "predictor.safetensors",
        "DONE",
    }
    expected |= {"generator.safetensors", "gan_windows.csv"} if kind != "none" else set()
    expected |= {"gan_curves.csv"} if kind in ("gan", "ae") else set()
    assert names - {"gan_curves_first_attempt.csv"} == expected
    restarted = kind == "gan" and json.loads((one.directory / "metrics.json").read_text())["gan"]["restarted"]
    assert ("gan_curves_first_attempt.csv" in names) == restarted
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in one.directory.iterdir()}
    train_fold(one, silent)
    assert before == {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in one.directory.iterdir()
    }
    trained = load_fold(one, features=4)
    assert (trained.generator is None) == (kind == "none")


def test_nets_are_read_onto_the_device_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, asked = job(tmp_path / "run", "gan"), []
    train_fold(one, silent)

    def device_of(name: str) -> torch.device:
        asked.append(name)
        return torch.device("meta")  # what every machine has beside its CPU

    monkeypatch.setattr(trained_fold, "device_of", device_of)
    trained = load_fold(one, features=4)
    assert asked == [one.training.device]
    assert trained.device.type == "meta"
    for net in (trained.generator, trained.predictor):
        assert {parameter.device.type for parameter in net.parameters()} == {"meta"}


def test_the_same_seed_gives_the_same_weights_byte_for_byte(tmp_path: Path) -> None:
    one, two = job(tmp_path / "a", "gan"), job(tmp_path / "b", "gan")
    train_fold(one, silent)
    train_fold(two, silent)
    for name in (
        "generator.safetensors",
        "predictor.safetensors",
        "gan_curves.csv",
        "predictor_curves.csv",
        "gan_windows.csv",
    ):
        assert (one.directory / name).read_bytes() == (two.directory / name).read_bytes(), name


def test_a_directory_with_other_settings_is_refused_by_name(tmp_path: Path) -> None:
    train_fold(job(tmp_path / "run"), silent)
    train_fold(job(tmp_path / "run", settings_text="[training]\nseed = 0\nnew = 1\n"), silent)
    with pytest.raises(CheckpointError, match=r"training.seed was 0, is 5"):
        train_fold(job(tmp_path / "run", settings_text="[training]\nseed = 5\n"), silent)


def test_weights_of_another_shape_a_missing_key_and_rubbish_are_refused(tmp_path: Path) -> None:
    one = job(tmp_path / "run")
    with pytest.raises(CheckpointError, match="not trained to its end"):
        load_fold(one, features=4)
    train_fold(one, silent)
    with pytest.raises(CheckpointError, match=r"gru.weight_ih_l0 is \(24, 4\), the settings make \(24, 5\)"):
        load_fold(one, features=5)
    deeper = job(tmp_path / "run", predictor=PredictorSettings(hidden=8, layers=1, mlp=(8,)))
    with pytest.raises(CheckpointError, match="unknown"):
        load_fold(deeper, features=4)
    (one.directory / "predictor.safetensors").write_bytes(b"rubbish")
    with pytest.raises(CheckpointError, match="no weights file"):
        load_fold(one, features=4)


def test_a_training_begun_on_other_data_is_not_gone_on_with(tmp_path: Path) -> None:
    one = job(tmp_path / "run", manifest={"data_versions": {"bars": 0}})
    with pytest.raises(StoppedError):
        train_fold(one, stop_after(2))
    with pytest.raises(CheckpointError, match="was begun on data versions"):
        train_fold(job(tmp_path / "run", manifest={"data_versions": {"bars": 1}}), silent)
    train_fold(one, silent)
    train_fold(job(tmp_path / "run", manifest={"data_versions": {"bars": 1}}), silent)


def test_a_fold_of_trees_leaves_its_text_and_a_rerun_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    trees = PredictorSettings(kind="lightgbm", lightgbm_max_rounds=12, lightgbm_min_leaf=20)
    data = planted_fold()
    for kind in ("none", "untrained"):
        one, two = (job(tmp_path / f"{kind}{i}", kind, predictor=trees) for i in range(2))
        for each in (one, two, one):
            train_fold(each, silent)
        names = {path.name for path in one.directory.iterdir()}
        expected = [
            "settings.toml",
            "manifest.json",
            "predictor_curves.csv",
            "metrics.json",
            "predictor.lightgbm.txt",
            "DONE",
        ]
        assert names - {"generator.safetensors", "gan_windows.csv"} == set(expected)
        for name in ("predictor.lightgbm.txt", "predictor_curves.csv"):
            assert (one.directory / name).read_bytes() == (two.directory / name).read_bytes()
        trained = load_fold(one, features=4)
        assert (trained.generator is None) == (kind == "none")
        assert isinstance(trained.predictor, BoostedTrees)
        assert len(trained.predictor.predict(data.valid[0].x_NTF)) == 60
    metrics = json.loads((one.directory / "metrics.json").read_text())
    assert metrics["best_epoch"] >= 1
    assert metrics["gan"]["epochs"] == 0


def test_a_reversal_trains_nothing_and_reads_no_data_whatever_the_generator(tmp_path: Path) -> None:
    def never() -> FoldData:
        raise AssertionError

    one = job(tmp_path / "run", "gan", predictor=PredictorSettings(kind="reversal"), load=never)
    train_fold(one, silent)
    names = {path.name for path in one.directory.iterdir()}
    assert names == {"settings.toml", "manifest.json", "metrics.json", "DONE"}
    trained = load_fold(one, features=4)
    assert (trained.predictor, trained.generator) == (None, None)


@pytest.mark.parametrize("spectral", [False, True])
def test_products_of_sixteen_bits_train_nearly_the_same_nets(tmp_path: Path, spectral: bool) -> None:
    data, gan = planted_fold(), replace(GAN, max_epochs=2, min_epochs=1, spectral_norm=spectral)
    found = {}
    for precision in ("float32", "bfloat16"):
        training = replace(TRAINING, precision=precision)
        path = tmp_path / precision
        made = train_gan(data, gan, training, path / "g", silent)
        fitted = train_predictor(data, PREDICTOR, training, path / "p", silent)
        found[precision] = (made, fitted)
    (one_gan, one), (other_gan, other) = found.values()
    assert one.curve != other.curve
    assert other.curve[0]["train_ic"] == pytest.approx(one.curve[0]["train_ic"], abs=0.02)
    assert other_gan.curve[0]["d_loss"] == pytest.approx(one_gan.curve[0]["d_loss"], abs=0.02)
    for net in (other.net, other_gan.generator):
        assert all(weight.dtype == torch.float32 for weight in net.parameters())
    x = data.valid[0].x_NTF
    with torch.no_grad():
        made, its = one.net(x), other.net(x)
    assert float(torch.corrcoef(torch.stack([made, its]))[0, 1]) > 0.99
