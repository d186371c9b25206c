"""The factor's files: the table, what was dropped, each seed's own, and the record of what they were made from."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from gangru.atomic import write_bytes, write_text
from gangru.errors import EvaluationError
from gangru.settings import flat_toml
from gangru.study.fold_settings import FOLD_SECTIONS, fold_settings_text
from gangru.study.inputs import Inputs
from gangru.study.settings import StudySettings
from gangru.study.workspace import Workspace

RECORD, TABLE, DROPS, SEEDS = "factor.json", "factor.parquet", "drops.parquet", "factor_seeds.parquet"
FRAMES = (TABLE, DROPS, SEEDS)  # the last where there are several seeds


@dataclass(frozen=True)
class FactorTable:
    """The factor of every date a fold serves: date, code, pret, factor, fold; and what was dropped on the way.

    `seeds` is the same with a column seed: what each seed's nets alone would give; None where there is one seed.
    `digests` say of each date what it was made of, and `kept` how many dates were not made anew, but are those
    written before.
    """

    table: pl.DataFrame
    drops: pl.DataFrame
    seeds: pl.DataFrame | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    kept: int = 0


def write_factor(inputs: Inputs, made: FactorTable) -> None:
    """Write the factor, what was dropped, each seed's own where there are several, and what it was made from."""
    workspace = inputs.workspace
    write_frame(workspace.factor_path, made.table)
    write_frame(workspace.runs / DROPS, made.drops)
    if made.seeds is not None:
        write_frame(workspace.runs / SEEDS, made.seeds)
    files = file_digests(workspace.runs, FRAMES if made.seeds is not None else FRAMES[:2])
    record = made_from(workspace, inputs.versions) | {"files": files, "dates": dict(made.digests)}
    write_text(workspace.runs / RECORD, json.dumps(record, indent=1) + "\n")


def file_digests(runs: Path, names: Iterable[str]) -> dict[str, str]:
    """What the files hash to; those that are not there are left out."""
    return {
        name: hashlib.sha256((runs / name).read_bytes()).hexdigest()
        for name in names
        if (runs / name).exists()
    }


def made_from(workspace: Workspace, versions: dict[str, int | None]) -> dict[str, Any]:
    """What a factor depends on: its settings and the versions of the data."""
    return {"settings": factor_settings(workspace.settings), "data_versions": versions}


def factor_settings(settings: StudySettings) -> dict[str, Any]:
    """SECTION.KEY → value of what a factor depends on."""
    plain = flat_toml(fold_settings_text(settings, (*FOLD_SECTIONS, "factor")))
    return plain | {
        "training.folds": list(settings.training.folds),
        "training.seeds": settings.training.seeds,
        "predictor.beside": list(settings.predictor.beside),
    }


def read_factor(workspace: Workspace) -> FactorTable:
    """The factor written before.

    Raises EvaluationError where there is none, where its record tells of other files, or where settings or data have
    changed since it was made.
    """
    parts = [workspace.factor_path, workspace.runs / DROPS, workspace.runs / RECORD]
    if not all(path.exists() for path in parts):
        raise EvaluationError(
            f"{workspace.factor_path} is not there: run `gangru train` and `gangru factor` first"
        )
    then, now = read_record(workspace), made_from(workspace, workspace.store.market_versions())
    changed = [
        f"{name} was {then[part].get(name)!r}, is {value!r}"
        for part in now
        for name, value in now[part].items()
        if then[part].get(name) != value
    ]
    if changed:
        raise EvaluationError(
            f"{workspace.factor_path} was made from something else ({'; '.join(changed[:3])}): run `gangru factor`"
        )
    seeds = workspace.runs / SEEDS
    return FactorTable(
        pl.read_parquet(workspace.factor_path),
        pl.read_parquet(workspace.runs / DROPS),
        pl.read_parquet(seeds) if workspace.settings.training.seeds > 1 else None,
    )


def read_record(workspace: Workspace) -> dict[str, Any]:
    """What the factor was made from, with the default of each setting that it does not name.

    Raises EvaluationError where it cannot be read, or where the files are not those that it was written with.
    """
    path = workspace.runs / RECORD
    try:
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        record["settings"] = factor_settings(StudySettings()) | record["settings"]
        files = record.get("files", {})
        whole = file_digests(workspace.runs, files) == files and isinstance(record["data_versions"], dict)
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise EvaluationError(f"{path} does not tell of the factor beside it: run `gangru factor`")
    return record


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, buffer.getvalue())
