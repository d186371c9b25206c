"""Folds that were trained on rows which were revised later are told, and no others."""

from pathlib import Path

import polars as pl

from gangru.market.schema import BARS
from gangru.study import stages
from gangru.study.inputs import load_inputs
from gangru.study.outdated import outdated
from small import small_workspace


def test_revised_rows_are_told_and_new_ones_are_not(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path / "ws", training__last="2018-12-31", features__generator="none")
    inputs = load_inputs(workspace)
    assert outdated(inputs) == []
    stages.train(inputs, lambda job, tick: None)
    assert outdated(inputs) == []
    store = workspace.store
    last = store.read("bars").filter(pl.col("date") == pl.col("date").max())
    following = last.with_columns(pl.col("date") + pl.duration(days=3))
    assert store.upsert(BARS, following).new == len(last)
    assert outdated(load_inputs(workspace)) == []
    assert store.upsert(BARS, last.head(3).with_columns(pl.col("close") * 1.01)).changed == 3
    [told] = outdated(load_inputs(workspace))
    assert told.startswith(
        "2018-12-31 was trained on data that were revised later (3 rows of bars since version 0)"
    )
    assert "gangru store pin --from-run" in told
