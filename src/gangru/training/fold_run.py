"""One fold from its data to its run directory: generator, predictor, curves, metrics, weights and, last, DONE."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from gangru.atomic import PART, write_text
from gangru.errors import CheckpointError
from gangru.models.crew import crew_of
from gangru.models.generator import Generator
from gangru.settings import flat_toml
from gangru.training import checkpoint
from gangru.training.autoencoder import train_autoencoder
from gangru.training.batches import FoldData
from gangru.training.feeding import fed_fold, generated
from gangru.training.gan import GanResult, build_generator, means, train_gan
from gangru.training.gan_health import window_health
from gangru.training.gan_picture import write_windows
from gangru.training.gradient_boosting import FILE as TREES_FILE
from gangru.training.gradient_boosting import (
    BoostingResult,
    train_trees,
    write_trees,
)
from gangru.training.loop import Curve, OnTick, Tick, device_of, seeded
from gangru.training.predictor import PredictorResult, Tuned, train_predictor
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings
from gangru.training.stopwatch import PARTS, Stopwatch

STOPWATCH = "seconds.state.json"
GeneratorKind = Literal["gan", "none", "untrained", "ae"]


@dataclass(frozen=True)
class FoldJob:
    """Everything one training needs: where it writes, what it reads, and its settings.

    `load` makes the fold's data when the fold's turn comes. `settings_text` is TOML, kept as settings.toml; a
    directory that holds other settings is refused, where a setting it does not name counts as the one in
    `default_text`. `manifest` is what the caller knows: data version, dates, code version.
    """

    name: str
    directory: Path
    load: Callable[[], FoldData]
    kind: GeneratorKind
    gan: GanSettings
    predictor: PredictorSettings
    training: TrainingSettings
    settings_text: str
    default_text: str
    manifest: Mapping[str, Any]

    @property
    def done(self) -> bool:
        """Whether the fold has been trained to its end."""
        return (self.directory / "DONE").exists()


def check_settings(job: FoldJob) -> None:
    """Raise CheckpointError where the run directory was begun with other settings."""
    kept = job.directory / "settings.toml"
    if not kept.exists():
        return
    old, new, default = map(flat_toml, (kept.read_text("utf-8"), job.settings_text, job.default_text))
    changed = [
        f"{name} was {old.get(name, default.get(name))!r}, is {new.get(name)!r}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name, default.get(name)) != new.get(name)
    ]
    if changed:
        raise CheckpointError(
            f"{job.directory} was trained with other settings ({'; '.join(changed[:3])}): give the new ones a study "
            "of their own with --study NAME, or delete the directory to train it anew"
        )


def check_data(job: FoldJob) -> None:
    """Raise CheckpointError where a training was begun, and not ended, on another version of the data."""
    kept = job.directory / "manifest.json"
    if not kept.exists():
        return
    old, new = json.loads(kept.read_text("utf-8")).get("data_versions"), job.manifest.get("data_versions")
    if old != new:
        raise CheckpointError(
            f"{job.directory} was begun on data versions {old}, the store is at {new}: delete the directory to train "
            "it anew"
        )


def train_fold(job: FoldJob, on_tick: OnTick) -> None:
    """Train what is not trained yet of a fold; a fold that is DONE is left alone, but for states that a kill left.

    After a kill the next call goes on from the last finished epoch. Raises CheckpointError where the directory holds a
    run with other settings.
    """
    check_settings(job)
    if job.done:
        sweep(job)
        return
    check_data(job)
    job.directory.mkdir(parents=True, exist_ok=True)
    write_text(job.directory / "settings.toml", job.settings_text)
    write_text(
        job.directory / "manifest.json", json.dumps(dict(job.manifest), indent=2, sort_keys=True) + "\n"
    )
    if job.predictor.kind == "reversal":
        finish(job, untrained_metrics(job))
        return
    watch = Stopwatch(job.directory / STOPWATCH)

    def timed(tick: Tick) -> None:
        watch.lap(PARTS[tick.phase])
        on_tick(tick)

    with crew_of(job.training.threads):
        metrics = trained(job, watch, timed)
    finish(job, metrics)


def trained(job: FoldJob, watch: Stopwatch, timed: OnTick) -> dict[str, Any]:
    """Train the fold's nets and write what they learned; what metrics.json says of it."""
    data = job.load()
    watch.lap("data")
    made = make_generator(job, data, timed)
    watch.lap("generator")
    if made is not None:
        write_curve(job.directory / "gan_curves.csv", made.curve)
        write_curve(job.directory / "gan_curves_first_attempt.csv", made.first_curve)
    shape = {"days": data.shape[0], "features": data.shape[1]}
    result = fit_predictor(job, data, made, shape, timed)
    write_curve(job.directory / "predictor_curves.csv", result.curve)
    if made is not None:
        generator, names = tuned_generator(result) or made.generator, job.manifest.get("features")
        checkpoint.write_tensors(
            job.directory / "generator.safetensors", generator.state_dict(), shape | asdict(job.gan)
        )
        write_windows(job.directory / "gan_windows.csv", data, generator, job.gan, job.training, names)
    watch.lap("predictor")
    return {
        "best_epoch": result.best_epoch,
        "best_valid_ic": result.best_ic,
        "epochs": len(result.curve),
        "gan": None if made is None else gan_metrics(made) | tuned_metrics(result, data, job),
        "train_dates": len(data.train),
        "purged_dates": len(data.purged),
        "valid_dates": len(data.valid),
        "seconds": watch.seconds(),
    }


