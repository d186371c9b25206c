"""The commands as a user types them: what they print, where, and with which exit status."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.main import get_command

from gangru.cli.app import app
from gangru.market.schema import BARS
from gangru.study.workspace import open_workspace
from small import small_workspace


def gangru(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "100"}
    command = [sys.executable, "-W", "ignore", "-m", "gangru", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace after `gangru run`."""
    root = tmp_path_factory.mktemp("commands") / "ws"
    small_workspace(root, simulate__last="2020-03-31", training__last="2019-06-30")
    done = gangru("run", cwd=root)
    assert done.returncode == 0, done.stderr
    return root


def test_run_leaves_all_files_and_names_the_report(workspace: Path) -> None:
    run = workspace / "runs" / "main"
    assert sorted(p.name for p in run.iterdir()) == [
        "2018-12-31", "2019-06-30", "drops.parquet", "evaluation.json", "evaluation.kept", "factor.json", "factor.parquet"
    ]  # fmt: skip
    assert (workspace / "reports" / "main" / "2020-01.html").exists()
    factor = pl.read_parquet(run / "factor.parquet")
    assert factor.columns == ["date", "code", "pret", "factor", "fold"]
    assert factor["date"].n_unique() == 12  # January to December 2019: the second fold serves to its last day


def test_evaluate_json_prints_one_object_and_nothing_else(workspace: Path) -> None:
    done = gangru("evaluate", "--json", "-C", str(workspace))
    assert done.returncode == 0
    document = json.loads(done.stdout)
    wanted = (
        "months ic_mean icir ic_latest ic_1y annual_return annual_volatility return_over_volatility information_ratio "
        "max_drawdown turnover annual_excess"
    )
    for headline in ("headline", "headline_pearson", "headline_raw", "headline_t"):
        assert set(wanted.split()) <= document[headline].keys()
    assert document["study"] == "main"
    assert {"month", "ic", "rank_ic", "n"} <= document["series"][0].keys()
    assert {"schema_version", "industries", "deciles", "data", "notes"} <= document.keys()
    assert document == json.loads((workspace / "runs" / "main" / "evaluation.json").read_text())


def test_the_report_has_every_headline_figure_of_the_json(workspace: Path) -> None:
    document = json.loads((workspace / "runs" / "main" / "evaluation.json").read_text())
    html = (workspace / "reports" / "main" / "2020-01.html").read_text()
    headline = document["headline"]
    for name in (
        "ic_mean",
        "ic_latest",
        "annual_return",
        "annual_volatility",
        "annual_excess",
        "max_drawdown",
    ):
        assert f"{abs(headline[name]):.2%}".rstrip("%") in html, name
    for name in ("icir", "return_over_volatility", "information_ratio", "turnover"):
        assert f"{abs(headline[name]):.2f}" in html, name


def test_a_chart_is_written_by_its_name(workspace: Path, tmp_path: Path) -> None:
    listed = gangru("chart", "--list", "-C", str(workspace))
    assert listed.returncode == 0, listed.stderr
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    assert {"ic", "net_value", "net_value-drawdown", "deciles"} <= set(names)
    done = gangru("chart", "net_value-drawdown", "-C", str(workspace), "--month", "2019-08", cwd=tmp_path)
    assert done.stdout.strip() == "main-2019-08-net_value-drawdown.svg"
    assert (tmp_path / done.stdout.strip()).read_bytes().startswith(b"<svg")
    picture = tmp_path / "one.png"
    chosen = ("--lang", "zh", "--width", "400", "--out", str(picture))
    assert gangru("chart", "ic", "-C", str(workspace), *chosen).returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_chart_that_cannot_be_is_told(workspace: Path, tmp_path: Path) -> None:
    unknown = gangru("chart", "ics", "-C", str(workspace), cwd=tmp_path)
    assert unknown.returncode == 1
    assert "no chart is called 'ics'; this edition has ic" in unknown.stderr
    for wrong in (("chart",), ("chart", "ic", "--list"), ("chart", "ic", "--out", "ic.jpg")):
        assert gangru(*wrong, "-C", str(workspace), cwd=tmp_path).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_an_index_is_enhanced_and_every_month_says_how(workspace: Path) -> None:
    pytest.importorskip("cvxpy", reason="the extra enhance is not installed")
    done = gangru("enhance", "--index", "csi300", "--json", "-C", str(workspace))
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [row["month"] for row in document["months"]] == [f"2019-{m:02}" for m in range(2, 13)] + [
        "2020-01"
    ]
    assert {row["status"] for row in document["months"]} <= {"solved", "relaxed", "kept"}
    assert all(row["blame"] for row in document["months"] if row["status"] != "solved")
    assert document["daily"][0]["enhanced"] == document["daily"][0]["index"] == 1
    assert document["net"]["annual_return"] < document["gross"]["annual_return"]
    printed = gangru("enhance", "--index", "000300.SH", "-C", str(workspace))
    assert printed.returncode == 0
    assert "Tracking error" in printed.stdout


