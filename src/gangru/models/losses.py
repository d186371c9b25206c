"""The predictor's loss: tensors in, one tensor out."""

import torch
from torch import Tensor

TINY = 1e-12


def pearson(a_N: Tensor, b_N: Tensor) -> Tensor:
    """Pearson correlation of two vectors; 0, with a finite gradient, where one of them does not vary."""
    a = a_N - a_N.mean()
    b = b_N - b_N.mean()
    return (a * b).sum() / torch.sqrt((a * a).sum() * (b * b).sum() + TINY)


def ic_loss(pret_N: Tensor, label_N: Tensor) -> Tensor:
    """Published: minus the Pearson correlation of prediction and label across one date's stocks."""
    return -pearson(pret_N, label_N)
