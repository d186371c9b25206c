"""What the predictor reads of a date: generated windows, real ones beside them, or more windows to train on.

Legend: N stocks, T days, F features.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gangru.models.generator import Generator, latent
from gangru.training.batches import FoldData, Sample
from gangru.training.loop import noise_source
from gangru.training.settings import GanSettings, TrainingSettings

NO_SPREAD = (
    1e-6  # of scaled values: a standard deviation below it is rounding, not a difference between stocks
)


def generated(generator: Generator, x_NTF: Tensor, settings: GanSettings, noise: torch.Generator) -> Tensor:
    """Windows out of the generator for these real ones, (N, T, F)."""
    made_NTF: Tensor = generator(latent(x_NTF, settings.z, settings.noise_channels, noise))
    return made_NTF


def regenerate(
    generator: Generator, sample: Sample, settings: GanSettings, training: TrainingSettings
) -> Sample:
    """The sample with the generator's windows in place of the real ones; noise, if any, depends on seed and date."""
    device = next(generator.parameters()).device
    noise = noise_source(training.seed, sample.day)
    with (
        torch.no_grad()
    ):  # the predictor learns from it: an inference tensor could not be kept for its gradient
        x = generated(generator, sample.x_NTF.to(device), settings, noise)
    return replace(sample, x_NTF=x)


def across_stocks(x_NTF: Tensor) -> Tensor:
    """Each day's value of each feature less the stocks' mean, over their standard deviation; 0 where all are equal."""
    mean_TF = x_NTF.mean(dim=0, dtype=torch.float64)
    std_TF = (x_NTF - mean_TF).square().mean(dim=0).sqrt()  # in float64
    std_TF = torch.where(std_TF <= NO_SPREAD, torch.inf, std_TF)
    return (x_NTF - mean_TF.float()) / std_TF.float()


def made_to_read(
    generator: Generator, sample: Sample, settings: GanSettings, training: TrainingSettings
) -> Sample:
    """The generated windows as the predictor reads them: as they are, or standardised across the date's stocks."""
    made = regenerate(generator, sample, settings, training)
    return replace(made, x_NTF=across_stocks(made.x_NTF)) if settings.standardise else made


def fed(
    generator: Generator | None, sample: Sample, settings: GanSettings, training: TrainingSettings
) -> Sample:
    """What the predictor reads of a date to predict it: the real windows where there is no generator."""
    if generator is None or settings.feed == "augment":
        return sample
    made = made_to_read(generator, sample, settings, training)
    if settings.feed == "generated":
        return made
    return replace(sample, x_NTF=torch.cat([sample.x_NTF, made.x_NTF], dim=2))


def fed_to_train(
    generator: Generator, sample: Sample, settings: GanSettings, training: TrainingSettings
) -> Sample:
    """What the predictor reads of a date to learn from it: with `augment` the generated windows as more stocks."""
    if settings.feed != "augment":
        return fed(generator, sample, settings, training)
    made = made_to_read(generator, sample, settings, training)
    return Sample(
        sample.date,
        torch.cat([sample.x_NTF, made.x_NTF]),
        np.concatenate([sample.label_N, made.label_N]),
        np.concatenate([sample.codes_N, made.codes_N]),
    )


def fed_fold(
    generator: Generator, data: FoldData, settings: GanSettings, training: TrainingSettings
) -> FoldData:
    """A fold as the predictor reads it, made once."""
    train = tuple(fed_to_train(generator, sample, settings, training) for sample in data.train)
    valid = tuple(fed(generator, sample, settings, training) for sample in data.valid)
    return FoldData(train, valid, data.purged)


def channels(features: int, settings: GanSettings, *, has_generator: bool) -> int:
    """Features a day that the predictor reads."""
    return 2 * features if has_generator and settings.feed == "beside" else features
