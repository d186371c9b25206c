"""A workspace as it stands before a month's update, made of the real data, and the files that the month brings.

Nothing is trained: the nets of every fold are drawn at random, for speed does not depend on what they have learned.
"""

import datetime
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl

from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.jobs import all_jobs, rows_of
from gangru.study.pictures import draw_pictures
from gangru.study.workspace import init_workspace, open_workspace
from gangru.training import checkpoint
from gangru.training.batches import FoldData
from gangru.training.fold_run import FoldJob, finish, write_curve
from gangru.training.fold_source import PanelFold
from gangru.training.gan import build_generator
from gangru.training.gan_picture import write_windows
from gangru.training.loop import Curve, seeded
from gangru.training.predictor import build_predictor

GANGRU = (sys.executable, "-m", "gangru")
FIRST_FOLD, LAST_FOLD = "2018-12-31", "2024-12-31"
# A month's return is known on the first trading day of the next: the store ends with that day of May 2025, and the
# month's files end with that of June.
STORE_ENDS, MONTH_ENDS = datetime.date(2025, 5, 6), datetime.date(2025, 6, 3)
MONTH, MONTH_BEFORE = "2025-05", "2025-04"
EPOCHS = 20
GAN_CURVE = (
    "d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm", "d_real_accuracy", "d_fake_accuracy", "valid_d_loss",
    "valid_d_real_accuracy", "valid_d_fake_accuracy", "correlation", "variance_ratio", "dispersion_ratio",
    "distance_moments", "distance_autocorrelation", "distance_cross_correlation", "distance",
)  # fmt: skip
PREDICTOR_CURVE = ("train_ic", "valid_ic", "gradient_norm")


def make_workspace(data: Path, root: Path) -> Path:
    """Make the workspace at `root` with the store, nets, factor, evaluation and monthly of the month before.

    Gives the folder of the files that the month brings.
    """
    past, month = root.parent / "past", root.parent / "month"
    write_files(data, past, None, STORE_ENDS)
    write_files(data, month, STORE_ENDS, MONTH_ENDS)
    init_workspace(root, {"training.first": FIRST_FOLD, "training.last": LAST_FOLD})
    gangru("ingest", past, "-C", root)
    draw_nets(load_inputs(open_workspace(root)))
    for command in ("factor", "evaluate", "report"):
        gangru(command, "-C", root)
    return month


def gangru(*arguments: str | Path) -> None:
    """Run a command; raises where it fails."""
    subprocess.run([*GANGRU, *map(str, arguments)], check=True, capture_output=True)


def write_files(data: Path, folder: Path, after: datetime.date | None, until: datetime.date) -> None:
    """Write what a source had on a day: the bars since the files before, and whole lists of facts as they then were."""
    folder.mkdir(parents=True)
    for path in (*sorted((data / "bars").glob("*.parquet")), *sorted(data.glob("*.parquet"))):
        rows = pl.scan_parquet(path).filter(pl.col("date") <= until)
        rows = rows if after is None else rows.filter(pl.col("date") > after)
        found = rows.collect()
        if len(found):
            found.write_parquet(folder / path.name)
    known = pl.lit(until.isoformat())
    for name, start in (
        ("securities", "list_date"),
        ("industry_sw", "start_date"),
        ("index_members", "start"),
    ):
        rows = pl.read_csv(data / f"{name}.csv", infer_schema=False).filter(pl.col(start) <= known)
        if "end" in rows.columns:
            rows = rows.with_columns(pl.when(pl.col("end") <= known).then("end"))
        rows.write_csv(folder / f"{name}.csv")
    (folder / "calendar.csv").write_bytes((data / "calendar.csv").read_bytes())


def draw_nets(inputs: Inputs) -> None:
    """Leave a finished run directory of every fold that is due: nets as they are before training, and flat curves."""
    jobs = all_jobs(inputs, folds_of(inputs))
    for fold, job in zip(folds_of(inputs), jobs, strict=True):
        rows = rows_of(inputs, fold)
        newest = replace(rows, train=rows.train[-1:], valid=rows.valid[-1:])
        write_run(job, PanelFold(lambda: inputs.arrays, newest, inputs.workspace.settings.features)())
    draw_pictures(inputs, jobs)


def write_run(job: FoldJob, data: FoldData) -> None:
    """Write one run directory; `data` are of any one date."""
    job.directory.mkdir(parents=True)
    (job.directory / "settings.toml").write_text(job.settings_text, encoding="utf-8")
    manifest = json.dumps(dict(job.manifest), indent=2, sort_keys=True) + "\n"
    (job.directory / "manifest.json").write_text(manifest, encoding="utf-8")
    generator = seeded(lambda: build_generator(data.shape[1], job.gan), job.training.seed)
    predictor = seeded(lambda: build_predictor(data.shape[1], job.predictor), job.training.seed)
    shape = {"days": data.shape[0], "features": data.shape[1]}
    for name, net, settings in (("generator", generator, job.gan), ("predictor", predictor, job.predictor)):
        path = job.directory / f"{name}.safetensors"
        checkpoint.write_tensors(path, net.state_dict(), shape | asdict(settings))
    write_windows(
        job.directory / "gan_windows.csv", data, generator, job.gan, job.training, job.manifest["features"]
    )
    gan = flat_curve(GAN_CURVE)
    write_curve(job.directory / "gan_curves.csv", gan)
    write_curve(job.directory / "predictor_curves.csv", flat_curve(PREDICTOR_CURVE))
    state = {
        "collapsed": False,
        "restarted": False,
        "epochs": EPOCHS,
        "best_epoch": EPOCHS,
        "at_best": gan[-1],
    }
    seconds = {"data": 0.0, "generator": 0.0, "predictor": 0.0}
    dates = {f"{role}_dates": len(job.manifest[f"{role}_dates"]) for role in ("train", "purged", "valid")}
    best = {"best_epoch": EPOCHS, "best_valid_ic": 0.5, "epochs": EPOCHS}
    finish(job, best | {"gan": state, "seconds": seconds} | dates)


def flat_curve(names: tuple[str, ...]) -> Curve:
    """A curve on which nothing happens."""
    return [{"epoch": epoch + 1} | dict.fromkeys(names, 0.5) for epoch in range(EPOCHS)]
