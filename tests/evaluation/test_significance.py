"""Newey–West t against statsmodels, and the stationary bootstrap."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.evaluation.significance import (
    bootstrap_interval,
    newey_west_lag,
    newey_west_t,
    stationary_indices,
)


@settings(max_examples=30)
@given(st.integers(3, 120), st.integers(0, 10_000))
def test_newey_west_t_agrees_with_statsmodels(length, seed):
    rng = np.random.default_rng(seed)
    x = np.convolve(rng.normal(0.1, 1, length + 2), [1, 0.5, 0.3], mode="valid")
    lag = newey_west_lag(length)
    fit = sm.OLS(x, np.ones(length)).fit(cov_type="HAC", cov_kwds={"maxlags": lag})
    assert newey_west_t(x) == pytest.approx(fit.tvalues[0])
    assert newey_west_t(np.append(x, np.nan)) == pytest.approx(fit.tvalues[0])


@pytest.mark.parametrize(
    ("months", "lag"), [(1, 0), (2, 1), (24, 2), (27, 2), (28, 3), (77, 3), (100, 4), (273, 5)]
)
def test_lag_follows_the_rule(months, lag):
    assert newey_west_lag(months) == lag == min(math.floor(4 * (months / 100) ** (2 / 9)), months - 1)


def test_overlapping_horizons_need_a_longer_lag():
    assert newey_west_lag(100, horizon=20) == 19
    assert newey_west_lag(5, horizon=20) == 4


def test_without_lags_it_is_the_plain_t_but_for_the_degrees_of_freedom():
    x = np.array([0.1, 0.3, -0.05, 0.2])
    plain = x.mean() / (x.std(ddof=0) / math.sqrt(4))
    assert newey_west_t(x, lag=0) == pytest.approx(plain)


def test_a_lag_beyond_the_series_is_its_longest():
    x = np.array([0.1, 0.3, -0.05, 0.2])
    assert newey_west_t(x, lag=10) == newey_west_t(x, lag=3) != newey_west_t(x, lag=2)


@pytest.mark.parametrize("scale", [1e-9, 1e-15, 1e9])
def test_the_t_of_a_series_does_not_depend_on_its_scale(scale):
    x = np.random.default_rng(3).normal(0.1, 1, 40)
    assert newey_west_t(x * scale) == pytest.approx(newey_west_t(x))


def test_resampled_series_are_runs_of_the_mean_length_that_go_on_from_the_end_at_the_start():
    length, block = 50, 5.0
    at = stationary_indices(length, block, 2000, np.random.default_rng(0))
    assert np.bincount(at.ravel(), minlength=length) / at.size * length == pytest.approx(1, abs=0.1)
    goes_on = at[:, 1:] == (at[:, :-1] + 1) % length
    expected = 1 - 1 / block * (1 - 1 / length)  # a new run may begin where the old one would have gone on
    assert goes_on.mean(axis=0) == pytest.approx(expected, abs=0.04)  # at every place, the first too
    whole = stationary_indices(length, 1e12, 20, np.random.default_rng(0))
    np.testing.assert_array_equal(whole, (whole[:, :1] + np.arange(length)) % length)


def test_two_values_are_enough():
    assert newey_west_t(np.array([0.1, 0.3]), lag=0) == pytest.approx(0.2 / (0.1 / math.sqrt(2)))
    interval = bootstrap_interval(np.array([0.1, 0.3]), confidence=0.95, samples=50, block=1.0, seed=0)
    assert interval == pytest.approx((0.1, 0.3))


@pytest.mark.parametrize("values", [[], [0.1], [0.1, 0.1, 0.1], [np.nan, 0.2]])
def test_t_is_undefined_without_variation(values):
    assert newey_west_t(np.array(values, dtype=float)) is None


def test_interval_is_the_same_for_a_seed_and_shrinks_with_confidence():
    x = np.random.default_rng(1).normal(0.05, 0.1, 60)
    kwargs = {"samples": 500, "block": 3.0, "seed": 7}
    wide = bootstrap_interval(x, confidence=0.95, **kwargs)
    assert wide == bootstrap_interval(np.append(x, np.nan), confidence=0.95, **kwargs)
    narrow = bootstrap_interval(x, confidence=0.5, **kwargs)
    assert wide[0] < narrow[0] < x.mean() < narrow[1] < wide[1]
    assert wide != bootstrap_interval(x, confidence=0.95, samples=500, block=3.0, seed=8)


def test_interval_of_independent_values_is_near_the_normal_one():
    x = np.random.default_rng(2).normal(0, 1, 400)
    low, high = bootstrap_interval(x, confidence=0.95, samples=4000, block=1.0, seed=0)
    half = 1.96 * x.std() / math.sqrt(400)
    assert low == pytest.approx(x.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(x.mean() + half, abs=0.1 * half)


def test_interval_of_dependent_values_is_wider_with_blocks():
    rng = np.random.default_rng(4)
    x = np.convolve(rng.normal(size=309), np.ones(10), mode="valid")
    widths = [
        np.diff(bootstrap_interval(x, confidence=0.9, samples=500, block=b, seed=0))[0] for b in (1, 20)
    ]
    assert widths[1] > 1.5 * widths[0]


def test_resampled_blocks_are_consecutive_and_wrap_around():
    indices = stationary_indices(50, 4.0, 400, np.random.default_rng(0))
    assert indices.shape == (400, 50)
    assert (np.bincount(indices.ravel(), minlength=50) > 0).all()
    follows = (np.diff(indices, axis=1) % 50 == 1).mean()
    assert follows == pytest.approx(1 - 1 / 4 + 1 / 4 / 50, abs=0.01)


def test_too_short_a_series_has_no_interval():
    assert bootstrap_interval(np.array([0.1]), confidence=0.95, samples=100, block=3.0, seed=0) is None
