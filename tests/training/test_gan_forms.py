"""Every form of the GAN that a setting names trains, resumes as if undisturbed, and is watched."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gangru.errors import SettingsError, TrainingError
from gangru.training import gan as gan_training
from gangru.training.batches import FoldData, Sample
from gangru.training.gan import train_gan
from gangru.training.gan_health import CollapseRule
from gangru.training.loop import Tick
from gangru.training.settings import GanSettings, TrainingSettings
from training.fold_data import planted_fold

TRAINING = TrainingSettings(stocks_per_date=40, threads=1)
SMALL = {
    "generator_hidden": 8,
    "discriminator_channels": (4, 8),
    "max_epochs": 3,
    "min_epochs": 1,
    "learning_rate": 1e-3,
}
FORMS = {
    "hinge": {"loss": "hinge"},
    "wgan-gp": {"loss": "wgan-gp"},
    "spectral": {"spectral_norm": True},
    "smoothed": {"label_smoothing": 0.1},
    "two rates": {"discriminator_learning_rate": 4e-3},
    "three steps": {"discriminator_steps": 3},
    "reconstruction": {"reconstruction_weight": 10.0},
    "residual": {"generator_form": "residual"},
    "noise": {"z": "noise", "noise_channels": 3},
    "window and noise": {"z": "window+noise", "noise_channels": 3},
}


class StoppedError(Exception):
    """Stands for a kill after an epoch."""


def silent(_: Tick) -> None:
    """Watch nothing."""


def stop_after_two(tick: Tick) -> None:
    """Raise once the second epoch's state was written."""
    if tick.epoch == 2:
        raise StoppedError


def weights(net: torch.nn.Module) -> bytes:
    return b"".join(tensor.numpy().tobytes() for tensor in net.state_dict().values())


@pytest.mark.parametrize("form", FORMS)
def test_a_form_trains_and_resumes_as_if_undisturbed(tmp_path: Path, form: str) -> None:
    settings, data = GanSettings(**(SMALL | FORMS[form])), planted_fold()
    ticks: list[Tick] = []
    later: list[Tick] = []
    whole = train_gan(data, settings, TRAINING, tmp_path / "whole.st", ticks.append)
    assert np.isfinite([value for row in whole.curve for value in row.values()]).all()
    with pytest.raises(StoppedError):
        train_gan(data, settings, TRAINING, tmp_path / "cut.st", stop_after_two)
    resumed = train_gan(data, settings, TRAINING, tmp_path / "cut.st", later.append)
    assert later == ticks[2:]  # no epoch is trained twice
    assert weights(resumed.generator) == weights(whole.generator)
    assert resumed.curve == whole.curve


def test_the_forms_differ_from_the_published_one_and_from_each_other(tmp_path: Path) -> None:
    one = SMALL | {"max_epochs": 1}
    made = {"published": GanSettings(**one)} | {n: GanSettings(**(one | c)) for n, c in FORMS.items()}
    nets = {
        weights(train_gan(planted_fold(), settings, TRAINING, tmp_path / f"{i}.st", silent).generator)
        for i, settings in enumerate(made.values())
    }
    assert len(nets) == len(made)


def test_a_reconstruction_weight_ties_generated_windows_to_the_real_ones(tmp_path: Path) -> None:
    free = GanSettings(**(SMALL | {"max_epochs": 12, "learning_rate": 1e-2}))
    tied = GanSettings(**(SMALL | {"max_epochs": 12, "learning_rate": 1e-2, "reconstruction_weight": 10.0}))
    last = [
        train_gan(planted_fold(), settings, TRAINING, tmp_path / f"{i}.st", silent).curve[-1]["correlation"]
        for i, settings in enumerate((free, tied))
    ]
    assert last[1] > 0.5 > last[0]


