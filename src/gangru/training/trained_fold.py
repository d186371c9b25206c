"""A finished fold read from its run directory, ready to predict."""

from dataclasses import dataclass

import torch

from gangru.errors import CheckpointError
from gangru.models.generator import Generator
from gangru.models.predictor import Predictor
from gangru.training import checkpoint
from gangru.training.feeding import channels
from gangru.training.fold_run import FoldJob, check_settings
from gangru.training.gan import build_generator
from gangru.training.gradient_boosting import FILE as TREES_FILE
from gangru.training.gradient_boosting import BoostedTrees, read_trees
from gangru.training.loop import device_of
from gangru.training.predictor import build_predictor


@dataclass(frozen=True)
class TrainedFold:
    """A fold's nets or trees, ready to predict; `predictor` is None for the reversal, which has nothing to load.

    Nets lie on `device`.
    """

    predictor: Predictor | BoostedTrees | None
    generator: Generator | None
    device: torch.device = torch.device("cpu")


def load_fold(job: FoldJob, features: int) -> TrainedFold:
    """Read what a finished fold learned, nets onto the device that its settings name.

    Raises CheckpointError where it is not finished or its files do not fit, TrainingError where the device is missing.
    """
    if not job.done:
        raise CheckpointError(f"{job.directory} is not trained to its end: run `gangru train` first")
    check_settings(job)
    if job.predictor.kind == "reversal":
        return TrainedFold(None, None)
    device = device_of(job.training.device)
    predictor = load_predictor(job, features, device)
    if job.kind == "none":
        return TrainedFold(predictor, None, device)
    generator = build_generator(features, job.gan)
    path = job.directory / "generator.safetensors"
    checkpoint.load_net(generator, checkpoint.read_tensors(path)[0], path)
    return TrainedFold(predictor, generator.to(device), device)


def load_predictor(job: FoldJob, features: int, device: torch.device) -> Predictor | BoostedTrees:
    """The predictor of a finished fold; a net lies on the device."""
    if job.predictor.kind == "lightgbm":
        return read_trees(job.directory / TREES_FILE, job.training.threads)
    width = channels(features, job.gan, has_generator=job.kind != "none")
    predictor = build_predictor(width, job.predictor)
    path = job.directory / "predictor.safetensors"
    checkpoint.load_net(predictor, checkpoint.read_tensors(path)[0], path)
    return predictor.to(device)
