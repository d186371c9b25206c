"""The boosted trees: they find what is planted, stop where the IC stops, and are read back whole or not at all."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gangru.errors import CheckpointError, TrainingError
from gangru.training.batches import FoldData, Sample
from gangru.training.gradient_boosting import read_trees, targets, train_trees, write_trees
from gangru.training.loop import Tick
from gangru.training.settings import PredictorSettings, TrainingSettings
from training.fold_data import planted_fold

pytest.importorskip("lightgbm")

TRAINING = TrainingSettings(threads=1)
TREES = PredictorSettings(
    kind="lightgbm", lightgbm_max_rounds=40, lightgbm_patience=15, lightgbm_min_leaf=20, lightgbm_leaves=7
)


def silent(_: Tick) -> None:
    """Watch nothing."""


def kept(tmp_path: Path, data: FoldData, settings: PredictorSettings = TREES) -> Path:
    path = tmp_path / "predictor.lightgbm.txt"
    write_trees(path, train_trees(data, settings, TRAINING, silent).text)
    return path


def test_trees_find_a_planted_label(tmp_path: Path) -> None:
    data = planted_fold(train=24, noise=0.5)
    result = train_trees(data, TREES, TRAINING, silent)
    assert result.best_ic > 0.5
    rows = result.curve
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    assert result.best_ic == max(row["valid_ic"] for row in rows) == rows[result.best_epoch - 1]["valid_ic"]


def test_the_stopping_measure_is_the_mean_ic_of_what_is_read_back(tmp_path: Path) -> None:
    data = planted_fold()
    result = train_trees(data, TREES, TRAINING, silent)
    trees = read_trees(kept(tmp_path, data), threads=1)
    ics = [np.corrcoef(trees.predict(s.x_NTF), s.label_N)[0, 1] for s in data.valid]
    assert np.mean(ics) == pytest.approx(result.best_ic, abs=1e-12)


def test_trees_stop_once_the_validation_ic_stops_growing() -> None:
    noise = planted_fold(noise=1e6)
    result = train_trees(
        noise, replace(TREES, lightgbm_patience=3, lightgbm_max_rounds=500), TRAINING, silent
    )
    assert len(result.curve) == result.best_epoch + 3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    one, two = (train_trees(planted_fold(), TREES, TRAINING, silent).text for _ in range(2))
    other = train_trees(planted_fold(), TREES, replace(TRAINING, seed=1), silent).text
    assert one == two
    assert one != other


def test_a_draw_of_stocks_is_not_for_trees() -> None:
    drawn = train_trees(planted_fold(), TREES, replace(TRAINING, stocks_per_date=25), silent)
    assert drawn.text == train_trees(planted_fold(), TREES, TRAINING, silent).text


def test_every_date_weighs_alike_and_a_constant_one_says_nothing() -> None:
    data = planted_fold(train=3)
    scaled = [replace(s, label_N=s.label_N * 10**i + i) for i, s in enumerate(data.train)]
    assert targets(tuple(scaled)) == pytest.approx(targets(data.train))
    still = replace(data.train[0], label_N=np.ones(60))
    assert not targets((still,)).any()


def test_stocks_without_a_label_are_not_trained_on() -> None:
    data = planted_fold()

    def with_unlabelled(s: Sample) -> Sample:
        x = torch.cat([s.x_NTF, s.x_NTF[:5] * 100])
        return Sample(s.date, x, np.append(s.label_N, [np.nan] * 5), np.append(s.codes_N, s.codes_N[:5]))

    hidden = replace(data, train=tuple(map(with_unlabelled, data.train)))
    plain, other = (train_trees(d, TREES, TRAINING, silent).text for d in (data, hidden))
    assert plain == other


def test_a_cut_or_changed_file_is_refused_before_lightgbm_sees_it(tmp_path: Path) -> None:
    path = kept(tmp_path, planted_fold())
    whole = path.read_text()
    for broken in ("", "rubbish", whole[: len(whole) // 2], whole.replace("leaf_value=", "leaf_value=9", 1)):
        path.write_text(broken)
        with pytest.raises(CheckpointError, match="not the trees that were written"):
            read_trees(path, 1)
    path.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_trees(path, 1)


def test_a_plain_lightgbm_reads_the_file(tmp_path: Path) -> None:
    import lightgbm

    path = kept(tmp_path, planted_fold())
    x = planted_fold().valid[0].x_NTF
    plain = lightgbm.Booster(model_file=str(path)).predict(x.reshape(len(x), -1), num_threads=1)
    assert plain.tolist() == read_trees(path, 1).predict(x).tolist()


def test_windows_of_another_shape_are_refused(tmp_path: Path) -> None:
    trees = read_trees(kept(tmp_path, planted_fold()), 1)
    with pytest.raises(CheckpointError, match="the trees read 40 values, a window has 30"):
        trees.predict(np.zeros((3, 10, 3), dtype=np.float32))
    assert trees.predict(np.zeros((0, 10, 4), dtype=np.float32)).shape == (0,)


def test_a_missing_lightgbm_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(TrainingError, match=r"pip install 'gangru\[lightgbm\]'"):
        train_trees(planted_fold(), TREES, TRAINING, silent)
