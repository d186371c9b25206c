"""study.toml: complete, commented, strict; variants remembered."""

import re
import tomllib
from pathlib import Path

import pytest

from gangru.errors import SettingsError
from gangru.study.settings import (
    StudySettings,
    plain_settings,
    read_toml,
    section_types,
    settings_from,
    settings_toml,
)
from gangru.study.workspace import init_workspace, open_workspace


def test_the_written_file_reads_back_to_the_same_settings(tmp_path: Path) -> None:
    path = init_workspace(tmp_path)
    assert settings_from(read_toml(path), str(path)) == StudySettings()


def test_every_setting_stands_in_the_file_with_a_sentence() -> None:
    text = settings_toml(StudySettings())
    _, *parts = re.split(r"^\[(\w+)\]$", text, flags=re.MULTILINE)
    unset = {
        name: re.findall(r"^# (\w+) =$", part, re.MULTILINE)
        for name, part in zip(parts[::2], parts[1::2], strict=True)
    }
    there = {name: sorted([*content, *unset[name]]) for name, content in tomllib.loads(text).items()}
    assert there == {name: sorted(content) for name, content in plain_settings(StudySettings()).items()}
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if " = " in line and not line.startswith(("#", " ")):
            assert lines[i - 1].startswith("# "), line


def test_the_sections_are_those_of_the_interface() -> None:
    names = "data simulate universe features label gan predictor training ray factor evaluation portfolio enhance report"
    assert list(section_types()) == names.split()


def test_published_numbers_are_the_defaults() -> None:
    s = StudySettings()
    assert (s.features.window, len(s.features.names)) == (40, 18)
    assert (s.label.horizon, s.training.sample_dates, s.training.sample_step) == (20, 80, 5)
    assert (s.predictor.hidden, s.predictor.layers, s.predictor.mlp) == (128, 2, (256, 64, 64))
    assert (s.predictor.learning_rate, s.predictor.max_epochs, s.predictor.patience) == (1e-4, 50, 10)
    assert (s.features.generator, s.gan.z, s.training.validation_dates) == ("gan", "window", 16)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[trainign]\nseed = 1\n", r"unknown section \[trainign\]"),
        ("[training]\nsede = 1\n", r"unknown setting training.sede; \[training\] has first"),
        ('[training]\nseed = "x"\n', "training.seed = 'x'"),
        ("[training]\nseed = -1\n", "training.seed = -1: expected at least 0"),
        ('[features]\ngenerator = "vae"\n', "features.generator"),
        ("[label]\nentry_lag = 2\n", "label.entry_lag = 2: expected at most 1"),
        ("[gan]\nmin_epochs = 60\n", "gan.min_epochs = 60: expected at most max_epochs = 50"),
        ('[training]\nfirst = "abc"\n', "training.first = 'abc': expected a date"),
        ("seed = 1\n", "seed stands outside any section"),
        ("[training\n", "is no TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        settings_from(read_toml(path), str(path))
    assert str(path) in str(caught.value)


def test_a_directory_without_study_toml_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `gangru init DIR`"):
        open_workspace(tmp_path)


def test_init_never_overwrites(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    with pytest.raises(SettingsError, match="is there already"):
        init_workspace(tmp_path)


def test_a_variant_is_remembered_by_its_changes_alone(tmp_path: Path) -> None:
    init_workspace(tmp_path, {"training.seed": 3})
    made = open_workspace(tmp_path, "gru", {"features.generator": "none"})
    again = open_workspace(tmp_path, "gru")
    assert made.settings == again.settings
    assert (again.settings.features.generator, again.settings.training.seed) == ("none", 3)
    assert tomllib.loads((tmp_path / "studies" / "gru.toml").read_text()) == {
        "features": {"generator": "none"}
    }
    assert again.runs == tmp_path / "runs" / "gru"


def test_main_takes_no_changes_and_unknown_variants_are_listed(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    with pytest.raises(SettingsError, match="--study NAME"):
        open_workspace(tmp_path, "main", {"training.seed": 1})
    with pytest.raises(SettingsError, match="no study 'gru'"):
        open_workspace(tmp_path, "gru")
    with pytest.raises(SettingsError, match="letters, digits"):
        open_workspace(tmp_path, "../x", {"training.seed": 1})


@pytest.mark.parametrize("name", ["con", "CON", "Prn", "aux", "NUL", "com1", "LPT9"])
def test_a_name_that_no_folder_has_on_windows_is_no_studys(tmp_path: Path, name: str) -> None:
    init_workspace(tmp_path)
    with pytest.raises(
        SettingsError, match=f"--study '{name}': .* is a device's: choose another, as {name}-1"
    ):
        open_workspace(tmp_path, name, {"training.seed": 1})
    assert not (tmp_path / "studies").exists()


@pytest.mark.parametrize("name", ["console", "com", "com0", "com10", "con-1", "a-con"])
def test_a_name_that_only_looks_like_a_devices_is_a_studys(tmp_path: Path, name: str) -> None:
    init_workspace(tmp_path)
    assert open_workspace(tmp_path, name, {"training.seed": 1}).study == name


@pytest.mark.parametrize(("first", "second"), [("main", "Main"), ("gru", "GRU"), ("GRU", "gru")])
def test_a_study_in_other_capitals_is_refused(tmp_path: Path, first: str, second: str) -> None:
    init_workspace(tmp_path)
    if first != "main":
        open_workspace(tmp_path, first, {"training.seed": 1})
    for changes in ({"training.seed": 2}, None):
        with pytest.raises(
            SettingsError, match=f"--study '{second}': .* there is '{first}', .* use that one"
        ):
            open_workspace(tmp_path, second, changes)
    left = [path.stem for path in tmp_path.glob("studies/*")]
    assert left == ([] if first == "main" else [first])


def test_a_wrong_variant_is_not_remembered(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    with pytest.raises(SettingsError, match="unknown setting"):
        open_workspace(tmp_path, "bad", {"training.sede": 1})
    assert not (tmp_path / "studies" / "bad.toml").exists()


def test_settings_made_in_python_are_checked_too() -> None:
    with pytest.raises(SettingsError, match="expected at least"):
        settings_from({"simulate": {"stocks": 1}}, "here")


def test_whatever_a_variant_remembers_reads_back(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    made = open_workspace(tmp_path, "a", {"data.columns": {"code": "ts_code"}, "predictor.mlp": [8, 8]})
    assert open_workspace(tmp_path, "a").settings == made.settings
    for wrong in (None, float("nan")):
        with pytest.raises(SettingsError):
            open_workspace(tmp_path, "b", {"training.validation_share": wrong})
