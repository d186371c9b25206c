"""Windows as they stand in the panel, unscaled: of one date, or of any dates and stocks.

Legend: D days, N stocks, F features, B windows, T days of a window. The panel holds a day's stocks beside each other,
so a window is T pieces of F values. Whoever takes many windows of the same days has them put by stock first: one copy
of these days, in which a window is one piece.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.features.blocks import blocks_of

F32 = NDArray[np.float32]
Rows = NDArray[np.int64]
WINDOWS = 128  # of a block: its positions and pieces stay in cache


def gather_windows(
    values_DNF: F32,
    rows: int | Rows,
    stocks_B: Rows,
    window: int,
    out_BTF: F32 | None = None,
) -> F32:
    """The windows of these stocks that end on `rows`, one row for all or one for each, (B, T, F); gaps are NaN.

    Sees the bars up to each window's row. The panel is in C order, as `build_panel` makes it. With `out_BTF`, in C
    order, memory is used again. Raises MarketError where a window lies outside the panel or `out_BTF` does not fit.
    """
    days, stocks, features = values_DNF.shape
    rows_B = np.broadcast_to(np.asarray(rows, dtype=np.int64), stocks_B.shape)
    check_inside(rows_B, stocks_B, days, stocks, window)
    shape = (len(stocks_B), window, features)
    out = np.empty(shape, dtype=np.float32) if out_BTF is None else out_BTF
    if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
        raise MarketError(
            f"windows need a float32 array {shape} in C order to go to, got {out.dtype} {out.shape}"
        )
    pieces = values_DNF.reshape(days * stocks, features)
    back = np.arange(1 - window, 1)

    for block in blocks_of(len(stocks_B), WINDOWS):
        at = (rows_B[block, None] + back) * stocks + stocks_B[block, None]
        into = out[block].reshape(-1, features)
        np.take(pieces, at.ravel(), axis=0, out=into, mode="clip")  # checked above
    return out


@dataclass(frozen=True)
class ByStock:
    """Some days of a panel, each stock's days beside each other, (N, D, F); `first` is the first one's row there."""

    values_NDF: F32
    first: int

    def windows(self, rows: int | Rows, stocks_B: Rows, window: int) -> F32:
        """The windows of these stocks that end on `rows` of the panel, as `gather_windows` gives them, (B, T, F).

        Raises MarketError where a window lies outside these days.
        """
        stocks, days, features = self.values_NDF.shape
        rows_B = np.broadcast_to(np.asarray(rows, dtype=np.int64) - self.first, stocks_B.shape)
        check_inside(rows_B, stocks_B, days, stocks, window)
        size = self.values_NDF.itemsize
        every = as_strided(  # a window at every place, without a copy; those across two stocks are never asked for
            self.values_NDF,
            (stocks * days - window + 1, window * features),
            (features * size, size),
            writeable=False,
        )
        made: F32 = every[stocks_B * days + rows_B - window + 1]
        return made.reshape(len(stocks_B), window, features)


def by_stock(values_DNF: F32, first: int, last: int) -> ByStock:
    """The panel's days from row `first` to row `last`, put by stock."""
    days, stocks, features = values_DNF[first : last + 1].shape
    values_NDF = np.empty((stocks, days, features), dtype=np.float32)
    pieces(values_NDF)[:] = pieces(np.ascontiguousarray(values_DNF[first : last + 1])).T
    return ByStock(values_NDF, first)


def pieces(x_ABF: F32) -> NDArray[np.void]:
    """The array's rows of F values as single elements, (A, B), which copy faster."""
    size = x_ABF.shape[2] * x_ABF.itemsize
    return x_ABF.view(np.dtype((np.void, size)))[:, :, 0]


def check_inside(rows_B: Rows, stocks_B: Rows, days: int, stocks: int, window: int) -> None:
    """Raise MarketError where a window begins before the panel or ends after it, or a stock is none of the panel's."""
    if len(stocks_B) == 0:
        return
    first, last = int(rows_B.min()), int(rows_B.max())
    if first - window + 1 < 0 or last >= days:
        raise MarketError(
            f"windows of {window} days ending on rows {first} to {last} do not lie in a panel of {days} days: expected "
            f"rows {window - 1} to {days - 1}"
        )
    strange = stocks_B[(stocks_B < 0) | (stocks_B >= stocks)]
    if len(strange):
        raise MarketError(f"no stock has position {strange[0]}: expected 0 to {stocks - 1}")
