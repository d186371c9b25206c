"""Named settings: explicit, valid, and reachable from the commands."""

import tomllib
from pathlib import Path

import pytest

from gangru.cli.options import overrides
from gangru.errors import SettingsError
from gangru.study.presets import PRESETS, preset_changes
from gangru.study.settings import StudySettings, settings_from, with_overrides
from gangru.study.workspace import init_workspace, open_workspace


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_study(tmp_path: Path, name: str) -> None:
    init_workspace(tmp_path, preset_changes(name))
    settings = open_workspace(tmp_path).settings
    for key, value in PRESETS[name].changes.items():
        section, field = key.split(".")
        assert getattr(getattr(settings, section), field) == value


def test_the_published_preset_is_the_default() -> None:
    assert settings_from(with_overrides({}, preset_changes("published")), "here") == StudySettings()


def test_the_best_preset_is_the_one_that_was_judged() -> None:
    judged = Path(__file__).parents[2] / "studies/best/study.toml"
    dates = {"training.first": "2018-12-31", "training.last": "2024-12-31", "training.threads": 1}
    asked = settings_from(with_overrides({}, preset_changes("best") | dates), "here")
    assert asked == settings_from(tomllib.loads(judged.read_text("utf-8")), judged.name)


def test_a_preset_begins_a_variant_and_set_goes_on_from_it(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    changes = overrides(["training.seed=3"], "reconstruct")
    settings = open_workspace(tmp_path, "tied", changes).settings
    assert settings.gan.reconstruction_weight == 10
    assert settings.training.seed == 3
    assert open_workspace(tmp_path, "tied").settings == settings
    with pytest.raises(SettingsError, match="--set and --preset make a variant"):
        open_workspace(tmp_path, "main", overrides(None, "reconstruct"))


def test_an_unknown_preset_is_told_beside_those_there_are() -> None:
    with pytest.raises(SettingsError, match="expected one of published, plain-gru, reconstruct, best"):
        preset_changes("worst")
