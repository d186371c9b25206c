"""The panel: every feature of every stock and day, once, as one float32 array that windows are gathered from."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from gangru.features.catalogue import Bars, Feature
from gangru.market.daily import Bools, Codes, DailyMarket, Dates, Floats

STOCKS = 256  # at a time: what the formulas make of them is small beside the panel


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
        some_FDn = np.empty((len(features), len(market.dates), STOCKS), dtype=np.float32)
        for start in range(0, len(market.codes), STOCKS):
            some = slice(start, min(start + STOCKS, len(market.codes)))
            made_FDn = some_FDn[:, :, : some.stop - start]
            write_series(Bars(some_stocks(market, some), market_return), features, made_FDn)
            # Beside each other: to write one feature at a time so far apart takes longer than its formula.
            values[:, some] = made_FDn.transpose(1, 2, 0)
        for f, feature in enumerate(features):
            if feature.across:
                values[:, :, f] = finite(feature.compute(Bars(market)))
    return Panel(market.dates, market.codes, features, values, market.traded)


def write_series(bars: Bars, features: tuple[Feature, ...], out_FDn: NDArray[np.float32]) -> None:
    """Write the features of some stocks one after another, but for those that need all stocks at once."""
    for feature, out_Dn in zip(features, out_FDn, strict=True):
        if not feature.across:
            series = feature.compute(bars)
            out_Dn[:] = series
            out_Dn[~np.isfinite(series)] = np.nan


def some_stocks(market: DailyMarket, span: slice) -> DailyMarket:
    """The market of the stocks at these positions, as views."""
    by_stock = {field.name: getattr(market, field.name) for field in fields(market) if field.name != "dates"}
    return replace(market, **{name: values[..., span] for name, values in by_stock.items()})


def finite(series: Floats) -> Floats:
    """NaN in place of infinities."""
    return np.where(np.isfinite(series), series, np.nan)
