"""The panel: every feature of every stock and day, once, as one float32 array that windows are gathered from."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from gangru.features.catalogue import Bars, Feature
from gangru.market.daily import Bools, Codes, DailyMarket, Dates, Floats

STOCKS = 512  # at a time: what the formulas make of them is small beside the panel


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
    """Compute the features, some stocks at a time, into the panel; day t sees bars up to t alone.

    Beside the market and the panel memory holds the formulas' series of `STOCKS` stocks.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        market_return = Bars(market).market_return
        values = np.empty((len(market.dates), len(market.codes), len(features)), dtype=np.float32)
        for start in range(0, len(market.codes), STOCKS):
            bars = Bars(some_stocks(market, slice(start, start + STOCKS)), market_return)
            for f, feature in enumerate(features):
                if not feature.across:
                    values[:, start : start + STOCKS, f] = finite(feature.compute(bars))
        for f, feature in enumerate(features):
            if feature.across:
                values[:, :, f] = finite(feature.compute(Bars(market)))
    return Panel(market.dates, market.codes, features, values, market.traded)


def some_stocks(market: DailyMarket, span: slice) -> DailyMarket:
    """The market of the stocks at these positions, as views."""
    by_stock = {field.name: getattr(market, field.name) for field in fields(market) if field.name != "dates"}
    return replace(market, **{name: values[..., span] for name, values in by_stock.items()})


def finite(series: Floats) -> Floats:
    """NaN in place of infinities."""
    return np.where(np.isfinite(series), series, np.nan)
