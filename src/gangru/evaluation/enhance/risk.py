"""A statistical risk model of daily returns as it can be known on a factor date.

D days of the market, T of them seen, × N stocks, K factors.
"""

from dataclasses import dataclass

import numpy as np

from gangru.errors import EvaluationError
from gangru.evaluation.performance import DAYS_PER_YEAR
from gangru.market.daily import Bools, Floats


@dataclass(frozen=True)
class Risk:
    """A covariance a year, F Fᵀ + diag(d): `factors` F (N, K) and `specific` d (N,), variances ≥ 0."""

    factors: Floats
    specific: Floats

    def tracking_error(self, active_N: Floats) -> float:
        """√(‖Fᵀx‖² + Σ d x²) of active weights x (N,): what their return is expected to vary by in a year."""
        return float(np.sqrt(((active_N @ self.factors) ** 2).sum() + (self.specific * active_N**2).sum()))

    def of(self, stocks: Bools) -> "Risk":
        """The model of some of the stocks, chosen by (N,) booleans."""
        return Risk(self.factors[stocks], self.specific[stocks])


def risk_model(returns_DN: Floats, row: int, days: int, factors: int) -> Risk:
    """Principal components of the standardised returns of the `days` trading days up to `row`, and what they leave.

    `returns_DN` are simple daily returns, NaN where a stock has none; nothing after `row` is seen. A missing return is
    taken as the stock's mean. Of the correlation matrix the first `factors` components are kept; each stock's specific
    variance is what they leave of its own and is shrunk towards the median over the stocks. A stock with returns on
    less than half of the days, or that never moved, has the median specific variance and moves as the mean stock
    does. Raises EvaluationError where the data begin less than half of `days` before `row`, or no stock has a history.
    """
    seen = returns_DN[max(row + 1 - days, 0) : row + 1]
    if 2 * len(seen) < days:
        raise EvaluationError(
            f"a risk model of {days} days has {len(seen)} up to row {row}: begin later or lower enhance.risk_days"
        )
    there = ~np.isnan(seen)
    count = there.sum(axis=0)
    deviation = np.where(there, seen - np.nansum(seen, axis=0) / np.maximum(count, 1), 0.0)
    square = (deviation**2).sum(axis=0)
    known = (2 * count >= len(seen)) & (square > 0)
    if not known.any():
        raise EvaluationError(f"no stock has returns on half of the {len(seen)} days up to row {row}")
    loadings, left = components(deviation[:, known] / np.sqrt(square[known]), factors)
    variance = DAYS_PER_YEAR * square[known] / count[known]
    exposures = np.sqrt(variance)[:, None] * loadings
    specific = shrunk(variance * left, len(seen))
    model = Risk(
        np.tile(exposures.mean(axis=0), (len(known), 1)), np.full(len(known), float(np.median(specific)))
    )
    model.factors[known], model.specific[known] = exposures, specific
    return model


def components(z_TN: Floats, factors: int) -> tuple[Floats, Floats]:
    """Loadings L (N, K) of the first components of ZᵀZ, and what L Lᵀ leaves of its diagonal of ones, (N,).

    Columns of Z have length 1. Where there are fewer days or stocks than factors, K is their number.
    """
    _, lengths, directions = np.linalg.svd(z_TN, full_matrices=False)
    loadings = directions[:factors].T * lengths[:factors]
    return loadings, np.clip(1 - (loadings**2).sum(axis=1), 0, 1)


def shrunk(variance_N: Floats, days: int) -> Floats:
    """Variances drawn to their median by the share of their spread that is an estimate's error, (N,).

    A variance of T normal returns errs by 2 v²/T: intensity = Σ 2 v²/T / Σ (v − median)², at most 1 (James and
    Stein's idea). Fat tails make it too small, never too large.
    """
    middle = float(np.median(variance_N))
    spread = float(((variance_N - middle) ** 2).sum())
    error = 2 / days * float((variance_N**2).sum())
    share = 1.0 if error >= spread else error / spread
    return np.asarray(variance_N + share * (middle - variance_N))
