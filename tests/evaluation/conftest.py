"""Tiny markets for the evaluation's tests: prices in, everything else at its plainest."""

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from gangru.market.daily import DailyMarket

TinyMarket = Callable[..., DailyMarket]


def business_days(first: str, count: int) -> np.ndarray:
    days = np.arange(np.datetime64(first), np.datetime64(first) + 2 * count + 10)
    return days[np.is_busday(days)][:count]


@pytest.fixture
def days() -> Callable[[str, int], np.ndarray]:
    return business_days


@pytest.fixture
def tiny() -> TinyMarket:
    """Make a market of main-board stocks from closes (D, N); NaN is a day without trading."""

    def make(close: np.ndarray, first: str = "2020-01-02", factor: np.ndarray | None = None) -> DailyMarket:
        close = np.asarray(close, dtype=float)
        d, n = close.shape
        return DailyMarket(
            dates=business_days(first, d),
            codes=np.array([f"{600000 + i}.SH" for i in range(n)]),
            open=close,
            high=close,
            low=close,
            close=close,
            factor=np.ones((d, n)) if factor is None else factor,
            volume=np.where(np.isnan(close), np.nan, 1e6),
            amount=close * 1e6,
            float_shares=np.full((d, n), 1e8),
            is_st=np.zeros((d, n), dtype=np.int8),
            list_date=np.full(n, np.datetime64("NaT"), dtype="datetime64[D]"),
        )

    return make


@pytest.fixture
def month_end_factor() -> Callable[..., pl.DataFrame]:
    """A factor table from one row of scores per month-end of the market (the data's last day included)."""

    def make(market: DailyMarket, scores: np.ndarray, raw: np.ndarray | None = None) -> pl.DataFrame:
        month = market.dates.astype("datetime64[M]")
        ends = np.append(np.flatnonzero(month[1:] != month[:-1]), len(month) - 1)
        frames = []
        for k, end in enumerate(ends[: len(scores)]):
            day: datetime.date = market.dates[end].item()
            frame = {"date": [day] * len(market.codes), "code": market.codes.tolist(), "factor": scores[k]}
            if raw is not None:
                frame["pret"] = raw[k]
            frames.append(pl.DataFrame(frame, schema_overrides={"code": pl.String, "date": pl.Date}))
        return pl.concat(frames)

    return make


@pytest.fixture
def labels() -> Callable[..., dict[str, Any]]:
    """Names and industries: stock i belongs to industry i modulo `industries`, from the first day on."""

    def make(market: DailyMarket, industries: int = 2) -> dict[str, Any]:
        codes = market.codes.tolist()
        first: datetime.date = market.dates[0].item()
        return {
            "names": lambda _: pl.DataFrame({"code": codes, "name": [f"Stock {code[:6]}" for code in codes]}),
            "industry": pl.DataFrame(
                {
                    "code": codes,
                    "start": [first] * len(codes),
                    "end": [None] * len(codes),
                    "taxonomy": ["sw"] * len(codes),
                    "industry": [f"Industry {i % industries}" for i in range(len(codes))],
                },
                schema_overrides={"end": pl.Date, "start": pl.Date, "code": pl.String},
            ),
        }

    return make
