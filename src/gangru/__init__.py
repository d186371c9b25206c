"""From daily bars of a stock market to a broker-grade monthly.

`Study` does what the commands do; `evaluate` measures any factor, `write_report` makes a monthly of any evaluation.
What a user adds is handed over as objects: a `Feature`, a `Source` that yields a `Piece` after another, an
`ExecutionRule`, a section of the report. Nothing is loaded before it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gangru.evaluation.portfolio.terms import ExecutionRule, Fills
    from gangru.evaluation.result import Evaluation
    from gangru.features.catalogue import Bars, Feature
    from gangru.market.sources.protocol import Piece, Source
    from gangru.report.alone import write_report
    from gangru.study.extensions import Extensions
    from gangru.study.notebook import Study

__version__ = "0.1.0"
__all__ = [
    "Bars",
    "Evaluation",
    "ExecutionRule",
    "Extensions",
    "Feature",
    "Fills",
    "Piece",
    "Source",
    "Study",
    "evaluate",
    "write_report",
]

PLACES = {
    "Bars": "gangru.features.catalogue",
    "Evaluation": "gangru.evaluation.result",
    "ExecutionRule": "gangru.evaluation.portfolio.terms",
    "Extensions": "gangru.study.extensions",
    "Feature": "gangru.features.catalogue",
    "Fills": "gangru.evaluation.portfolio.terms",
    "Piece": "gangru.market.sources.protocol",
    "Source": "gangru.market.sources.protocol",
    "Study": "gangru.study.notebook",
    "write_report": "gangru.report.alone",
}


def __getattr__(name: str) -> Any:
    """A name of the surface, loaded when it is first asked for."""
    if name not in PLACES:
        raise AttributeError(f"module 'gangru' has no attribute {name!r}")
    return getattr(import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    """What there is to ask for."""
    return [*__all__, "__version__"]


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
