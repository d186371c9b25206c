"""A table of date, code and factor measured on a study's market, and the study's own; nothing here loads a net."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from gangru.atomic import write_text
from gangru.errors import EvaluationError
from gangru.evaluation.columns import TABLE
from gangru.evaluation.document import to_json
from gangru.evaluation.result import SEED_FIGURES, Evaluation
from gangru.evaluation.summary import Beyond, evaluate_factor
from gangru.market.codes import canonical_codes
from gangru.study.data_notes import data_notes
from gangru.study.factor_table import FactorTable
from gangru.study.inputs import Inputs
from gangru.study.own_factor import as_identities

UNIVERSE = "universe"


def beyond(inputs: Inputs, others: Mapping[str, pl.DataFrame] | None = None) -> Beyond:
    """What a whole evaluation needs beyond the market: who is in which index, and the factors to compare with."""
    ready = {
        name: as_identities(table, inputs.facts.identities, f"the other factor {name}")
        for name, table in (others or {}).items()
    }
    return Beyond(members=inputs.facts.members, others=ready)


def benchmark_index(inputs: Inputs) -> pl.DataFrame | None:
    """The daily bars of the index that portfolio.benchmark names; None for the universe.

    Raises EvaluationError where the store has no such index.
    """
    wanted = inputs.workspace.settings.portfolio.benchmark
    if wanted == UNIVERSE:
        return None
    bars = inputs.workspace.store.read("index_bars")
    code = canonical_codes(pl.Series([wanted]))[0] or wanted
    own = bars.filter(pl.col("code") == code)
    if own.is_empty():
        there = ", ".join(bars["code"].unique().sort()) or "none"
        raise EvaluationError(
            f"portfolio.benchmark = {wanted!r}: expected {UNIVERSE!r} or an index in the store, which has {there}"
        )
    return own.select("date", "close")


def evaluate_table(
    inputs: Inputs,
    table: pl.DataFrame,
    last_month: str | None,
    wholly: Beyond | None = None,
    source: str = TABLE,
) -> Evaluation:
    """Measure one table of date, code, factor and perhaps pret."""
    settings = inputs.workspace.settings
    return evaluate_factor(
        table,
        inputs.market,
        calendar=inputs.calendar,
        industry=inputs.industry,
        names=inputs.facts.names_as_of,
        eligible=inputs.universe.eligible,
        settings=settings.evaluation,
        portfolio=settings.portfolio,
        study=inputs.workspace.study,
        last_month=last_month,
        index=benchmark_index(inputs),
        beyond=wholly,
        source=source,
        execution=inputs.workspace.extensions.execution,
    )


def evaluation_document(
    inputs: Inputs, evaluation: Evaluation, excluded: pl.DataFrame | None = None
) -> dict[str, Any]:
    """The object that `evaluate --json` prints and runs/STUDY/evaluation.json holds.

    `excluded` (date, reason, count) are the stocks left out when the factor was made; of somebody else's nothing is
    known.
    """
    document: dict[str, Any] = dict(to_json(evaluation))
    document["data"]["limits"] = data_notes(inputs)
    if excluded is None:
        return document
    totals = excluded.group_by("reason", maintain_order=True).agg(pl.col("count").sum())
    document["data"]["excluded"] = {reason: int(count) for reason, count in totals.iter_rows()}
    return document


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
