"""The planted signal: what the last 40 days say about the 20-day return that can be bought tomorrow.

Two halves, both read off the bars themselves:

- follow-through, free of order: whether a stock's better days close high in their range and its worse days low, or the
  other way round. It is the sum over the days of close position × return over the market's: a correlation within the
  window, which neither a window's mean nor its variance carries;
- turnover of the newest 20 days against the 20 before, made of nothing but order.

The expected return of day d is a sum over the bars of days d − 21 and d − 41 alone:
δ(d) = −strength/√2 · [(a(d−21) + a(d−41)) / u_a + (b(d−21) − b(d−41)) / u_b]. Summed over the days t+2 … t+21 that a
label at t covers, this is −strength/√2 · [Σ a over the 40 days to t / u_a + (Σ b over the newest 20 − Σ b over the 20
before) / u_b]: known at t to the last term, exactly flat over the window in the first half, of zero sum over it in the
second. Since the unexpected returns have mean 0 given the past, the compounded δ is the expected label itself, and no
predictor can do better but for what price limits cut off. A suspended stock makes up for the days it missed when it
trades again; only a label that ends within the suspension lacks them.

Legend: D trading days × N stocks.
"""

import numpy as np

from gangru.market.daily import Bools, Floats
from gangru.market.simulate.shocks import RANGE_CENTRE, RANGE_UNIT

NEAR_LAG, FAR_LAG = 21, 41  # 1 day to enter + 20 held, and 20 more
SPAN = 20  # days of a label, and of each half of the window
WINDOW = 2 * SPAN
BOUND = 1.5  # of a day's excess return, in the day's spreads across stocks
FOLLOW_UNIT = 12.33  # standard deviation across stocks of the 40-day sum of follow
TURNOVER_UNIT = 5.92  # the same of the difference of the two 20-day sums of log turnover


def follow_through(high: Floats, low: Floats, close: Floats, excess: Floats) -> Floats:
    """Each day's product of close position and return over the market's, bounded; 0 where the day had one price.

    `excess` in units of the day's spread across stocks. Sees the day's bar, and the close before it.
    """
    spread = high - low
    position = np.where(spread > 0, (close - low) / np.where(spread > 0, spread, 1), RANGE_CENTRE)
    return np.asarray((position - RANGE_CENTRE) / RANGE_UNIT * np.clip(excess, -BOUND, BOUND))


def among_traded(values: Floats, traded: Bools) -> Floats:
    """Values less their mean over the day's traded stocks, along the last axis; 0 where not traded."""
    count = np.maximum(traded.sum(axis=-1, keepdims=True), 1)
    mean = np.where(traded, values, 0).sum(axis=-1, keepdims=True) / count
    return np.where(traded, values - mean, 0)


def planted_return(follow: Floats, turnover: Floats, day: int, strength: float) -> Floats:
    """δ of one day, (N,), from `follow` and `turnover`, (D, N), of the days up to `day` − 21; 0 while they lack.

    NaN in `turnover` marks a stock that was not yet listed.
    """
    if strength == 0 or day < FAR_LAG:
        return np.zeros(follow.shape[1])
    near, far = day - NEAR_LAG, day - FAR_LAG
    of_follow = (follow[near] + follow[far]) / FOLLOW_UNIT
    of_turnover = (turnover[near] - turnover[far]) / TURNOVER_UNIT
    return np.where(np.isnan(of_turnover), 0.0, -strength * np.sqrt(0.5) * (of_follow + of_turnover))


def expected_labels(follow: Floats, turnover: Floats, strength: float, drift: float) -> Floats:
    """The expected label of every date, (D, N): what the close of t+1 to that of t+21 returns, from bars up to t.

    NaN on the first dates, whose window lacks bars.
    """
    days = len(follow)
    reach = 1 + SPAN
    delta = np.array([planted_return(follow, turnover, day, strength) for day in range(days + reach)])
    growth = np.cumsum(np.log1p(drift + delta), axis=0)
    labels = np.expm1(growth[reach:] - growth[1 : days + 1])
    labels[: WINDOW - 1] = np.nan
    return np.asarray(labels)


def signal_parts(follow: Floats, turnover: Floats) -> tuple[Floats, Floats]:
    """The order-free and the ordered half of the signal, (D, N) each, in units of about one; NaN where bars lack."""
    a, b = _rolling(follow, WINDOW), _rolling(turnover, SPAN)
    earlier = np.full_like(b, np.nan)
    earlier[SPAN:] = b[:-SPAN]
    return -a / FOLLOW_UNIT, -(b - earlier) / TURNOVER_UNIT


def _rolling(values: Floats, width: int) -> Floats:
    """Sums over the last `width` days, (D, N), NaN where one of them is."""
    windows = np.lib.stride_tricks.sliding_window_view(values, width, axis=0)
    sums = np.full_like(values, np.nan)
    sums[width - 1 :] = windows.sum(axis=-1)
    return sums
