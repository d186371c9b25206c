"""Daily bars as (date, stock) arrays: what features, labels, portfolios and universes read.

Shapes: D trading days, ascending, × N stocks in ascending order of code. NaN stands where nothing was traded.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import MarketError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Codes = NDArray[np.str_]

PriceName = Literal["open", "high", "low", "close", "vwap"]
# Amount and volume are rounded, and lots are odd: half a percent beyond the day's range.
VWAP_TOLERANCE = 0.005


@dataclass(frozen=True)
class DailyMarket:
    """Daily bars of every stock on the trading days of a span; a stock's row of NaN is a day without trading.

    Prices are raw yuan, `factor` turns them into back-adjusted ones, `volume` is in shares, `amount` in yuan,
    `float_shares` in shares; all (D, N) float64. `is_st` is 1, 0 or −1 where unknown. `list_date` is NaT where the
    listing is not known. Fields that a source lacks are NaN throughout.
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
        by_day = ("open", "high", "low", "close", "factor", "volume", "amount", "float_shares", "is_st")
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
    known = ~np.isnan(values)
    rows = np.where(known, np.arange(len(values))[:, None], 0)
    np.maximum.accumulate(rows, axis=0, out=rows)
    return np.take_along_axis(values, rows, axis=0)


def daily_market(bars: pl.DataFrame, securities: pl.DataFrame, calendar: Dates) -> DailyMarket:
    """Scatter bars into (date, stock) arrays.

    `bars` and `securities` have the columns of `market.schema`; `calendar` are ascending trading days, and those from
    the first bar to the last make the date axis. Suspended rows and rows without volume are masked. A missing factor is
    the stock's last one; bars before its first are masked; a stock without any is unadjusted. A missing listing date is
    the first bar's; a stock there on the first day of all is taken as listed long before. Raises MarketError where
    there are no bars.
    """
    if bars.is_empty():
        raise MarketError("the store has no bars: ingest some with `gangru ingest PATH`")
    codes = np.unique(bars["code"].to_numpy().astype(str))
    days = bars["date"].to_numpy().astype("datetime64[D]")
    dates = calendar[(calendar >= days.min()) & (calendar <= days.max())].astype("datetime64[D]")
    row = np.searchsorted(dates, days)
    column = np.searchsorted(codes, bars["code"].to_numpy().astype(str))
    on_axis = (row < len(dates)) & (dates[np.minimum(row, len(dates) - 1)] == days)
    suspended = bars["suspended"].fill_null(value=False).to_numpy()
    live = on_axis & ~suspended & (bars["volume"].fill_null(0).to_numpy() > 0)
    at = (row[live], column[live])

    def scatter(name: str) -> Floats:
        out = np.full((len(dates), len(codes)), np.nan)
        out[at] = bars[name].cast(pl.Float64).to_numpy()[live]
        return out

    is_st = np.full((len(dates), len(codes)), -1, dtype=np.int8)
    is_st[row[on_axis], column[on_axis]] = bars["is_st"].cast(pl.Int8).fill_null(-1).to_numpy()[on_axis]
    factor = carried(scatter("factor"))
    factor[:, np.isnan(factor).all(axis=0)] = 1.0  # a source without factors: prices are taken as they are
    known = ~np.isnan(factor)
    return DailyMarket(
        dates=dates,
        codes=codes,
        open=scatter("open"),
        high=scatter("high"),
        low=scatter("low"),
        close=np.where(known, scatter("close"), np.nan),
        factor=factor,
        volume=scatter("volume"),
        amount=scatter("amount"),
        float_shares=scatter("float_shares"),
        is_st=is_st,
        list_date=listing_dates(codes, securities, dates, row[on_axis], column[on_axis]),
    )


def listing_dates(
    codes: Codes,
    securities: pl.DataFrame,
    dates: Dates,
    row: NDArray[np.int64],
    column: NDArray[np.int64],
) -> Dates:
    """Each stock's listing date, (N,): from securities, else its first bar, else NaT where that is the first day."""
    first_row = np.full(len(codes), len(dates))
    np.minimum.at(first_row, column, row)
    first_bar = np.append(dates, np.datetime64("NaT"))[first_row]
    first_bar = np.where(first_row == 0, np.datetime64("NaT"), first_bar)
    known = securities.filter(pl.col("list_date").is_not_null()).unique("code", keep="first")
    position = np.searchsorted(codes, known["code"].to_numpy().astype(str))
    position = np.minimum(position, len(codes) - 1)
    match = codes[position] == known["code"].to_numpy().astype(str) if len(known) else np.zeros(0, dtype=bool)
    listed = first_bar.astype("datetime64[D]")
    listed[position[match]] = known["list_date"].to_numpy().astype("datetime64[D]")[match]
    return np.asarray(listed)
