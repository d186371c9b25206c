"""How far generated windows are from real ones, and whether a GAN has collapsed.

Legend: N windows, T days, F features. All figures compare generated with real windows of the validation dates.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from gangru.models.gan_losses import GanLoss

LAGS = (1, 2, 5, 10)
TINY = 1e-12


@dataclass(frozen=True)
class CollapseRule:
    """A GAN counts as collapsed once one of these has held for `epochs` epochs in a row.

    The spread between generated stocks is of the validation dates at the epoch's end; the discriminator's loss is the
    smaller one of that and of the epoch's training, where its form has one of a coin toss.
    """

    min_dispersion: float = 0.02  # over the real one
    min_discriminator_share: float = 0.015  # of the loss of a coin toss
    epochs: int = 3


def window_health(real_NTF: Tensor, fake_NTF: Tensor) -> dict[str, float]:
    """Correlation of G(x) with x, variance ratio, dispersion ratio and distance, of one date's windows."""
    moments, serial, cross = distances(real_NTF, fake_NTF)
    return {
        "correlation": float(correlation(real_NTF, fake_NTF)),
        "variance_ratio": float(fake_NTF.var() / (real_NTF.var() + TINY)),
        "dispersion_ratio": float(fake_NTF.std(dim=0).mean() / (real_NTF.std(dim=0).mean() + TINY)),
        "distance_moments": moments,
        "distance_autocorrelation": serial,
        "distance_cross_correlation": cross,
        "distance": moments + serial + cross,
    }


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson correlation over all entries; 0 where one side does not vary."""
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / torch.sqrt((a * a).sum() * (b * b).sum() + TINY)


def distances(real_NTF: Tensor, fake_NTF: Tensor) -> tuple[float, float, float]:
    """Mean absolute differences of moments, autocorrelations and cross-feature correlations."""
    pairs = (
        (feature_moments(real_NTF), feature_moments(fake_NTF)),
        (autocorrelations(real_NTF), autocorrelations(fake_NTF)),
        (cross_correlations(real_NTF), cross_correlations(fake_NTF)),
    )
    moments, serial, cross = (float((real - fake).abs().mean()) for real, fake in pairs)
    return moments, serial, cross


def feature_moments(x_NTF: Tensor) -> Tensor:
    """Mean, log standard deviation, skewness and log kurtosis of each feature.

    The logarithm makes a generator that puts out nearly one constant far from real windows, as it is.
    """
    flat = x_NTF.flatten(0, 1)
    mean, spread = flat.mean(dim=0), flat.std(dim=0).clamp(min=1e-4)
    z = (flat - mean) / spread
    return torch.stack([mean, spread.log(), (z**3).mean(dim=0), (z**4).mean(dim=0).clamp(min=0.1).log()])


def autocorrelations(x_NTF: Tensor) -> Tensor:
    """Autocorrelation along the days at a few lags, pooled over windows, (lags, F)."""
    x = x_NTF - x_NTF.mean(dim=1, keepdim=True)
    power = (x * x).mean(dim=(0, 1)) + TINY
    lags = [lag for lag in LAGS if lag < x.shape[1]]
    return torch.stack([(x[:, lag:] * x[:, :-lag]).mean(dim=(0, 1)) / power for lag in lags])


def cross_correlations(x_NTF: Tensor) -> Tensor:
    """Correlation matrix of the features, pooled over windows and days; 0 for a feature that does not vary."""
    x = x_NTF.flatten(0, 1)
    x = x - x.mean(dim=0)
    spread = torch.sqrt((x * x).sum(dim=0))
    return (x.T @ x) / (spread[:, None] * spread[None, :] + 1e-6)


def critic_health(loss: GanLoss, real_N: Tensor, fake_N: Tensor) -> dict[str, float]:
    """The discriminator at an epoch's end on one validation date, from its logits: loss and accuracies."""
    return {
        "valid_d_loss": float(loss.discriminator(real_N, fake_N)),
        "valid_d_real_accuracy": float((real_N > 0).float().mean()),
        "valid_d_fake_accuracy": float((fake_N <= 0).float().mean()),
    }


def is_collapsed(curve: list[dict[str, float]], rule: CollapseRule, coin_toss: float | None) -> bool:
    """Whether the last epochs of a GAN's curve all broke the rule; `coin_toss` is as in models.gan_losses."""
    recent = curve[-rule.epochs :]
    if len(recent) < rule.epochs:
        return False
    flat = all(row["dispersion_ratio"] < rule.min_dispersion for row in recent)
    if coin_toss is None:
        return flat
    floor = rule.min_discriminator_share * coin_toss
    return flat or all(min(row["d_loss"], row["valid_d_loss"]) < floor for row in recent)
