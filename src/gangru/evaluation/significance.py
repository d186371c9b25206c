"""How sure the mean of a short, dependent series is: Newey–West t and stationary bootstrap."""

import math

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Floats


def newey_west_lag(observations: int, horizon: int = 1) -> int:
    """max(h − 1, ⌊4 (T/100)^(2/9)⌋), below T; `horizon` h in periods: 1 for a monthly IC of a month.

    Source: Newey and West (1994), the rule for the Bartlett kernel.
    """
    rule = math.floor(4 * (observations / 100) ** (2 / 9))
    return int(min(max(horizon - 1, rule), max(observations - 1, 0)))


def newey_west_t(values: Floats, lag: int | None = None) -> float | None:
    """t of the mean with an error that allows for autocorrelation; NaN values are left out first.

    Bartlett weights, no small-sample correction, as statsmodels' OLS on a constant with cov_type="HAC". `lag`
    None takes `newey_west_lag`. None with fewer than 2 values or without any variation. Source: Newey and
    West (1987).
    """
    x = values[~np.isnan(values)]
    if len(x) < 2:
        return None
    lag = newey_west_lag(len(x)) if lag is None else min(lag, len(x) - 1)
    u = x - x.mean()
    variance = u @ u
    for step in range(1, lag + 1):
        variance += 2 * (1 - step / (lag + 1)) * (u[step:] @ u[:-step])
    if variance <= (np.abs(x).max() * 1e-12) ** 2 * len(x):
        return None
    return float(x.mean() / math.sqrt(variance) * len(x))


def stationary_indices(
    length: int, block: float, samples: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of resampled series, (samples, length): blocks of geometric length, wrapped around."""
    start = rng.integers(length, size=(samples, length))
    fresh = rng.random((samples, length)) < 1 / block
    since = np.where(fresh, np.arange(length), 0)
    np.maximum.accumulate(since, axis=1, out=since)
    first = np.take_along_axis(start, since, axis=1)
    return np.asarray((first + np.arange(length) - since) % length)


def bootstrap_interval(
    values: Floats, *, confidence: float, samples: int, block: float, seed: int
) -> tuple[float, float] | None:
    """Percentile interval of the mean under the stationary bootstrap; NaN values are left out first.

    `block` is the mean block length in observations. The same seed gives the same bytes. None with fewer than
    2 values. Source: Politis and Romano (1994).
    """
    x = values[~np.isnan(values)]
    if len(x) < 2:
        return None
    means = x[stationary_indices(len(x), block, samples, np.random.default_rng(seed))].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
