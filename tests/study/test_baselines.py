"""Studies whose predictor is no net, and studies of chosen trainings: from the market to the report."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gangru.errors import EvaluationError, SettingsError, TrainingError
from gangru.study import stages
from gangru.study.edition_contents import fold_records
from gangru.study.fold_settings import fold_settings_text
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.jobs import unhealthy
from gangru.study.reporting import make_report
from gangru.study.settings import StudySettings
from gangru.study.workspace import open_workspace
from gangru.training.settings import TrainingSettings
from small import small_workspace

CHOSEN = ["2018-12-31", "2019-12-31"]
REVERSAL = {"predictor.kind": "reversal", "training.folds": CHOSEN}
TREES = {
    "predictor.kind": "lightgbm", "features.generator": "none", "training.folds": CHOSEN,
    "predictor.lightgbm_max_rounds": 5, "predictor.lightgbm_min_leaf": 20,
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market with four due trainings; two of them are chosen."""
    root = tmp_path_factory.mktemp("baselines") / "ws"
    small_workspace(root, simulate__last="2020-08-31", simulate__stocks=60)
    return root


def studied(root: Path, name: str, changes: dict[str, object]) -> tuple[Inputs, stages.FactorTable]:
    inputs = load_inputs(open_workspace(root, name, changes))
    stages.train(inputs, lambda job, tick: None)
    return inputs, stages.make_factor(inputs, lambda date, done, total: None)


def test_chosen_trainings_alone_are_trained_served_measured_and_reported(root: Path) -> None:
    inputs, factor = studied(root, "reversal", REVERSAL)
    assert sorted(path.parent.name for path in inputs.workspace.runs.glob("*/DONE")) == CHOSEN
    assert factor.table["fold"].unique().sort().to_list() == CHOSEN
    months = factor.table["date"].dt.strftime("%Y-%m").unique().sort().to_list()
    assert months == [f"2019-0{m}" for m in range(1, 7)] + [f"2020-0{m}" for m in range(1, 7)]
    evaluation = stages.evaluate(inputs, factor)
    missed = evaluation.series.filter(pl.col("factor_date").is_null())["month"].to_list()
    assert missed == [f"2019-{m:02d}" for m in range(8, 13)] + ["2020-01"]
    assert evaluation.series.filter(pl.col("rank_ic").is_null())["month"].to_list() == missed
    assert evaluation.headline.months == 12
    assert any("(2019-08 to 2020-01)" in note for note in evaluation.notes)
    days = evaluation.net_value["date"].dt.strftime("%Y-%m").unique().to_list()
    assert not {"2019-09", "2019-10", "2019-11", "2019-12"} & set(days)
    assert [str(record.nominal) for record in fold_records(inputs, evaluation)] == CHOSEN
    assert unhealthy(inputs) == []
    assert all(path.exists() for path in make_report(inputs, factor, None).paths)


def test_a_reversal_is_of_the_stocks_a_net_would_see(root: Path) -> None:
    _, factor = studied(root, "reversal", REVERSAL)
    trees, of_trees = studied(root, "trees", TREES)
    assert factor.table.select("date", "code").equals(of_trees.table.select("date", "code"))
    assert of_trees.table["pret"].is_finite().all()
    assert not np.allclose(factor.table["pret"], of_trees.table["pret"])
    run = trees.workspace.runs / CHOSEN[0]
    assert json.loads((run / "manifest.json").read_text())["packages"]["lightgbm"]
    header = (run / "predictor_curves.csv").read_text().splitlines()[0]
    assert header == "epoch,train_ic,valid_ic"
    assert all(path.exists() for path in make_report(trees, of_trees, None).paths)


def test_a_factor_of_other_folds_is_not_evaluated(root: Path) -> None:
    studied(root, "reversal", REVERSAL)
    fewer = open_workspace(root, "reversal", {"training.folds": CHOSEN[:1]})
    try:
        with pytest.raises(EvaluationError, match=r"training\.folds was \['2018-12-31', '2019-12-31'\]"):
            stages.read_factor(fewer)
    finally:
        open_workspace(root, "reversal", REVERSAL)


def test_which_folds_are_chosen_is_no_part_of_a_fold() -> None:
    every = tuple(f"20{year}-{day}" for year in range(10, 30) for day in ("06-30", "12-31"))
    chosen = replace(StudySettings(), training=TrainingSettings(folds=every))
    assert fold_settings_text(chosen) == fold_settings_text(StudySettings())


def test_what_a_study_of_chosen_folds_or_a_reversal_lacks_is_told(root: Path) -> None:
    with pytest.raises(TrainingError, match="names 2017-12-31, which is not due"):
        studied(root, "early", {"training.folds": ["2017-12-31"]})
    with pytest.raises(SettingsError, match="expected a 30 June or a 31 December"):
        open_workspace(root, "wrong", {"training.folds": ["2019-07-31"]})
    with pytest.raises(SettingsError, match=r"needs turnover in features\.names"):
        studied(root, "lacks", REVERSAL | {"features.names": ["close", "open"]})
