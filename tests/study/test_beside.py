"""Several kinds of predictor in one study: each its own run directory, pRet the mean of their z-scores."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gangru.errors import EvaluationError, SettingsError
from gangru.factor.neutralise import known_z
from gangru.study import stages
from gangru.study.audit.audit import audit
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.kept_dates import kept_dates
from gangru.study.pins import versions_in_use
from gangru.study.reporting import make_report
from gangru.study.workspace import open_workspace
from small import small_workspace

ONE_FOLD = {"training.folds": ["2018-12-31"], "features.generator": "none"}
TREES = {"predictor.lightgbm_max_rounds": 5, "predictor.lightgbm_min_leaf": 20}
ALL = {**ONE_FOLD, **TREES, "predictor.beside": ["lightgbm", "reversal"], "training.seeds": 2}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("beside") / "ws"
    small_workspace(root)
    return root


def studied(root: Path, name: str, changes: dict[str, object]) -> tuple[Inputs, stages.FactorTable]:
    inputs = load_inputs(open_workspace(root, name, changes))
    stages.train(inputs, lambda job, tick: None)
    return inputs, stages.make_factor(inputs, lambda date, done, total: None, keep=True)


def test_pret_is_the_mean_of_what_studies_of_each_kind_predict(root: Path) -> None:
    inputs, made = studied(root, "all", ALL)
    own = [
        studied(root, name, {**ONE_FOLD, **TREES, **changes})[1].table["pret"].to_numpy()
        for name, changes in (
            ("one", {"training.seeds": 2}),
            ("trees", {"predictor.kind": "lightgbm"}),
            ("line", {"predictor.kind": "reversal"}),
        )
    ]
    dates = made.table["date"].to_numpy()
    for day in np.unique(dates):
        rows = dates == day
        expected = np.mean([known_z(pret[rows]) for pret in own], axis=0)
        np.testing.assert_allclose(made.table["pret"].to_numpy()[rows], expected, atol=1e-9)
    run = inputs.workspace.runs / "2018-12-31"
    kinds = {
        name: json.loads((run / name / "manifest.json").read_text())["settings"]["predictor.kind"]
        for name in (".", "seed-1", "lightgbm", "reversal")
    }
    assert kinds == {".": "gru", "seed-1": "gru", "lightgbm": "lightgbm", "reversal": "reversal"}
    assert made.seeds is not None
    assert made.seeds["seed"].unique().sort().to_list() == [0, 1]


def test_a_kind_is_added_and_taken_away_without_training_the_others_again(root: Path) -> None:
    studied(root, "grows", {**ONE_FOLD, **TREES})
    more = load_inputs(open_workspace(root, "grows", {"predictor.beside": ["reversal"]}))
    assert stages.train(more, lambda job, tick: None) == ["2018-12-31 reversal"]
    with pytest.raises(EvaluationError, match=r"predictor\.beside was \[\], is \['reversal'\]"):
        stages.read_factor(more.workspace)
    both = stages.make_factor(more, lambda date, done, total: None, keep=True)
    less = load_inputs(open_workspace(root, "grows", {"predictor.beside": []}))
    assert stages.train(less, lambda job, tick: None) == []
    alone = stages.make_factor(less, lambda date, done, total: None, keep=True)
    assert not np.allclose(alone.table["pret"], both.table["pret"])


def test_other_trees_make_every_date_anew(root: Path) -> None:
    inputs, made = studied(root, "all", ALL)
    digests = made.digests
    assert kept_dates(inputs.workspace.runs, digests, seeds=True).keys() == digests.keys()
    trees = inputs.workspace.runs / "2018-12-31" / "reversal" / "predictor.lightgbm.txt"
    trees.write_text("other")
    again = stages.make_factor(inputs, lambda date, done, total: None, keep=True)
    trees.unlink()
    assert not set(again.digests.values()) & set(digests.values())


def test_a_kind_beside_a_generator_reads_real_windows(root: Path) -> None:
    with_gan = {**ONE_FOLD, "features.generator": "untrained", "predictor.beside": ["reversal"]}
    inputs, made = studied(root, "generated", with_gan)
    manifest = json.loads((inputs.workspace.runs / "2018-12-31/reversal/manifest.json").read_text())
    assert manifest["settings"]["features.generator"] == "none"
    assert made.table["pret"].is_finite().mean() > 0.9


def test_versions_report_and_audit_know_the_kinds_beside(root: Path) -> None:
    inputs, made = studied(root, "all", ALL)
    kept = inputs.workspace.runs / "2018-12-31" / "lightgbm" / "manifest.json"
    manifest = json.loads(kept.read_text())
    kept.write_text(json.dumps(manifest | {"data_versions": {"bars": 77}}))
    assert 77 in versions_in_use(root)["bars"]
    kept.write_text(json.dumps(manifest))
    paths = make_report(inputs, made, None).paths
    page = next(path for path in paths if path.suffix == ".html").read_text("utf-8")
    assert "others made from the real windows" in page
    assert pl.read_parquet(inputs.workspace.factor_path).equals(made.table)


def test_a_kind_named_twice_is_refused(root: Path) -> None:
    for beside in (["gru"], ["reversal", "reversal"]):
        with pytest.raises(SettingsError, match="expected each kind once"):
            open_workspace(root, "twice", {"predictor.beside": beside})


def test_the_audit_holds_with_several_kinds_and_targets_of_ranks(root: Path) -> None:
    settings = {
        **ALL, "training.seeds": 1, "label.ranked": True, "label.neutralise": "industry_size",
    }  # fmt: skip
    report = audit(open_workspace(root, "audited", settings), dates=1)
    assert not report.leaks
