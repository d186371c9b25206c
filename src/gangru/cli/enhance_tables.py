"""An enhanced index in the terminal, within 80 columns."""

from typing import TYPE_CHECKING

import polars as pl

from gangru.cli.evaluation_tables import NUMBER, PERCENT, TEXT, show
from gangru.cli.screen import out

if TYPE_CHECKING:
    from gangru.study.enhancing import EnhancedIndex

SHOWN_MONTHS = 12
FIGURES = (
    "annual_return",
    "annual_excess",
    "annual_excess_ratio",
    "tracking_error",
    "information_ratio",
    "max_drawdown",
)


def print_enhanced(result: "EnhancedIndex") -> None:
    """Annual figures beside the index, the last months, and what gave way."""
    rows = [
        {"of": name} | {key: getattr(one, key) for key in FIGURES}
        for name, one in (("gross", result.gross), ("net", result.net))
    ]
    show(f"{result.index} enhanced, a year", pl.DataFrame(rows, infer_schema_length=None), {
        "": ("of", TEXT), "Return": ("annual_return", PERCENT), "Excess": ("annual_excess", PERCENT),
        "by ratio": ("annual_excess_ratio", PERCENT), "Tracking error": ("tracking_error", PERCENT),
        "IR": ("information_ratio", NUMBER), "Drawdown": ("max_drawdown", PERCENT),
    })  # fmt: skip
    show(f"The last {SHOWN_MONTHS} months", result.months.tail(SHOWN_MONTHS), {
        "Month": ("month", TEXT), "Return": ("return", PERCENT), "Index": ("index_return", PERCENT),
        "TE": ("tracking_error", PERCENT), "Active": ("active_share", ".0%"), "Turnover": ("turnover", ".0%"),
        "Stocks": ("holdings", ",.0f"), "State": ("status", TEXT),
    })  # fmt: skip
    gave = result.months.filter(pl.col("status") != "solved")
    show("Months in which something gave way", gave, {
        "Month": ("month", TEXT), "State": ("status", TEXT), "To blame": ("blame", TEXT), "Relaxed": ("relaxed", TEXT),
    })  # fmt: skip
    turnover = "–" if result.turnover is None else f"{result.turnover:.1%}"
    out.print(
        f"Mean one-sided turnover {turnover}. The index is a price index, without dividends: an excess over it is "
        "overstated by its dividend yield. Its members are weighted by float value, an approximation.",
        soft_wrap=True, markup=False,
    )  # fmt: skip
