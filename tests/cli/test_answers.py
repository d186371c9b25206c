"""Every command answers with one JSON object where it is asked to; --quiet and --log do what they say."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.text import Text
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.cli.telling import telling
from small import small_workspace

WITHOUT = {"serve", "demo", "help"}  # pages, a show, and text to read
REVERSAL = {"predictor__kind": "reversal", "features__generator": "none", "training__folds": ["2018-12-31"]}
Answer = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("answers") / "ws"
    small_workspace(root, report__formats=["html"], **REVERSAL)
    return root


@pytest.fixture(scope="module")
def ask(root: Path) -> Answer:
    """A command's answer; fails where stdout holds anything but one object."""

    def asked(*words: object, where: bool = True) -> dict[str, Any]:
        command = [*map(str, words), "--json", *(["-C", str(root)] if where else [])]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        answered = json.loads(done.stdout)
        assert answered["schema_version"] >= 1
        return dict(answered)

    return asked


@pytest.fixture(scope="module")
def trained(ask: Answer) -> list[str]:
    return list(ask("train")["trained"])


def test_help_shows_every_word_that_is_written() -> None:
    """Square brackets are markup to the help's renderer: a section's name in them would be gone."""

    def texts(command: Any) -> list[str]:
        own = [command.help or "", *(getattr(p, "help", None) or "" for p in command.params)]
        return [*own, *(text for sub in getattr(command, "commands", {}).values() for text in texts(sub))]

    written = texts(typer.main.get_command(app))
    assert len(written) > 100
    assert [text for text in written if Text.from_markup(text).plain != text] == []


def test_every_command_knows_json_but_those_that_are_to_be_looked_at() -> None:
    def names(group: Any) -> set[str]:
        return {
            command.name
            for command in group.commands.values()
            if not hasattr(command, "commands")
            and "--json" not in {o for p in command.params for o in p.opts}
        }

    whole: Any = typer.main.get_command(app)
    groups = [whole, *(c for c in whole.commands.values() if hasattr(c, "commands"))]
    assert set().union(*map(names, groups)) == WITHOUT


def test_lists_are_answered(ask: Answer, tmp_path: Path) -> None:
    assert {p["name"] for p in ask("presets", where=False)["presets"]} >= {"published", "plain-gru"}
    assert ask("features", where=False)["features"][0]["name"] == "open"
    rules = ask(
        "rules", "--date", "2026-07-03", "--code", "600519", "--reference", 10.05, "--st", where=False
    )
    assert rules["limits"] == [9.55, 10.55]
    assert ask("init", tmp_path / "new", where=False)["written"].endswith("study.toml")


def test_the_stores_commands_are_answered(ask: Answer, root: Path, tmp_path: Path) -> None:
    again = ask("ingest", root / "simulated")["ingested"]
    assert again["tables"]["bars"]["change"]["new"] == 0
    assert ask("update")["sources"][0]["error"] is None
    assert len(ask("facts", "--as-of", "2019-06-28")["stocks"]) > 50
    sql = ask("sql", "select code, close from bars order by date, code", "--limit", 2)
    assert (sql["columns"], len(sql["rows"])) == (["code", "close"], 2)
    assert sql["left_out"] > 1000
    assert ask("store", "log", "bars")["commits"][0]["table"] == "bars"
    assert ask("store", "pin") == {"schema_version": 1, "pins": {}}
    assert {one["table"] for one in ask("store", "compact")["tables"]} >= {"bars"}
    assert ask("quarantine")["quarantine"] == []
    assert ask("quarantine", "show") == {"schema_version": 1, "rows": [], "left_out": 0}
    faulty = tmp_path / "faulty.csv"
    faulty.write_text(
        "code,date,open,high,low,close,volume\n600999.SH,2018-01-03,5,4,5,5,100\n600999.SH,2018-01-04,5,5,5,5,100\n"
    )
    assert ask("ingest", faulty)["ingested"]["tables"]["bars"]["quarantined"] == 1
    assert ask("quarantine", "show", "--limit", 1)["rows"][0]["file"].endswith("faulty.csv")
    assert ask("quarantine", "release", "--file", "faulty.csv")["released"]["rows"] == 1
    assert ask("export", "qlib", tmp_path / "qlib")["stocks"] > 50


