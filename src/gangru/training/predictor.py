"""Training of the predictor: one batch a date, IC loss, early stop on the validation dates' mean IC."""

import copy
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gangru.models.crew import crew_of
from gangru.models.generator import Generator
from gangru.models.joint import Joint
from gangru.models.losses import ic_loss, pearson
from gangru.models.predictor import Predictor
from gangru.training import checkpoint
from gangru.training.batches import (
    Batch,
    FoldData,
    Sample,
    batch_of,
    date_batches,
    drawn,
    epoch_random,
    usable,
)
from gangru.training.loop import (
    DATE_ORDER,
    VALIDATION_DRAW,
    Curve,
    EarlyStop,
    OnTick,
    Tick,
    check_finite,
    gradient_norm,
    prepare_torch,
    products_of,
    seeded,
    tensors_copy,
)
from gangru.training.settings import PredictorSettings, TrainingSettings


@dataclass(frozen=True)
class PredictorResult:
    """The net at its best epoch, its curve (epoch, train_ic, valid_ic, gradient_norm) and its best validation IC.

    `generator` is the one that was trained with it, None where none was.
    """

    net: Predictor
    curve: Curve
    best_epoch: int
    best_ic: float
    generator: Generator | None = None


@dataclass(frozen=True)
class Tuned:
    """A generator that goes on learning with the predictor: its Adam step, and whether x stands beside G(x)."""

    generator: Generator
    learning_rate: float
    beside: bool


def build_predictor(features: int, settings: PredictorSettings) -> Predictor:
    """The net that the settings describe."""
    return Predictor(features, settings.hidden, settings.layers, settings.mlp)


def train_predictor(
    data: FoldData,
    settings: PredictorSettings,
    training: TrainingSettings,
    state: Path,
    on_tick: OnTick,
    tuned: Tuned | None = None,
) -> PredictorResult:
    """Fit on data.train, stop on data.valid; `state` is written after every epoch and resumed from.

    With `tuned` the data hold real windows and a copy of the generator learns with the predictor. A resumed run draws
    and steps as an undisturbed one: the same weights, byte for byte on one machine's CPU. Raises TrainingError where no
    date has enough labelled stocks, or a loss or gradient is not finite.
    """
    with crew_of(training.threads):
        return fitted(data, settings, training, state, on_tick, tuned)


def fitted(
    data: FoldData,
    settings: PredictorSettings,
    training: TrainingSettings,
    state: Path,
    on_tick: OnTick,
    tuned: Tuned | None,
) -> PredictorResult:
    """What `train_predictor` does, with a crew at work."""
    device = prepare_torch(training)
    samples = usable(data.train, training.min_stocks, "training")
    valid = validation_draw(usable(data.valid, training.min_stocks, "validation"), training)
    width = data.shape[1] * (2 if tuned is not None and tuned.beside else 1)
    predictor = seeded(lambda: build_predictor(width, settings), training.seed).to(device)
    net, optimiser = predictor_with(predictor, tuned, settings)
    stop, best = EarlyStop(settings.patience), tensors_copy(net)
    curve: Curve = []
    if state.exists():
        stop, curve, best = restore(state, net, optimiser, settings.patience)
    while len(curve) < settings.max_epochs and not stop.exhausted(len(curve)):
        epoch = len(curve) + 1
        random = epoch_random(training.seed, epoch, DATE_ORDER)
        batches = date_batches(samples, training.stocks_per_date, random, device)
        steps = [step(net, optimiser, batch, products_of(training, device)) for batch in batches]
        row = {
            "epoch": epoch,
            "train_ic": float(np.mean([ic for ic, _ in steps])),
            "valid_ic": float(np.mean([sample_ic(net, sample, device) for sample in valid])),
            "gradient_norm": float(np.mean([norm for _, norm in steps])),
        }
        curve.append(row)
        if stop.improved(row["valid_ic"], epoch):
            best = tensors_copy(net)
        save(state, net, optimiser, best, {"stop": asdict(stop), "curve": curve})
        on_tick(Tick("predictor", epoch, settings.max_epochs, row))
    net.load_state_dict(best)
    generator = net.generator if isinstance(net, Joint) else None
    return PredictorResult(predictor, curve, stop.best_epoch, stop.best, generator)


