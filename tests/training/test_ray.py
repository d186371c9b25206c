"""The Ray engine on a real cluster of node processes: the bytes of the local engine, whatever is killed meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gangru.errors import TrainingError
from gangru.training.engines import local
from gangru.training.engines.ray import train_folds
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.loop import Tick
from gangru.training.settings import PredictorSettings, RaySettings
from ray_nodes import SETTINGS, Nodes, imported_ray, ray_nodes
from training.fold_data import planted_fold
from training.ray_jobs import Counted, fold_job, panel_fold, planted_panel

Epoch = tuple[str, str, int]
RAY = RaySettings(cpus_per_task=1)
LONG = PredictorSettings(hidden=8, mlp=(8,), learning_rate=1e-3, max_epochs=24, patience=50)
TESTS = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def shared() -> Iterator[Nodes]:
    """One cluster for all tests of this file."""
    with ray_nodes(2) as nodes:
        yield nodes


@pytest.fixture
def nodes(shared: Nodes) -> Nodes:
    """Two living nodes, whatever the test before has killed."""
    shared.add(2)
    return shared


def no_tick(job: FoldJob, tick: Tick) -> None:
    """Nobody looks on."""


def contents(directory: Path) -> dict[str, bytes]:
    """Relative path → bytes of a run directory, with the seconds taken out of its metrics.

    What a killed writer left half written is no part of it.
    """
    found = {}
    for path in sorted(p for p in directory.rglob("*") if p.is_file() and p.suffix != ".part"):
        content = path.read_bytes()
        if path.name == "metrics.json":
            metrics = json.loads(content)
            assert set(metrics.pop("seconds")) == {"data", "generator", "predictor"}
            content = json.dumps(metrics).encode()
        found[path.relative_to(directory).as_posix()] = content
    return found


def test_it_leaves_the_bytes_of_the_local_engine(nodes: Nodes, tmp_path: Path) -> None:
    panel = planted_panel()

    def jobs(root: Path) -> list[FoldJob]:
        return [
            fold_job(root / "2018-12-31", panel_fold(panel, 60), "2018-12-31"),
            fold_job(root / "2018-12-31" / "seed-1", panel_fold(panel, 60), "2018-12-31 seed 1", kind="ae"),
            fold_job(root / "2019-06-30", panel_fold(panel, 70), "2019-06-30", kind="untrained"),
            fold_job(root / "2019-12-31", planted_fold, "2019-12-31", kind="none"),
        ]

    ticks: list[tuple[str, Tick]] = []
    alone = local.train_folds(jobs(tmp_path / "local"), no_tick)
    together = train_folds(jobs(tmp_path / "ray"), RAY, lambda job, tick: ticks.append((job.name, tick)))
    assert together == alone
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    assert {name for name, _ in ticks} == set(alone)
    assert len({tick.where for _, tick in ticks}) == 2  # both nodes had work
    assert all(tick.where.rpartition(":")[2] in nodes.alive for _, tick in ticks)


def test_nothing_is_started_where_all_is_done(tmp_path: Path) -> None:
    job = fold_job(tmp_path / "run")
    train_fold(job, lambda tick: None)
    (job.directory / "predictor.state.safetensors").write_bytes(b"left by a kill")
    assert train_folds([job], RaySettings(address="192.0.2.7:1"), no_tick) == []
    assert not (job.directory / "predictor.state.safetensors").exists()


@pytest.mark.parametrize("phase", [pytest.param("gan", marks=pytest.mark.full), "predictor"])
def test_a_fold_whose_node_is_killed_goes_on_elsewhere_from_its_last_epoch(
    nodes: Nodes, tmp_path: Path, phase: str
) -> None:
    whole, cut = fold_job(tmp_path / "whole", predictor=LONG), fold_job(tmp_path / "cut", predictor=LONG)
    undisturbed: list[tuple[str, int]] = []
    train_fold(whole, lambda tick: undisturbed.append((tick.phase, tick.epoch)))
    ticks: list[Tick] = []

    def kill_once(job: FoldJob, tick: Tick) -> None:
        ticks.append(tick)
        if (tick.phase, tick.epoch) == (phase, 2) and not killed:
            killed.append(tick.where)
            nodes.kill(tick.where)

    killed: list[str] = []

    with pytest.warns(UserWarning, match=rf"2018-12-31 was lost on .* goes on from epoch \d+ \({phase}\)"):
        assert train_folds([cut], RAY, kill_once) == ["2018-12-31"]
    assert ticks[-1].where not in killed
    assert [(tick.phase, tick.epoch) for tick in ticks] == undisturbed  # no epoch was done again
    assert contents(cut.directory) == contents(whole.directory)


def test_a_fold_whose_process_ends_is_begun_again(nodes: Nodes, tmp_path: Path) -> None:
    load = Counted(tmp_path / "marks", "ends its process once")
    with pytest.warns(UserWarning, match="2018-12-31 was lost on .* goes on from its beginning"):
        train_folds([fold_job(tmp_path / "run", load)], RAY, no_tick)
    assert load.calls == 2
    train_fold(fold_job(tmp_path / "alone"), lambda tick: None)
    assert contents(tmp_path / "run") == contents(tmp_path / "alone")


def test_own_failures_fail_once_and_the_others_finish(nodes: Nodes, tmp_path: Path) -> None:
    endless = Counted(tmp_path / "endless", "is not finite")
    broken = Counted(tmp_path / "broken", "raises")
    jobs = [
        fold_job(tmp_path / "a", endless, "2018-12-31"),
        fold_job(tmp_path / "b", broken, "2019-06-30"),
        fold_job(tmp_path / "c", planted_fold, "2019-12-31"),
    ]
    with pytest.raises(TrainingError) as raised:
        train_folds(jobs, RAY, no_tick)
    said = str(raised.value)
    assert said.startswith("2 of 3 trainings failed, the other 1 is done:\n")
    assert "2018-12-31: window of 600007.SH ending 2018-01-15 is not finite" in said
    assert "2019-06-30: " in said
    assert "KeyError: 'no such column'" in said
    assert (endless.calls, broken.calls) == (1, 1)
    assert [job.done for job in jobs] == [False, False, True]
    again = [fold_job(job.directory, name=job.name) for job in jobs]
    assert train_folds(again, RAY, no_tick) == ["2018-12-31", "2019-06-30"]


@pytest.mark.full
def test_a_fold_that_ends_every_process_is_given_up(nodes: Nodes, tmp_path: Path) -> None:
    load = Counted(tmp_path / "marks", "ends its process")
    jobs = [fold_job(tmp_path / "a", load, "2018-12-31"), fold_job(tmp_path / "b", name="2019-06-30")]
    with pytest.warns(UserWarning, match="2018-12-31 was lost"), pytest.raises(TrainingError) as raised:
        train_folds(jobs, RaySettings(retries=1), no_tick)
    assert "2018-12-31: its node or process was lost on " in str(raised.value)
    assert "2 times without an epoch between" in str(raised.value)
    assert load.calls == 2
    assert jobs[1].done


def test_a_file_that_is_no_state_is_named_where_the_run_directory_lies(nodes: Nodes, tmp_path: Path) -> None:
    job = fold_job(tmp_path / "run", kind="none")
    job.directory.mkdir()
    state = job.directory / "predictor.state.safetensors"
    state.write_bytes(b"nonsense")
    with pytest.raises(TrainingError, match="1 of 1 trainings failed:\n2018-12-31: ") as raised:
        train_folds([job], RAY, no_tick)
    assert f"{state} is no weights file of gangru" in str(raised.value)


def test_run_directories_of_other_settings_or_data_are_refused(nodes: Nodes, tmp_path: Path) -> None:
    job = fold_job(tmp_path / "other")
    job.directory.mkdir()
    (job.directory / "manifest.json").write_text('{"data_versions": {"bars": 7}}')
    with pytest.raises(TrainingError, match=r"2018-12-31: .*was begun on data versions \{'bars': 7\}"):
        train_folds([job], RAY, no_tick)


def test_each_array_is_put_once(nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    puts: list[Any] = []
    real = ray.put
    monkeypatch.setattr(ray, "put", lambda value: puts.append(value) or real(value))
    panel = planted_panel()
    of_another_study = replace(panel, labels=panel.labels * 2)
    jobs = [
        fold_job(tmp_path / name, panel_fold(one, last), name, kind="none")
        for name, one, last in [("a", panel, 60), ("b", panel, 70), ("c", of_another_study, 70)]
    ]
    train_folds(jobs, RAY, no_tick)
    assert all(job.done for job in jobs)
    assert len(puts) == 7 + 1


def test_an_interruption_stops_the_tasks_and_keeps_the_states(nodes: Nodes, tmp_path: Path) -> None:
    import ray

    jobs = [fold_job(tmp_path / name, name=name, predictor=LONG) for name in "abc"]

    def interrupt(job: FoldJob, tick: Tick) -> None:
        if (tick.phase, tick.epoch) == ("predictor", 2):
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="stopped 3 trainings"), pytest.raises(KeyboardInterrupt):
        train_folds(jobs, RAY, interrupt)
    kept = [path for job in jobs for path in job.directory.glob("predictor.state.safetensors")]
    assert kept
    assert not any(job.done for job in jobs)
    until = time.monotonic() + 20
    while ray.available_resources().get("CPU") != 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert ray.available_resources()["CPU"] == 2


DRIVER = """
import sys, logging
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from gangru.training.engines.ray import train_folds
from gangru.training.settings import RaySettings
from training.test_ray import two_long_jobs
def tell(job, tick):
    print(job.name, tick.phase, tick.epoch, flush=True)
