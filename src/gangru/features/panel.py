"""The panel: every feature of every stock and day, once, as one float32 array that windows are gathered from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.features.catalogue import Bars, Feature
from gangru.market.daily import Bools, Codes, DailyMarket, Dates


@dataclass(frozen=True)
class Panel:
    """Unscaled features, (D, N, F) float32, NaN where nothing was traded or an input is missing."""

    dates: Dates
    codes: Codes
    features: tuple[Feature, ...]
    values: NDArray[np.float32]
    traded: Bools

    @property
    def carry(self) -> Bools:
        """Which features are carried over a gap, (F,)."""
        return np.array([feature.gap == "carry" for feature in self.features])


def build_panel(market: DailyMarket, features: tuple[Feature, ...]) -> Panel:
    """Compute the features, one at a time, into the panel; day t sees bars up to t alone."""
    bars = Bars(market)
    values = np.empty((len(market.dates), len(market.codes), len(features)), dtype=np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        for f, feature in enumerate(features):
            series = feature.compute(bars)
            values[:, :, f] = np.where(np.isfinite(series), series, np.nan)
    return Panel(market.dates, market.codes, features, values, market.traded)
