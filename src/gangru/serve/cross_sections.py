"""What a factor date's stocks have in common, made from the bars of some sixty days: enough to scale one window alone.

Legend: N stocks, T days of a window, F features.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.ic import forward_returns
from gangru.features.catalogue import Bars, features_of
from gangru.features.panel import build_panel
from gangru.features.windows import F32, scaled_days, stock_scale, window_stocks
from gangru.market.daily import DailyMarket, Dates, Floats, carried
from gangru.market.universe import universe
from gangru.serve.market import Market, sliced
from gangru.study.settings import StudySettings

LEAD = 20  # days before a window in which a stock's last trade before it is looked for first


@dataclass(frozen=True)
class CrossSection:
    """The scale of one factor date: of which stocks, and what each day and feature is centred and divided by."""

    days: Dates  # LEAD and the window's T
    codes: NDArray[np.str_]  # the N stocks that have a window, in order
    mean_TF: F32
    scale_TF: F32
    market_return: Floats  # (days, 1)
    ranks_DNR: F32  # of the ranked series, which one stock alone does not tell


def cross_section(
    market: Market, securities: pl.DataFrame, settings: StudySettings, day: date
) -> CrossSection:
    """The scale of a date's windows; sees bars up to it alone. Raises MarketError where the store begins too late."""
    at = market.row(day)
    first = at - settings.features.window - LEAD + 1
    if market.calendar[max(first, 0)] < np.datetime64(market.first):
        first = int(np.searchsorted(market.calendar, np.datetime64(market.first)))
    slice_ = with_last_closes(market, sliced(market, securities, first, at), settings.features.window)
    eligible = universe(slice_, market.calendar, settings.universe).eligible[-1]
    panel = build_panel(slice_, features_of(settings.features))
    row = len(slice_.dates) - 1
    stocks = window_stocks(panel, row, eligible, settings.features)
    x_NTF, _ = scaled_days(panel, row, stocks, settings.features)
    mean_TF, scale_TF = stock_scale(x_NTF)
    with np.errstate(divide="ignore", invalid="ignore"):
        market_return = Bars(slice_).market_return
    ranks_DNR = panel.values[:, stocks, len(settings.features.names) :]
    return CrossSection(slice_.dates, slice_.codes[stocks], mean_TF, scale_TF, market_return, ranks_DNR)


def with_last_closes(market: Market, slice_: DailyMarket, window: int) -> DailyMarket:
    """The slice with the last close before it, on its first day, of each stock that trades in the window alone.

    Without it the first return after a long halt would be missing, which the whole history has.
    """
    lead = len(slice_.dates) - window
    traded = slice_.traded
    late = np.flatnonzero(traded[lead:].any(axis=0) & ~traded[:lead].any(axis=0))
    if lead < 1 or not len(late):
        return slice_
    codes = slice_.codes[late].tolist()
    old = [code for code, new in market.facts.identities.newest.items() if new in codes]
    before = (
        market.store.scan("bars")
        .filter(
            pl.col("code").is_in([*codes, *old]),
            pl.col("date") < slice_.dates[0].item(),
            pl.col("volume") > 0,
            ~pl.col("suspended").fill_null(value=False),
        )
        .select("code", "date", "close", "factor")
        .collect()
    )
    before = before.with_columns(market.facts.identities.of(before["code"]).alias("code"))
    last = (
        before.sort("date").group_by("code").agg(pl.col("close").last(), pl.col("factor").drop_nulls().last())
    )
    place = dict(zip(codes, late.tolist(), strict=True))
    for code, close, factor in last.iter_rows():
        slice_.close[0, place[code]] = close
        slice_.factor[0, place[code]] = 1.0 if factor is None else factor
    return slice_


def month_frame(market: Market, securities: pl.DataFrame, settings: StudySettings, day: date) -> pl.DataFrame:
    """code, eligible on the date, industry as of it, and the return of the month after it where that is known.

    The return is that of the evaluation: from the close of the next day to that of the day after the next month's end.
    """
    span = market.month_after(day)
    at = market.row(day)
    last = at if span is None else market.row(span[1])
    slice_ = sliced(market, securities, at, last)
    eligible = universe(slice_, market.calendar, settings.universe).eligible[0]
    returns = np.full(len(slice_.codes), np.nan)
    if span is not None:
        price = carried(slice_.adjusted("close"))
        ends = np.array([len(price) - 1])
        returns = forward_returns(price, slice_.traded, np.array([1]), ends)[0]
    industries = market.industries(day, settings.evaluation.taxonomy)
    frame = pl.DataFrame({"code": slice_.codes.tolist(), "eligible": eligible, "ret": returns})
    return (
        frame.with_columns(pl.col("ret").fill_nan(None), pl.lit(day).alias("date"))
        .join(industries, on="code", how="left", maintain_order="left")
        .select("date", "code", "eligible", "industry", "ret")
    )