def test_the_stages_are_answered_in_order(ask: Answer, trained: list[str], tmp_path: Path) -> None:
    assert trained == ["2018-12-31"]
    assert ask("train")["trained"] == []
    made = ask("factor")
    assert (made["dates"], made["kept"]) == (6, 0)
    assert ask("factor")["kept"] == 6
    assert ask("chart", "--list")["charts"][0]["name"]
    assert Path(ask("chart", "ic", "--out", tmp_path / "ic.svg")["written"]).exists()
    assert Path(ask("report")["reports"][0]).name == "2019-07.html"
    whole = ask("run")
    assert whole["last_month"] == "2019-07"
    assert whole["headline"]["months"] == 6
    assert ask("export", "arrays", tmp_path / "arrays")["trainings"] == []


def gangru(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gangru", *words], capture_output=True, text=True, check=False
    )


def test_quiet_shows_no_progress_and_the_log_has_every_step(
    root: Path, trained: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    done = gangru("--quiet", "--log", str(log), "factor", "-C", str(root), "--anew")
    assert (done.returncode, done.stderr) == (0, "")
    failed = gangru("-q", "--log", str(log), "report", "-C", str(root), "--month", "1999-01")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("gangru: the first date of the factor table is 2019-01-31")
    told = [json.loads(text) for text in log.read_text("utf-8").splitlines()]
    assert [event["event"] for event in told[:3]] == ["start", "step", "end"]
    assert told[0]["command"][3] == "factor"
    assert told[1]["what"] == "reading the market"
    assert [event["event"] for event in told if event["event"] in ("error", "end")] == ["end", "error", "end"]
    assert (told[-1]["status"], told[2]["status"]) == (1, 0)


def test_the_log_has_an_end_whatever_ends_the_command(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    program = f"""
import gangru.cli.app as command
def fails():
    command.telling.begin(quiet=True, log=__import__("pathlib").Path({str(log)!r}))
    raise RuntimeError("out of luck")
command.app = fails
command.main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "RuntimeError: out of luck" in done.stderr
    told = [json.loads(text) for text in log.read_text("utf-8").splitlines()]
    assert [event["event"] for event in told] == ["start", "error", "end"]
    assert (told[1]["text"], told[2]["status"]) == ("RuntimeError: out of luck", 1)


def test_a_foreign_code_page_loses_no_name(root: Path, tmp_path: Path) -> None:
    rows = tmp_path / "names.csv"
    rows.write_text("code,start,end,name\n600999.SH,2018-01-02,,招商证券\n", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": "cp1252:strict", "PYTHONUTF8": "0", "LC_ALL": "C"}
    for words in (
        ["ingest", str(rows)],
        ["sql", "select name from names where code = '600999.SH'", "--json"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "gangru", *words, "-C", str(root)],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "招商证券" in done.stdout.decode("utf-8")


def test_epochs_are_events(root: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    words = ["train", "-C", str(root), "--study", "net", "--set", "predictor.kind=gru"]
    done = CliRunner().invoke(app, ["--log", str(log), *words])
    telling.end(0)
    assert done.exit_code == 0, done.output
    epochs = [
        e for text in log.read_text("utf-8").splitlines() if (e := json.loads(text))["event"] == "epoch"
    ]
    assert [(e["training"], e["phase"], e["epoch"], e["of"]) for e in epochs] == [
        ("2018-12-31", "predictor", 1, 2),
        ("2018-12-31", "predictor", 2, 2),
    ]
    assert "valid_ic" in epochs[0]["figures"]
