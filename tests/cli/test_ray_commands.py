"""The commands on Ray: the same run directories as without it, and an ablation's trainings all at once."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gangru.cli.app import app
from gangru.errors import SettingsError
from gangru.settings import flat
from gangru.study.ablation_plan import Plan, planned_trials
from gangru.study.settings import EngineChoice, StudySettings, plain_settings, told_settings
from gangru.study.variants import chosen_variants
from gangru.study.workspace import init_workspace, open_workspace
from ray_nodes import Nodes, ray_nodes
from small import small_workspace

ABLATE = ("ablate", "--variants", "gru,gan,reversal", "--seeds", "2", "--seeded", "gru")


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A cluster that this process is connected to, which the commands then use."""
    with ray_nodes(2) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small market and nothing trained."""
    root = tmp_path_factory.mktemp("ray") / "ws"
    small_workspace(root)
    return root


def command(root: Path, *words: str) -> Result:
    """A command in a workspace that goes well."""
    done = CliRunner().invoke(app, [*words, "-C", str(root)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def trained_files(root: Path) -> dict[str, bytes]:
    """Relative path → bytes of what trainings leave, with the seconds taken out of the metrics."""
    found = {}
    for done in root.glob("runs/*/**/DONE"):
        for path in (p for p in done.parent.iterdir() if p.is_file()):
            content = path.read_bytes()
            if path.name == "metrics.json":
                content = json.dumps(
                    {k: v for k, v in json.loads(content).items() if k != "seconds"}
                ).encode()
            found[path.relative_to(root).as_posix()] = content
    return found


def test_train_on_ray_leaves_what_train_leaves(nodes: Nodes, bare: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for root in (here, there):
        shutil.copytree(bare, root)
    words = ("train", "--study", "two", "--set", "training.seeds=2", "--set", "gan.max_epochs=1")
    command(here, *words)
    told = command(there, *words, "--engine", "ray")
    assert told.stdout == ""
    assert "2018-12-31 seed 1 predictor epoch 2/2" in told.stderr
    assert " on " in told.stderr
    assert trained_files(there) == trained_files(here)
    assert len([name for name in trained_files(here) if name.endswith("DONE")]) == 4
    assert "engine" not in (there / "studies" / "two.toml").read_text()


def untimed(root: Path) -> str:
    """The comparison without the minutes that the trainings took."""
    return re.sub(r'"minutes\w*": [\d.]+', "", (root / "runs" / "ablation.json").read_text())


@pytest.mark.full
def test_an_ablation_on_ray_puts_the_panel_once_and_compares_alike(
    nodes: Nodes, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    puts: list[Any] = []
    real = ray.put
    monkeypatch.setattr(ray, "put", lambda value: puts.append(value) or real(value))
    here, there = tmp_path / "here", tmp_path / "there"
    for root in (here, there):
        shutil.copytree(bare, root)
    command(here, *ABLATE)
    assert not puts
    together = command(there, *ABLATE, "--engine", "ray")
    assert trained_files(there) == trained_files(here)
    assert untimed(there) == untimed(here)
    shapes = [value.ndim for value in puts]
    assert shapes.count(3) == 1  # the values, of all variants and seeds
    assert shapes.count(2) == 3  # traded, eligible, labels
    assert "ablate-gru-s1 2019-06-30 predictor epoch" in together.stderr
    assert "ray" not in json.loads((there / "runs" / "ablation.json").read_text())["settings"]


def test_a_choice_of_engine_holds_for_one_command() -> None:
    settings = StudySettings()
    assert EngineChoice().of(settings) is settings
    assert EngineChoice("ray").of(settings).training.engine == "ray"
    chosen = EngineChoice(address="10.0.0.1:6379").of(settings)
    assert (chosen.training.engine, chosen.ray.address) == ("ray", "10.0.0.1:6379")
    with pytest.raises(SettingsError, match="expected --engine ray with it"):
        EngineChoice("local", "10.0.0.1:6379")


def test_whose_machines_trained_is_told_to_no_reader() -> None:
    told = told_settings(EngineChoice(address="10.0.0.1:6379").of(StudySettings()))
    assert "ray" not in told
    assert "10.0.0.1" not in json.dumps(told)


def test_a_trial_may_remember_another_cluster_and_its_own_threads_but_no_other_net(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    plan = Plan(chosen_variants(("gru",)))
    own = {"training.threads": 2, "training.engine": "ray", "ray.address": "10.0.0.1:6379"}
    open_workspace(tmp_path, "ablate-gru", {"features.generator": "none"} | own)
    (planned,) = planned_trials(tmp_path, plan)
    kept = flat(plain_settings(planned.settings))
    assert {name: kept[name] for name in own} == own
    open_workspace(tmp_path, "ablate-gru", {"predictor.hidden": 4})
    with pytest.raises(SettingsError, match=r"remembers predictor\.hidden = 4"):
        planned_trials(tmp_path, plan)
