"""A workspace's sources: asked for by name, remembered, and asked again for what is new."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.errors import InputError
from gangru.market.sources.request import Request
from gangru.study import simulated
from gangru.study.ingesting import forget, open_source, take_in, update
from gangru.study.workspace import Workspace, init_workspace, open_workspace

HEAD = "code,date,open,high,low,close,volume\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    init_workspace(tmp_path / "ws")
    return open_workspace(tmp_path / "ws")


def bars(folder: Path, day: str, close: float = 10.0) -> Path:
    """One stock's bar of a day as a file."""
    path = folder / f"{day}.csv"
    path.write_text(f"{HEAD}600000.SH,{day},10,11,9,{close},1000\n")
    return path


def test_an_update_reads_only_files_that_are_new_or_differ(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bars(folder, "2020-01-02")
    bars(folder, "2020-01-03")
    take_in(workspace, Request("files", (str(folder),)))
    [done] = update(workspace)
    nothing = done.report
    assert nothing is not None
    assert not nothing.changed
    assert nothing.tables == {}
    assert nothing.notes == ("2 of 2 files are as they were and were passed over",)
    bars(folder, "2020-01-03", close=10.5)
    bars(folder, "2020-01-06")
    [done] = update(workspace)
    request, report = done.request, done.report
    assert report is not None
    assert request.paths == (str(folder),)
    assert (
        report.tables["bars"].rows_read,
        report.tables["bars"].change.new,
        report.tables["bars"].change.changed,
    ) == (2, 1, 1)
    assert workspace.store.read("bars")["close"].to_list() == [10.0, 10.5, 10.0]


def test_an_update_reads_again_what_the_settings_now_mean_differently(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bars(folder, "2020-01-02")
    init_workspace(tmp_path / "ws")
    take_in(open_workspace(tmp_path / "ws"), Request("files", (str(folder),)))
    text = (tmp_path / "ws" / "study.toml").read_text()
    (tmp_path / "ws" / "study.toml").write_text(text.replace("[data.units]", '[data.units]\nvolume = "lots"'))
    changed = open_workspace(tmp_path / "ws")
    update(changed)
    assert changed.store.read("bars")["volume"].to_list() == [100_000.0]


def test_a_file_that_was_refused_is_read_again_once_mended(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bars(folder, "2020-01-02")
    take_in(workspace, Request("files", (str(folder),)))
    broken = folder / "2020-01-03.csv"
    broken.write_text("code,date\n600000.SH,2020-01-03\n")
    [failed] = update(workspace)
    assert "2020-01-03.csv" in str(failed.error)
    bars(folder, "2020-01-03")
    update(workspace)
    assert len(workspace.store.read("bars")) == 2


def test_an_update_of_nothing_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="nothing has been ingested here yet"):
        update(workspace)


def test_requests_survive_being_written(tmp_path: Path) -> None:
    request = Request("tushare", (), None, ("bars",), ("600519.SH",), date(2020, 1, 1), date(2020, 2, 1))
    assert Request.from_json(request.to_json()) == request
    for text in (
        "",
        "{}",
        '{"source": "ftp"}',
        '{"source": "files", "colour": 1}',
        '{"source": "files", "since": "x"}',
    ):
        with pytest.raises(InputError):
            Request.from_json(text)


def test_a_source_lacking_what_it_needs_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TUSHARE_TOKEN", raising=False)
    with pytest.raises(InputError, match="name the files or folders"):
        open_source(workspace, Request("files"))
    with pytest.raises(InputError, match="takes one directory, not 2"):
        open_source(workspace, Request("qlib", ("a", "b")))
    with pytest.raises(InputError, match="TUSHARE_TOKEN"):
        open_source(workspace, Request("tushare"))
    with pytest.raises(InputError, match="--codes apple: expected codes as"):
        open_source(workspace, Request("tushare", codes=("apple",)))


def test_commands_take_a_source_by_name_or_paths_alone(tmp_path: Path) -> None:
    run = CliRunner()
    root = tmp_path / "ws"
    assert run.invoke(app, ["init", str(root)]).exit_code == 0
    path = bars(tmp_path, "2020-01-02")
    assert run.invoke(app, ["ingest", "files", str(path), "-C", str(root)]).exit_code == 0
    again = run.invoke(app, ["ingest", str(path), "-C", str(root)])
    assert again.exit_code == 0
    assert "nothing in the store has changed" in again.output
    updated = run.invoke(app, ["update", "-C", str(root)])
    assert updated.exit_code == 0
    assert "bars: last day 2020-01-02, as before" in updated.output
    assert run.invoke(app, ["ingest", str(path), "--since", "soon", "-C", str(root)]).exit_code == 2


def test_the_simulator_is_a_source(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    init_workspace(root, {"simulate.stocks": 60, "simulate.last": "2017-12-29"})
    workspace = open_workspace(root)
    report = take_in(workspace, Request("simulate"))
    assert report.tables["bars"].change.new > 1000
    [again] = update(workspace)
    assert again.report is not None
    assert not again.report.changed


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_correction_that_came_later_still_wins_after_an_update(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    init_workspace(root)
    take_in(open_workspace(root), Request("files", (str(bars(tmp_path, "2020-01-02")),)))
    correction = written(tmp_path / "a_correction.csv", f"{HEAD}600000.SH,2020-01-02,10,11,9,10.5,1000\n")
    take_in(open_workspace(root), Request("files", (str(correction),)))
    text = (root / "study.toml").read_text()
    (root / "study.toml").write_text(text.replace('interval_ends = "auto"', 'interval_ends = "exclusive"'))
    update(open_workspace(root))
    assert open_workspace(root).store.read("bars")["close"].to_list() == [10.5]


def test_a_source_that_is_gone_does_not_stop_the_others_and_can_be_forgotten(
    workspace: Workspace, tmp_path: Path
) -> None:
    gone = bars(tmp_path, "2020-01-02")
    folder = tmp_path / "in"
    folder.mkdir()
    bars(folder, "2020-01-03")
    take_in(workspace, Request("files", (str(gone),)))
    take_in(workspace, Request("files", (str(folder),)))
    gone.unlink()
    bars(folder, "2020-01-06")
    failed, done = update(workspace)
    assert "does not exist" in str(failed.error)
    assert done.report is not None
    assert done.report.tables["bars"].change.new == 1
    assert forget(workspace, str(gone)) == 1
    assert [one.error for one in update(workspace)] == [None]


def test_a_file_of_a_folder_ingested_alone_leaves_the_folder_remembered(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    first = bars(folder, "2020-01-02")
    take_in(workspace, Request("files", (str(folder),)))
    take_in(workspace, Request("files", (str(first),)))
    bars(folder, "2020-01-03")
    update(workspace)
    assert len(workspace.store.read("bars")) == 2


def test_a_mended_file_leaves_the_quarantine_however_it_was_named(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"{HEAD}600000.SH,2020-01-02,10,11,9,10,1000\n600000.SH,2020-01-03,x,11,9,10,1000\n"
    written(tmp_path / "b.csv", text)
    take_in(workspace, Request("files", ("b.csv",)))
    assert workspace.store.read("quarantine")["file"].to_list() == [str(tmp_path / "b.csv")]
    written(tmp_path / "b.csv", text.replace("x,11", "10,11"))
    update(workspace)
    assert workspace.store.read("quarantine").is_empty()


def test_a_bar_waits_for_its_day_and_comes_in_once_the_calendar_has_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    days = "date\n2020-01-02\n2020-01-06\n"
    calendar = written(folder / "calendar.csv", days)
    written(
        folder / "b.csv",
        f"{HEAD}600000.SH,2020-01-02,10,11,9,10,1000\n600000.SH,2020-01-03,10,11,9,10,1000\n",
    )
    take_in(workspace, Request("files", (str(folder),)))
    assert len(workspace.store.read("bars")) == 1
    calendar.write_text(days + "2020-01-03\n")
    update(workspace)
    assert len(workspace.store.read("bars")) == 2
    assert workspace.store.read("quarantine").is_empty()


def test_a_simulation_that_is_stopped_does_not_say_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    init_workspace(tmp_path / "ws", {"simulate.stocks": 60, "simulate.last": "2017-12-29"})
    monkeypatch.setattr(simulated, "write_frame", stopped)
    with pytest.raises(KeyboardInterrupt):
        simulated.simulate_market(open_workspace(tmp_path / "ws"))
    assert not (tmp_path / "ws" / simulated.FOLDER / "simulate.json").exists()


def test_simulated_bars_are_not_mixed_with_others(workspace: Workspace, tmp_path: Path) -> None:
    take_in(workspace, Request("files", (str(bars(tmp_path, "2020-01-02")),)))
    with pytest.raises(InputError, match="in a workspace of its own"):
        take_in(workspace, Request("simulate"))
    root = tmp_path / "other"
    init_workspace(root, {"simulate.stocks": 60, "simulate.last": "2017-12-29"})
    take_in(open_workspace(root), Request("simulate"))
    take_in(open_workspace(root / ".." / "other"), Request("simulate"))
    text = (root / "study.toml").read_text()
    (root / "study.toml").write_text(text.replace("seed = 1", "seed = 7", 1))
    with pytest.raises(InputError, match="in a workspace of its own"):
        take_in(open_workspace(root), Request("simulate"))
