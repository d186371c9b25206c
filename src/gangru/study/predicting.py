"""From a study's trained folds to pRet of a date: one net, or several seeds' nets and their average."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangru.factor.neutralise import known_z
from gangru.factor.predict import predict_date
from gangru.market.daily import Floats
from gangru.models.crew import crew_of
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs
from gangru.study.jobs import fold_jobs
from gangru.training.fold_run import TrainedFold, load_fold
from gangru.training.folds import Fold


@dataclass(frozen=True)
class ServingFold:
    """A trained fold with the nets of every seed, in the order of the seeds, and where each seed's files lie."""

    fold: Fold
    nets: Mapping[int, TrainedFold]
    directories: Mapping[int, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Prediction:
    """pRet of one date: positions of the stocks, (N,), pRet, and each seed's own where there are several."""

    stocks: NDArray[np.int64]
    pret: Floats
    counts: dict[str, int]
    by_seed: Mapping[int, Floats] = field(default_factory=dict)


def serving_folds(inputs: Inputs) -> list[ServingFold]:
    """Every due fold with its nets, oldest first. Raises CheckpointError where one is not trained to its end."""
    settings = inputs.workspace.settings
    folds, features = folds_of(inputs), len(settings.features.series)
    by_seed = [fold_jobs(inputs, folds, nth) for nth in range(settings.training.seeds)]
    return [
        ServingFold(
            fold,
            {job.training.seed: load_fold(job, features) for job in jobs},
            {job.training.seed: job.directory for job in jobs},
        )
        for fold, jobs in zip(folds, zip(*by_seed, strict=True), strict=True)
    ]


def predicted(inputs: Inputs, serving: ServingFold, row: int) -> Prediction:
    """pRet of the date at `row`; sees bars up to it alone.

    The IC loss leaves a net's scale and level open, so several seeds' predictions are standardised across the date
    before they are averaged; one seed's stand as they come.
    """
    settings = inputs.workspace.settings
    eligible = inputs.universe.eligible[row]
    by_seed: dict[int, Floats] = {}
    with crew_of(settings.training.threads):
        for seed, net in serving.nets.items():
            training = replace(settings.training, seed=seed)
            stocks, pret, counts = predict_date(
                net, inputs.panel, row, eligible, settings.features, settings.gan, training
            )
            by_seed[seed] = pret
    if len(by_seed) == 1:
        return Prediction(stocks, pret, counts)
    return Prediction(stocks, average(list(by_seed.values())), counts, by_seed)


def average(predictions: list[Floats]) -> Floats:
    """Mean of the seeds' predictions, each standardised across the date, (N,); NaN where a stock has none."""
    return np.asarray(np.mean([known_z(pret) for pret in predictions], axis=0))
