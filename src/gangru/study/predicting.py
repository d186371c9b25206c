"""From a study's trained folds to pRet of a date: one net, or the average of several seeds and kinds of predictor."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gangru.factor.neutralise import known_z
from gangru.factor.predict import date_windows, predict_date
from gangru.features.windows import Windows
from gangru.features.windows_on_device import DeviceWindows
from gangru.market.daily import Floats
from gangru.models.crew import crew_of
from gangru.study.fold_settings import folds_of, members
from gangru.study.inputs import Inputs
from gangru.study.jobs import member_jobs
from gangru.training.fold_run import FoldJob
from gangru.training.folds import Fold
from gangru.training.trained_fold import TrainedFold, load_fold


@dataclass(frozen=True)
class ServingFold:
    """A trained fold: the nets of every seed, in order, what other kinds of predictor learned, and where it lies.

    `directories` are by kind and seed.
    """

    fold: Fold
    nets: Mapping[int, TrainedFold]
    beside: Mapping[str, TrainedFold] = field(default_factory=dict)
    directories: Mapping[tuple[str, int], Path] = field(default_factory=dict)


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
    own = members(settings)
    by_member = [member_jobs(inputs, folds, member) for member in own]
    return [
        serving_fold(
            fold, settings.predictor.kind, dict(zip((m.key for m in own), jobs, strict=True)), features
        )
        for fold, jobs in zip(folds, zip(*by_member, strict=True), strict=True)
    ]


def serving_fold(
    fold: Fold, kind: str, jobs: Mapping[tuple[str, int], FoldJob], features: int
) -> ServingFold:
    """A fold with what its jobs, by kind and seed, have learned; those of `kind` are the seeds."""
    learned = {key: load_fold(job, features) for key, job in jobs.items()}
    return ServingFold(
        fold,
        {seed: net for (of_kind, seed), net in learned.items() if of_kind == kind},
        {of_kind: net for (of_kind, _), net in learned.items() if of_kind != kind},
        {key: job.directory for key, job in jobs.items()},
    )


def predicted(inputs: Inputs, serving: ServingFold, row: int) -> Prediction:
    """pRet of the date at `row`; sees bars up to it alone.

    The IC loss leaves a net's scale and level open, so several seeds' predictions are standardised across the date
    before they are averaged, and so are several kinds'; one alone stands as it comes.
    """
    settings = inputs.workspace.settings
    eligible = inputs.universe.eligible[row]

    @cache
    def windows_on(device: torch.device) -> Windows | DeviceWindows:
        return date_windows(inputs.panel, row, eligible, settings.features, device, settings.training.threads)

    def asked(net: TrainedFold, seed: int) -> tuple[NDArray[np.int64], Floats, dict[str, int]]:
        training = replace(settings.training, seed=seed)
        return predict_date(
            net, inputs.panel, row, eligible, settings.features, settings.gan, training, windows_on
        )

    by_seed: dict[int, Floats] = {}
    with crew_of(settings.training.threads):
        for seed, net in serving.nets.items():
            stocks, by_seed[seed], counts = asked(net, seed)
        beside = [asked(net, settings.training.seed)[1] for net in serving.beside.values()]
    pret = average(list(by_seed.values()))
    return Prediction(stocks, average([pret, *beside]), counts, by_seed if len(by_seed) > 1 else {})


def average(predictions: list[Floats]) -> Floats:
    """Mean of predictions, each standardised across the date, (N,); NaN where one has none; one alone as it is."""
    if len(predictions) == 1:
        return predictions[0]
    return np.asarray(np.mean([known_z(pret) for pret in predictions], axis=0))
