"""The generated windows of a sample as they stand beside the real ones: for pictures and scores of a generator."""

import numpy as np
from numpy.typing import NDArray

from gangru.models.generator import Generator
from gangru.training.batches import Sample
from gangru.training.feeding import regenerate
from gangru.training.settings import GanSettings, TrainingSettings


def generated_windows(
    generator: Generator, sample: Sample, gan: GanSettings, training: TrainingSettings
) -> NDArray[np.float32]:
    """What the generator makes of the sample's windows, alone: (N, T, F) like the real ones."""
    made = regenerate(generator, sample, gan, training).x_NTF
    assert made.shape == sample.x_NTF.shape, (made.shape, sample.x_NTF.shape)
    return made
