"""The stages as successive calls: bars → panel → windows → generator → predictor → factor → evaluation → report."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from gangru.atomic import write_bytes, write_text
from gangru.errors import EvaluationError
from gangru.evaluation.result import SEED_FIGURES, Evaluation
from gangru.factor.dates import factor_rows
from gangru.factor.predict import DateFactor, factor_of_date
from gangru.market.daily import Floats
from gangru.study.inputs import Inputs
from gangru.study.jobs import FOLD_SECTIONS, all_jobs, fold_settings_text, folds_of
from gangru.study.kept_dates import (
    DROPS,
    FRAMES,
    RECORD,
    SEEDS,
    DateRows,
    date_digests,
    file_digests,
    kept_dates,
)
from gangru.study.measuring import beyond, evaluate_table
from gangru.study.pictures import draw_pictures
from gangru.study.predicting import Prediction, ServingFold, predicted, serving_folds
from gangru.study.settings import StudySettings
from gangru.study.workspace import Workspace
from gangru.training.engines.local import train_folds
from gangru.training.fold_run import FoldJob, flat_toml
from gangru.training.loop import Tick, prepare_torch

OnTick = Callable[[FoldJob, Tick], None]
OnStep = Callable[[str, int, int], None]


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


def train(inputs: Inputs, on_tick: OnTick) -> list[str]:
    """Train what is due with every seed and draw what the run directories lack; the names of those trained now."""
    jobs = all_jobs(inputs, folds_of(inputs))
    trained = train_folds(jobs, on_tick)
    draw_pictures(inputs, jobs)
    return trained


def make_factor(inputs: Inputs, on_step: OnStep, *, keep: bool = False) -> FactorTable:
    """Make the factor of every factor date that a trained fold serves, as `computed_factor` does, and write it."""
    result = computed_factor(inputs, on_step, keep=keep)
    write_factor(inputs, result)
    return result


def computed_factor(inputs: Inputs, on_step: OnStep, *, keep: bool = False) -> FactorTable:
    """The factor of every factor date that a trained fold serves.

    With `keep` the dates that were written before and would be made of the very same are taken as they are. Whoever
    wants to prove what the stages do has every date made.
    """
    settings, dates = inputs.workspace.settings, inputs.market.dates
    prepare_torch(settings.training)
    served = served_dates(inputs)
    digests = date_digests(inputs, served, factor_settings(settings))
    rows = kept_dates(inputs.workspace.runs, digests, seeds=settings.training.seeds > 1) if keep else {}
    kept = len(rows)
    missing = [(one, row) for one, row in served if str(dates[row]) not in rows]
    for done, (one, row) in enumerate(missing, start=1):
        rows[str(dates[row])] = rows_of_date(inputs, one, row)
        on_step(str(dates[row]), done, len(missing))
    ordered = [rows[date] for date in digests]
    seeds = [one.seeds for one in ordered if one.seeds is not None]
    return FactorTable(
        pl.concat(one.table for one in ordered),
        pl.concat(one.drops for one in ordered),
        pl.concat(seeds) if seeds else None,
        digests,
        kept,
    )


def served_dates(inputs: Inputs) -> list[tuple[ServingFold, int]]:
    """Every factor date that a trained fold serves, ascending: the fold and the date's row.

    Raises EvaluationError where there is none.
    """
    dates, serving = inputs.market.dates, serving_folds(inputs)
    rows = factor_rows(dates, inputs.calendar, inputs.workspace.settings.factor.dates)
    served = [
        (one, int(row))
        for one in serving
        for row in rows[(dates[rows] > one.fold.trained_on) & (dates[rows] <= one.fold.serves_to)]
    ]
    if not served:
        raise EvaluationError(
            f"no factor date lies after the first training of {serving[0].fold.trained_on}: the data end on {dates[-1]}"
        )
    return served


def rows_of_date(inputs: Inputs, serving: ServingFold, row: int) -> DateRows:
    """The factor of the date at `row`, what was dropped, and each seed's own where there are several."""
    prediction, fold = predicted(inputs, serving, row), serving.fold.name
    made = neutral(inputs, prediction, prediction.pret, row, fold)
    seeds = [
        neutral(inputs, prediction, pret, row, fold).table.with_columns(pl.lit(seed).alias("seed"))
        for seed, pret in prediction.by_seed.items()
    ]
    drops = date_drops(inputs, row, prediction.counts | made.dropped)
    return DateRows(made.table, drops, pl.concat(seeds) if seeds else None)


def neutral(inputs: Inputs, prediction: Prediction, pret: Floats, row: int, fold: str) -> DateFactor:
    """The factor table of one date's pRet."""
    factor = inputs.workspace.settings.factor
    return factor_of_date(inputs.panel, row, prediction.stocks, pret, inputs.exposures, factor, fold)


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
    return {"settings": factor_settings(workspace.settings), "data_versions": versions}


def factor_settings(settings: StudySettings) -> dict[str, Any]:
    """SECTION.KEY → value of what a factor depends on."""
    plain = flat_toml(fold_settings_text(settings, (*FOLD_SECTIONS, "factor")))
    return plain | {
        "training.folds": list(settings.training.folds),
        "training.seeds": settings.training.seeds,
    }


def read_factor(workspace: Workspace) -> FactorTable:
    """The factor written before.

    Raises EvaluationError where there is none, or where settings or data have changed since it was made.
    """
    parts = [workspace.factor_path, workspace.runs / DROPS, workspace.runs / RECORD]
    if not all(path.exists() for path in parts):
        raise EvaluationError(
            f"{workspace.factor_path} is not there: run `gangru train` and `gangru factor` first"
        )
    then, now = (
        json.loads(parts[2].read_text("utf-8")),
        made_from(workspace, workspace.store.market_versions()),
    )
    then["settings"] = (
        factor_settings(StudySettings()) | then["settings"]
    )  # what it does not name was the default
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


def evaluate(
    inputs: Inputs,
    factor: FactorTable,
    last_month: str | None = None,
    others: Mapping[str, pl.DataFrame] | None = None,
    *,
    whole: bool = False,
) -> Evaluation:
    """Measure the study's factor up to `last_month` (default: the last month whose return is known).

    `whole` takes it apart as well, beside the `others`.
    """
    measured = evaluate_table(inputs, factor.table, last_month, beyond(inputs, others) if whole else None)
    return (
        measured
        if factor.seeds is None
        else replace(measured, seeds=by_seed(inputs, factor.seeds, last_month))
    )


def by_seed(inputs: Inputs, seeds: pl.DataFrame, last_month: str | None) -> pl.DataFrame:
    """What each seed's nets alone would have done, a seed a row, measured like the average of all."""
    rows = []
    for (seed,), table in seeds.partition_by("seed", as_dict=True, maintain_order=True).items():
        alone = evaluate_table(inputs, table.drop("seed"), last_month)
        rows.append(
            {
                "seed": seed,
                "ic_mean": alone.headline.ic_mean,
                "icir": alone.headline.icir,
                "raw_ic_mean": alone.headline_raw.ic_mean,
                "annual_excess": alone.headline.annual_excess,
            }
        )
    return pl.DataFrame(rows, schema=SEED_FIGURES)


def write_evaluation(inputs: Inputs, document: dict[str, Any]) -> None:
    """Keep the evaluation beside the factor it measures."""
    write_text(inputs.workspace.evaluation_path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, buffer.getvalue())