def predictor_with(
    predictor: Predictor, tuned: Tuned | None, settings: PredictorSettings
) -> tuple[nn.Module, torch.optim.Adam]:
    """The net that is trained, with a copy of the generator where that learns too, and its optimiser."""
    if tuned is None:
        return predictor, torch.optim.Adam(predictor.parameters(), lr=settings.learning_rate)
    generator = copy.deepcopy(tuned.generator)
    groups = [
        {"params": list(predictor.parameters()), "lr": settings.learning_rate},
        {"params": list(generator.parameters()), "lr": tuned.learning_rate},
    ]
    return Joint(generator, predictor, beside=tuned.beside), torch.optim.Adam(groups)


def validation_draw(samples: tuple[Sample, ...], training: TrainingSettings) -> tuple[Sample, ...]:
    """The validation dates with the stocks that are looked at: all, or the same draw of them every epoch."""
    random = epoch_random(training.seed, 0, VALIDATION_DRAW)
    draws = [drawn(len(s.label_N), training.validation_stocks_per_date, random) for s in samples]
    return tuple(s if stocks is None else s.some(stocks) for s, stocks in zip(samples, draws, strict=True))


def step(
    net: nn.Module, optimiser: torch.optim.Adam, batch: Batch, products: AbstractContextManager[object]
) -> tuple[float, float]:
    """One step on one date; the date's IC before it and the gradient's norm."""
    optimiser.zero_grad(set_to_none=True)
    with products:
        pret = net(batch.x_NTF)
    loss = ic_loss(pret, batch.label_N)
    check_finite(loss, "the predictor's loss", batch, pret)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = gradient_norm(net)
    check_finite(norm, "the predictor's gradient", batch, pret)
    optimiser.step()
    return -float(loss.detach()), float(norm)


def predict(net: nn.Module, x_NTF: Tensor) -> Tensor:
    """pRet of scaled windows, (N,), without gradients."""
    with torch.inference_mode():
        pret: Tensor = net(x_NTF)
        return pret


def sample_ic(net: nn.Module, sample: Sample, device: torch.device) -> float:
    """Pearson IC of the net on the labelled stocks of one validation date."""
    batch = batch_of(sample, None, device)
    return float(pearson(predict(net, batch.x_NTF), batch.label_N))


def save(
    state: Path,
    net: nn.Module,
    optimiser: torch.optim.Adam,
    best: dict[str, Tensor],
    record: dict[str, Any],
) -> None:
    """Write the state of the training after an epoch."""
    tensors = (
        checkpoint.with_prefix("net", net.state_dict())
        | checkpoint.with_prefix("best", best)
        | checkpoint.with_prefix("adam", checkpoint.adam_tensors(optimiser))
    )
    checkpoint.write_tensors(state, tensors, record)


def restore(
    state: Path, net: nn.Module, optimiser: torch.optim.Adam, patience: int
) -> tuple[EarlyStop, Curve, dict[str, Tensor]]:
    """Put net and optimiser back to where the state was written."""
    tensors, record = checkpoint.read_tensors(state)
    checkpoint.load_net(net, checkpoint.under_prefix("net", tensors), state)
    checkpoint.load_adam(optimiser, checkpoint.under_prefix("adam", tensors))
    device = next(net.parameters()).device
    best = {name: tensor.to(device) for name, tensor in checkpoint.under_prefix("best", tensors).items()}
    stop = EarlyStop(patience, record["stop"]["best"], record["stop"]["best_epoch"])
    return stop, record["curve"], best
