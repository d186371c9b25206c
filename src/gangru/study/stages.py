"""The stages as successive calls: bars → panel → windows → generator → predictor → factor → evaluation → report."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.atomic import write_bytes, write_text
from gangru.errors import EvaluationError
from gangru.evaluation.document import to_json
from gangru.evaluation.result import Evaluation
from gangru.evaluation.summary import evaluate_factor
from gangru.factor.dates import factor_rows
from gangru.factor.predict import factor_of_date, predict_date
from gangru.market.daily import Floats
from gangru.study.data_notes import data_notes
from gangru.study.inputs import Inputs
from gangru.study.jobs import FOLD_SECTIONS, fold_jobs, fold_settings_text, folds_of
from gangru.study.pictures import draw_pictures
from gangru.study.workspace import Workspace
from gangru.training.engines.local import train_folds
from gangru.training.fold_run import FoldJob, TrainedFold, flat_toml, load_fold
from gangru.training.loop import Tick, prepare_torch

OnTick = Callable[[FoldJob, Tick], None]
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FactorTable:
    """The factor of every date a fold serves: date, code, pret, factor, fold; and what was dropped on the way."""

    table: pl.DataFrame
    drops: pl.DataFrame


def train(inputs: Inputs, on_tick: OnTick) -> list[str]:
    """Train every due fold that is not trained and draw what its directory lacks; the names of those trained now."""
    jobs = fold_jobs(inputs, folds_of(inputs))
    trained = train_folds(jobs, on_tick)
    draw_pictures(inputs, jobs)
    return trained


def make_factor(inputs: Inputs, on_step: OnStep) -> FactorTable:
    """Predict, neutralise and write the factor of every factor date that a trained fold serves."""
    settings, folds = inputs.workspace.settings, folds_of(inputs)
    prepare_torch(settings.training)
    jobs = fold_jobs(inputs, folds)
    rows = factor_rows(inputs.market.dates, inputs.calendar, settings.factor.dates)
    tables, drops = [], []
    for fold, job in zip(folds, jobs, strict=True):
        trained = load_fold(job, len(settings.features.names))
        dates = inputs.market.dates[rows]
        for row in rows[(dates > fold.trained_on) & (dates <= fold.serves_to)]:
            stocks, pret, counts = predicted(inputs, trained, int(row))
            made = factor_of_date(
                inputs.panel, int(row), stocks, pret, inputs.exposures, settings.factor, fold.name
            )
            tables.append(made.table)
            drops.append(date_drops(inputs, int(row), counts | made.dropped))
            on_step(
                str(inputs.market.dates[row]),
                len(tables),
                len(rows[inputs.market.dates[rows] > folds[0].trained_on]),
            )
    if not tables:
        raise EvaluationError(
            f"no factor date lies after the first training of {folds[0].trained_on}: the data end on "
            f"{inputs.market.dates[-1]}"
        )
    result = FactorTable(pl.concat(tables), pl.concat(drops))
    write_frame(inputs.workspace.factor_path, result.table)
    write_frame(inputs.workspace.runs / "drops.parquet", result.drops)
    write_text(
        inputs.workspace.runs / "factor.json",
        json.dumps(made_from(inputs.workspace, inputs.versions), indent=1) + "\n",
    )
    return result


def predicted(
    inputs: Inputs, fold: TrainedFold, row: int
) -> tuple[NDArray[np.int64], Floats, dict[str, int]]:
    """Positions and pRet of the date at `row`, and counts of what was left out or filled."""
    settings = inputs.workspace.settings
    eligible = inputs.universe.eligible[row]
    return predict_date(fold, inputs.panel, row, eligible, settings.features, settings.gan, settings.training)


def date_drops(inputs: Inputs, row: int, counts: dict[str, int]) -> pl.DataFrame:
    """Who is not in the factor on a date, by reason."""
    excluded = {reason: int(per_day[row]) for reason, per_day in inputs.universe.excluded.items()}
    merged = excluded | counts
    date = inputs.market.dates[row].astype("datetime64[D]").item()
    return pl.DataFrame(
        {"date": [date] * len(merged), "reason": list(merged), "count": list(merged.values())}
    )


def made_from(workspace: Workspace, versions: dict[str, int | None]) -> dict[str, Any]:
    """What a factor depends on: its settings and the versions of the data."""
    settings = flat_toml(fold_settings_text(workspace.settings, (*FOLD_SECTIONS, "factor")))
    return {"settings": settings, "data_versions": versions}


def read_factor(workspace: Workspace) -> FactorTable:
    """The factor written before.

    Raises EvaluationError where there is none, or where settings or data have changed since it was made.
    """
    parts = [workspace.factor_path, workspace.runs / "drops.parquet", workspace.runs / "factor.json"]
    if not all(path.exists() for path in parts):
        raise EvaluationError(
            f"{workspace.factor_path} is not there: run `gangru train` and `gangru factor` first"
        )
    then, now = (
        json.loads(parts[2].read_text("utf-8")),
        made_from(workspace, workspace.store.market_versions()),
    )
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
    return FactorTable(
        pl.read_parquet(workspace.factor_path), pl.read_parquet(workspace.runs / "drops.parquet")
    )


def evaluate(inputs: Inputs, factor: FactorTable, last_month: str | None = None) -> Evaluation:
    """Measure the study's factor up to `last_month` (default: the last month whose return is known)."""
    settings = inputs.workspace.settings
    return evaluate_factor(
        factor.table,
        inputs.market,
        calendar=inputs.calendar,
        industry=inputs.industry,
        names=inputs.names,
        eligible=inputs.universe.eligible,
        settings=settings.evaluation,
        portfolio=settings.portfolio,
        study=inputs.workspace.study,
        last_month=last_month,
    )


def evaluation_document(inputs: Inputs, evaluation: Evaluation, factor: FactorTable) -> dict[str, Any]:
    """The object that `evaluate --json` prints and runs/STUDY/evaluation.json holds."""
    document: dict[str, Any] = dict(to_json(evaluation))
    totals = factor.drops.group_by("reason", maintain_order=True).agg(pl.col("count").sum())
    document["data"]["limits"] = data_notes(inputs)
    document["data"]["excluded"] = {reason: int(count) for reason, count in totals.iter_rows()}
    return document


def write_evaluation(inputs: Inputs, document: dict[str, Any]) -> None:
    """Keep the evaluation beside the factor it measures."""
    write_text(inputs.workspace.evaluation_path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, buffer.getvalue())
