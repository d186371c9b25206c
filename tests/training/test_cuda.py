"""The same results on a card as on the CPU; without a card these say so and are skipped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gangru.features.settings import FeatureSettings
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.fold_source import PanelFold
from gangru.training.folds import SampleRows
from gangru.training.loop import device_of
from gangru.training.predictor import predict
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
from gangru.training.trained_fold import load_fold
from training.test_arrays_folder import WINDOW, panel

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA device")

ROWS = SampleRows(np.arange(20, 50, 5), np.array([50, 55]), np.array([60, 65]))
FEATURES = FeatureSettings(names=("close", "volume", "return_1d"), window=WINDOW, min_bars=8)


def job(directory: Path, device: str, **changes: object) -> FoldJob:
    arrays = panel()
    training = replace(TrainingSettings(min_stocks=10, device=device), **changes)
    return FoldJob(
        directory.name,
        directory,
        PanelFold(lambda: arrays, ROWS, FEATURES, device),
        "gan",
        GanSettings(max_epochs=3, min_epochs=1),
        PredictorSettings(max_epochs=3),
        training,
        "",
        "",
        {},
    )


def predicted(trained_on: FoldJob, device: str) -> np.ndarray:
    """pRet of the newest validation date by the nets on this device."""
    nets = load_fold(replace(trained_on, training=replace(trained_on.training, device=device)), 3)
    assert nets.generator is not None
    assert isinstance(nets.predictor, torch.nn.Module)
    x = trained_on.load().valid[-1].x_NTF.to(device_of(device))
    with torch.inference_mode():
        return predict(nets.predictor, nets.generator(x)).cpu().numpy()


def test_windows_lie_on_the_card_and_are_those_of_the_cpu(tmp_path: Path) -> None:
    here, there = job(tmp_path / "a", "cpu").load(), job(tmp_path / "b", "cuda").load()
    for one, other in zip(here.train, there.train, strict=True):
        assert other.x_NTF.device.type == "cuda"
        assert list(one.codes_N) == list(other.codes_N)
        assert torch.allclose(one.x_NTF, other.x_NTF.cpu(), atol=1e-4)


def test_the_same_weights_predict_the_same_on_card_and_cpu(tmp_path: Path) -> None:
    one = job(tmp_path / "a", "cuda")
    train_fold(one, lambda _: None)
    assert np.corrcoef(predicted(one, "cuda"), predicted(one, "cpu"))[0, 1] >= 0.999


def test_a_card_trains_what_the_cpu_trains(tmp_path: Path) -> None:
    nets = {}
    for device in ("cpu", "cuda"):
        nets[device] = job(tmp_path / device, device)
        train_fold(nets[device], lambda _: None)
    assert np.corrcoef(predicted(nets["cpu"], "cpu"), predicted(nets["cuda"], "cuda"))[0, 1] >= 0.99


def test_half_the_bits_train_on_a_card(tmp_path: Path) -> None:
    one = job(tmp_path / "a", "cuda", precision="bfloat16")
    train_fold(one, lambda _: None)
    assert np.isfinite(predicted(one, "cuda")).all()
