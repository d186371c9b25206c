"""Gradient-boosted trees on flattened windows: the baseline that the nets are measured against.

Trees see what the GRU sees: the same folds, dates, purge, labels and validation dates. Legend: N stocks, T days of a
window, F features; a tree's columns are the T·F values of a window, day by day.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gangru.atomic import write_text
from gangru.errors import CheckpointError, TrainingError
from gangru.training.batches import FoldData, Sample, usable
from gangru.training.loop import Curve, EarlyStop, OnTick, Tick
from gangru.training.predictor import validation_draw
from gangru.training.settings import PredictorSettings, TrainingSettings

if TYPE_CHECKING:
    import lightgbm

FILE = "predictor.lightgbm.txt"
DIGEST = re.compile(r"gangru sha256 ([0-9a-f]{64})\n\Z")
TOLD_EVERY = 10  # rounds between two ticks: a tree takes far less than an epoch
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BoostedTrees:
    """Trained trees, cut at their best round."""

    booster: "lightgbm.Booster"
    threads: int

    def predict(self, x_NTF: Tensor) -> Floats:
        """pRet of scaled windows, (N,). Raises CheckpointError where the windows are not those it was trained on."""
        columns = x_NTF.shape[1] * x_NTF.shape[2]
        if columns != self.booster.num_feature():
            raise CheckpointError(
                f"the trees read {self.booster.num_feature()} values, a window has {columns} (days × features): the "
                "settings are not those of the training"
            )
        if len(x_NTF) == 0:
            return np.zeros(0)
        return np.asarray(self.booster.predict(flat(x_NTF), num_threads=self.threads), dtype=np.float64)


@dataclass(frozen=True)
class BoostingResult:
    """The trees as LightGBM's text, cut at the best round; its curve (epoch = round, train_ic, valid_ic)."""

    text: str
    curve: Curve
    best_epoch: int
    best_ic: float


def import_lightgbm() -> Any:
    """LightGBM, which only this baseline needs. Raises TrainingError naming the extra where it is not installed."""
    try:
        import lightgbm
    except ImportError as error:
        raise TrainingError(
            "predictor.kind = \"lightgbm\" needs LightGBM: pip install 'gangru[lightgbm]'"
        ) from error
    return lightgbm


def train_trees(
    data: FoldData, settings: PredictorSettings, training: TrainingSettings, on_tick: OnTick
) -> BoostingResult:
    """Fit on data.train, stop on the mean IC of data.valid, the measure that stops the GRU.

    The target is the label standardised within its date, so that every date weighs alike. All labelled stocks of every
    training date are used whatever training.stocks_per_date says: trees have no epochs in which a draw would be
    renewed. A killed training begins anew. The same seed gives the same text, byte for byte. Raises TrainingError
    where LightGBM is missing or no date has enough labelled stocks.
    """
    lightgbm = import_lightgbm()
    train = usable(data.train, training.min_stocks, "training")
    valid = validation_draw(usable(data.valid, training.min_stocks, "validation"), training)
    parameters = boosting_parameters(settings, training)
    fitted = lightgbm.Dataset([flat(s.x_NTF) for s in train], label=targets(train), params=parameters)
    watched = fitted.create_valid([flat(s.x_NTF) for s in valid], label=targets(valid))
    booster = lightgbm.Booster(parameters, fitted)
    booster.add_valid(watched, "valid")
    train_ic, valid_ic = MeanIC(train), MeanIC(valid)
    stop = EarlyStop(settings.lightgbm_patience)
    curve: Curve = []
    while len(curve) < settings.lightgbm_max_rounds and not stop.exhausted(len(curve)):
        done = booster.update()
        row = {
            "epoch": len(curve) + 1,
            "train_ic": booster.eval_train(train_ic)[0][2],
            "valid_ic": booster.eval_valid(valid_ic)[0][2],
        }
        curve.append(row)
        stop.improved(row["valid_ic"], row["epoch"])
        if row["epoch"] % TOLD_EVERY == 0 or done or stop.exhausted(row["epoch"]):
            on_tick(Tick("predictor", row["epoch"], settings.lightgbm_max_rounds, row))
        if done:  # no leaf can be split any more
            break
    text = booster.model_to_string(num_iteration=stop.best_epoch)
    return BoostingResult(text, curve, stop.best_epoch, stop.best)


def boosting_parameters(settings: PredictorSettings, training: TrainingSettings) -> dict[str, Any]:
    """LightGBM's parameters: what is not here is its own default."""
    return {
        "objective": "regression",
        "metric": "None",
        "num_leaves": settings.lightgbm_leaves,
        "learning_rate": settings.lightgbm_learning_rate,
        "min_data_in_leaf": settings.lightgbm_min_leaf,
        "feature_fraction": settings.lightgbm_feature_fraction,
        "seed": training.seed,
        "num_threads": training.threads,
        "deterministic": True,
        "force_row_wise": True,  # else it times both layouts and takes the faster
        "verbosity": -1,
    }


@dataclass(frozen=True)
class MeanIC:
    """Mean Pearson IC of predictions over the samples' dates, as LightGBM asks for a measure."""

    samples: tuple[Sample, ...]

    def __call__(self, predicted: Floats, _: Any) -> tuple[str, float, bool]:
        ends = np.cumsum([len(s.label_N) for s in self.samples])[:-1]
        parts = np.split(predicted, ends)
        ics = [pearson(part, s.label_N) for part, s in zip(parts, self.samples, strict=True)]
        return "ic", float(np.mean(ics)), True


def pearson(a_N: Floats, b_N: Floats) -> float:
    """Correlation of one date; 0 where a side is constant, as before the first split."""
    a, b = a_N - a_N.mean(), b_N - b_N.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length > 0 else 0.0


def targets(samples: tuple[Sample, ...]) -> Floats:
    """Labels standardised within each date, dates after one another; 0 on a date whose labels all agree."""
    return np.concatenate([standardised(s.label_N) for s in samples])


def standardised(label_N: Floats) -> Floats:
    """(label − mean) / standard deviation of one date."""
    spread = label_N.std()
    return np.zeros_like(label_N) if spread == 0 else (label_N - label_N.mean()) / spread


def flat(x_NTF: Tensor) -> NDArray[np.float32]:
    """Windows as rows of T·F values, without a copy where they lie in one piece."""
    flat_NC: NDArray[np.float32] = x_NTF.flatten(1).cpu().numpy()
    return flat_NC


def write_trees(path: Path, text: str) -> None:
    """Write the trees as LightGBM's text, and a last line with its digest, which LightGBM passes over."""
    write_text(path, f"{text}gangru sha256 {hashlib.sha256(text.encode()).hexdigest()}\n")


def read_trees(path: Path, threads: int) -> BoostedTrees:
    """Trees written by `write_trees`.

    Raises CheckpointError where they are not whole: LightGBM itself crashes the process on a text cut short.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}): delete its directory and train again"
        ) from error
    told = DIGEST.search(text)
    text = text[: told.start()] if told else text
    if told is None or hashlib.sha256(text.encode()).hexdigest() != told[1]:
        raise CheckpointError(
            f"{path} is not the trees that were written: delete its directory and train again"
        )
    return BoostedTrees(import_lightgbm().Booster(model_str=text), threads)
