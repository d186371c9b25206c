"""Labels: what a stock returned over the days after the features were known."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gangru.market.daily import DailyMarket, Floats, carried
from gangru.settings import Settings, setting


@dataclass(frozen=True)
class LabelSettings(Settings):
    """Section [label]."""

    horizon: int = setting(20, "Days over which the return is counted.", unit="trading days", ge=1)
    entry_lag: int = setting(
        1,
        "Days between the features' date and the entry: 1 can be paid, 0 cannot.",
        unit="trading days",
        ge=0,
        le=1,
    )
    price: Literal["close", "open", "vwap"] = setting("close", "The price of entry and exit.")
    neutralise: Literal["industry_size", "industry", "size", "none"] = setting(
        "none",
        "Regressed out of a date's labels before a training reads them, as factor.neutralise takes it out of pRet.",
    )
    ranked: bool = setting(
        False,
        "Whether a training reads the label's rank among the date's eligible stocks, −1 to 1, in place of the return, "
        "whose few largest values decide a Pearson correlation.",
    )

    @property
    def reach(self) -> int:
        """Trading days from the features' date to the last price of the label."""
        return self.horizon + self.entry_lag


def build_labels(market: DailyMarket, settings: LabelSettings) -> Floats:
    """Return from t + entry lag to t + entry lag + horizon, (D, N) float64, NaN where it is not known.

    A label at t sees prices up to t + reach. No trade on the day of entry leaves it empty; a stock that stops trading
    within the span is valued at its last close, as a holder would have it.
    """
    price = market.adjusted(settings.price)
    last_close = carried(market.adjusted("close"))
    exit_price = np.where(np.isnan(price), last_close, price)
    labels = np.full(price.shape, np.nan)
    known = len(price) - settings.reach
    if known > 0:
        entry = price[settings.entry_lag : settings.entry_lag + known]
        labels[:known] = exit_price[settings.reach :] / entry - 1
    return labels
