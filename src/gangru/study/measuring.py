"""A table of date, code and factor measured on a study's market; nothing here loads a net."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from gangru.errors import EvaluationError
from gangru.evaluation.columns import TABLE
from gangru.evaluation.document import to_json
from gangru.evaluation.result import Evaluation
from gangru.evaluation.summary import Beyond, evaluate_factor
from gangru.market.codes import canonical_codes
from gangru.study.data_notes import data_notes
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
        names=inputs.names,
        eligible=inputs.universe.eligible,
        settings=settings.evaluation,
        portfolio=settings.portfolio,
        study=inputs.workspace.study,
        last_month=last_month,
        index=benchmark_index(inputs),
        beyond=wholly,
        source=source,
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
