"""Pictures and scores of a trained generator in its run directory: made, made again, and nothing else touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gangru.errors import CheckpointError
from gangru.study import scoring, stages
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.jobs import fold_jobs
from gangru.study.pictures import draw_pictures
from gangru.study.scoring import apart, scored_jobs
from gangru.study.workspace import open_workspace
from gangru.training.gan_score import ScoreSettings
from small import small_workspace

FOLD = "2018-12-31"
QUICK = ScoreSettings(stocks=20, hidden=4, steps=5, batch=16)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A small study with one fold trained."""
    workspace = small_workspace(tmp_path_factory.mktemp("pictures") / "ws", training__last=FOLD)
    made = load_inputs(workspace)
    stages.train(made, lambda *_: None)
    return made


def run_directory(inputs: Inputs) -> Path:
    return inputs.workspace.runs / FOLD


def content(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in directory.iterdir()}


def test_a_training_leaves_both_pictures_and_a_second_one_touches_nothing(inputs: Inputs) -> None:
    before = content(run_directory(inputs))
    for name in ("gan_windows", "gan_curves"):
        assert before[f"{name}.svg"][0].startswith(b"<svg")
        assert f"{name}.csv" in before
    assert stages.train(inputs, lambda *_: None) == []
    assert content(run_directory(inputs)) == before


def test_a_picture_that_is_missing_is_drawn_again_as_it_was(inputs: Inputs) -> None:
    picture = run_directory(inputs) / "gan_windows.svg"
    was = picture.read_bytes()
    picture.unlink()
    stages.train(inputs, lambda *_: None)
    assert picture.read_bytes() == was


def test_a_fold_from_before_there_were_windows_has_the_other_picture(inputs: Inputs) -> None:
    windows, picture = run_directory(inputs) / "gan_windows.csv", run_directory(inputs) / "gan_windows.svg"
    other = run_directory(inputs) / "gan_curves.svg"
    kept = {path: path.read_bytes() for path in (windows, picture, other)}
    for path in kept:
        path.unlink()
    try:
        assert draw_pictures(inputs, fold_jobs(inputs, folds_of(inputs))) == [other]
        assert other.read_bytes() == kept[other]
        assert not picture.exists()
    finally:
        for path, was in kept.items():
            path.write_bytes(was)


def test_a_score_writes_its_file_and_nothing_else(inputs: Inputs) -> None:
    (job,) = scored_jobs(inputs, None)
    before = content(job.directory)
    document = scoring.score_fold(inputs, job, QUICK, lambda *_: None)
    after = content(job.directory)
    assert after.keys() - before.keys() == {"gan_score.json"}
    assert {name: after[name] for name in before} == before
    assert json.loads(after["gan_score.json"][0]) == document
    again = scoring.score_fold(inputs, job, QUICK, lambda *_: None)
    assert document | {"seconds": 0} == again | {"seconds": 0}
    assert (
        document["valid_dates"][-1]
        == json.loads((job.directory / "manifest.json").read_text())["valid_dates"][-1]
    )
    assert document["settings"]["stocks"] == 20


def test_validation_dates_whose_windows_meet_the_training_are_left_out(inputs: Inputs) -> None:
    (job,) = scored_jobs(inputs, FOLD)
    data = job.load()
    assert len(apart(data, inputs, FOLD).valid) == len(data.valid)
    near = type(data)(data.train + data.valid[:1], data.valid, ())
    # windows have 20 days and sample dates are 5 apart: the dates 5, 10 and 15 days later share days
    with pytest.raises(CheckpointError, match="2018-12-31: the windows of all 3 validation dates share days"):
        apart(near, inputs, FOLD)


def test_what_cannot_be_scored_is_told(inputs: Inputs) -> None:
    with pytest.raises(
        CheckpointError, match="study main has no fold '2017-01-01'; its folds are 2018-12-31"
    ):
        scored_jobs(inputs, "2017-01-01")
    root = inputs.workspace.root
    plain = load_inputs(open_workspace(root, "plain", {"features.generator": "none"}))
    with pytest.raises(CheckpointError, match=r"study plain has no generator \(features.generator = 'none'"):
        scored_jobs(plain, None)
    new = load_inputs(open_workspace(root, "new", {"training.seed": 4}))
    with pytest.raises(
        CheckpointError, match="no fold of study new is trained to its end: run `gangru train`"
    ):
        scored_jobs(new, None)
    with pytest.raises(CheckpointError, match="2018-12-31 of study new is not trained to its end: run"):
        scored_jobs(new, FOLD)


def test_the_command_prints_json_alone_or_a_table(inputs: Inputs) -> None:
    def gangru(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "100"}
        command = [sys.executable, "-W", "ignore", "-m", "gangru", "gan-score", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    root = str(inputs.workspace.root)
    done = gangru("-C", root, "--stocks", "3", "--steps", "4", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["study"] == "main"
    assert [fold["kind"] for fold in document["folds"]] == ["gan"]
    assert -0.5 <= document["folds"][0]["scores"]["discriminative"] <= 0.5
    assert json.loads((run_directory(inputs) / "gan_score.json").read_text()) == document["folds"][0]
    shown = gangru("-C", root, "--stocks", "3", "--steps", "4", "--fold", FOLD)
    assert all(
        word in shown.stdout for word in (FOLD, "discriminative", "predictive", "same on real", "naive")
    )
    failed = gangru("-C", root, "--fold", "2017-01-01")
    assert failed.returncode == 1
    assert "its folds are 2018-12-31" in failed.stderr
    helped = gangru("--help")
    assert "gangru gan-score" in helped.stdout.split("Examples:")[1]