train_folds(two_long_jobs(Path(sys.argv[1])), RaySettings(address=sys.argv[2]), tell)
"""


def two_long_jobs(root: Path) -> list[FoldJob]:
    """Two folds of some seconds."""
    return [fold_job(root / name, name=name, predictor=LONG) for name in ("2018-12-31", "2019-06-30")]


def test_a_killed_driver_s_study_is_completed_by_the_next(nodes: Nodes, tmp_path: Path) -> None:
    undisturbed: list[Epoch] = []
    local.train_folds(
        two_long_jobs(tmp_path / "whole"),
        lambda job, tick: undisturbed.append((job.name, tick.phase, tick.epoch)),
    )
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "cut"), nodes.address, str(TESTS)]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    told: list[Epoch] = []
    while ("predictor", 3) not in [epoch[1:] for epoch in told]:
        told.append(parsed(driver.stdout.readline()))
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    told += map(parsed, driver.stdout.readlines())
    jobs = two_long_jobs(tmp_path / "cut")
    assert not any(job.done for job in jobs)
    train_folds(jobs, RAY, lambda job, tick: told.append((job.name, tick.phase, tick.epoch)))
    for job in jobs:
        mine, whole = ([one for one in some if one[0] == job.name] for some in (told, undisturbed))
        rest = iter(whole)
        assert all(one in rest for one in mine)  # each epoch once, in its order
        assert len(mine) >= len(whole) - 1  # one may have been kept and not told before the kill
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def parsed(line: str) -> Epoch:
    """A line that a driver prints."""
    name, phase, epoch = line.split()
    return name, phase, int(epoch)


OWN = """
import os, sys, socket
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import psutil
from gangru.training.engines.ray import train_folds
from gangru.training.settings import RaySettings
from training.ray_jobs import fold_job
assert "ray" not in sys.modules
seen = set()
def look(job, tick):
    for process in psutil.Process().children(recursive=True):
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                seen.add(connection.laddr.ip)
train_folds([fold_job(Path(sys.argv[1]), kind="none")], RaySettings(), look)
assert seen and seen <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}, seen
"""


def test_a_cluster_of_its_own_listens_on_the_loopback_and_leaves_nothing_behind(tmp_path: Path) -> None:
    imported_ray()
    (tmp_path / "home").mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    environment |= {"HOME": str(tmp_path / "home"), "TMPDIR": "/tmp", "PYTHONPATH": SETTINGS["PYTHONPATH"]}
    before = set(Path("/tmp").glob("gangru-[rf]*"))
    command = [sys.executable, "-c", OWN, str(tmp_path / "run"), str(TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    train_fold(fold_job(tmp_path / "alone", kind="none"), lambda tick: None)
    assert contents(tmp_path / "run") == contents(tmp_path / "alone")
    assert list((tmp_path / "home").rglob("*")) == []
    assert set(Path("/tmp").glob("gangru-[rf]*")) <= before
