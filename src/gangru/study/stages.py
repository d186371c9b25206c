"""The stages as successive calls: bars → panel → windows → generator → predictor → factor → evaluation → report."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gangru.atomic import write_bytes, write_text
from gangru.errors import EvaluationError
from gangru.evaluation.document import to_json
from gangru.evaluation.result import Evaluation
from gangru.evaluation.summary import evaluate_factor
from gangru.factor.dates import factor_rows
from gangru.factor.predict import factor_of_date, predict_date
from gangru.features.windows import windows_of_date
from gangru.study.inputs import Inputs
from gangru.study.provenance import code_version, hardware, package_versions
from gangru.study.settings import StudySettings, settings_toml
from gangru.study.workspace import Workspace
from gangru.training.batches import FoldData, Sample
from gangru.training.engines.local import train_folds
from gangru.training.fold_run import FoldJob, load_fold
from gangru.training.folds import Fold, SampleRows, due_folds, sample_rows
from gangru.training.loop import Tick, prepare_torch

FOLD_SECTIONS = ("universe", "features", "label", "gan", "predictor", "training")
NOT_OF_A_FOLD = ("first", "last", "device", "threads", "engine")  # where and how far, not what

OnTick = Callable[[FoldJob, Tick], None]
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FactorTable:
    """The factor of every date a fold serves: date, code, pret, factor, fold; and what was dropped on the way."""

    table: pl.DataFrame
    drops: pl.DataFrame


def folds_of(inputs: Inputs) -> list[Fold]:
    """The trainings due in this workspace."""
    settings = inputs.workspace.settings
    return due_folds(
        inputs.calendar,
        inputs.market.dates,
        settings.training,
        settings.label.reach,
        settings.features.window,
    )


def fold_jobs(inputs: Inputs, folds: list[Fold]) -> list[FoldJob]:
    """One job a fold; its data are made when its turn comes, from days up to its training day alone."""
    workspace = inputs.workspace
    settings = workspace.settings
    text, default_text = fold_settings_text(settings), fold_settings_text(StudySettings())
    versions = workspace.store.versions()
    jobs = []
    for fold in folds:
        rows = sample_rows(inputs.market.date_index(fold.trained_on), settings.training, settings.label.reach)
        jobs.append(
            FoldJob(
                name=fold.name,
                directory=workspace.runs / fold.name,
                load=lambda rows=rows: fold_data(inputs, rows),  # type: ignore[misc]
                kind=settings.features.generator,
                gan=settings.gan,
                predictor=settings.predictor,
                training=settings.training,
                settings_text=text,
                default_text=default_text,
                manifest=fold_manifest(inputs, fold, rows, versions),
            )
        )
    return jobs


def fold_settings_text(settings: StudySettings) -> str:
    """The settings that make a fold what it is, as TOML."""
    text = settings_toml(settings, FOLD_SECTIONS, commented=False)
    lines = [line for line in text.splitlines() if line.split(" = ")[0] not in NOT_OF_A_FOLD]
    return "\n".join(lines) + "\n"


def fold_manifest(
    inputs: Inputs, fold: Fold, rows: SampleRows, versions: dict[str, int | None]
) -> dict[str, Any]:
    """What a run directory says about where it comes from."""
    dates, settings = inputs.market.dates, inputs.workspace.settings
    return {
        "study": inputs.workspace.study,
        "nominal": str(fold.nominal),
        "trained_on": str(fold.trained_on),
        "serves_to": str(fold.serves_to),
        "train_dates": [str(d) for d in dates[rows.train]],
        "purged_dates": [str(d) for d in dates[rows.purged]],
        "valid_dates": [str(d) for d in dates[rows.valid]],
        "last_label_date": str(dates[rows.valid[-1] + settings.label.reach]),
        "features": list(settings.features.names),
        "seed": settings.training.seed,
        "data_versions": versions,
        "code": code_version(),
        "packages": package_versions(),
        "hardware": hardware(settings.training.threads),
    }


def fold_data(inputs: Inputs, rows: SampleRows) -> FoldData:
    """Scaled windows and labels of a fold's sample dates; sees no bar after the last label's day."""

    def sample(row: int) -> Sample:
        windows = windows_of_date(
            inputs.panel, row, inputs.universe.eligible[row], inputs.workspace.settings.features
        )
        labels, codes = inputs.labels[row, windows.stocks], inputs.market.codes[windows.stocks]
        return Sample(windows.date, windows.x_NTF, labels, codes)

    return FoldData(
        train=tuple(sample(row) for row in rows.train),
        valid=tuple(sample(row) for row in rows.valid),
        purged=tuple(inputs.market.dates[rows.purged]),
    )


def train(inputs: Inputs, on_tick: OnTick) -> list[str]:
    """Train every due fold that is not trained; the names of those trained now."""
    return train_folds(fold_jobs(inputs, folds_of(inputs)), on_tick)


def unhealthy(inputs: Inputs) -> list[str]:
    """A sentence for each trained fold whose GAN collapsed twice: its generator is used, and a reader has to know."""
    found = []
    for job in fold_jobs(inputs, folds_of(inputs)):
        gan = json.loads((job.directory / "metrics.json").read_text("utf-8"))["gan"] if job.done else None
        if gan and gan["collapsed"]:
            kept = gan["at_best"]
            found.append(
                f"{job.name}: the GAN collapsed, was restarted with another seed and collapsed again; the predictor "
                f"reads the generator of epoch {gan['best_epoch']} (discriminator's loss {kept['d_loss']:.3f}, spread "
                f"between stocks {kept['dispersion_ratio']:.1%} of the real one)"
            )
    return found


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
            stocks, pret, short = predict_date(
                trained,
                inputs.panel,
                int(row),
                inputs.universe.eligible[row],
                settings.features,
                settings.gan,
                settings.training,
            )
            made = factor_of_date(
                inputs.panel, int(row), stocks, pret, inputs.exposures, settings.factor, fold.name
            )
            tables.append(made.table)
            drops.append(date_drops(inputs, int(row), {"too few bars in the window": short} | made.dropped))
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
    return result


def date_drops(inputs: Inputs, row: int, counts: dict[str, int]) -> pl.DataFrame:
    """Who is not in the factor on a date, by reason."""
    excluded = {reason: int(per_day[row]) for reason, per_day in inputs.universe.excluded.items()}
    merged = excluded | counts
    date = inputs.market.dates[row].astype("datetime64[D]").item()
    return pl.DataFrame(
        {"date": [date] * len(merged), "reason": list(merged), "count": list(merged.values())}
    )


def read_factor(workspace: Workspace) -> FactorTable:
    """The factor written before. Raises EvaluationError where there is none."""
    if not workspace.factor_path.exists():
        raise EvaluationError(
            f"{workspace.factor_path} is not there: run `gangru train` and `gangru factor` first"
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
        names=inputs.securities,
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


def data_notes(inputs: Inputs) -> list[str]:
    """What a reader has to know about the data, found by looking at them."""
    market = inputs.market
    traded = market.traded
    bars = int(traded.sum())

    def share(mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> str:
        return f"{mask.sum() / max(bars, 1):.1%}"

    vwap = market.vwap()
    last_traded = traded[-20:].any(axis=0)
    notes = [
        f"{len(market.codes):,} stocks, {market.dates[0]} to {market.dates[-1]}, {bars:,} traded bars; "
        f"{int((~last_traded).sum()):,} stocks have ended before the last day.",
        f"ST state is unknown for {share((market.is_st == -1) & traded)} of bars.",
        f"No usable vwap for {share(np.isnan(vwap) & traded)} of bars: no amount, or prices on another basis.",
        f"No float shares for {share(np.isnan(market.float_shares) & traded)} of bars: no size, no neutralised factor.",
    ]
    if len(inputs.securities):
        notes.append("Names are those of the list of securities as ingested, not of the date they stand beside.")
    flags = inputs.workspace.store.read("bars", columns=["amount_est", "shares_est", "st_inferred"])
    for name, what in (
        ("amount_est", "Amount is estimated"),
        ("shares_est", "Float shares are carried from another date"),
        ("st_inferred", "ST state is inferred, not observed,"),
    ):
        if flags[name].any():
            notes.append(f"{what} for {flags[name].sum() / max(len(flags), 1):.1%} of rows.")
    return notes


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all."""
    import io

    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, buffer.getvalue())
