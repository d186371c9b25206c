"""Markets of some years with a planted signal, for whole evaluations, and the same with another future."""

import dataclasses
import datetime
from typing import Any

import numpy as np
import polars as pl

from evaluation.conftest import business_days
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.evaluation.summary import Beyond, evaluate_factor
from gangru.market.daily import DailyMarket

DAYS, STOCKS, INDUSTRIES = 680, 160, 5
VOLATILITY = 0.018  # a day
EVALUATION = EvaluationSettings(bootstrap_samples=200, groups=5)
FIFTH = PortfolioSettings(fraction=0.2)


@dataclasses.dataclass(frozen=True)
class Planted:
    """A market, its month-ends' rows, and what is known of the month after each: the signal (K, N)."""

    market: DailyMarket
    ends: np.ndarray
    signal: np.ndarray


def planted(ic: float, *, seed: int = 0, stocks: int = STOCKS) -> Planted:
    """Daily returns that are noise, and from the second day after a month-end on the signal of that month-end.

    The month's return from the day after a month-end to the day after the next has the correlation `ic` with the signal.
    """
    rng = np.random.default_rng(seed)
    dates = business_days("2018-01-02", DAYS)
    month = dates.astype("datetime64[M]")
    ends = np.flatnonzero(month[1:] != month[:-1])
    signal = rng.normal(size=(len(ends), stocks))
    returns = rng.normal(0, VOLATILITY, (DAYS, stocks)) + rng.normal(0.0003, 0.008, (DAYS, 1))
    for k, end in enumerate(ends):
        stop = ends[k + 1] + 1 if k + 1 < len(ends) else DAYS - 1
        days = slice(end + 2, stop + 1)
        length = stop - end - 1
        returns[days] += signal[k] * ic / np.sqrt(1 - ic**2) * VOLATILITY / np.sqrt(max(length, 1))
    close = np.round(30 * np.exp(np.cumsum(returns, axis=0)), 2)
    close[rng.random(close.shape) < 0.004] = np.nan
    close[500:, 3] = np.nan
    volume = np.where(np.isnan(close), np.nan, rng.lognormal(15, 0.5, close.shape))
    previous = np.vstack([close[:1], close[:-1]])
    start = np.where(np.isnan(previous), close, previous)
    return Planted(
        DailyMarket(
            dates=dates,
            codes=np.array([f"{600000 + i}.SH" for i in range(stocks)]),
            open=start,
            high=np.fmax(start, close),
            low=np.fmin(start, close),
            close=close,
            factor=np.ones(close.shape),
            volume=volume,
            amount=close * volume,
            float_shares=np.broadcast_to(rng.lognormal(19, 1, stocks), close.shape).copy(),
            is_st=np.zeros(close.shape, dtype=np.int8),
            list_date=np.full(stocks, np.datetime64("NaT"), dtype="datetime64[D]"),
        ),
        ends,
        signal,
    )


def factor_table(made: Planted, scores: np.ndarray) -> pl.DataFrame:
    """Scores (K, N) of the month-ends as a table of date, code, factor."""
    days = made.market.dates[made.ends]
    return pl.DataFrame(
        {
            "date": np.repeat(days, scores.shape[1]),
            "code": np.tile(made.market.codes, len(days)),
            "factor": scores.ravel(),
        },
        schema_overrides={"date": pl.Date},
    )


def intervals(made: Planted, name: str, values: list[str], end: datetime.date | None = None) -> pl.DataFrame:
    """Each stock's value from the first day on, till `end`."""
    codes = made.market.codes.tolist()
    return pl.DataFrame(
        {
            "code": codes,
            "start": [made.market.dates[0].item()] * len(codes),
            "end": [end] * len(codes),
            name: values,
        },
        schema_overrides={"start": pl.Date, "end": pl.Date},
    )


def labels(made: Planted) -> dict[str, Any]:
    """Industries by the code's number, names, and an index of the first third."""
    codes = made.market.codes.tolist()
    industry = intervals(made, "industry", [f"Industry {i % INDUSTRIES}" for i in range(len(codes))])
    members = intervals(made, "index", ["000300.SH"] * len(codes)).head(len(codes) // 3)
    return {
        "industry": industry.with_columns(taxonomy=pl.lit("sw")),
        "names": lambda _: pl.DataFrame({"code": codes, "name": [f"Stock {code[:6]}" for code in codes]}),
        "beyond": Beyond(members=members),
    }


def evaluated(made: Planted, scores: np.ndarray, **changed: Any):
    """The whole evaluation of scores (K, N)."""
    arguments: dict[str, Any] = {
        "calendar": made.market.dates,
        "eligible": ~np.isnan(made.market.close),
        "settings": EVALUATION,
        "portfolio": FIFTH,
    }
    table = changed.pop("table", None)
    table = factor_table(made, scores) if table is None else table
    return evaluate_factor(table, made.market, **(arguments | labels(made) | changed))
