"""A run directory as the report tells it."""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gangru.market.daily import Dates
from gangru.report.inputs import FoldRecord

NO_CURVE = pl.DataFrame(schema={"epoch": pl.Int64, "train_ic": pl.Float64, "valid_ic": pl.Float64})


def fold_record(directory: Path, manifest: dict[str, Any], calendar: Dates) -> FoldRecord:
    """One run directory as the report tells it."""
    metrics = read_json(directory / "metrics.json")
    gan = metrics["gan"] or {}
    curves, windows = directory / "gan_curves.csv", directory / "gan_windows.csv"
    predictor_curves = directory / "predictor_curves.csv"
    first_served = calendar[np.searchsorted(calendar, np.datetime64(manifest["trained_on"]), side="right")]
    return FoldRecord(
        nominal=date.fromisoformat(manifest["nominal"]),
        trained_on=date.fromisoformat(manifest["trained_on"]),
        serves_from=first_served.item(),
        serves_to=date.fromisoformat(manifest["serves_to"]),
        predictor_curves=pl.read_csv(predictor_curves) if predictor_curves.exists() else NO_CURVE,
        gan_curves=pl.read_csv(curves) if curves.exists() else None,
        best_predictor_epoch=metrics["best_epoch"],
        best_gan_epoch=gan.get("best_epoch"),
        collapsed=bool(gan.get("collapsed")),
        restarted=bool(gan.get("restarted")),
        seconds=sum(metrics["seconds"].values()),
        best_valid_ic=metrics["best_valid_ic"],
        gan_windows=pl.read_csv(windows) if windows.exists() else None,
        manifest=sha256((directory / "manifest.json").read_bytes()).hexdigest(),
        windows_on=date.fromisoformat(manifest["valid_dates"][-1]) if windows.exists() else None,
    )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a run."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
