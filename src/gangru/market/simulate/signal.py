"""The planted signal: what the last 40 days say about the 20-day return that can be bought tomorrow.

Two halves, both read off the bars themselves:

- the lean of the closes, free of order: on how many days the close lay just under the middle of the day's range or far
  above it, rather than just above it or far below (a cubic of the close position; a skewness, which neither a
  window's mean nor its variance carries);
- the turnover of the newest 20 days against the 20 before, made of nothing but order.

The expected return of day d is a sum over the bars of days d − 21 and d − 41 alone:
δ(d) = −strength/√2 · [(a(d−21) + a(d−41)) / u_a + (b(d−21) − b(d−41)) / u_b]. Summed over the days t+2 … t+21 that a
label at t covers, this is −strength/√2 · [Σ a over the 40 days to t / u_a + (Σ b over the newest 20 − Σ b over the 20
before) / u_b]: known at t to the last term, exactly flat in the first half and of zero sum in the second. Since the
unexpected returns have mean 0 given the past, the compounded δ is the expected label itself, and no predictor can do
better but for what price limits cut off.

Legend: D trading days × N stocks.
"""

import numpy as np

from gangru.market.daily import Bools, Floats
from gangru.market.simulate.shocks import RANGE_CENTRE, RANGE_UNIT

NEAR_LAG, FAR_LAG = 21, 41  # 1 day to enter + 20 held, and 20 more
KURTOSIS = 3.25  # of the carrier: makes the lean uncorrelated with the close position itself
LEAN_UNIT = 5.45  # standard deviation across stocks of the 40-day sum of leans
TURNOVER_UNIT = 5.6  # the same of the difference of the two 20-day sums of log turnover


def lean(high: Floats, low: Floats, close: Floats) -> Floats:
    """Each day's lean, −1 to 1, from its close position; 0 where the day had one price. Sees the day's bar alone."""
    spread = high - low
    position = np.where(spread > 0, (close - low) / np.where(spread > 0, spread, 1), RANGE_CENTRE)
    x = (position - RANGE_CENTRE) / RANGE_UNIT
    return np.clip((x**3 - KURTOSIS * x) / 1.5, -1, 1)


def among_traded(values: Floats, traded: Bools) -> Floats:
    """Values less their mean over the day's traded stocks, along the last axis; 0 where not traded."""
    count = np.maximum(traded.sum(axis=-1, keepdims=True), 1)
    mean = np.where(traded, values, 0).sum(axis=-1, keepdims=True) / count
    return np.where(traded, values - mean, 0)


def expected_return(leans: Floats, turnover: Floats, day: int, strength: float) -> Floats:
    """δ of one day, (N,), from `leans` and `turnover`, (D, N), of the days up to `day` − 21; 0 while they lack.

    NaN in `turnover` marks a stock that was not yet listed.
    """
    if strength == 0 or day < FAR_LAG:
        return np.zeros(leans.shape[1])
    near, far = day - NEAR_LAG, day - FAR_LAG
    of_lean = (leans[near] + leans[far]) / LEAN_UNIT
    of_turnover = (turnover[near] - turnover[far]) / TURNOVER_UNIT
    return np.where(np.isnan(of_turnover), 0, -strength * np.sqrt(0.5) * (of_lean + of_turnover))
