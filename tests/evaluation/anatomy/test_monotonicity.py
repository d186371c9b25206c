"""Monotonic relation tests against a slow loop, hand-made cases and simulated nulls."""

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

from gangru.evaluation.anatomy.monotonicity import Relation, monotonicity, pairs, top_minus_bottom
from gangru.evaluation.significance import newey_west_lag, stationary_indices

NAN = np.nan
SETTINGS = {"samples": 400, "block": 3.0, "seed": 5}


def group_returns(slopes, months=60, noise=0.02, seed=0):
    return np.asarray(slopes) + np.random.default_rng(seed).normal(0, noise, (months, len(slopes)))


def slow(returns, samples, block, seed):
    """The tests as the paper writes them, one resample after another."""
    m, groups = returns.shape

    def statistics(mean):
        steps = [mean[i] - mean[i - 1] for i in range(1, groups)]
        every = [mean[j] - mean[i] for j in range(groups) for i in range(j)]
        return np.array(
            [min(steps), min(every), sum(s for s in steps if s > 0), sum(-s for s in steps if s < 0)]
        )

    observed = statistics(returns.mean(axis=0))
    reached = np.zeros(4)
    for drawn in stationary_indices(m, block, samples, np.random.default_rng(seed)):
        reached += statistics((returns[drawn] - returns.mean(axis=0)).mean(axis=0)) >= observed
    return observed, reached / samples


@pytest.mark.parametrize("slopes", [np.zeros(5), np.arange(5) * 0.003, [0, 0.01, -0.01, 0.0, 0.02]])
def test_statistics_and_p_values_agree_with_a_slow_loop(slopes):
    returns = group_returns(slopes)
    observed, p = slow(returns, **SETTINGS)
    result = monotonicity(returns, **SETTINGS)
    tests = (result.adjacent, result.all_pairs, result.up, result.down)
    assert [test.statistic for test in tests] == pytest.approx(observed, abs=1e-15)
    assert [test.p_value for test in tests] == pytest.approx(p, abs=1 / 400)  # a tie may round either way


def test_a_steep_rise_is_found_and_a_fall_is_not():
    rise = monotonicity(group_returns(np.arange(5) * 0.02), **SETTINGS)
    assert rise.rank_correlation == pytest.approx(1)
    assert rise.adjacent.p_value < 0.01
    assert rise.all_pairs.p_value < 0.01
    assert rise.up.p_value < 0.01
    assert rise.down == Relation(0, 1)
    fall = monotonicity(group_returns(-np.arange(5) * 0.02), **SETTINGS)
    assert fall.rank_correlation == pytest.approx(-1)
    assert fall.adjacent.p_value > 0.95
    assert fall.down.p_value < 0.01


def test_a_rise_with_one_large_step_back_is_no_rise_throughout():
    result = monotonicity(group_returns([0, 0.02, 0.04, 0.02, 0.06]), **SETTINGS)
    assert result.up.p_value < 0.01
    assert result.adjacent.p_value > 0.9
    assert result.down.p_value < 0.05


def test_a_flat_pattern_is_seldom_called_a_rise():
    found = [
        monotonicity(group_returns(np.zeros(4), seed=seed), samples=200, block=1.0, seed=seed)
        for seed in range(200)
    ]
    assert np.mean([one.adjacent.p_value < 0.1 for one in found]) < 0.2
    assert 0.03 < np.mean([one.up.p_value < 0.1 for one in found]) < 0.2


def test_all_pairs_of_a_hand_computed_case():
    assert pairs(np.array([[1.0, -3.0]])).tolist() == [[1, -2, -3]]


def test_groups_that_never_differ_speak_for_nothing():
    result = monotonicity(np.tile(np.linspace(-0.1, 0.1, 9)[:, None], (1, 5)), **SETTINGS)
    assert result.rank_correlation is None
    assert result.adjacent == result.all_pairs == result.up == result.down == Relation(0, 1)


def test_the_same_seed_gives_the_same_p_values():
    returns = group_returns(np.arange(5) * 0.002)
    assert monotonicity(returns, **SETTINGS) == monotonicity(returns, **SETTINGS)
    assert monotonicity(returns, **SETTINGS) != monotonicity(returns, **SETTINGS | {"seed": 6})


def test_months_with_an_undefined_group_are_left_out_and_counted():
    returns = group_returns(np.arange(5) * 0.002)
    gaps = np.insert(returns, [0, 30], NAN, axis=0)
    gaps[0, 1:] = 0.5
    assert monotonicity(gaps, **SETTINGS).left_out == 2
    full, part = monotonicity(returns, **SETTINGS), monotonicity(gaps, **SETTINGS)
    assert (full.adjacent, full.rank_correlation, full.months) == (
        part.adjacent,
        part.rank_correlation,
        part.months,
    )
    spread = top_minus_bottom(gaps)
    assert np.flatnonzero(np.isnan(spread.series)).tolist() == [0, 31]
    assert (spread.months, spread.left_out) == (60, 2)
    assert spread.t == top_minus_bottom(returns).t


def test_top_minus_bottom_has_the_t_of_statsmodels():
    returns = group_returns(np.arange(5) * 0.002)
    spread = top_minus_bottom(returns)
    series = returns[:, 4] - returns[:, 0]
    np.testing.assert_array_equal(spread.series, series)
    fit = sm.OLS(series, np.ones(60)).fit(cov_type="HAC", cov_kwds={"maxlags": newey_west_lag(60)})
    assert spread.mean == pytest.approx(series.mean())
    assert spread.t == pytest.approx(fit.tvalues[0])


def test_rank_correlation_is_scipys():
    returns = group_returns([0.0, 0.02, 0.01, 0.05, 0.03], noise=0.001)
    expected = scipy.stats.spearmanr(np.arange(5), returns.mean(axis=0)).statistic
    assert monotonicity(returns, **SETTINGS).rank_correlation == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (4, 1), (0, 0), (3, 0)])
def test_too_little_to_test_is_undefined(shape):
    result = monotonicity(np.zeros(shape), **SETTINGS)
    assert result.adjacent == result.up == Relation(None, None)
    assert result.months + result.left_out == shape[0]
    assert top_minus_bottom(np.zeros(shape)).t is None
