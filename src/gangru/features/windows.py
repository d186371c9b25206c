"""Scaled windows of one date, gathered from the panel.

Legend: N stocks, T days of a window, F features. Windows of a date see the bars of that date and of the T − 1 before.
They are made in blocks of stocks by several threads; the bytes are the same for any number of them.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.features.blocks import Each, blocks_of, in_order, side_by_side
from gangru.features.scaling import FLAT, scale_days
from gangru.features.settings import FeatureSettings

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
VALUES = 150_000  # of a block: with two copies of it, it stays in a core's cache or near it
STOCKS = 64  # whose sums are taken together; the sums of all are added up in order, whoever took them


class PanelLike(Protocol):
    """What windows are gathered from: unscaled features (D, N, F), and who traded, (D, N)."""

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Trading days, (D,)."""

    @property
    def values(self) -> F32:
        """NaN where nothing was traded or an input is missing."""

    @property
    def traded(self) -> Bools:
        """Whether a stock had a bar."""

    @property
    def carry(self) -> Bools:
        """Which features are carried over a gap, (F,)."""


@dataclass(frozen=True)
class Windows:
    """One date's scaled windows, (N, T, F) float32, of the stocks at these positions of the panel's code axis."""

    date: np.datetime64
    stocks: NDArray[np.int64]
    x_NTF: F32
    short: int  # eligible stocks left out for too few bars
    filled: int  # stocks kept in whose window something was missing and filled


def check_history(panel: PanelLike, row: int, settings: FeatureSettings) -> None:
    """Raise MarketError where the panel does not reach back far enough for a window that ends on `row`."""
    if row - settings.window + 1 < 0:
        raise MarketError(
            f"{panel.dates[row]} has {row + 1} of the {settings.window} days of a window: ingest earlier bars"
        )


def window_stocks(
    panel: PanelLike, row: int, eligible: Bools, settings: FeatureSettings
) -> NDArray[np.int64]:
    """Positions of the eligible stocks with enough bars in the window that ends on `row`, and its last."""
    traded = panel.traded[row - settings.window + 1 : row + 1]
    enough = (traded.sum(axis=0) >= settings.min_bars) & traded[-1]
    return np.flatnonzero(enough & eligible)


def windows_of_date(
    panel: PanelLike, row: int, eligible: Bools, settings: FeatureSettings, threads: int = 0
) -> Windows:
    """Gather and scale the windows of every eligible stock on the date at `row`.

    `eligible` is that date's universe, (N,). The cross-section's z-score is over all of it; who wants a subset for
    training takes it afterwards. `threads` = 0: as many as the process has cores, at most 8. Raises MarketError where
    the panel does not reach back far enough.
    """
    check_history(panel, row, settings)
    stocks = window_stocks(panel, row, eligible, settings)
    with side_by_side(threads) as each:
        x_NTF, filled = scaled_days(panel, row, stocks, settings, each)
        standardise_stocks(x_NTF, each)
    short = int(np.count_nonzero(eligible)) - len(stocks)
    return Windows(panel.dates[row], stocks, x_NTF, short, filled)


def scaled_days(
    panel: PanelLike, row: int, stocks: NDArray[np.int64], settings: FeatureSettings, each: Each = in_order
) -> tuple[F32, int]:
    """Windows of these stocks ending on `row`, scaled over their own days alone, (N, T, F); how many had gaps."""
    days_DNF = panel.values[row - settings.window + 1 : row + 1]
    carry, features = panel.carry, days_DNF.shape[2]
    x_NTF = np.empty((len(stocks), settings.window, features), dtype=np.float32)

    def scale(block: slice) -> int:
        raw_TNF = np.take(days_DNF, stocks[block], axis=1)
        return scale_days(raw_TNF, carry, settings, x_NTF[block])

    size = max(1, VALUES // (settings.window * features))
    return x_NTF, sum(each(scale, blocks_of(len(stocks), size)))


def standardise_stocks(x_NTF: F32, each: Each = in_order) -> None:
    """z-score across the stocks for each day of the window and feature, in place; 0 where all stocks agree."""
    across(x_NTF, *stock_scale(x_NTF, each), each)


def stock_scale(x_NTF: F32, each: Each = in_order) -> tuple[F32, F32]:
    """Mean over the stocks, and one over their standard deviation or 0 where all agree, (T, F) each.

    In float64, of values that lie around 0: mean of squares less square of mean loses nothing that float32 could show.
    """

    def sums(block: slice) -> tuple[F64, F64]:
        x = x_NTF[block].astype(np.float64)
        total = x.sum(axis=0)
        return total, np.multiply(x, x, out=x).sum(axis=0)

    count = len(x_NTF)
    if count == 0:
        nothing = np.zeros(x_NTF.shape[1:], dtype=np.float32)
        return nothing, nothing
    totals, squares = zip(*each(sums, blocks_of(count, STOCKS)), strict=True)
    mean = np.sum(totals, axis=0) / count
    spread = np.sqrt(np.maximum(np.sum(squares, axis=0) / count - mean * mean, 0))
    moved = spread > FLAT
    scale = np.where(moved, 1 / np.where(moved, spread, 1), 0)
    return mean.astype(np.float32), scale.astype(np.float32)


def across(x_NTF: F32, mean_TF: F32, scale_TF: F32, each: Each = in_order) -> None:
    """Put values on the scale of a date's stocks, in place."""

    def rescale(block: slice) -> None:
        x = x_NTF[block]
        x -= mean_TF
        x *= scale_TF

    each(rescale, blocks_of(len(x_NTF), STOCKS))
