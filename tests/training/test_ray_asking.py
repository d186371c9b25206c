"""What the Ray engine asks of a cluster, and what it says where it cannot have it. No cluster is started."""

import os
import pickle
import socket
import sys
import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from gangru import errors
from gangru.errors import GangruError, SettingsError, TrainingError
from gangru.training.engines.ray import train_folds
from gangru.training.engines.ray_cluster import check_capacity, cluster, demands
from gangru.training.engines.ray_task import check_versions, remove_abandoned, versions
from gangru.training.settings import RaySettings, TrainingSettings
from ray_nodes import imported_ray
from training.ray_jobs import fold_job


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "ray"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TrainingError, match=r"needs Ray: pip install 'gangru\[ray\]'"):
        train_folds([fold_job(tmp_path / "run")], RaySettings(), lambda job, tick: None)
    assert not (tmp_path / "run").exists()


def test_the_engines_are_imported_without_ray() -> None:
    import subprocess

    script = (
        "import sys; sys.modules['ray'] = None; import gangru.study.jobs; import gangru.training.engines.ray"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_training_on_the_cpu_asks_for_no_gpu() -> None:
    assert demands(RaySettings(cpus_per_task=4), TrainingSettings()) == {"CPU": 4}


def test_a_training_on_cuda_asks_for_its_share_of_a_gpu_and_its_memory() -> None:
    settings = RaySettings(gpus_per_task=0.25, memory_per_task=2)
    assert demands(settings, TrainingSettings(device="cuda")) == {"CPU": 1, "memory": 2 * 2**30, "GPU": 0.25}


def test_a_gpu_by_number_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    job = fold_job(tmp_path / "run", training=TrainingSettings(device="cuda:1"))
    with pytest.raises(TrainingError, match="'cuda:1': Ray chooses the GPU"):
        train_folds([job], RaySettings(), lambda job, tick: None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gpus_per_task": 1.5}, "gpus_per_task = 1.5: expected a fraction below 1 or a whole number"),
        ({"gpus_per_task": 0}, "gpus_per_task = 0: expected more than 0"),
        ({"cpus_per_task": 0}, "cpus_per_task = 0: expected at least 1"),
        ({"address": "ray://head:10001"}, "'ray://head:10001': expected HOST:PORT of the head"),
        ({"address": "head"}, "'head': expected HOST:PORT of the head"),
    ],
)
def test_what_no_cluster_can_give_is_no_setting(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        RaySettings(**changes)


def fake_cluster(*resources: dict[str, float]) -> Any:
    return SimpleNamespace(nodes=lambda: [{"Alive": True, "Resources": each} for each in resources])


def test_a_training_too_large_for_every_node_is_told_at_once() -> None:
    ray = fake_cluster({"CPU": 8.0}, {"CPU": 2.0, "GPU": 1.0})
    check_capacity(ray, {"CPU": 8}, grows=False)
    with pytest.raises(
        TrainingError, match="asks for 4 CPU, 1 GPU: the most that one has is 8 CPU, 1 GPU; lower"
    ):
        check_capacity(ray, {"CPU": 4, "GPU": 1}, grows=False)
    with pytest.warns(UserWarning, match="waiting for one to join"):
        check_capacity(ray, {"CPU": 4, "GPU": 1}, grows=True)


def test_an_address_where_nobody_answers_is_told_within_seconds(tmp_path: Path) -> None:
    imported_ray()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TrainingError, match=f"no Ray cluster can be joined at {address} .*refused"):
            train_folds([fold_job(tmp_path / "run")], RaySettings(address=address), lambda job, tick: None)


def test_what_a_signal_raises_inside_ray_comes_out_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imported_ray(), "is_initialized", lambda: True)
    with pytest.raises(GangruError, match="interrupted"), cluster(RaySettings()):
        raise SystemError("returned a result with an exception set") from GangruError("interrupted")
    with pytest.raises(SystemError, match="of its own"), cluster(RaySettings()):
        raise SystemError("of its own")


def test_what_other_threads_print_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(imported_ray(), "is_initialized", lambda: True)
    with cluster(RaySettings()):
        thread = Thread(target=lambda: print("a node died"))
        thread.start()
        thread.join()
        print("an answer")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("an answer\n", "a node died\n")


def test_a_node_with_other_versions_trains_nothing() -> None:
    check_versions(versions(), "here:0")
    with pytest.raises(TrainingError, match=r"node far:1 has torch .*, not 1\.0; xgboost nowhere, not 2"):
        check_versions(versions() | {"torch": "1.0", "xgboost": "2"}, "far:1")


def test_every_error_survives_the_way_from_a_node() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, GangruError)]
    assert len(kinds) > 5
    for kind in kinds:
        back = pickle.loads(pickle.dumps(kind("what was expected")))
        assert (type(back), str(back)) == (kind, "what was expected")


@pytest.mark.parametrize("system", ["with owners", "without"])
def test_directories_of_trainings_killed_a_day_ago_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    if system == "without":  # Windows
        monkeypatch.delattr(os, "getuid", raising=False)
    old, new = tmp_path / "gangru-fold-old", tmp_path / "gangru-fold-new"
    for path in (old, new, tmp_path / "another"):
        path.mkdir()
        os.utime(path, (time.time() - 2 * 24 * 3600,) * 2)
    (new / "predictor.state.safetensors").touch()  # an epoch just now
    remove_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another", "gangru-fold-new"]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owner's number here")
def test_the_directories_of_other_users_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "gangru-fold-old"
    old.mkdir()
    os.utime(old, (time.time() - 2 * 24 * 3600,) * 2)
    monkeypatch.setattr(os, "getuid", lambda: old.stat().st_uid + 1)
    remove_abandoned(tmp_path)
    assert old.exists()
