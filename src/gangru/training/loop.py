"""What both trainings share: seeded nets, the rule when to stop, checks that numbers are finite, and progress."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from gangru.errors import TrainingError
from gangru.training.batches import Batch, epoch_random
from gangru.training.settings import TrainingSettings

Net = TypeVar("Net", bound=nn.Module)
Curve = list[dict[str, Any]]

DATE_ORDER, VALIDATION_DRAW, NOISE = 0, 1, 2  # purposes of random draws, see batches.epoch_random

CUDA = re.compile(r"cuda(:(?P<number>0|[1-9][0-9]*))?")  # as training.device names a card


@dataclass(frozen=True)
class Tick:
    """One finished epoch, told to whoever shows progress; `where` names the machine where there are several."""

    phase: str
    epoch: int
    max_epochs: int
    figures: dict[str, float]
    where: str = ""


OnTick = Callable[[Tick], None]


@dataclass
class EarlyStop:
    """Best score so far and the epoch that reached it; higher is better. Epochs count from 1."""

    patience: int
    best: float = -np.inf
    best_epoch: int = 0

    def improved(self, score: float, epoch: int) -> bool:
        """Record the score; whether it is the best so far."""
        if score > self.best:
            self.best, self.best_epoch = score, epoch
            return True
        return False

    def exhausted(self, epoch: int) -> bool:
        """Whether `patience` epochs have passed since the best."""
        return epoch - self.best_epoch >= self.patience


def seeded(build: Callable[[], Net], seed: int) -> Net:
    """A net whose initial weights depend on the seed alone; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def noise_source(seed: int, number: int) -> torch.Generator:
    """PyTorch's random source of an epoch's or a date's noise: a pure function of seed and number."""
    return torch.Generator().manual_seed(int(epoch_random(seed, number, NOISE).integers(2**62)))


def prepare_torch(training: TrainingSettings) -> torch.device:
    """The device asked for, with deterministic kernels. Raises TrainingError where it is not there."""
    # Sets what use_deterministic_algorithms(True, warn_only=True) sets, which also imports PyTorch's compiler: seconds.
    torch.set_deterministic_debug_mode("warn")
    return device_of(training.device)


def device_of(name: str) -> torch.device:
    """The device that training.device names. Raises TrainingError where it is not there."""
    if name == "cpu":
        return torch.device(name)
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    asked = CUDA.fullmatch(name)
    if asked and int(asked["number"] or 0) < cards:
        return torch.device(name)
    there = ", ".join(f"cuda:{number}" for number in range(cards)) or "no CUDA device"
    raise TrainingError(
        f"training.device = {name!r}: expected cpu, cuda or cuda:N, and this machine's PyTorch sees {there}: choose "
        "one that is there, or cpu"
    )


def products_of(training: TrainingSettings, device: torch.device) -> torch.autocast:
    """The precision of a training step's products, while it is entered."""
    return torch.autocast(device.type, torch.bfloat16, enabled=training.precision == "bfloat16")


def check_finite(value: Tensor, what: str, batch: Batch, output_N: Tensor | None = None) -> None:
    """Raise TrainingError naming date and stock where a loss or a gradient's norm is not finite.

    The stock is the first one whose output is not finite, else the one with the largest input.
    """
    if bool(torch.isfinite(value).all()):
        return
    bad = torch.zeros(0) if output_N is None else torch.nonzero(~torch.isfinite(output_N.detach()))
    if len(bad):
        suspect = f"the net's output for {batch.codes_N[int(bad[0])]} is the first that is not"
    else:
        largest = batch.x_NTF.detach().abs().amax(dim=(1, 2))
        i = int(largest.argmax())
        suspect = f"{batch.codes_N[i]} has the largest input there, {float(largest[i]):.3g}"
    raise TrainingError(
        f"{what} is not finite on {batch.date}: {suspect}; look at that stock's bars, or lower the learning rate"
    )


def gradient_norm(net: nn.Module) -> Tensor:
    """Euclidean norm of all gradients."""
    norm: Tensor = torch.linalg.vector_norm(
        torch.stack([torch.linalg.vector_norm(p.grad) for p in net.parameters() if p.grad is not None])
    )
    return norm


def tensors_copy(net: nn.Module) -> dict[str, Tensor]:
    """A copy of the net's weights that later steps leave alone."""
    return {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
