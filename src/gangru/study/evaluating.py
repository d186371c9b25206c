"""Any table of date, code and factor, measured on a study's market."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from gangru.evaluation.columns import TABLE
from gangru.evaluation.result import Evaluation
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.measuring import beyond, evaluate_table
from gangru.study.own_factor import COLUMN, as_identities, factor_table, read_factor_file
from gangru.study.workspace import open_workspace


def evaluate_own(
    inputs: Inputs,
    table: pl.DataFrame,
    name: str,
    last_month: str | None = None,
    others: Mapping[str, pl.DataFrame] | None = None,
    source: str = TABLE,
) -> Evaluation:
    """Measure whatever table of date, code, factor, as `own_factor.factor_table` gives it, wholly.

    Raises EvaluationError naming `source` where nothing of it can be used.
    """
    own = as_identities(table, inputs.facts.identities, source)
    measured = evaluate_table(inputs, own, last_month, beyond(inputs, others), source)
    return replace(measured, study=name)


def evaluate_frame(
    frame: Any,
    workspace: str | Path = ".",
    *,
    study: str = "main",
    column: str = COLUMN,
    others: Mapping[str, Any] | None = None,
    month: str | None = None,
) -> Evaluation:
    """What `gangru evaluate --factor` measures, of a table in memory or of a file by its path.

    `frame` and each of `others` hold date, code and `column`. Raises EvaluationError saying which of them cannot be
    used and why, and the errors of a workspace that is none.
    """
    opened = open_workspace(Path(workspace), study)
    return evaluate_any(lambda: load_inputs(opened), frame, column, others, month)


def evaluate_any(
    market: Callable[[], Inputs], frame: Any, column: str, others: Mapping[str, Any] | None, month: str | None
) -> Evaluation:
    """Measure a table in memory or in a file on a market that is read once the tables are known to be ones."""
    own, beside = told(frame, column, TABLE), told_others(others, column)
    is_file = isinstance(frame, str | Path)
    name, source = (Path(frame).stem, str(frame)) if is_file else (column, TABLE)
    return evaluate_own(market(), own, name, month, beside, source)


def told_others(others: Mapping[str, Any] | None, column: str) -> dict[str, pl.DataFrame]:
    """The factors to compare with, by name."""
    return {
        str(name): told(table, column, f"the other factor {name}") for name, table in (others or {}).items()
    }


def told(frame: Any, column: str, where: str) -> pl.DataFrame:
    """The table in memory, or in a file where a path is told."""
    if isinstance(frame, str | Path):
        return read_factor_file(Path(frame), column)
    return factor_table(frame, column, where)
