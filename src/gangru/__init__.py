"""From daily bars of a stock market to a broker-grade monthly."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gangru.evaluation.result import Evaluation

__version__ = "0.1.0"


def evaluate(
    frame: Any,
    workspace: "str | Path" = ".",
    *,
    study: str = "main",
    column: str = "factor",
    others: "Mapping[str, Any] | None" = None,
    month: str | None = None,
) -> "Evaluation":
    """Measure any factor on the market of a workspace, as `gangru evaluate --factor` does.

    `frame` is a Polars or pandas table of date, code and `column` (a pandas series indexed by date and code is one), or
    the path of a CSV or Parquet file; `others` are factors to compare with, by name, with the same columns. `study`
    names the settings, `month` ('YYYY-MM') the last return month; default the last that is known. Writes nothing.
    Raises EvaluationError where no row can be used; rows that cannot are counted in the result's `drops`.
    """
    from gangru.study.evaluating import evaluate_frame

    return evaluate_frame(frame, workspace, study=study, column=column, others=others, month=month)
