"""Scores of the generators that a study has trained: which folds, on which dates, and where the result is kept."""

import json
import time
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from gangru.atomic import write_text
from gangru.errors import CheckpointError
from gangru.market.sources.protocol import OnProgress
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs
from gangru.study.jobs import all_jobs
from gangru.training.batches import FoldData
from gangru.training.fold_run import FoldJob
from gangru.training.gan_score import ScoreSettings, score_generator
from gangru.training.trained_fold import load_fold

SCHEMA_VERSION = 1
RESULT = "gan_score.json"


def scored_jobs(inputs: Inputs, fold: str | None) -> list[FoldJob]:
    """The trained folds to score, with every seed: all of them, or the one named.

    Raises CheckpointError where the study has no generator, the fold is none, or nothing is trained to its end.
    """
    workspace = inputs.workspace
    kind = workspace.settings.features.generator
    if kind == "none" or workspace.settings.predictor.kind == "reversal":
        raise CheckpointError(
            f"study {workspace.study} has no generator (features.generator = {kind!r}, predictor.kind = "
            f"{workspace.settings.predictor.kind!r}): there is nothing to score"
        )
    jobs, names = all_jobs(inputs, folds_of(inputs)), [one.name for one in folds_of(inputs)]
    if fold is not None and fold not in names:
        raise CheckpointError(
            f"study {workspace.study} has no fold {fold!r}; its folds are {', '.join(names)}"
        )
    chosen = [
        job
        for job in jobs
        if job.kind != "none" and (job.name.startswith(fold) if fold is not None else job.done)
    ]
    undone = [job.name for job in chosen if not job.done]
    if undone:
        raise CheckpointError(
            f"{undone[0]} of study {workspace.study} is not trained to its end: run `gangru train` first"
        )
    if not chosen:
        raise CheckpointError(
            f"no fold of study {workspace.study} is trained to its end: run `gangru train` first"
        )
    return chosen


def score_fold(
    inputs: Inputs, job: FoldJob, settings: ScoreSettings, on_progress: OnProgress
) -> dict[str, Any]:
    """Score one fold's generator and write gan_score.json into its run directory, which is left alone otherwise."""
    started = time.perf_counter()
    generator = load_fold(job, len(inputs.workspace.settings.features.series)).generator
    assert generator is not None, "scored_jobs gives folds with a generator alone"
    on_progress(f"{job.name} making windows", 0.0)
    data = apart(job.load(), inputs, job.name)
    score = score_generator(
        generator,
        data,
        job.gan,
        job.training,
        settings,
        lambda what, share: on_progress(f"{job.name} {what}", share),
    )
    document = {
        "schema_version": SCHEMA_VERSION,
        "study": inputs.workspace.study,
        "fold": job.name,
        "kind": job.kind,
        "scores": asdict(score) | {"naive": score.naive},
        "settings": asdict(settings),
        "train_dates": [str(sample.date) for sample in data.train],
        "valid_dates": [str(sample.date) for sample in data.valid],
        "data_versions": inputs.versions,
        "seconds": round(time.perf_counter() - started, 1),
    }
    write_text(job.directory / RESULT, json.dumps(document, indent=1) + "\n")
    return document


def apart(data: FoldData, inputs: Inputs, name: str) -> FoldData:
    """The data without validation dates whose windows share a day with a training date's window.

    The nets are measured on days that they have not seen. Raises CheckpointError where no date is left.
    """
    window = inputs.workspace.settings.features.window
    train = np.searchsorted(inputs.market.dates, [sample.date for sample in data.train])

    def is_apart(date: np.datetime64) -> bool:
        row = np.searchsorted(inputs.market.dates, date)
        return bool(np.abs(train - row).min() >= window)

    valid = tuple(sample for sample in data.valid if is_apart(sample.date))
    if not valid:
        raise CheckpointError(
            f"{name}: the windows of all {len(data.valid)} validation dates share days with those of the training "
            "dates, so no score can be measured on days not seen; a study with more days in its validation "
            "(training.validation_share, training.sample_step) can be scored"
        )
    return replace(data, valid=valid)
