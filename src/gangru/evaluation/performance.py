"""Annual figures of a daily net value, and of one beside its benchmark. 242 trading days make a year.

A value is (days,), free of NaN, never negative, and starts at 1; its daily returns are one fewer. Two excesses
are told apart everywhere: by difference of returns, and by ratio of net values. Figures that empyrical-reloaded 0.7.1
has are tested against it; where ours is another figure, the docstring says so.
"""

import math
from dataclasses import dataclass

import numpy as np

from gangru.market.daily import Floats

DAYS_PER_YEAR = 242
STILL = 1e-12  # a daily volatility below this is rounding: ratios over it mean nothing
TAIL = 0.05  # the share of days that the figures named 95 look at


@dataclass(frozen=True)
class Performance:
    """Figures as fractions, annual unless named a day's; None where the span is too short or the denominator is 0.

    Formulas in `performance` and in the functions of this file.
    """

    annual_return: float | None = None
    annual_volatility: float | None = None
    return_over_volatility: float | None = None
    information_ratio: float | None = None
    max_drawdown: float | None = None
    annual_excess: float | None = None
    annual_excess_ratio: float | None = None
    tracking_error: float | None = None
    annual_excess_volatility: float | None = None  # of the excess by ratio
    sortino: float | None = None
    calmar: float | None = None
    best_day: float | None = None
    worst_day: float | None = None
    var_95: float | None = None  # a day's loss, positive
    cvar_95: float | None = None  # a day's loss, positive
    tail_ratio: float | None = None
    skew: float | None = None
    kurtosis: float | None = None  # 0 for a normal distribution
    beta: float | None = None
    alpha: float | None = None


def daily_returns(value: Floats) -> Floats:
    """Simple returns between successive values, (days − 1,); 0 after a value of 0, which has nothing left to lose."""
    before = value[:-1]
    return np.asarray(np.divide(value[1:], before, out=np.ones(len(before)), where=before != 0) - 1)


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


def excess_by_ratio(value: Floats, benchmark: Floats) -> Floats:
    """Excess net value: value over benchmark, (days,), starts at 1; NaN where the benchmark is 0."""
    return np.asarray(np.divide(value, benchmark, out=np.full(len(value), np.nan), where=benchmark != 0))


def excess_by_difference(value: Floats, benchmark: Floats) -> Floats:
    """Excess net value: 1 + Σ of the daily differences of returns, (days,); not compounded, may fall below 0."""
    excess = np.ones(len(value))
    excess[1:] += np.cumsum(daily_returns(value) - daily_returns(benchmark))
    return excess


def annual_excess_volatility(value: Floats, benchmark: Floats) -> float | None:
    """`annual_deviation` of the excess by ratio's daily returns; None where the benchmark falls to 0."""
    if not np.all(benchmark):
        return None
    return annual_deviation(daily_returns(excess_by_ratio(value, benchmark)))


def downside_deviation(returns: Floats) -> float | None:
    """√mean(min(daily return, 0)²) × √242: the target is 0, the mean is over all days; None without a return.

    As empyrical's downside_risk.
    """
    if not len(returns):
        return None
    return float(np.sqrt(np.mean(np.minimum(returns, 0) ** 2)) * math.sqrt(DAYS_PER_YEAR))


def sortino(returns: Floats) -> float | None:
    """Mean daily return × 242 over `downside_deviation`, as empyrical's sortino_ratio; None with fewer than 2 returns.

    The numerator is arithmetic, unlike that of return_over_volatility and calmar. Without a falling day it is
    None (empyrical: infinite).
    """
    if len(returns) < 2:
        return None
    return ratio(float(returns.mean() * DAYS_PER_YEAR), downside_deviation(returns))


def value_at_risk(returns: Floats) -> float | None:
    """The loss that 5 % of the days exceed, positive: minus the 5 % quantile of daily returns, interpolated.

    Historical, not annualised; minus empyrical's value_at_risk. Negative where even such days gain; None
    without a return.
    """
    return float(-np.quantile(returns, TAIL)) if len(returns) else None