def finish(job: FoldJob, metrics: Mapping[str, Any]) -> None:
    """Write the metrics and, when all is there, DONE; then the states are of no more use."""
    write_text(job.directory / "metrics.json", json.dumps(dict(metrics), indent=2, sort_keys=True) + "\n")
    write_text(job.directory / "DONE", "")
    sweep(job)


def sweep(job: FoldJob) -> None:
    """Delete what only an unfinished training needs, and what writers that were killed have left."""
    states = [*job.directory.glob("*.state*.safetensors"), job.directory / STOPWATCH]
    for path in (*states, *job.directory.glob(f".*{PART}")):
        path.unlink(missing_ok=True)


def fit_predictor(
    job: FoldJob, data: FoldData, made: GanResult | None, shape: dict[str, int], on_tick: OnTick
) -> PredictorResult | BoostingResult:
    """Train the predictor that the settings name and write what it learned.

    It reads real windows, what the generator makes of them, or learns together with the generator.
    """
    tuned = None
    if made is not None and job.gan.ic_learning_rate and job.predictor.kind == "gru":
        tuned = Tuned(made.generator, job.gan.ic_learning_rate, beside=job.gan.feed == "beside")
    elif made is not None:
        data = fed_fold(made.generator, data, job.gan, job.training)
    if job.predictor.kind == "lightgbm":
        trees = train_trees(data, job.predictor, job.training, on_tick)
        write_trees(job.directory / TREES_FILE, trees.text)
        return trees
    state = job.directory / "predictor.state.safetensors"
    result = train_predictor(data, job.predictor, job.training, state, on_tick, tuned)
    checkpoint.write_tensors(
        job.directory / "predictor.safetensors", result.net.state_dict(), shape | asdict(job.predictor)
    )
    return result


def tuned_generator(result: PredictorResult | BoostingResult) -> Generator | None:
    """The generator that went on learning with the predictor, if one did."""
    return result.generator if isinstance(result, PredictorResult) else None


def untrained_metrics(job: FoldJob) -> dict[str, Any]:
    """The metrics of a fold that nothing is trained for."""
    nothing = {"best_epoch": None, "best_valid_ic": None, "epochs": 0, "gan": None}
    dates = {
        f"{role}_dates": len(job.manifest.get(f"{role}_dates", ())) for role in ("train", "purged", "valid")
    }
    return nothing | dates | {"seconds": {"data": 0.0, "generator": 0.0, "predictor": 0.0}}


def make_generator(job: FoldJob, data: FoldData, on_tick: OnTick) -> GanResult | None:
    """The generator that the settings ask for; None where the predictor reads real windows."""
    state = job.directory / "generator.state.safetensors"
    match job.kind:
        case "none":
            return None
        case "gan":
            return train_gan(data, job.gan, job.training, state, on_tick)
        case "ae":
            return train_autoencoder(data, job.gan, job.training, state, on_tick)
        case "untrained":
            generator = seeded(lambda: build_generator(data.shape[1], job.gan), job.training.seed)
            generator = generator.to(device_of(job.training.device))
            return GanResult(generator, [], 0, collapsed=False, restarted=False)


def tuned_metrics(result: PredictorResult | BoostingResult, data: FoldData, job: FoldJob) -> dict[str, Any]:
    """Health on the validation dates of a generator that went on learning with the predictor; else nothing."""
    generator = tuned_generator(result)
    if generator is None:
        return {}
    device, noise = next(generator.parameters()).device, torch.Generator().manual_seed(0)
    with torch.inference_mode():
        rows = [
            window_health(x, generated(generator, x, job.gan, noise))
            for x in (sample.x_NTF.to(device) for sample in data.valid)
        ]
    return {"after_predictor": means(rows)}


def gan_metrics(made: GanResult) -> dict[str, Any]:
    """What the GAN's curve says at its best epoch."""
    best = made.curve[made.best_epoch - 1] if made.curve else {}
    state = {"collapsed": made.collapsed, "restarted": made.restarted, "epochs": len(made.curve)}
    return state | {"best_epoch": made.best_epoch, "at_best": best}


def write_curve(path: Path, curve: Curve) -> None:
    """Write a curve as CSV, an epoch a row."""
    if not curve:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(curve[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(curve)
    write_text(path, text.getvalue())
