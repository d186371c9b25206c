"""Scaled windows of one date, gathered from the panel.

Legend: N stocks, T days of a window, F features. Windows of a date see the bars of that date and of the T − 1 before.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.features.settings import FeatureSettings

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]
MAD_TO_SIGMA = 1.4826  # makes the MAD of a normal sample estimate its standard deviation
FLAT = 1e-6  # a spread below this share of the level is rounding of float32, not movement


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


def window_stocks(
    panel: PanelLike, row: int, eligible: Bools, settings: FeatureSettings
) -> NDArray[np.int64]:
    """Positions of the eligible stocks with enough bars in the window that ends on `row`, and its last."""
    traded = panel.traded[row - settings.window + 1 : row + 1]
    enough = (traded.sum(axis=0) >= settings.min_bars) & traded[-1]
    return np.flatnonzero(enough & eligible)


def windows_of_date(panel: PanelLike, row: int, eligible: Bools, settings: FeatureSettings) -> Windows:
    """Gather and scale the windows of every eligible stock on the date at `row`.

    `eligible` is that date's universe, (N,). The cross-section's z-score is over all of it; who wants a subset for
    training takes it afterwards. Raises MarketError where the panel does not reach back far enough.
    """
    if row - settings.window + 1 < 0:
        raise MarketError(
            f"{panel.dates[row]} has {row + 1} of the {settings.window} days of a window: ingest earlier bars"
        )
    stocks = window_stocks(panel, row, eligible, settings)
    days_NFT, filled = scaled_days(panel, row, stocks, settings)
    x_NFT = standardise_stocks(days_NFT)
    short = int(np.count_nonzero(eligible)) - len(stocks)
    return Windows(panel.dates[row], stocks, np.ascontiguousarray(x_NFT.transpose(0, 2, 1)), short, filled)


def scaled_days(
    panel: PanelLike, row: int, stocks: NDArray[np.int64], settings: FeatureSettings
) -> tuple[F32, int]:
    """Windows of these stocks ending on `row`, scaled over their own days alone, (N, F, T); how many had gaps."""
    span = slice(row - settings.window + 1, row + 1)
    raw_NFT = np.ascontiguousarray(panel.values[span][:, stocks].transpose(1, 2, 0))
    filled = fill_gaps(raw_NFT, panel.carry)
    return standardise_days(raw_NFT, settings), filled


def fill_gaps(x_NFT: F32, carry: Bools) -> int:
    """Fill days without a value in place: carried features keep their last, or take their first; others get 0.

    Gives the number of stocks that had something to fill.
    """
    gaps_N = np.flatnonzero(np.isnan(x_NFT).any(axis=(1, 2)))
    if len(gaps_N) == 0:
        return 0
    x = x_NFT[gaps_N]
    known = ~np.isnan(x)
    day = np.arange(x.shape[2])
    last = np.maximum.accumulate(np.where(known, day, -1), axis=2)
    first = np.argmax(known, axis=2)[:, :, None]
    filled = np.take_along_axis(x, np.where(last >= 0, last, first), axis=2)
    filled[~known & ~carry[None, :, None]] = 0
    x_NFT[gaps_N] = np.nan_to_num(filled, nan=0.0)
    return len(gaps_N)


def standardise_days(x_NFT: F32, settings: FeatureSettings) -> F32:
    """Clip outliers of each window and feature, then z-score over its T days; a constant series gives 0."""
    centre = middle(x_NFT)
    level = np.abs(centre)
    x = x_NFT - centre  # centred first: float32 keeps the small movements of a large price
    sigma = x.std(axis=2, keepdims=True)
    if settings.clip == "mad":
        mad = middle(np.abs(x)) * MAD_TO_SIGMA
        flat = mad <= FLAT * level
        mean = np.where(flat, x.mean(axis=2, keepdims=True), 0)
        reach = settings.clip_width * np.where(flat, sigma, mad)
        x = np.clip(x, mean - reach, mean + reach)
    elif settings.clip == "sigma":
        mean = x.mean(axis=2, keepdims=True)
        x = np.clip(x, mean - settings.clip_width * sigma, mean + settings.clip_width * sigma)
    x -= x.mean(axis=2, keepdims=True)
    spread = x.std(axis=2, keepdims=True)
    moved = spread > FLAT * level
    return np.asarray(np.where(moved, x / np.where(moved, spread, 1), 0), dtype=np.float32)


def middle(x_NFT: F32) -> F32:
    """Median over the days, kept as an axis."""
    days = x_NFT.shape[2]
    half = days // 2
    kth = [half] if days % 2 else [half - 1, half]
    part = np.partition(x_NFT, kth, axis=2)
    return np.asarray(part[:, :, kth].mean(axis=2, keepdims=True), dtype=np.float32)


def standardise_stocks(x_NFT: F32) -> F32:
    """z-score across the stocks for each feature and day of the window; 0 where all stocks agree."""
    return x_NFT if len(x_NFT) == 0 else across(x_NFT, *stock_scale(x_NFT))


def stock_scale(x_NFT: F32) -> tuple[F32, F32]:
    """Mean over the stocks, and one over their standard deviation or 0 where all agree, (F, T) each."""
    mean = x_NFT.mean(axis=0, dtype=np.float64)
    spread = x_NFT.std(axis=0, dtype=np.float64)
    moved = spread > FLAT
    scale = np.where(moved, 1 / np.where(moved, spread, 1), 0)
    return mean.astype(np.float32), scale.astype(np.float32)


def across(x_NFT: F32, mean_FT: F32, scale_FT: F32) -> F32:
    """Values on the scale of a date's stocks."""
    return np.asarray((x_NFT - mean_FT) * scale_FT, dtype=np.float32)
