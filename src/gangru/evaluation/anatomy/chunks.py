"""Factor dates some at a time, so that daily tables of thousands of stocks need little memory."""

from collections.abc import Callable, Iterator

import numpy as np

from gangru.market.daily import Floats

Correlation = Callable[[Floats, Floats, int], Floats]  # ic.pearson or ic.spearman

CELLS = 500_000  # dates × stocks worked on at once: a handful of arrays of 4 MB


def chunks(dates: int, stocks: int) -> Iterator[slice]:
    """Successive slices that cover `dates` rows of `stocks` columns, about half a million cells each."""
    step = max(CELLS // max(stocks, 1), 1)
    for first in range(0, dates, step):
        yield slice(first, min(first + step, dates))


def correlated(correlation: Correlation, x_MN: Floats, y_MN: Floats, min_stocks: int) -> Floats:
    """The correlation of each row, (M,), chunk by chunk."""
    out = np.full(len(x_MN), np.nan)
    for part in chunks(*x_MN.shape):
        out[part] = correlation(x_MN[part], y_MN[part], min_stocks)
    return out
