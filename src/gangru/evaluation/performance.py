"""Annual figures of a daily net value, and of one beside its benchmark. 242 trading days make a year."""

import math
from dataclasses import dataclass

import numpy as np

from gangru.market.daily import Floats

DAYS_PER_YEAR = 242
STILL = 1e-12  # a daily volatility below this is rounding: ratios over it mean nothing


@dataclass(frozen=True)
class Performance:
    """Annual figures as fractions; None where the span is too short or the denominator is 0."""

    annual_return: float | None = None
    annual_volatility: float | None = None
    return_over_volatility: float | None = None
    information_ratio: float | None = None
    max_drawdown: float | None = None
    annual_excess: float | None = None
    annual_excess_ratio: float | None = None


def daily_returns(value: Floats) -> Floats:
    """Simple returns between successive values, (days − 1,)."""
    return np.asarray(value[1:] / value[:-1] - 1)


def annual_return(value: Floats) -> float | None:
    """(last / first)^(242 / days) − 1 over the days between first and last; None with fewer than 2 values."""
    if len(value) < 2:
        return None
    return float((value[-1] / value[0]) ** (DAYS_PER_YEAR / (len(value) - 1)) - 1)


def annual_deviation(returns: Floats) -> float | None:
    """Standard deviation (n − 1) of daily returns × √242; None with fewer than 2 of them."""
    if len(returns) < 2:
        return None
    return float(np.std(returns, ddof=1) * math.sqrt(DAYS_PER_YEAR))


def drawdown(value: Floats) -> Floats:
    """Value over its highest so far, less 1, (days,): −0.27 where 27 % of the high are lost."""
    return np.asarray(value / np.maximum.accumulate(value) - 1)


def max_drawdown(value: Floats) -> float | None:
    """The deepest drawdown, a positive fraction: 0.27 = 27 % of a former high lost; None without 2 values."""
    return None if len(value) < 2 else float(max(-drawdown(value).min(), 0.0))


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """The quotient; None where a part is None or the denominator is 0 but for rounding."""
    if numerator is None or denominator is None or abs(denominator) < STILL:
        return None
    return numerator / denominator


def performance(value: Floats, benchmark: Floats) -> Performance:
    """Annual figures of a daily net value beside its benchmark's, both (days,) and starting at 1.

    annual_return = last^(242/days) − 1; annual_volatility = std(daily) √242; annual_excess = difference of
    the annualised returns; annual_excess_ratio = (1 + a) / (1 + b) − 1; information_ratio = annual_excess
    over the tracking error std(daily difference) √242; max_drawdown as a positive fraction.
    """
    a, b = annual_return(value), annual_return(benchmark)
    volatility = annual_deviation(daily_returns(value))
    tracking_error = annual_deviation(daily_returns(value) - daily_returns(benchmark))
    excess = None if a is None or b is None else a - b
    return Performance(
        annual_return=a,
        annual_volatility=volatility,
        return_over_volatility=ratio(a, volatility),
        information_ratio=ratio(excess, tracking_error),
        max_drawdown=max_drawdown(value),
        annual_excess=excess,
        annual_excess_ratio=None if a is None or b is None else ratio(a - b, 1 + b),
    )
