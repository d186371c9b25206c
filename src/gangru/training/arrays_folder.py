"""The trainings of a study as a folder of plain arrays: for a machine that has no store, only NumPy and PyTorch.

    FOLDER/dates.npy, codes.npy, carry.npy    the axes, and which features are carried over a gap
    FOLDER/panel-NNN.npz                      values, traded, eligible and labels of some days, one file after another
    FOLDER/jobs.json                          the trainings: settings, rows of the sample dates, where they come from

Pieces are small enough to be sent one by one. `python -m gangru.training FOLDER RUNS` trains them; the run directories
in RUNS then lie as well in the study's own.
"""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangru.atomic import write_bytes, write_text
from gangru.errors import TrainingError
from gangru.features.settings import FeatureSettings
from gangru.training.fold_run import FoldJob
from gangru.training.fold_source import PanelArrays, PanelFold
from gangru.training.folds import SampleRows
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings, is_half_year_end

VERSION = 1
PIECE = 48 * 2**20  # bytes of a piece, about
DAILY = ("values", "traded", "eligible", "labels")


def write_arrays(folder: Path, jobs: Sequence[FoldJob], on_piece: Callable[[int, int], None]) -> int:
    """Write what these jobs read, the days that they need alone; the number of days.

    Raises TrainingError where a job's data are not a panel's, or the folder holds trainings already.
    """
    if (folder / "jobs.json").exists():
        raise TrainingError(f"{folder} holds trainings already: name another folder, or delete it")
    sources = [job.load for job in jobs]
    folds = [source for source in sources if isinstance(source, PanelFold)]
    if not folds or len(folds) < len(sources):
        raise TrainingError("there is no training whose data are a panel")
    arrays = folds[0].arrays()
    first = min(int(min(f.rows.train[0], f.rows.valid[0])) - f.features.window + 1 for f in folds)
    last = max(int(max(f.rows.train[-1], f.rows.valid[-1])) for f in folds)
    days = arrays.values[first : last + 1]
    write_array(folder / "dates.npy", arrays.dates[first : last + 1])
    write_array(folder / "codes.npy", arrays.codes)
    write_array(folder / "carry.npy", arrays.carry)
    step = max(1, PIECE // max(1, days[0].nbytes))
    pieces = range(0, len(days), step)
    for number, start in enumerate(pieces):
        span = slice(first + start, min(first + start + step, last + 1))
        content = io.BytesIO()
        np.savez(content, **{name: getattr(arrays, name)[span] for name in DAILY})
        write_bytes(folder / f"panel-{number:03d}.npz", content.getvalue())
        on_piece(number + 1, len(pieces))
    entries = [told(job, fold, first) for job, fold in zip(jobs, folds, strict=True)]
    document = {"version": VERSION, "pieces": len(pieces), "jobs": entries}
    write_text(folder / "jobs.json", json.dumps(document, indent=1) + "\n")
    return len(days)


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array whole."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    write_bytes(path, content.getvalue())


def told(job: FoldJob, fold: PanelFold, first: int) -> dict[str, Any]:
    """A job as JSON; rows count from the folder's first day, another seed's or kind's directory lies in the fold's."""
    directory = job.directory
    within = not is_half_year_end(directory.name)
    rows = {name: (values - first).tolist() for name, values in asdict(fold.rows).items()}
    return {
        "name": job.name,
        "directory": f"{directory.parent.name}/{directory.name}" if within else directory.name,
        "kind": job.kind,
        "rows": rows,
        "features": asdict(fold.features),
        "gan": asdict(job.gan),
        "predictor": asdict(job.predictor),
        "training": asdict(job.training),
        "settings_text": job.settings_text,
        "default_text": job.default_text,
        "manifest": dict(job.manifest),
    }


def read_jobs(folder: Path, runs: Path, changes: Mapping[str, Any]) -> list[FoldJob]:
    """The trainings of a folder, to be written below `runs`; `changes` are training settings of where and how.

    Raises TrainingError where the folder is not one that `write_arrays` wrote.
    """
    try:
        document = json.loads((folder / "jobs.json").read_text("utf-8"))
        if document["version"] != VERSION:
            raise TrainingError(f"{folder}/jobs.json has version {document['version']}: expected {VERSION}")
        arrays = cache(lambda: panel_of(folder, document["pieces"]))
        return [job_of(entry, arrays, runs, changes) for entry in document["jobs"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{folder} holds no trainings ({error}): write them with `gangru export arrays`"
        ) from error


def panel_of(folder: Path, pieces: int) -> PanelArrays:
    """The panel of a folder. Raises TrainingError naming what is missing or broken."""
    try:
        return read_arrays(folder, pieces)
    except (OSError, KeyError, ValueError) as error:
        raise TrainingError(
            f"{folder} is not whole ({error}): write it again with `gangru export arrays`"
        ) from error


def read_arrays(folder: Path, pieces: int) -> PanelArrays:
    """The panel of a folder, read piece by piece into arrays that are made once."""
    axes = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("dates", "codes", "carry")}
    shape = (len(axes["dates"]), len(axes["codes"]))
    daily: dict[str, NDArray[Any]] = {}
    row = 0
    for number in range(pieces):
        with np.load(folder / f"panel-{number:03d}.npz", allow_pickle=False) as piece:
            for name in DAILY:
                part = piece[name]
                whole = daily.setdefault(name, np.empty((shape[0], *part.shape[1:]), dtype=part.dtype))
                whole[row : row + len(part)] = part
        row += len(part)
    if row != shape[0]:
        raise ValueError(f"its pieces hold {row} of {shape[0]} days")
    return PanelArrays(axes["dates"], axes["codes"], carry=axes["carry"], **daily)


def job_of(
    entry: Mapping[str, Any], arrays: Callable[[], PanelArrays], runs: Path, changes: Mapping[str, Any]
) -> FoldJob:
    """A job out of its JSON."""
    rows = SampleRows(**{name: np.array(values, dtype=np.int64) for name, values in entry["rows"].items()})
    training = replace(TrainingSettings(**tuples(entry["training"])), **changes)
    features = FeatureSettings(**tuples(entry["features"]))
    return FoldJob(
        name=entry["name"],
        directory=runs / entry["directory"],
        load=PanelFold(arrays, rows, features, training.device, training.threads),
        kind=entry["kind"],
        gan=GanSettings(**tuples(entry["gan"])),
        predictor=PredictorSettings(**tuples(entry["predictor"])),
        training=training,
        settings_text=entry["settings_text"],
        default_text=entry["default_text"],
        manifest=entry["manifest"],
    )


def tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples that settings hold."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