def test_an_index_that_is_not_in_the_store_is_told_with_those_that_are(workspace: Path) -> None:
    done = gangru("enhance", "--index", "csi1000", "-C", str(workspace))
    assert done.returncode == 1
    assert "no members of the index 'csi1000'; it has 000300.SH, 000905.SH, 000985.SH" in done.stderr
    none = gangru("enhance", "-C", str(workspace))
    assert none.returncode == 1
    assert "--index 000300.SH" in none.stderr


def test_a_second_run_trains_nothing_and_changes_no_byte(workspace: Path) -> None:
    files = {p: p.read_bytes() for p in sorted((workspace / "runs").rglob("*")) if p.is_file()}
    report = (workspace / "reports" / "main" / "2020-01.html").read_bytes()
    done = gangru("run", cwd=workspace)
    assert done.returncode == 0
    assert files == {p: p.read_bytes() for p in sorted((workspace / "runs").rglob("*")) if p.is_file()}
    assert (workspace / "reports" / "main" / "2020-01.html").read_bytes() == report


def test_an_older_edition_is_that_of_a_store_which_ends_with_it(workspace: Path, tmp_path: Path) -> None:
    """The edition of 2019-08 from all the data and from the data up to its last label says the same, but for versions."""
    assert gangru("report", "--month", "2019-08", cwd=workspace).returncode == 0
    younger = tmp_path / "younger"
    shutil.copytree(workspace, younger)
    shutil.rmtree(younger / "reports")
    store = open_workspace(younger).store
    bars = store.read("bars").filter(pl.col("date") <= date(2019, 9, 2))
    shutil.rmtree(younger / "store" / "bars")
    store.upsert(BARS, bars)
    assert gangru("factor", cwd=younger).returncode == 0
    done = gangru("report", "--month", "2019-08", cwd=younger)
    assert done.returncode == 0, done.stderr
    pages = []
    for root in (
        workspace,
        younger,
    ):  # stocks listed later widen the arrays, and sums differ in their last bit
        text = (root / "reports" / "main" / "2019-08.json").read_text()
        pages.append(json.loads(text, parse_float=lambda number: round(float(number), 9) + 0.0))
    texts = [json.dumps([s for s in page["sections"] if s["key"] != "provenance"]) for page in pages]
    assert len(texts[0]) > 10_000
    assert texts[0] == texts[1]


def test_a_factor_made_from_other_settings_is_not_evaluated(workspace: Path) -> None:
    text = (workspace / "study.toml").read_text()
    try:
        (workspace / "study.toml").write_text(
            text.replace('neutralise = "industry_size"', 'neutralise = "none"')
        )
        done = gangru("evaluate", cwd=workspace)
    finally:
        (workspace / "study.toml").write_text(text)
    assert done.returncode == 1
    assert "factor.neutralise was 'industry_size', is 'none'" in done.stderr


