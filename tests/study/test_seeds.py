"""Several seeds a fold: each its own run directory, predictions averaged, the spread told."""

import json

import numpy as np
import polars as pl
import pytest

from gangru.cli.screen import seeds_sentence
from gangru.study import stages
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.measuring import evaluation_document
from gangru.study.pins import versions_in_use
from gangru.study.predicting import average, predicted, serving_folds
from gangru.study.reporting import make_report
from gangru.study.workspace import Workspace, open_workspace
from small import small_workspace

CHANGES = {"features.generator": "none", "training.seeds": 3}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("seeds") / "ws"
    small_workspace(root)
    return open_workspace(root, "three", CHANGES)


@pytest.fixture(scope="module")
def inputs(workspace: Workspace) -> Inputs:
    return load_inputs(workspace)


@pytest.fixture(scope="module")
def made(inputs: Inputs) -> stages.FactorTable:
    stages.train(inputs, lambda job, tick: None)
    return stages.make_factor(inputs, lambda name, done, total: None)


def silent(*_: object) -> None:
    """Watch nothing."""


def test_each_seed_has_a_run_directory_and_the_first_one_is_the_folds(
    workspace: Workspace, made: stages.FactorTable
) -> None:
    for fold in ("2018-12-31", "2019-06-30"):
        run = workspace.runs / fold
        for directory, seed in ((run, 0), (run / "seed-1", 1), (run / "seed-2", 2)):
            assert (directory / "DONE").exists()
            assert json.loads((directory / "manifest.json").read_text())["seed"] == seed
        weights = {(d / "predictor.safetensors").read_bytes() for d in (run, run / "seed-1", run / "seed-2")}
        assert len(weights) == 3


def test_a_manifest_says_what_made_the_run(workspace: Workspace, made: stages.FactorTable) -> None:
    manifest = json.loads((workspace.runs / "2018-12-31" / "seed-1" / "manifest.json").read_text())
    assert manifest["settings"]["training.seed"] == manifest["seed"] == 1
    assert manifest["settings"]["features.generator"] == "none"
    assert manifest["data_versions"]["bars"] == 0
    assert manifest["code"].keys() == {"version", "commit"}
    assert manifest["packages"].keys() >= {"torch", "numpy", "safetensors"}
    assert manifest["hardware"]["threads"] == 1
    assert manifest["last_label_date"] <= manifest["trained_on"]


def test_pret_is_the_mean_of_the_seeds_standardised_predictions(
    inputs: Inputs, made: stages.FactorTable
) -> None:
    assert made.seeds is not None
    day = made.table["date"][0]
    alone = made.seeds.filter(pl.col("date") == day).pivot(on="seed", index="code", values="pret")
    own = alone.select("0", "1", "2").to_numpy()
    expected = ((own - own.mean(axis=0)) / own.std(axis=0)).mean(axis=1)
    table = made.table.filter(pl.col("date") == day).join(alone, on="code", maintain_order="left")
    assert table["pret"].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_one_seed_alone_predicts_what_a_study_of_that_seed_would(
    workspace: Workspace, inputs: Inputs, made: stages.FactorTable
) -> None:
    one = open_workspace(workspace.root, "second", {"features.generator": "none", "training.seed": 1})
    other = load_inputs(one)
    stages.train(other, silent)
    alone = stages.make_factor(other, silent)
    assert alone.seeds is None
    assert made.seeds is not None
    mine = made.seeds.filter(pl.col("seed") == 1).drop("seed")
    assert mine.equals(alone.table)


def test_the_spread_stands_in_evaluation_terminal_and_report(
    workspace: Workspace, inputs: Inputs, made: stages.FactorTable
) -> None:
    evaluation = stages.evaluate(inputs, made)
    assert evaluation.seeds["seed"].to_list() == [0, 1, 2]
    document = evaluation_document(inputs, evaluation, made.drops)
    assert [row["seed"] for row in document["seeds"]] == [0, 1, 2]
    assert document["seeds"][0]["ic_mean"] == evaluation.seeds["ic_mean"][0]
    assert seeds_sentence(evaluation).startswith("Average of 3 seeds. IC mean of each alone: 0: ")
    page = next(path for path in make_report(inputs, made, None).paths if path.suffix == ".html").read_text(
        "utf-8"
    )
    assert "Each seed&#39;s nets alone" in page or "Each seed's nets alone" in page


def test_another_seed_is_added_without_training_the_others_again(
    workspace: Workspace, inputs: Inputs, made: stages.FactorTable
) -> None:
    before = {path: path.stat().st_mtime_ns for path in workspace.runs.glob("*/*.safetensors")}
    more = load_inputs(open_workspace(workspace.root, "three", {"training.seeds": 4}))
    trained = stages.train(more, silent)
    assert trained == ["2018-12-31 seed 3", "2019-06-30 seed 3"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    with pytest.raises(stages.EvaluationError, match=r"training\.seeds was 3, is 4"):
        stages.read_factor(more.workspace)
    open_workspace(workspace.root, "three", {"training.seeds": 3})


def test_pins_know_the_versions_of_every_seed(workspace: Workspace, made: stages.FactorTable) -> None:
    path = workspace.runs / "2018-12-31" / "seed-2" / "manifest.json"
    kept = path.read_text("utf-8")
    manifest = json.loads(kept)
    path.write_text(json.dumps(manifest | {"data_versions": {"bars": 77}}), "utf-8")
    assert 77 in versions_in_use(workspace.root)["bars"]
    path.write_text(kept, "utf-8")


def test_a_missing_seed_is_told(workspace: Workspace, inputs: Inputs, made: stages.FactorTable) -> None:
    done = workspace.runs / "2019-06-30" / "seed-2" / "DONE"
    done.unlink()
    with pytest.raises(Exception, match="seed-2 is not trained to its end"):
        serving_folds(inputs)
    done.write_text("")


def test_averaging_no_stocks_or_constant_predictions_is_defined() -> None:
    assert average([np.zeros(0), np.zeros(0)]).shape == (0,)
    assert average([np.ones(4), np.arange(4.0)]).tolist() == pytest.approx(
        ((np.arange(4.0) - 1.5) / np.arange(4.0).std() / 2).tolist()
    )


def test_a_fold_with_one_seed_keeps_the_net_as_it_is(workspace: Workspace) -> None:
    alone = load_inputs(open_workspace(workspace.root, "second", {}))
    serving = serving_folds(alone)[0]
    row = alone.market.date_index(serving.fold.trained_on) + 5
    assert predicted(alone, serving, row).by_seed == {}
