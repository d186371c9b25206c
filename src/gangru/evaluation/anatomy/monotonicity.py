"""Whether returns rise from group to group: rank correlation, the monotonic relation test, top less bottom.

M months × G groups, lowest factor first. Only months in which every group has a return are used; others are counted.
Source of the tests: Patton and Timmermann (2010), "Monotonicity in asset returns: New tests with applications to the
term structure, the CAPM, and portfolio sorts", Journal of Financial Economics 98, 605-625.
"""

from dataclasses import dataclass

import numpy as np

from gangru.evaluation.ic import mean_of_defined, spearman
from gangru.evaluation.significance import newey_west_t, stationary_indices
from gangru.market.daily import Bools, Floats


@dataclass(frozen=True)
class Relation:
    """A statistic (return a month) and its bootstrap p-value; None with fewer than 2 months or groups."""

    statistic: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class Monotonicity:
    """How the groups' mean returns rise, over `months`; `left_out` months lack a group's return.

    `rank_correlation` is Spearman's of group number and mean return. `adjacent` and `all_pairs` test the null that
    there is no strictly increasing pattern, by the least difference of mean returns over adjacent groups and over all
    pairs of groups: a small p-value speaks for a rise throughout. `up` and `down` test the null of a flat pattern by
    the sum of the rises and of the falls between adjacent groups: a small p-value speaks for some rise, or some fall.
    """

    months: int
    left_out: int
    rank_correlation: float | None = None
    adjacent: Relation = Relation()
    all_pairs: Relation = Relation()
    up: Relation = Relation()
    down: Relation = Relation()


@dataclass(frozen=True)
class Spread:
    """Highest group's return less the lowest's: `series` (M,), NaN in the months left out, its mean a month and t."""

    series: Floats
    months: int
    left_out: int
    mean: float | None
    t: float | None


def complete_months(returns_MG: Floats) -> Bools:
    """The months in which every group has a return, (M,); none where there is no group."""
    return np.asarray(~np.isnan(returns_MG).any(axis=1) & (returns_MG.shape[1] > 0))


def monotonicity(returns_MG: Floats, *, samples: int, block: float, seed: int) -> Monotonicity:
    """Rank correlation and monotonic relation tests of monthly group returns.

    The months are resampled together under the stationary bootstrap, mean block length `block` months, and the
    differences recentred on their own means, so that the resampled ones obey a flat null. The p-value is the share of
    `samples` statistics that reach the observed one. The same seed gives the same p-values.
    """
    complete = complete_months(returns_MG)
    returns = returns_MG[complete]
    months, left_out = len(returns), int((~complete).sum())
    groups = returns_MG.shape[1]
    if not months or groups < 2:
        return Monotonicity(months, left_out)
    rank = spearman(np.arange(1.0, groups + 1)[None, :], returns.mean(axis=0)[None, :], min_stocks=2)
    rho = mean_of_defined(rank)
    if months < 2:
        return Monotonicity(months, left_out, rho)
    steps = np.diff(returns, axis=1)
    observed = steps.mean(axis=0)
    resampled = resampled_means(steps - observed, samples=samples, block=block, seed=seed)
    return Monotonicity(
        months,
        left_out,
        rho,
        adjacent=tested(least(observed[None, :]), least(resampled)),
        all_pairs=tested(least(pairs(observed[None, :])), least(pairs(resampled))),
        up=tested(rises(observed[None, :]), rises(resampled)),
        down=tested(rises(-observed[None, :]), rises(-resampled)),
    )


def resampled_means(values_MK: Floats, *, samples: int, block: float, seed: int) -> Floats:
    """Column means of the months resampled under the stationary bootstrap, (samples, K)."""
    m = len(values_MK)
    drawn = stationary_indices(m, block, samples, np.random.default_rng(seed))
    cell = drawn + np.arange(samples)[:, None] * m
    times = np.bincount(cell.ravel(), minlength=samples * m).reshape(samples, m)
    return np.asarray(times @ values_MK / m)


def least(differences: Floats) -> Floats:
    """The least difference of each row."""
    return np.asarray(differences.min(axis=1))


def rises(differences: Floats) -> Floats:
    """The sum of each row's positive differences."""
    return np.asarray(np.maximum(differences, 0).sum(axis=1))


def pairs(steps_BK: Floats) -> Floats:
    """Differences of all pairs of K + 1 groups, higher less lower, from those of adjacent ones, (B, K (K + 1) / 2)."""
    level = np.concatenate([np.zeros((len(steps_BK), 1)), np.cumsum(steps_BK, axis=1)], axis=1)
    lower, higher = np.triu_indices(level.shape[1], k=1)
    return np.asarray(level[:, higher] - level[:, lower])


def tested(observed: Floats, resampled: Floats) -> Relation:
    """The observed statistic (1,) and the share of the resampled ones (samples,) that reach it."""
    return Relation(float(observed[0]), float((resampled >= observed[0]).mean()))


def top_minus_bottom(returns_MG: Floats, lag: int | None = None) -> Spread:
    """The monthly return of the highest group less that of the lowest, its mean and Newey–West t.

    `lag` as in `significance.newey_west_t`.
    """
    complete = complete_months(returns_MG)
    series = np.full(len(returns_MG), np.nan)
    series[complete] = returns_MG[complete, -1] - returns_MG[complete, 0] if complete.any() else np.nan
    return Spread(
        series,
        months=int(complete.sum()),
        left_out=int((~complete).sum()),
        mean=mean_of_defined(series),
        t=newey_west_t(series, lag),
    )
