"""Windows as they stand in the panel, unscaled: of one date, or of any dates and stocks.

Legend: D days, N stocks, F features, B windows, T days of a window. The panel holds a day's stocks beside each other,
so a window is T pieces of F values; one call of `take` collects the pieces of a block of windows.
"""

import numpy as np
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.features.blocks import blocks_of, side_by_side

F32 = NDArray[np.float32]
Rows = NDArray[np.int64]
WINDOWS = 128  # of a block: its positions and pieces stay in cache


def gather_windows(
    values_DNF: F32,
    rows: int | Rows,
    stocks_B: Rows,
    window: int,
    out_BTF: F32 | None = None,
    threads: int = 0,
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

    def gather(block: slice) -> None:
        at = (rows_B[block, None] + back) * stocks + stocks_B[block, None]
        np.take(
            pieces, at.ravel(), axis=0, out=out[block].reshape(-1, features), mode="clip"
        )  # checked above

    with side_by_side(threads) as each:
        each(gather, blocks_of(len(stocks_B), WINDOWS))
    return out


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
