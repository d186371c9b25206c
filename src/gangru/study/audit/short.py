"""The trainings of an audit: the study's own folds and code, few epochs and stocks, in a directory of its own."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gangru.settings import Settings
from gangru.study.inputs import Inputs
from gangru.study.jobs import all_jobs
from gangru.study.predicting import ServingFold, serving_fold
from gangru.study.settings import StudySettings
from gangru.study.workspace import Workspace
from gangru.training.batches import FoldData, Sample
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.folds import Fold

STOCKS = 64  # of each sample date
MIN_STOCKS = 10
WEIGHT_EPOCHS = 2
NOT_OF_THE_WEIGHTS = {"manifest.json", "metrics.json", "DONE"}  # where it ran, how long it took
S = TypeVar("S", bound=Settings)


def audit_workspace(
    own: Workspace, root: Path, fold: Fold, store: Path | None, *, epochs: int, rate: float = 1.0
) -> Workspace:
    """The study in a directory of the audit: short trainings of one fold; another store, or its own to read.

    `rate` multiplies the predictor's learning rate.
    """
    settings = own.settings
    uri = settings.data.store
    here = uri if "://" in uri else str((own.root / uri).resolve())
    data = (
        replace(settings.data, store=here)
        if store is None
        else replace(settings.data, store=str(store), pins={})
    )
    short = short_settings(replace(settings, data=data), fold, epochs, rate)
    return Workspace(root, own.study, short, own.extensions)


def short_settings(settings: StudySettings, fold: Fold, epochs: int, rate: float) -> StudySettings:
    """The settings with few epochs and one fold; sections that have no such setting stay as they are.

    What decides which dates and bytes a training may see stays untouched.
    """
    predictor = with_known(
        settings.predictor,
        max_epochs=epochs,
        patience=epochs,
        lightgbm_max_rounds=epochs,
        lightgbm_patience=epochs,
    )
    faster = with_known(predictor, learning_rate=rate * getattr(predictor, "learning_rate", 1.0))
    return replace(
        settings,
        gan=with_known(settings.gan, max_epochs=1, min_epochs=1, patience=1),
        predictor=faster,
        training=with_known(
            settings.training,
            first=fold.name,
            last=fold.name,
            folds=(),
            seeds=1,
            device="cpu",
            stocks_per_date=0,
            validation_stocks_per_date=0,
            min_stocks=min(settings.training.min_stocks, MIN_STOCKS),
        ),
        factor=with_known(settings.factor, dates="month_end"),
    )


def with_known(settings: S, **values: Any) -> S:
    """The settings with those of the values that they have."""
    names = {field.name for field in fields(settings)}
    return replace(settings, **{name: value for name, value in values.items() if name in names})


def own_jobs(inputs: Inputs, fold: Fold, directory: Path | None = None) -> list[FoldJob]:
    """The study's own trainings of a fold, the first one's directory and the others within; elsewhere if given."""
    jobs = all_jobs(inputs, [fold])
    if directory is None:
        return jobs
    first = jobs[0].directory
    return [replace(job, directory=directory / job.directory.relative_to(first)) for job in jobs]


def thinned(data: FoldData) -> FoldData:
    """A few stocks of each sample, drawn by its date alone; the windows stay scaled over the whole cross-section."""
    return replace(
        data,
        train=tuple(few_stocks(sample) for sample in data.train),
        valid=tuple(few_stocks(sample) for sample in data.valid),
    )


def few_stocks(sample: Sample) -> Sample:
    """A draw of a sample's stocks."""
    count = len(sample.label_N)
    chosen = np.sort(np.random.default_rng(sample.day).permutation(count)[:STOCKS])
    return sample.some(chosen)


def train_short(
    jobs: list[FoldJob], fold: Fold, data: FoldData, features: int, on_epoch: Callable[[str], None]
) -> ServingFold:
    """Train what the jobs say on `data` by the code that trains every fold, and read it."""
    short = [replace(job, load=lambda: data) for job in jobs]
    for job in short:
        train_fold(job, lambda tick: on_epoch(f"{tick.phase} epoch {tick.epoch}"))
    kind = jobs[0].predictor.kind
    return serving_fold(fold, kind, {(job.predictor.kind, job.training.seed): job for job in short}, features)


def weight_files(directory: Path, curves: bool = True) -> dict[str, bytes]:
    """What a training left behind but for where and how long it ran: file → bytes, with its curves or without."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in files
        if path.name not in NOT_OF_THE_WEIGHTS and (curves or path.suffix != ".csv")
    }