def conditional_value_at_risk(returns: Floats) -> float | None:
    """The mean loss of the worst days, positive: of the ⌊5 % (n − 1)⌋ + 1 lowest of n daily returns.

    Minus empyrical's conditional_value_at_risk; never below `value_at_risk`; None without a return.
    """
    if not len(returns):
        return None
    last = int((len(returns) - 1) * TAIL)
    return float(-np.partition(returns, last)[: last + 1].mean())


def tail_ratio(returns: Floats) -> float | None:
    """|95 % quantile| over |5 % quantile| of daily returns, as empyrical's; None without a return or over 0."""
    if not len(returns):
        return None
    low, high = np.abs(np.quantile(returns, [TAIL, 1 - TAIL]))
    return ratio(float(high), float(low))


def standardised_moment(returns: Floats, order: int) -> float | None:
    """Mean of ((return − mean) / standard deviation (n))^order; None with fewer than 2 returns or none that moves.

    Order 3 is the skew, order 4 less 3 the excess kurtosis, both as scipy.stats computes them by default, not
    corrected for small samples.
    """
    if len(returns) < 2 or (deviation := float(returns.std())) < STILL:
        return None
    return float(np.mean(((returns - returns.mean()) / deviation) ** order))


def market_line(returns: Floats, benchmark: Floats) -> tuple[float | None, float | None]:
    """Beta and annual alpha: least squares of daily returns on the benchmark's; None where the benchmark is still.

    alpha = (1 + daily intercept)^242 − 1, compounded as empyrical's and without a risk-free rate; None with
    an intercept below −1 or a result past what a float holds.
    """
    if len(returns) < 2 or float(benchmark.std()) < STILL:
        return None, None
    moved = benchmark - benchmark.mean()
    beta = float(moved @ returns / (moved @ moved))
    intercept = float(returns.mean() - beta * benchmark.mean())
    with np.errstate(over="ignore"):
        alpha = float(np.power(max(1 + intercept, 0.0), DAYS_PER_YEAR) - 1)
    return beta, alpha if intercept >= -1 and math.isfinite(alpha) else None


def performance(value: Floats, benchmark: Floats) -> Performance:
    """Annual figures of a daily net value beside its benchmark's, both (days,) and starting at 1.

    annual_return = last^(242/days) − 1; annual_volatility = std(daily) √242; annual_excess = difference of
    the annualised returns; annual_excess_ratio = (1 + a) / (1 + b) − 1, the annual return of the excess by ratio;
    tracking_error = std(daily difference) √242; information_ratio = annual_excess over it;
    return_over_volatility and information_ratio have annual returns compounded over the days above the line, where
    empyrical's sharpe_ratio and excess_sharpe have the mean daily return; max_drawdown as a positive
    fraction; calmar = annual_return / max_drawdown; kurtosis = the fourth standardised moment less 3.
    """
    a, b = annual_return(value), annual_return(benchmark)
    returns, usual = daily_returns(value), daily_returns(benchmark)
    volatility, tracking_error = annual_deviation(returns), annual_deviation(returns - usual)
    excess, deepest = None if a is None or b is None else a - b, max_drawdown(value)
    beta, alpha = market_line(returns, usual)
    fourth = standardised_moment(returns, 4)
    return Performance(
        annual_return=a,
        annual_volatility=volatility,
        return_over_volatility=ratio(a, volatility),
        information_ratio=ratio(excess, tracking_error),
        max_drawdown=deepest,
        annual_excess=excess,
        annual_excess_ratio=None if b is None else ratio(excess, 1 + b),
        tracking_error=tracking_error,
        annual_excess_volatility=annual_excess_volatility(value, benchmark),
        sortino=sortino(returns),
        calmar=ratio(a, deepest),
        best_day=float(returns.max()) if len(returns) else None,
        worst_day=float(returns.min()) if len(returns) else None,
        var_95=value_at_risk(returns),
        cvar_95=conditional_value_at_risk(returns),
        tail_ratio=tail_ratio(returns),
        skew=standardised_moment(returns, 3),
        kurtosis=None if fourth is None else fourth - 3,
        beta=beta,
        alpha=alpha,
    )
