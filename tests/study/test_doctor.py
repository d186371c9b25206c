"""The doctor: what it finds on a sound workspace, on a sick one, and with another today."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.errors import SettingsError
from gangru.study import doctor
from gangru.study.doctor import GIB, Finding, examined, healthy
from gangru.study.workspace import Workspace, open_workspace
from small import small_workspace

TODAY = date(2019, 9, 2)  # three days after the small market's last


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return small_workspace(tmp_path_factory.mktemp("doctor") / "ws")


def of(found: list[Finding], what: str) -> list[Finding]:
    return [finding for finding in found if finding.what == what]


def test_a_sound_workspace_is_told_what_is_due_next(workspace: Workspace) -> None:
    found = examined(lambda: workspace, TODAY)
    assert healthy(found)
    assert of(found, "trainings")[0].said == "0 of 2 due trainings are done"
    assert of(found, "trainings")[0].advice == "gangru run trains 2018-12-31 next"
    assert of(found, "editions")[0].said == "last issued: none; the data know 2019-07"
    assert "bars from 2018-01-02 to 2019-08-30" in of(found, "store")[0].said
    assert len(of(found, "store")) == 1
    assert "torch" in of(found, "packages")[0].said


@pytest.mark.parametrize(("today", "said"), [(date(2019, 9, 9), 1), (date(2019, 9, 10), 2)])
def test_old_bars_are_told_by_the_day(workspace: Workspace, today: date, said: int) -> None:
    assert len(of(examined(lambda: workspace, today), "store")) == said


def test_a_calendar_that_ends_is_told_in_time(workspace: Workspace) -> None:
    far = of(examined(lambda: workspace, date(2040, 1, 1)), "calendar")[0]
    assert (far.state, far.advice) == ("warning", "ingest a calendar file")
    assert of(examined(lambda: workspace, TODAY), "calendar")[0].state == "ok"


def test_done_and_begun_trainings_are_counted(workspace: Workspace) -> None:
    done, begun = workspace.runs / "2018-12-31", workspace.runs / "2019-06-30"
    for run in (done, begun):
        run.mkdir(parents=True)
        (run / "settings.toml").write_text("")
    (done / "DONE").write_text("")
    (workspace.reports / "issued" / "2019-07" / "001").mkdir(parents=True)
    (workspace.reports / "issued" / "2019-08").mkdir()  # all that a killed issue may leave
    found = examined(lambda: workspace, TODAY)
    assert of(found, "trainings")[0].said == "1 of 2 due trainings are done; begun: 2019-06-30"
    assert of(found, "editions")[0] == Finding("editions", "ok", "last issued: 2019-07")


def test_seeds_and_kinds_beside_are_trainings_too(workspace: Workspace) -> None:
    settings = workspace.settings
    more = replace(
        settings,
        training=replace(settings.training, seeds=2),
        predictor=replace(settings.predictor, beside=("reversal",)),
    )
    run = workspace.root / "runs" / "more" / "2018-12-31"
    for folder in (run, run / "seed-1"):
        folder.mkdir(parents=True)
        (folder / "DONE").write_text("")
    told = of(examined(lambda: replace(workspace, study="more", settings=more), TODAY), "trainings")[0]
    assert told.said == "2 of 6 due trainings are done"
    assert told.advice == "gangru run trains 2018-12-31 reversal next"


def test_no_workspace_no_bars_and_no_card_are_errors(workspace: Workspace, tmp_path: Path) -> None:
    def none() -> Workspace:
        raise SettingsError("study.toml is not there")

    assert not healthy(examined(none, TODAY))
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(workspace.root / "study.toml", empty)
    found = examined(lambda: open_workspace(empty), TODAY)
    assert of(found, "store")[0].state == "error"
    assert not of(found, "calendar")
    assert doctor.device("cuda:63").state == "error"


@pytest.mark.parametrize(("free", "state"), [(100 * GIB, "ok"), (2 * GIB, "warning"), (GIB // 4, "error")])
def test_little_space_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    usage: Callable[[Path], object] = lambda _: shutil._ntuple_diskusage(free, 0, free)  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert of(list(doctor.places(workspace)), "free space")[0].state == state


def test_the_command_prints_a_table_or_json_and_no_token(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUSHARE_TOKEN", "secret-token")
    shown = CliRunner().invoke(app, ["doctor", "-C", str(workspace.root)])
    assert shown.exit_code == 0
    assert "free space" in shown.output
    told = CliRunner().invoke(app, ["doctor", "-C", str(workspace.root), "--json"])
    assert json.loads(told.stdout)["healthy"] is True
    assert "secret-token" not in shown.output + told.output
    assert CliRunner().invoke(app, ["doctor", "-C", str(workspace.root / "nowhere")]).exit_code == 1
