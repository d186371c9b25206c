"""`gangru random-scores` as a user types it, and the benchmark that settings name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.errors import EvaluationError
from gangru.evaluation.portfolio import random_scores
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.measuring import benchmark_index
from gangru.study.random_scores import random_portfolios
from gangru.study.workspace import open_workspace
from small import small_workspace


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace with data and nothing trained."""
    folder = tmp_path_factory.mktemp("random-scores") / "ws"
    small_workspace(folder, simulate__last="2020-03-31", portfolio__fraction=0.2)
    return folder


@pytest.fixture(scope="module")
def inputs(root: Path) -> Inputs:
    return load_inputs(open_workspace(root))


def gangru(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "100"}
    command = [sys.executable, "-W", "ignore", "-m", "gangru", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_json_is_one_object_on_stdout_and_progress_is_on_stderr(root: Path) -> None:
    done = gangru("random-scores", "--samples", "30", "--json", "-C", str(root))
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document.keys() == {
        "schema_version", "samples", "months", "gross_free", "error", "gross_ruled", "drag", "cost", "net", "forbidden",
        "earns_nothing", "costs_what_it_costs", "obeys_rules",
    }  # fmt: skip
    assert (document["samples"], document["forbidden"]) == (30, 0)
    assert document["earns_nothing"] is document["costs_what_it_costs"] is document["obeys_rules"] is True
    assert document["drag"] == pytest.approx(document["gross_ruled"] - document["gross_free"])
    assert document["net"] == pytest.approx(
        document["gross_ruled"] - document["cost"], abs=0.1 * document["cost"]
    )
    assert "reading the market" in done.stderr
    assert gangru("random-scores", "--samples", "30", "--json", "-C", str(root)).stdout == done.stdout


def test_a_person_reads_a_table_and_the_verdicts(root: Path) -> None:
    done = gangru("random-scores", "--samples", "5", "-C", str(root))
    assert done.returncode == 0, done.stderr
    assert "5 random factors, " in done.stdout
    for line in (
        "Gross excess without rules",
        "Gross excess with rules",
        "Costs charged",
        "Net excess with rules",
    ):
        assert line in done.stdout
    assert "Random scores earn nothing" in done.stdout
    assert "cost what is charged" in done.stdout
    assert "0 orders were filled against the rules" in done.stdout


def test_a_failed_test_is_exit_code_1_and_the_figures_are_there_all_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_scores, "filled_against_rules", lambda _orders, _tape: 1)
    for flags in (["--json"], []):
        done = CliRunner().invoke(app, ["random-scores", "--samples", "3", "-C", str(root), *flags])
        assert done.exit_code == 1
        assert done.stdout
    monkeypatch.undo()
    monkeypatch.setattr(random_scores, "SHARE", -1.0)
    done = CliRunner().invoke(app, ["random-scores", "--samples", "3", "-C", str(root), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["costs_what_it_costs"] is False


def test_months_bound_the_test(root: Path, inputs: Inputs) -> None:
    done = gangru(
        "random-scores",
        "--samples",
        "3",
        "--first",
        "2019-01",
        "--month",
        "2019-06",
        "--json",
        "-C",
        str(root),
    )
    document = json.loads(done.stdout)
    assert document["months"] == 6

    # nothing after the day that follows the last month is looked at
    def figures(market: Inputs) -> object:
        return random_portfolios(market, "2019-01", "2019-06", 3, 0, lambda _done, _all: None)

    seen = figures(inputs)
    assert seen.net == document["net"]
    assert figures(inputs.up_to(np.datetime64("2019-07-01"))) == seen


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--first", "2019-13"], "first = '2019-13': expected a month as YYYY-MM"),
        (["--month", "soon"], "last_month = 'soon': expected a month as YYYY-MM"),
        (["--first", "2031-01"], "0 return months with an eligible stock between 2031-01"),
        (["--month", "2017-01"], "0 return months"),
        (["--first", "2019-03", "--month", "2019-03"], "1 return months"),
        (["--samples", "1"], "--samples"),
    ],
)
def test_what_cannot_be_tested_is_an_error_in_words(root: Path, flags: list[str], words: str) -> None:
    done = gangru("random-scores", "-C", str(root), *flags)
    assert done.returncode == (2 if flags[0] == "--samples" else 1)
    assert "Traceback" not in done.stderr
    assert words in " ".join(done.stderr.split())
    assert not done.stdout


def test_the_benchmark_is_the_universe_or_an_index_in_the_store(root: Path, inputs: Inputs) -> None:
    assert benchmark_index(inputs) is None
    there = inputs.workspace.store.read("index_bars")["code"].unique().sort().to_list()
    known = open_workspace(root, "index", {"portfolio.benchmark": there[0]})
    bars = benchmark_index(inputs.of(known))
    assert bars is not None
    assert bars.columns == ["date", "close"]
    assert len(bars) > 100
    other = there[0].split(".")
    spelled = open_workspace(root, "spelled", {"portfolio.benchmark": f"{other[1].lower()}{other[0]}"})
    assert benchmark_index(inputs.of(spelled)).equals(bars)
    for wrong in ("999999.SH", "nowhere"):
        unknown = open_workspace(root, wrong[:6], {"portfolio.benchmark": wrong})
        with pytest.raises(
            EvaluationError, match=f"'{wrong}': expected 'universe' or an index in the store, which has"
        ) as told:
            benchmark_index(inputs.of(unknown))
        assert all(code in str(told.value) for code in there)
