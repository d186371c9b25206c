"""The deepest falls of a daily net value with their dates, and what a value did within a span of dates.

Days are trading days: positions on the value's own axis, (days,), whose dates ascend.
"""

import datetime
from dataclasses import dataclass

import numpy as np
import polars as pl

from gangru.evaluation.months import Rows
from gangru.evaluation.performance import STILL, drawdown, max_drawdown, ratio
from gangru.market.daily import Dates, Floats

DRAWDOWNS = {
    "start": pl.Date,
    "trough": pl.Date,
    "end": pl.Date,
    "depth": pl.Float64,
    "days_to_trough": pl.Int64,
    "days_to_recovery": pl.Int64,
}


@dataclass(frozen=True)
class Span:
    """What a value and its benchmark did within a span of dates; fractions, all None where no day of it has a return.

    `base` is the day whose close the span's first return starts from, `last` the last day within it, `days` the
    returns between them. Drawdowns are positive fractions of a high at or after `base`; `high` and `trough` date
    the value's deepest, None where it never fell.
    """

    base: datetime.date | None = None
    last: datetime.date | None = None
    days: int = 0
    value_return: float | None = None
    benchmark_return: float | None = None
    excess: float | None = None  # difference of the two returns
    excess_ratio: float | None = None  # (1 + value_return) / (1 + benchmark_return) − 1
    max_drawdown: float | None = None
    high: datetime.date | None = None
    trough: datetime.date | None = None
    benchmark_drawdown: float | None = None


def falls(value: Floats) -> tuple[Rows, Rows, Rows]:
    """Rows of the high, the trough and the first row at the former high again, of every fall in time, (falls,).

    The high is its last day before the fall, the trough the first day of the lowest value; a fall that still
    lasts has the row after the last one for its end. Falls within rounding (10⁻¹² of the high) are none.
    """
    depth = drawdown(value)
    below = depth < -STILL
    edge = np.diff(below.astype(np.int8), prepend=0, append=0)
    begin, end = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    rows = np.flatnonzero(below)
    fall = np.searchsorted(begin, rows, side="right")
    deepest_first = np.lexsort((depth[rows], fall))
    trough = rows[deepest_first][np.searchsorted(fall, np.arange(1, len(begin) + 1))]
    return begin - 1, trough, end


def worst_drawdowns(dates: Dates, value: Floats, count: int = 5) -> pl.DataFrame:
    """The `count` deepest falls from a high, deepest first, of equal ones the earlier; fewer where fewer are.

    They do not overlap: a fall lasts from the high until the value is back there, whatever happens between.
    Columns: start (the high's last day), trough, end (first day at the high again, null where it is not yet),
    depth (positive fraction of the high), days_to_trough (from start), days_to_recovery (from trough to end, null
    like end).
    """
    start, trough, end = falls(value)
    depth = -drawdown(value)[trough]
    worst = np.argsort(-depth, kind="stable")[:count]
    start, trough, end, depth = start[worst], trough[worst], end[worst], depth[worst]
    day = dates.astype("datetime64[D]")
    recovered = end < len(value)
    return pl.DataFrame(
        {
            "start": day[start],
            "trough": day[trough],
            "end": np.append(day, np.datetime64("NaT", "D"))[end],
            "depth": depth,
            "days_to_trough": trough - start,
            "days_to_recovery": pl.Series(end - trough).zip_with(
                pl.Series(recovered, dtype=pl.Boolean), pl.Series([None] * len(end), dtype=pl.Int64)
            ),
        },
        schema=DRAWDOWNS,
    )


def within(dates: Dates, value: Floats, benchmark: Floats, first: np.datetime64, last: np.datetime64) -> Span:
    """Returns and deepest drawdowns from `first` to `last`, both included; the three arrays are (days,).

    The first day's return counts: the span starts from the close of the last day before `first`, or from the
    value's own first day where it begins later. Nothing after `last` is looked at. A value of 0 at the base has no
    figures.
    """
    start = max(int(np.searchsorted(dates, first)) - 1, 0)
    stop = int(np.searchsorted(dates, last, side="right"))
    if stop - start < 2:
        return Span()
    value, benchmark = value[start:stop], benchmark[start:stop]
    gain, usual = growth(value), growth(benchmark)
    excess = None if gain is None or usual is None else gain - usual
    lost = deepest(value)
    high, trough = (None, None) if not lost or lost < STILL else extremes(dates[start:stop], value)
    return Span(
        base=day_of(dates[start]),
        last=day_of(dates[stop - 1]),
        days=stop - 1 - start,
        value_return=gain,
        benchmark_return=usual,
        excess=excess,
        excess_ratio=None if usual is None else ratio(excess, 1 + usual),
        max_drawdown=lost,
        high=high,
        trough=trough,
        benchmark_drawdown=deepest(benchmark),
    )


def growth(value: Floats) -> float | None:
    """Last over first, less 1; None from 0."""
    return float(value[-1] / value[0] - 1) if value[0] > 0 else None


def deepest(value: Floats) -> float | None:
    """`max_drawdown`; None of a value that starts at 0."""
    return max_drawdown(value) if value[0] > 0 else None


def extremes(dates: Dates, value: Floats) -> tuple[datetime.date, datetime.date]:
    """The high's last day before the deepest drawdown, and that drawdown's first day."""
    trough = int(drawdown(value).argmin())
    high = trough - int(value[trough::-1].argmax())
    return day_of(dates[high]), day_of(dates[trough])


def day_of(date: np.datetime64) -> datetime.date:
    """The date as Python's own."""
    day: datetime.date = date.astype("datetime64[D]").item()
    return day
