"""A batch is one date's cross-section: scaled windows and labels of its stocks, or a draw of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangru.errors import TrainingError


@dataclass(frozen=True)
class Sample:
    """One date: scaled windows (N, T, F) of its eligible stocks, their labels (N,) or NaN, their codes (N,).

    The windows are a float32 tensor, on the device where they were made; labels and codes are arrays.
    """

    date: np.datetime64
    x_NTF: Tensor
    label_N: NDArray[np.float64]
    codes_N: NDArray[np.str_]

    @property
    def day(self) -> int:
        """The date as a number, for draws that depend on it."""
        return int(self.date.astype("datetime64[D]").astype(int))

    def some(self, stocks: NDArray[np.int64] | NDArray[np.bool_]) -> "Sample":
        """The same date with the stocks at these positions alone."""
        rows = torch.from_numpy(stocks).to(self.x_NTF.device)
        return Sample(self.date, self.x_NTF[rows], self.label_N[stocks], self.codes_N[stocks])


@dataclass(frozen=True)
class FoldData:
    """What one training may see: the samples it fits, and the samples that tell it when to stop."""

    train: tuple[Sample, ...]
    valid: tuple[Sample, ...]
    purged: tuple[np.datetime64, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Days and features of a window."""
        days, features = self.train[0].x_NTF.shape[1:]
        return days, features


@dataclass(frozen=True)
class Batch:
    """One date's labelled stocks as tensors on the device, and their codes, (N,)."""

    date: np.datetime64
    x_NTF: Tensor
    label_N: Tensor
    codes_N: NDArray[np.str_]


def labelled(sample: Sample, min_stocks: int) -> Sample | None:
    """The sample without stocks that have no label; None where fewer than `min_stocks` are left."""
    known = np.isfinite(sample.label_N)
    if known.sum() < min_stocks:
        return None
    if known.all():
        return sample
    return sample.some(known)


def usable(samples: tuple[Sample, ...], min_stocks: int, role: str) -> tuple[Sample, ...]:
    """The samples that make a batch, checked to be finite. Raises TrainingError naming date and stock otherwise."""
    for sample in samples:
        endless = np.isinf(sample.label_N)
        if endless.any():
            raise TrainingError(
                f"label of {sample.codes_N[endless][0]} on {sample.date} is not finite: look at its prices after it"
            )
    kept = tuple(known for sample in samples if (known := labelled(sample, min_stocks)) is not None)
    if not kept:
        raise TrainingError(
            f"none of the {len(samples)} {role} dates has {min_stocks} labelled stocks: lower training.min_stocks or "
            "look at the universe"
        )
    for sample in kept:
        bad = ~torch.isfinite(sample.x_NTF).all(dim=2).all(dim=1).cpu().numpy()
        if bad.any():
            raise TrainingError(f"window of {sample.codes_N[bad][0]} ending {sample.date} is not finite")
    return kept


def epoch_random(seed: int, epoch: int, purpose: int) -> np.random.Generator:
    """The random source of one epoch: a pure function of seed, epoch and purpose, so that a resumed run draws alike."""
    return np.random.default_rng([seed, epoch, purpose])


def date_batches(
    samples: tuple[Sample, ...], stocks_per_date: int, random: np.random.Generator, device: torch.device
) -> Iterator[Batch]:
    """One batch a date, dates in random order, `stocks_per_date` stocks drawn of each (0 = all)."""
    for i in random.permutation(len(samples)):
        yield batch_of(samples[i], drawn(len(samples[i].label_N), stocks_per_date, random), device)


def drawn(stocks: int, count: int, random: np.random.Generator) -> NDArray[np.int64] | None:
    """Sorted positions of a draw without replacement; None means all."""
    if count == 0 or count >= stocks:
        return None
    return np.sort(random.choice(stocks, count, replace=False))


def batch_of(sample: Sample, stocks: NDArray[np.int64] | None, device: torch.device) -> Batch:
    """Tensors of the chosen stocks of one date."""
    chosen = sample if stocks is None else sample.some(stocks)
    return Batch(
        chosen.date,
        chosen.x_NTF.to(device),
        torch.from_numpy(chosen.label_N.astype(np.float32)).to(device),
        chosen.codes_N,
    )
