"""A study held to versions of the store: written into its settings, honoured by its reads, kept by compaction."""

import json
import tomllib
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.errors import SettingsError, StoreError
from gangru.market.schema import CALENDAR, TABLES
from gangru.study.pins import latest_pins, run_pins, versions_in_use, with_pins, write_pins
from gangru.study.settings import read_toml, settings_from
from gangru.study.workspace import Workspace, init_workspace, open_workspace

DAY, NEXT = date(2020, 1, 2), date(2020, 1, 3)


def run(root: Path, *arguments: str) -> str:
    """What a command prints; it must succeed."""
    result = CliRunner().invoke(app, [*arguments, "-C", str(root)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose calendar has two versions."""
    monkeypatch.setattr("sys.argv", ["/usr/bin/gangru", "ingest", "calendar.csv"])
    init_workspace(tmp_path)
    store = open_workspace(tmp_path).store
    store.upsert(CALENDAR, pl.DataFrame({"date": [DAY]}))
    store.upsert(CALENDAR, pl.DataFrame({"date": [NEXT]}))
    return tmp_path


def manifest(root: Path, study: str, fold: str, **versions: int | None) -> None:
    path = root / "runs" / study / fold / "manifest.json"
    path.parent.mkdir(parents=True)
    whole = dict.fromkeys(TABLES) | versions
    path.write_text(json.dumps({"data_versions": whole}))


def days(workspace: Workspace) -> int:
    return len(workspace.store.read("calendar"))


def test_a_study_pinned_to_its_run_reads_what_it_was_trained_on_after_the_data_moved_on(root: Path) -> None:
    manifest(root, "main", "2020-01-31", calendar=0)
    before = (root / "study.toml").read_text()
    run(root, "store", "pin", "--from-run")
    workspace = open_workspace(root)
    assert workspace.settings.data.pins == {name: 0 if name == "calendar" else -1 for name in TABLES}
    assert days(workspace) == 1
    assert workspace.store.versions() == dict.fromkeys(TABLES) | {"calendar": 0}
    workspace.store.unpinned().upsert(CALENDAR, pl.DataFrame({"date": [date(2020, 1, 6)]}))
    assert days(open_workspace(root)) == 1
    assert run(root, "sql", "select count(*) as days from calendar").split() == ["days", "1"]
    assert "calendar 0" in run(root, "store", "pin")
    run(root, "store", "pin", "--release")
    assert days(open_workspace(root)) == 3
    assert run(root, "store", "pin") == "not pinned\n"
    assert (root / "study.toml").read_text().rstrip() == before.rstrip()


def test_a_variant_is_pinned_by_itself(root: Path) -> None:
    open_workspace(root, "may", {"training.seed": 5})
    run(root, "store", "pin", "--latest", "--study", "may")
    open_workspace(root).store.upsert(CALENDAR, pl.DataFrame({"date": [date(2020, 1, 6)]}))
    assert days(open_workspace(root, "may")) == 2
    assert open_workspace(root, "may").settings.training.seed == 5
    assert days(open_workspace(root)) == 3
    write_pins(root, "may", {})
    assert days(open_workspace(root, "may")) == 3


def test_pinning_again_replaces_the_pins_and_leaves_the_comments(root: Path) -> None:
    write_pins(root, "main", {"calendar": 0, "bars": -1})
    text = (root / "study.toml").read_text()
    write_pins(root, "main", {"calendar": 1})
    assert open_workspace(root).settings.data.pins == {"calendar": 1}
    changed = (root / "study.toml").read_text()
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in changed.splitlines() if line.startswith("#")
    ]


def test_settings_without_a_table_of_pins_get_one_and_those_with_others_keep_them() -> None:
    text = '[data]\nstore = "x"\n\n[gan]\nepochs = 3\n'
    pinned = with_pins(text, {"bars": 4})
    assert pinned == text + "\n[data.pins]\nbars = 4\n"
    amid = '[data]\nstore = "x"\n[data.pins] # ours\nbars = 4\n# why\nst = 2\n\n# next\n[gan]\nepochs = 3\n'
    assert with_pins(amid, {"bars": 5}) == (
        '[data]\nstore = "x"\n[data.pins] # ours\nbars = 5\n# why\n\n# next\n[gan]\nepochs = 3\n'
    )


BEFORE = ["", '[data]\nstore = "x"', '[data]\nstore = "x"  # ours\n\n', "# [data.pins]\n# bars = 3\n"]
SECTIONS = ["", "[data.pins]", "[data.pins]\n", " \t[data.pins]  # held\n  bars = 4\n# why\nst = 2\n"]
AFTER = ["", "\n[gan]\nepochs = 3\n", "\n  [gan]\n# [data.pins]\nepochs = 3"]


@pytest.mark.parametrize("line", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "section", "after"), [(b, s, a) for b in BEFORE for s in SECTIONS for a in AFTER]
)
def test_pins_are_edited_wherever_their_table_stands_and_nothing_else_is(
    tmp_path: Path, before: str, section: str, after: str, line: str
) -> None:
    text = "\n".join(part for part in (before, section) if part) + after
    path = tmp_path / "study.toml"
    path.write_bytes(text.replace("\n", line).encode())
    for pins in ({"bars": 5, "calendar": -1}, {"bars": 6}, {}):
        write_pins(tmp_path, "main", pins)
        now = path.read_bytes().decode()
        assert tomllib.loads(now).get("data", {}).get("pins", {}) == pins
        if line == "\r\n" and "\n" in text:
            assert "\n" not in now.replace("\r\n", "")
        entries = {"bars", "st", "calendar"}
        kept = [one for one in text.splitlines() if one.split("=")[0].strip() not in entries]
        left = [one for one in now.splitlines() if one.split("=")[0].strip() not in entries]
        added = [] if section else ["[data.pins]"]
        assert sorted(filter(str.strip, left)) == sorted(filter(str.strip, kept + added))


@pytest.mark.parametrize("text", ["[data]\npins.bars = 3\n", "[data]\npins = {bars = 3}\n# [data.pins]\n",
                                  "[ data . pins ]\nbars = 3\n", '[data]\nstore = """\n[data.pins]\n"""\n'])  # fmt: skip
def test_pins_that_cannot_be_edited_leave_the_file_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="then pin again"):
        write_pins(tmp_path, "main", {"bars": 1})
    assert path.read_text() == text


def test_pins_written_inline_are_not_edited(root: Path) -> None:
    path = root / "study.toml"
    path.write_text("[data]\npins = {calendar = 0}\n")
    assert days(open_workspace(root)) == 1
    with pytest.raises(SettingsError, match=r"write the pins of \[data\] as a table"):
        write_pins(root, "main", {"calendar": 1})


@pytest.mark.parametrize("pins", ["barz = 1", "bars = -2"])
def test_pins_that_fit_nothing_are_refused_by_the_settings(root: Path, pins: str) -> None:
    path = root / "study.toml"
    path.write_text(f"[data.pins]\n{pins}\n")
    with pytest.raises(SettingsError, match=r"data.pins\.bar. = -?\d: expected a version of one of bars"):
        settings_from(read_toml(path), str(path))


def test_runs_of_different_data_fit_no_pin(root: Path) -> None:
    with pytest.raises(StoreError, match="holds no run"):
        run_pins(open_workspace(root))
    manifest(root, "main", "2020-01-31", calendar=0)
    manifest(root, "main", "2021-01-31", calendar=1)
    with pytest.raises(
        StoreError, match=r"2020-01-31 was trained on version 0 of calendar, run 2021-01-31 on 1"
    ):
        run_pins(open_workspace(root))


def test_the_versions_in_use_are_those_of_runs_factors_and_pins(root: Path) -> None:
    manifest(root, "main", "2020-01-31", calendar=0, bars=3)
    manifest(root, "may", "2020-01-31", calendar=1)
    (root / "runs" / "may" / "factor.json").write_text(json.dumps({"data_versions": {"bars": 7, "st": None}}))
    open_workspace(root, "may", {"training.seed": 5})
    write_pins(root, "may", {"bars": 2, "st": -1})
    write_pins(root, "main", {"industry": 5})
    found = {name: versions for name, versions in versions_in_use(root).items() if versions}
    assert found == {"calendar": {0, 1}, "bars": {2, 3, 7}, "industry": {5}}


def test_a_manifest_that_cannot_be_read_stops_what_would_delete(root: Path) -> None:
    path = root / "runs" / "main" / "2020-01-31" / "manifest.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"data_vers')
    with pytest.raises(StoreError, match=r"manifest.json does not say which data it stands on"):
        versions_in_use(root)


def test_the_commands_show_the_log_compact_and_answer(root: Path) -> None:
    lines = run(root, "store", "log").splitlines()
    assert lines[0].split() == ["time", "table", "version", "write", "rows", "by"]
    assert [line.split()[2:] for line in lines[1:]] == [
        ["calendar", "1", "upsert", "+1", "gangru", "ingest", "calendar.csv"],
        ["calendar", "0", "upsert", "+1", "gangru", "ingest", "calendar.csv"],
    ]
    assert "nothing has been written" in run(root, "store", "log", "st")
    assert run(root, "store", "compact", "--drop-older-than", "7") == "calendar: 2 files are 1\n"
    assert run(root, "store", "compact") == "nothing to merge\n"
    assert latest_pins(open_workspace(root))["calendar"] == 2
    shown = run(root, "sql", "select * from calendar order by date", "--limit", "1")
    assert shown.split("\n")[1].strip() == "2020-01-02"
    assert "rows left out: 1; --limit 2 prints them" in shown
    run(root, "sql", "select * from calendar order by date", "--csv", str(root / "c.csv"))
    assert (root / "c.csv").read_text() == "date\n2020-01-02\n2020-01-03\n"
    run(root, "sql", "select * from calendar order by date", "--parquet", str(root / "c.parquet"))
    assert pl.read_parquet(root / "c.parquet")["date"].to_list() == [DAY, NEXT]
    wrong = CliRunner().invoke(app, ["sql", "select nope from calendar", "-C", str(root)])
    assert isinstance(wrong.exception, StoreError)
