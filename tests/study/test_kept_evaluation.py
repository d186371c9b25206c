"""The monthly takes the evaluation that `gangru evaluate` kept only where it would come out the same."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from evaluation.same import assert_same
from gangru.cli.app import app
from gangru.errors import EvaluationError
from gangru.market.schema import BARS
from gangru.study import edition_contents, kept_evaluation, stages
from gangru.study.extensions import Extensions
from gangru.study.factor_table import FactorTable, read_factor
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.measuring import evaluate
from gangru.study.reporting import make_report
from gangru.study.workspace import open_workspace
from small import small_workspace

AT = datetime(2020, 1, 10, 9, tzinfo=UTC)
LAST = "2019-07"


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study with two seeds whose factor was evaluated by the command."""
    root = tmp_path_factory.mktemp("kept") / "ws"
    changes = {"report__formats": ["json", "html"], "training__seeds": 2}
    workspace = small_workspace(root, simulate__last="2019-08-15", **changes)
    inputs = load_inputs(workspace)
    stages.train(inputs, lambda *_: None)
    stages.make_factor(inputs, lambda *_: None)
    gangru("evaluate", root)
    return root


@pytest.fixture
def root(evaluated: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed."""
    shutil.copytree(evaluated, tmp_path / "ws")
    return tmp_path / "ws"


def gangru(command: str, root: Path, *arguments: str) -> None:
    result = CliRunner().invoke(app, [command, "-C", str(root), *arguments])
    assert result.exit_code == 0, result.output


def opened(root: Path) -> tuple[Inputs, FactorTable]:
    workspace = open_workspace(root)
    return load_inputs(workspace), read_factor(workspace)


def set_to(root: Path, line: str, other: str) -> None:
    path = root / "study.toml"
    text = path.read_text("utf-8")
    assert line in text
    path.write_text(text.replace(line, other), encoding="utf-8")


def test_what_is_kept_is_what_evaluating_gives(root: Path) -> None:
    inputs, factor = opened(root)
    for month in (None, LAST):
        kept = kept_evaluation.kept_evaluation(inputs, factor, month)
        assert kept is not None
        assert_same(kept, evaluate(inputs, factor, month, whole=True), f"asked for {month}")


def test_the_monthly_of_the_kept_has_the_bytes_of_one_that_evaluates(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    shutil.copytree(root, other)
    (other / "runs" / "main" / kept_evaluation.FILE).unlink()
    make_report(*opened(other), None, at=AT)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("evaluated again")

    monkeypatch.setattr(edition_contents, "evaluate", never)
    made = make_report(*opened(root), None, at=AT)
    assert {path.name for path in made.paths} == {f"{LAST}.html", f"{LAST}.json"}
    for path in made.paths:
        assert path.read_bytes() == (other / path.relative_to(root)).read_bytes()


def test_another_month_is_not_kept(root: Path) -> None:
    assert kept_evaluation.kept_evaluation(*opened(root), "2019-05") is None


def test_a_month_asked_for_by_name_is_not_kept_where_the_evaluation_remarks_on_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, factor = opened(root)
    monkeypatch.setattr(kept_evaluation, "unpriced_month", lambda *_: np.datetime64("2019-08"))
    assert kept_evaluation.kept_evaluation(inputs, factor, LAST) is None
    assert kept_evaluation.kept_evaluation(inputs, factor, None) is not None


def test_evaluating_an_older_month_leaves_the_kept_one(root: Path) -> None:
    path = root / "runs" / "main" / kept_evaluation.FILE
    before = path.read_bytes()
    gangru("evaluate", root, "--month", "2019-05")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("confidence = 0.95", "confidence = 0.9"),
        ("commission = 0.00025", "commission = 0.0005"),
        ("min_listed_days = 120", "min_listed_days = 121"),
    ],
)
def test_other_settings_keep_nothing(root: Path, line: str, other: str) -> None:
    _, factor = opened(root)
    set_to(root, line, other)
    assert kept_evaluation.kept_evaluation(load_inputs(open_workspace(root)), factor, None) is None


def test_revised_bars_keep_nothing(root: Path) -> None:
    _, factor = opened(root)
    workspace = open_workspace(root)
    bars = workspace.store.read("bars").tail(1)
    workspace.store.upsert(BARS, bars.with_columns(pl.col("volume") + 100))
    assert kept_evaluation.kept_evaluation(load_inputs(workspace), factor, None) is None


@pytest.mark.parametrize("column", ["factor", "pret"])
@pytest.mark.parametrize("which", ["table", "seeds"])
def test_another_factor_keeps_nothing(root: Path, column: str, which: str) -> None:
    inputs, factor = opened(root)
    frames = {"table": factor.table, "seeds": factor.seeds}
    frames[which] = frames[which].with_columns(pl.col(column) * 1.5)  # type: ignore[union-attr]
    other = FactorTable(frames["table"], factor.drops, frames["seeds"])  # type: ignore[arg-type]
    assert kept_evaluation.kept_evaluation(inputs, factor, None) is not None
    assert kept_evaluation.kept_evaluation(inputs, other, None) is None


def test_other_code_keeps_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_evaluation, "source_digest", lambda: "of another gangru")
    assert kept_evaluation.kept_evaluation(*opened(root), None) is None


def test_an_execution_rule_of_ones_own_keeps_nothing(root: Path) -> None:
    inputs, factor = opened(root)
    own = Extensions(execution=lambda orders: orders)  # type: ignore[arg-type, return-value]
    ruled = replace(inputs, workspace=replace(inputs.workspace, extensions=own))
    assert kept_evaluation.kept_evaluation(inputs, factor, None) is not None
    assert kept_evaluation.kept_evaluation(ruled, factor, None) is None
    before = (inputs.workspace.runs / kept_evaluation.FILE).read_bytes()
    kept_evaluation.keep_evaluation(ruled, factor, evaluate(inputs, factor, None))
    assert (inputs.workspace.runs / kept_evaluation.FILE).read_bytes() == before


@pytest.mark.parametrize("damage", ["another table", "half a record", "no settings"])
def test_a_factor_beside_a_record_of_another_is_not_read(root: Path, damage: str) -> None:
    workspace = open_workspace(root)
    record = workspace.runs / "factor.json"
    if damage == "another table":  # what a kill between the two writes leaves
        table = pl.read_parquet(workspace.factor_path)
        table.with_columns(pl.col("factor") * 2).write_parquet(workspace.factor_path)
    else:
        record.write_text(record.read_text("utf-8")[:99] if damage == "half a record" else "{}", "utf-8")
    with pytest.raises(EvaluationError, match="does not tell of the factor beside it: run `gangru factor`"):
        read_factor(workspace)


def test_a_broken_file_keeps_nothing(root: Path) -> None:
    path = root / "runs" / "main" / kept_evaluation.FILE
    content = path.read_bytes()
    for broken in (b"", content[:30], content[: len(content) // 2]):
        path.write_bytes(broken)
        assert kept_evaluation.kept_evaluation(*opened(root), None) is None


def test_to_evaluate_and_to_report_loads_no_torch() -> None:
    modules = (
        "gangru.cli.evaluate",
        "gangru.study.measuring",
        "gangru.study.evaluating",
        "gangru.study.reporting",
    )
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
