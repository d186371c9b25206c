"""What an edition is made of, as the archive keeps it: versions, settings, code, factor, trainings."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gangru.report.inputs import Provenance
from gangru.study.editions.record import MadeOf

WEIGHTS = ("generator.safetensors", "predictor.safetensors", "predictor.lightgbm.txt")


def made_of(
    provenance: Provenance, factor: pl.DataFrame, picks_date: str | None, folds: list[Path]
) -> MadeOf:
    """The inputs of one edition; `factor` is date, code, factor, and only rows up to `picks_date` count.

    `folds` are the run directories of its trainings.
    """
    rows = factor if picks_date is None else factor.filter(pl.col("date") <= pl.lit(picks_date).str.to_date())
    return MadeOf(
        data_versions={name: as_version(version) for name, version in provenance.data_versions.items()},
        settings=provenance.settings,
        code={"version": provenance.code_version, "commit": provenance.commit},
        packages=provenance.packages,
        factor_rows=len(rows),
        factor_sha256=factor_hash(rows),
        folds=tuple(fold_hashes(directory) for directory in folds),
    )


def as_version(version: object) -> int | None:
    """A table's version, None where there is no table."""
    return version if isinstance(version, int) else None


def factor_hash(factor: pl.DataFrame) -> str:
    """SHA-256 of a factor table's dates, codes and values in the order of date and code, whatever their file."""
    rows = factor.select("date", "code", pl.col("factor").cast(pl.Float64)).sort("date", "code")
    digest = hashlib.sha256()
    digest.update(rows["date"].cast(pl.Int32).to_numpy().astype("<i4").tobytes())
    digest.update("\n".join(rows["code"].cast(pl.String)).encode())
    values = rows["factor"].fill_null(float("nan")).to_numpy().astype("<f8")
    digest.update(
        np.where(np.isnan(values), np.nan, values + 0.0).tobytes()
    )  # one NaN, and no zero below zero
    return digest.hexdigest()


def fold_hashes(directory: Path) -> dict[str, Any]:
    """A run directory's manifest and weights by their hashes, its other seeds' and kinds' among them."""
    wanted = [
        path
        for folder in (directory, *sorted(p.parent for p in directory.glob("*/manifest.json")))
        for path in (folder / name for name in ("manifest.json", *WEIGHTS))
        if path.is_file()
    ]
    return {
        "name": directory.name,
        "files": {path.relative_to(directory).as_posix(): file_hash(path) for path in wanted},
    }


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
