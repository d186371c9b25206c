"""Losses: tensors in, one tensor out."""

import torch
import torch.nn.functional as F
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


def discriminator_loss(real_N: Tensor, fake_N: Tensor, smoothing: float = 0.0) -> Tensor:
    """Published: −E[log D(x)] − E[log(1 − D(G(z)))], from logits; the real target is 1 − smoothing."""
    target = torch.full_like(real_N, 1.0 - smoothing)
    return F.binary_cross_entropy_with_logits(real_N, target) + F.softplus(fake_N).mean()


def generator_loss(fake_N: Tensor) -> Tensor:
    """Published: −E[log D(G(z))], from logits."""
    return F.softplus(-fake_N).mean()
