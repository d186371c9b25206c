"""Daily bars as (date, stock) arrays: what features, labels, portfolios and universes read.

Shapes: D trading days, ascending, × N stocks in ascending order of code. NaN stands where nothing was traded.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gangru.errors import MarketError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Codes = NDArray[np.str_]

PriceName = Literal["open", "high", "low", "close", "vwap"]
# Amount and volume are rounded, and lots are odd: half a percent beyond the day's range.
VWAP_TOLERANCE = 0.005

# What a day is for a stock, in `status`.
LISTED, SUSPENDED, DELISTING, GONE = range(4)


def _unset() -> NDArray[np.int8]:
    return np.zeros((0, 0), dtype=np.int8)


def _never() -> Dates:
    return np.zeros((0, 0), dtype="datetime64[D]")


@dataclass(frozen=True)
class DailyMarket:
    """Daily bars of every stock on the trading days of a span; a stock's row of NaN is a day without trading.

    Prices are raw yuan, `factor` turns them into back-adjusted ones, `volume` is in shares, `amount` in yuan,
    `float_shares` in shares; all (D, N) float64. `is_st` is 1, 0 or −1 where unknown. `list_date` is NaT where the
    listing is not known, and `relisted` (R, N) are later listings of stocks that had left, NaT elsewhere. `status`
    (D, N) says what the day is: LISTED, SUSPENDED, in the DELISTING period, or GONE from the last day on; days before a
    listing are LISTED too. Fields that a source lacks are NaN throughout.
    """

    dates: Dates
    codes: Codes
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    factor: Floats
    volume: Floats
    amount: Floats
    float_shares: Floats
    is_st: NDArray[np.int8]
    list_date: Dates
    status: NDArray[np.int8] = field(default_factory=_unset)
    relisted: Dates = field(default_factory=_never)

    def __post_init__(self) -> None:
        """Take a market made without facts as listed throughout."""
        if not self.status.size:
            object.__setattr__(self, "status", np.zeros(self.close.shape, dtype=np.int8))
        if not self.relisted.size:
            object.__setattr__(self, "relisted", np.zeros((0, len(self.codes)), dtype="datetime64[D]"))

    @property
    def traded(self) -> Bools:
        """Whether the stock traded on the day, (D, N)."""
        return ~np.isnan(self.close)

    def adjusted(self, name: PriceName) -> Floats:
        """The back-adjusted price, (D, N), NaN where nothing traded; sees each day's own row alone."""
        raw = self.vwap() if name == "vwap" else getattr(self, name)
        return np.asarray(raw * self.factor)

    def vwap(self) -> Floats:
        """Amount over volume in raw yuan, (D, N); NaN where it lies outside the day's range.

        Outside the range means that prices and amounts are on different bases, as in files of adjusted prices.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            price = self.amount / self.volume
            inside = (price >= self.low * (1 - VWAP_TOLERANCE)) & (price <= self.high * (1 + VWAP_TOLERANCE))
        return np.where(inside, np.clip(price, self.low, self.high), np.nan)

    def float_value(self) -> Floats:
        """Tradable shares × raw close in yuan, (D, N); NaN where shares are unknown or nothing traded."""
        return self.float_shares * self.close

    def first_days(self, days: int) -> "DailyMarket":
        """The market as it was known at the close of its day number `days`, as views."""
        by_day = (
            "open",
            "high",
            "low",
            "close",
            "factor",
            "volume",
            "amount",
            "float_shares",
            "is_st",
            "status",
        )
        cut = {name: getattr(self, name)[:days] for name in by_day}
        return replace(self, dates=self.dates[:days], **cut)

    def date_index(self, date: np.datetime64) -> int:
        """Position of a trading day; raises MarketError where it is not on the date axis."""
        i = int(np.searchsorted(self.dates, date))
        if i == len(self.dates) or self.dates[i] != date:
            raise MarketError(f"{date} is no trading day between {self.dates[0]} and {self.dates[-1]}")
        return i


def carried(values: Floats) -> Floats:
    """The last known value of each stock on or before each day, (D, N); NaN before the first."""
    out = values.copy()
    for before, today in pairwise(out):
        np.copyto(today, before, where=np.isnan(today))
    return out


def carried_to(rows: NDArray[np.int64], values: Floats) -> Floats:
    """What `carried` has on the days at `rows` (M,), ascending, alone, (M, N)."""
    out, begin = np.empty((len(rows), values.shape[1])), 0
    last = np.full(values.shape[1], np.nan)
    for k, row in enumerate(rows.tolist()):
        for today in values[begin : row + 1]:
            np.copyto(last, today, where=~np.isnan(today))
        out[k], begin = last, row + 1
    return out
