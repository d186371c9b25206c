"""Dates some at a time: tables of thousands of stocks need little memory then, and stay in the processor's cache."""

from collections.abc import Iterator

CELLS = 50_000  # dates × stocks worked on at once: a handful of arrays of 0.4 MB


def chunks(dates: int, stocks: int) -> Iterator[slice]:
    """Successive slices that cover `dates` rows of `stocks` columns, about CELLS cells each, one row at least."""
    step = max(CELLS // max(stocks, 1), 1)
    for first in range(0, dates, step):
        yield slice(first, min(first + step, dates))