def test_a_month_that_is_not_known_is_a_failure_that_says_which_are(workspace: Path) -> None:
    done = gangru("report", "--month", "2025-01", cwd=workspace)
    assert done.returncode == 1
    assert "2019-02" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variant_lives_beside_the_main_study(workspace: Path) -> None:
    done = gangru("run", "--study", "gru", "--set", 'features.generator="none"', cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert not (workspace / "runs" / "gru" / "2018-12-31" / "generator.safetensors").exists()
    assert (workspace / "reports" / "gru" / "2020-01.html").exists()


def test_changed_settings_do_not_reuse_a_trained_fold(workspace: Path) -> None:
    text = (workspace / "study.toml").read_text()
    try:
        (workspace / "study.toml").write_text(
            text.replace("[training]", "[training]\n").replace("seed = 0\n", "seed = 9\n")
        )
        done = gangru("factor", cwd=workspace)
    finally:
        (workspace / "study.toml").write_text(text)
    assert done.returncode == 1
    assert "training.seed was 0, is 9" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("evaluate",), 1, "gangru init"),
        (("train",), 1, "gangru init"),
        (("frobnicate",), 2, "No such command"),
        (("init",), 2, "Missing argument"),
        (("train", "--set", "x"), 2, "SECTION.KEY=VALUE"),
        (("train", "-C", "/dev/null"), 1, "gangru:"),
        (("--version",), 0, "gangru 0"),
    ],
)
def test_exit_statuses(tmp_path: Path, arguments: tuple[str, ...], status: int, says: str) -> None:
    done = gangru(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_store_is_told(tmp_path: Path) -> None:
    assert gangru("init", "ws", cwd=tmp_path).returncode == 0
    done = gangru("run", "-C", "ws", cwd=tmp_path)
    assert done.returncode == 1
    assert "gangru ingest PATH" in done.stderr


def test_bad_rows_are_counted_and_the_rest_is_kept(tmp_path: Path) -> None:
    gangru("init", "ws", cwd=tmp_path)
    rows = ["code,date,open,high,low,close,volume"]
    rows += [f"600000.SH,2020-01-0{d},10,11,9,10,100" for d in (2, 3)]
    rows += ["600000.SH,2020-01-06,ten,11,9,10,100", "600000.SH,2020-01-07,10,8,9,10,100"]
    (tmp_path / "bars.csv").write_text("\n".join(rows) + "\n")
    done = gangru("ingest", "bars.csv", "-C", "ws", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    store = pl.read_delta(str(tmp_path / "ws" / "store" / "quarantine"))
    found = {(row["row"], row["column"], row["value"]) for row in store.iter_rows(named=True)}
    assert {(4, "open", "ten"), (5, "high", "8")} <= found | {(r, c, v.rstrip(".0")) for r, c, v in found}
    assert len(pl.read_delta(str(tmp_path / "ws" / "store" / "bars"))) == 2


def test_a_truncated_parquet_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    store = small_workspace(root).store
    before = store.versions()
    whole = (root / "simulated" / "bars" / "2018.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    done = gangru("ingest", str(tmp_path / "cut.parquet"), "-C", str(root))
    assert done.returncode == 1
    assert "cut.parquet" in done.stderr
    assert store.versions() == before


def test_help_and_import_are_instant() -> None:
    script = "import sys, gangru.cli.app; print([m for m in ('torch', 'polars', 'deltalake', 'altair') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_has_help_with_an_example() -> None:
    def under(group: Any, words: str) -> Iterator[tuple[str, str]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from under(command, f"{words} {name}")
            else:
                yield f"{words} {name}", command.epilog or ""

    epilogs = dict(under(get_command(app), "gangru"))
    assert len(epilogs) > 25
    for words, epilog in epilogs.items():
        assert words in epilog.partition("Examples:")[2], words
    done = gangru("editions", "--help")
    assert done.returncode == 0
    assert "gangru editions" in done.stdout.split("Examples:")[1]


def to_train(root: Path) -> Path:
    """A small workspace with one training due, of many epochs."""
    small_workspace(
        root,
        training__last="2018-12-31",
        predictor__max_epochs=40,
        predictor__patience=40,
        simulate__stocks=60,
    )
    return root


def trained_weights(root: Path) -> list[bytes]:
    """The nets that `gangru train` leaves."""
    assert gangru("train", "-C", str(root)).returncode == 0
    run = root / "runs" / "main" / "2018-12-31"
    assert (run / "DONE").exists()
    return [(run / f"{net}.safetensors").read_bytes() for net in ("generator", "predictor")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The nets of a training that nothing stopped."""
    return trained_weights(to_train(tmp_path_factory.mktemp("undisturbed") / "ws"))


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_training_stopped_in_its_midst_ends_as_an_undisturbed_one(
    tmp_path: Path, kill: signal.Signals, undisturbed: list[bytes]
) -> None:
    root = to_train(tmp_path / "ws")
    command = [sys.executable, "-W", "ignore", "-m", "gangru", "train", "-C", str(root)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "predictor epoch 3/" in line:
            break
    process.send_signal(kill)
    _, said = process.communicate()
    assert process.returncode != 0
    assert not (root / "runs" / "main" / "2018-12-31" / "DONE").exists()
    assert kill == signal.SIGKILL or "goes on from the last finished epoch" in said
    assert trained_weights(root) == undisturbed
