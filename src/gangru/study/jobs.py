"""The trainings of a study as jobs: which are due, what each may see, and what its run directory says of itself."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import torch

from gangru.settings import flat_toml
from gangru.study.fold_settings import Member, fold_settings_text, folds_of, members
from gangru.study.inputs import Inputs
from gangru.study.provenance import code_version, package_versions
from gangru.study.settings import StudySettings
from gangru.training.engines import local, ray
from gangru.training.fold_run import FoldJob
from gangru.training.fold_source import PanelFold
from gangru.training.folds import Fold, SampleRows, sample_rows
from gangru.training.hardware import hardware
from gangru.training.loop import Tick

OnTick = Callable[[FoldJob, Tick], None]


def all_jobs(inputs: Inputs, folds: list[Fold]) -> list[FoldJob]:
    """Every training of these folds: fold by fold, in each its members in order."""
    by_member = [member_jobs(inputs, folds, member) for member in members(inputs.workspace.settings)]
    return [job for jobs in zip(*by_member, strict=True) for job in jobs]


def fold_jobs(inputs: Inputs, folds: list[Fold]) -> list[FoldJob]:
    """The first training of each fold: its run directory is the fold's."""
    return member_jobs(inputs, folds, members(inputs.workspace.settings)[0])


def member_jobs(inputs: Inputs, folds: list[Fold], member: Member) -> list[FoldJob]:
    """One job a fold; its data are made when its turn comes, from days up to its training day alone."""
    workspace, settings = inputs.workspace, member.settings
    text, default_text = fold_settings_text(settings), fold_settings_text(StudySettings())
    jobs = []
    for fold in folds:
        rows = rows_of(inputs, fold)
        jobs.append(
            FoldJob(
                name=f"{fold.name}{member.name}",
                directory=workspace.runs / fold.name / member.folder,
                load=PanelFold(
                    lambda: inputs.arrays,
                    rows,
                    settings.features,
                    settings.training.device,
                    settings.training.threads,
                ),
                kind=settings.features.generator,
                gan=settings.gan,
                predictor=settings.predictor,
                training=settings.training,
                settings_text=text,
                default_text=default_text,
                manifest=fold_manifest(inputs, settings, fold, rows),
            )
        )
    return jobs


def rows_of(inputs: Inputs, fold: Fold) -> SampleRows:
    """Positions of a fold's sample dates; a random block lies elsewhere in each fold."""
    settings, trained_row = inputs.workspace.settings, inputs.market.date_index(fold.trained_on)
    draw = int(fold.nominal.astype("datetime64[D]").astype(int))
    return sample_rows(trained_row, settings.training, settings.label.reach, draw)


def fold_manifest(inputs: Inputs, settings: StudySettings, fold: Fold, rows: SampleRows) -> dict[str, Any]:
    """What a run directory says about where it comes from."""
    dates = inputs.market.dates
    return {
        "study": inputs.workspace.study,
        "nominal": str(fold.nominal),
        "trained_on": str(fold.trained_on),
        "serves_to": str(fold.serves_to),
        "train_dates": [str(d) for d in dates[rows.train]],
        "purged_dates": [str(d) for d in dates[rows.purged]],
        "valid_dates": [str(d) for d in dates[rows.valid]],
        "last_label_date": str(dates[max(rows.train[-1], rows.valid[-1]) + settings.label.reach]),
        "features": list(settings.features.series),
        "settings": flat_toml(fold_settings_text(settings)),
        "seed": settings.training.seed,
        "data_versions": inputs.versions,
        "code": code_version(),
        "packages": package_versions(("lightgbm",) if settings.predictor.kind == "lightgbm" else ()),
        "hardware": hardware(settings.training.threads or torch.get_num_threads()),
    }


def train_jobs(jobs: Sequence[FoldJob], settings: StudySettings, on_tick: OnTick) -> list[str]:
    """Train what is not DONE by the engine that the settings name; the names of those trained now."""
    match settings.training.engine:
        case "local":
            return local.train_folds(jobs, on_tick)
        case "ray":
            return ray.train_folds(jobs, settings.ray, on_tick)


def unhealthy(inputs: Inputs) -> list[str]:
    """A sentence for each trained fold whose GAN collapsed twice: its generator is used, and a reader has to know."""
    found = []
    for job in all_jobs(inputs, folds_of(inputs)):
        gan = json.loads((job.directory / "metrics.json").read_text("utf-8"))["gan"] if job.done else None
        if gan and gan["collapsed"]:
            kept = gan["at_best"]
            found.append(
                f"{job.name}: the GAN collapsed, was restarted with another seed and collapsed again; the predictor "
                f"reads the generator of epoch {gan['best_epoch']} (discriminator's loss {kept['d_loss']:.3f}, spread "
                f"between stocks {kept['dispersion_ratio']:.1%} of the real one)"
            )
    return found
