"""What generator and discriminator minimise: one small object a form. Legend: N windows; logits are D's output.

Sources: Goodfellow et al. 2014 (standard, the published form, with the non-saturating L_G); Lim and Ye 2017 (hinge);
Arjovsky et al. 2017 with the penalty of Gulrajani et al. 2017 (Wasserstein); one-sided smoothing: Salimans et al. 2016.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LossName = Literal["standard", "hinge", "wgan-gp"]


class GanLoss(Protocol):
    """Both sides of the game, from logits; `coin_toss` is D's loss where it knows nothing, None where it has none."""

    @property
    def coin_toss(self) -> float | None:
        """D's loss of a discriminator that answers ½ to everything."""

    @property
    def penalised(self) -> bool:
        """Whether D pays for gradients that are not of length 1."""

    def discriminator(self, real_N: Tensor, fake_N: Tensor, smoothing: float = 0.0) -> Tensor:
        """What D minimises; the target of real windows is 1 − smoothing where the form has targets."""

    def generator(self, fake_N: Tensor) -> Tensor:
        """What G minimises."""


@dataclass(frozen=True)
class Standard:
    """Published: L_D = −E[log D(x)] − E[log(1 − D(G(z)))], L_G = −E[log D(G(z))], never the log of a sigmoid."""

    coin_toss: float = 2 * math.log(2)
    penalised: bool = False

    def discriminator(self, real_N: Tensor, fake_N: Tensor, smoothing: float = 0.0) -> Tensor:
        """As published, from logits."""
        target = torch.full_like(real_N, 1.0 - smoothing)
        return F.binary_cross_entropy_with_logits(real_N, target) + F.softplus(fake_N).mean()

    def generator(self, fake_N: Tensor) -> Tensor:
        """As published, from logits."""
        return F.softplus(-fake_N).mean()


@dataclass(frozen=True)
class Hinge:
    """L_D = E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))], L_G = −E[D(G(z))]."""

    coin_toss: float = 2.0
    penalised: bool = False

    def discriminator(self, real_N: Tensor, fake_N: Tensor, smoothing: float = 0.0) -> Tensor:
        """Margins; smoothing moves the real one to 1 − smoothing."""
        return F.relu(1.0 - smoothing - real_N).mean() + F.relu(1.0 + fake_N).mean()

    def generator(self, fake_N: Tensor) -> Tensor:
        """Minus the mean logit."""
        return -fake_N.mean()


@dataclass(frozen=True)
class Wasserstein:
    """L_D = E[D(G(z))] − E[D(x)] + penalty, L_G = −E[D(G(z))]; the logits are no probabilities and have no target."""

    coin_toss: float | None = None
    penalised: bool = True

    def discriminator(self, real_N: Tensor, fake_N: Tensor, smoothing: float = 0.0) -> Tensor:  # noqa: ARG002
        """The critic's estimate of the distance, with its sign turned; without the penalty."""
        return fake_N.mean() - real_N.mean()

    def generator(self, fake_N: Tensor) -> Tensor:
        """Minus the mean of the critic."""
        return -fake_N.mean()


def gan_loss(name: LossName) -> GanLoss:
    """The form that a setting names."""
    match name:
        case "standard":
            return Standard()
        case "hinge":
            return Hinge()
        case "wgan-gp":
            return Wasserstein()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real_NTF: Tensor, fake_NTF: Tensor, random: torch.Generator
) -> Tensor:
    """E[(‖∇D(x̂)‖ − 1)²] at points x̂ drawn between real and generated windows; `random` lives on the CPU."""
    share = torch.rand(len(real_NTF), 1, 1, generator=random).to(real_NTF.device)
    between = (share * real_NTF + (1 - share) * fake_NTF.detach()).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return torch.mean((slope.flatten(1).norm(dim=1) - 1) ** 2)