def spread_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let generators begin with stocks that differ, so that only the discriminator can be what collapsed."""
    original = gan_training.build_generator

    def build(features: int, settings: GanSettings) -> torch.nn.Module:
        net = original(features, settings)
        with torch.no_grad():
            net.out.weight.mul_(20)
        return net

    monkeypatch.setattr(gan_training, "build_generator", build)


def test_a_discriminator_made_far_too_strong_is_detected_within_three_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread_out(monkeypatch)
    settings = GanSettings(
        discriminator_learning_rate=0.02, discriminator_steps=20, max_epochs=30, min_epochs=1, patience=30
    )
    result = train_gan(planted_fold(days=20, features=8), settings, TRAINING, tmp_path / "g.st", silent)
    assert result.collapsed
    assert result.restarted
    assert len(result.first_curve) == len(result.curve) == 3
    assert all(row["d_loss"] < CollapseRule().min_discriminator_share * 1.386 for row in result.curve)
    assert all(row["dispersion_ratio"] > CollapseRule().min_dispersion for row in result.curve)


def test_a_discriminator_that_wins_halfway_is_detected_within_three_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread_out(monkeypatch)
    original, steps = gan_training.step, iter(range(10**9))
    planted = 12 * 5  # five epochs of twelve dates

    def step(pair: gan_training.Pair, *rest: object) -> dict[str, float]:
        if next(steps) == planted:
            for group in pair.d_adam.param_groups:
                group["lr"] = 0.05
            pair.g_adam.param_groups[0]["lr"] = 0.0
        return original(pair, *rest)

    monkeypatch.setattr(gan_training, "step", step)
    settings = GanSettings(max_epochs=20, min_epochs=1, patience=20, discriminator_steps=5)
    first = gan_training.attempt(
        planted_fold(days=20, features=8), settings, TRAINING, tmp_path / "g.st", silent, 0
    )
    assert first.collapsed
    assert 5 < len(first.curve) <= 5 + 3
    assert all(row["dispersion_ratio"] > CollapseRule().min_dispersion for row in first.curve)


def test_a_generator_frozen_to_a_constant_halfway_is_detected_within_three_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, steps = gan_training.step, iter(range(10**9))

    def step(pair: gan_training.Pair, *rest: object) -> dict[str, float]:
        if next(steps) == 12 * 4:
            with torch.no_grad():
                pair.generator.out.weight.zero_()
            pair.generator.out.weight.requires_grad_(requires_grad=False)
        return original(pair, *rest)

    monkeypatch.setattr(gan_training, "step", step)
    settings = GanSettings(
        max_epochs=20, min_epochs=1, patience=20, reconstruction_weight=10.0, learning_rate=1e-2
    )
    first = gan_training.attempt(planted_fold(), settings, TRAINING, tmp_path / "g.st", silent, 0)
    assert first.collapsed
    assert len(first.curve) == 4 + 3


def test_a_healthy_run_is_not_called_collapsed(tmp_path: Path) -> None:
    settings = GanSettings(
        max_epochs=8, min_epochs=1, patience=8, reconstruction_weight=10.0, learning_rate=1e-2
    )
    result = train_gan(planted_fold(), settings, TRAINING, tmp_path / "g.st", silent)
    assert not result.collapsed
    assert not result.restarted


def test_watching_leaves_the_nets_as_they_were() -> None:
    settings = GanSettings(**(SMALL | {"spectral_norm": True}))
    device = torch.device("cpu")
    pair = gan_training.build_pair(10, 4, settings, 0, device)
    valid = gan_training.validation_batches(planted_fold().valid, TRAINING, device)
    before = weights(pair.generator) + weights(pair.discriminator)
    gan_training.validation_health(pair, valid, settings)
    assert weights(pair.generator) + weights(pair.discriminator) == before
    assert pair.discriminator.training


def test_every_epoch_has_every_health_figure(tmp_path: Path) -> None:
    result = train_gan(planted_fold(), GanSettings(**SMALL), TRAINING, tmp_path / "g.st", silent)
    named = {
        "epoch", "d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm", "d_real_accuracy", "d_fake_accuracy",
        "valid_d_loss", "valid_d_real_accuracy", "valid_d_fake_accuracy", "correlation", "variance_ratio",
        "dispersion_ratio", "distance_moments", "distance_autocorrelation", "distance_cross_correlation", "distance",
    }  # fmt: skip
    assert all(row.keys() == named for row in result.curve)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"z": "noise", "generator_form": "residual"}, "expected z with a window in it"),
        ({"z": "window+noise", "ic_learning_rate": 1e-4}, 'expected z = "window"'),
        ({"feed": "augment", "ic_learning_rate": 1e-4}, 'expected z = "window"'),
        ({"standardise": True, "ic_learning_rate": 1e-4}, "expected one of the two"),
        ({"loss": "lsgan"}, "expected one of 'standard', 'hinge', 'wgan-gp'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        GanSettings(**changes)


def test_a_gan_that_overflows_names_date_and_stock(tmp_path: Path) -> None:
    data = planted_fold()
    data.train[4].x_NTF[9, 3, 1] = 3e38
    with pytest.raises(TrainingError, match=r"not finite on 2018-01-29: .*600009\.SH"):
        train_gan(data, GanSettings(**SMALL), TrainingSettings(threads=1), tmp_path / "g.st", silent)


def test_an_endless_label_names_date_and_stock(tmp_path: Path) -> None:
    data = planted_fold()
    label = data.train[3].label_N.copy()
    label[5] = np.inf
    bad = Sample(data.train[3].date, data.train[3].x_NTF, label, data.train[3].codes_N)
    spoiled = FoldData((*data.train[:3], bad, *data.train[4:]), data.valid, ())
    with pytest.raises(TrainingError, match=r"label of 600005\.SH on 2018-01-22 is not finite"):
        train_gan(spoiled, GanSettings(**SMALL), TRAINING, tmp_path / "g.st", silent)
