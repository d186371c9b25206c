"""The risk model: what it finds in simulated returns, and what it may see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import EvaluationError
from gangru.evaluation.enhance.risk import components, risk_model, shrunk

NAN = np.nan


def factor_market(seed: int, days: int, stocks: int, *, exposures=None, deviation=0.02):
    """Returns of three factors of 1 % a day and specific returns, and the covariance a year that they were drawn from."""
    rng = np.random.default_rng(seed)
    b = rng.normal(0, 1, (stocks, 3)) if exposures is None else exposures
    d = deviation * rng.uniform(0.5, 1.5, stocks)
    returns = 0.01 * rng.normal(size=(days, 3)) @ b.T + rng.normal(size=(days, stocks)) * d
    return returns, 242 * (1e-4 * b @ b.T + np.diag(d**2))


def dense(risk):
    return risk.factors @ risk.factors.T + np.diag(risk.specific)


def test_the_covariance_of_simulated_factors_is_found():
    returns, true = factor_market(0, 10_000, 150)
    found = dense(risk_model(returns, len(returns) - 1, len(returns), 3))
    assert np.abs(found - true).max() < 0.05 * true.diagonal().max()
    rng = np.random.default_rng(1)
    for _ in range(20):
        x = rng.dirichlet(np.ones(150)) - rng.dirichlet(np.ones(150))
        assert x @ found @ x == pytest.approx(x @ true @ x, rel=0.08)


def test_all_components_give_the_sample_covariance():
    # With as many factors as stocks nothing is left to be specific: F Fᵀ is what NumPy's covariance is.
    returns, _ = factor_market(3, 50, 6)
    risk = risk_model(returns, 49, 50, 6)
    np.testing.assert_allclose(risk.specific, 0, atol=1e-12)
    np.testing.assert_allclose(dense(risk), 242 * np.cov(returns.T, bias=True), rtol=1e-9)


def test_the_components_are_those_of_a_slow_decomposition_of_the_correlation_matrix():
    returns, _ = factor_market(4, 40, 9)
    z = returns - returns.mean(axis=0)
    z /= np.sqrt((z**2).sum(axis=0))
    loadings, left = components(z, 2)
    correlation = np.corrcoef(returns.T)
    values, vectors = np.linalg.eigh(correlation)
    slow = sum(values[-k] * np.outer(vectors[:, -k], vectors[:, -k]) for k in (1, 2))
    np.testing.assert_allclose(loadings @ loadings.T, slow, atol=1e-12)
    np.testing.assert_allclose(left, 1 - slow.diagonal(), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 12))
def test_tracking_error_is_the_quadratic_form_and_never_negative(seed, factors):
    returns, _ = factor_market(seed, 30, 8)
    rng = np.random.default_rng(seed)
    returns[rng.random(returns.shape) < 0.2] = NAN
    risk = risk_model(returns, 29, 30, factors)
    assert (risk.specific >= 0).all()
    assert np.linalg.eigvalsh(dense(risk)).min() >= -1e-12
    x = rng.normal(size=8)
    assert risk.tracking_error(x) == pytest.approx(np.sqrt(x @ dense(risk) @ x))
    assert risk.tracking_error(np.zeros(8)) == 0
    kept = np.arange(8) % 2 == 0
    assert risk.of(kept).tracking_error(x[kept]) == pytest.approx(
        np.sqrt(x[kept] @ dense(risk)[np.ix_(kept, kept)] @ x[kept])
    )


def test_only_the_days_up_to_the_factor_date_count_and_only_so_many():
    returns, _ = factor_market(5, 100, 10)
    changed = returns.copy()
    changed[70:] = 9.0
    changed[:20] = -0.5
    one, two = (risk_model(r, 69, 50, 3) for r in (returns, changed))
    assert one.factors.tobytes() == two.factors.tobytes()
    assert one.specific.tobytes() == two.specific.tobytes()
    changed = returns.copy()
    changed[69, 0] += 0.2  # the factor date itself is seen
    assert risk_model(changed, 69, 50, 3).specific[0] != one.specific[0]
    changed = returns.copy()
    changed[20, 0] += 0.2  # and so is the first of the 50 days
    assert risk_model(changed, 69, 50, 3).specific[0] != one.specific[0]


def test_a_short_history_has_the_median_specific_variance_and_moves_as_the_mean_stock():
    returns, _ = factor_market(6, 60, 9)
    returns[:31, 0] = NAN  # 29 of 60 days
    returns[:30, 1] = NAN  # 30 of 60: just enough
    returns[:, 2] = 0.0  # never moved
    risk = risk_model(returns, 59, 60, 2)
    known = [1, *range(3, 9)]
    for short in (0, 2):
        assert risk.specific[short] == pytest.approx(np.median(risk.specific[known]))
        np.testing.assert_allclose(risk.factors[short], risk.factors[known].mean(axis=0))
    others = risk_model(returns[:, known], 59, 60, 2)
    np.testing.assert_allclose(risk.specific[known], others.specific)


def test_missing_days_leave_a_stocks_variance_what_the_others_say():
    returns = np.tile([[0.01], [-0.01]], (20, 2)) * [1.0, 1.0]
    returns[::4, 1] = returns[1::4, 1] = NAN  # half of the days
    risk = risk_model(returns, 39, 40, 2)
    assert dense(risk).diagonal() == pytest.approx(242 * 1e-4)


def test_shrinking_by_hand():
    # Median 2, spread 1 + 0 + 4 = 5, error 2/100 · (1 + 4 + 16) = 0.42: a share of 0.084.
    assert shrunk(np.array([1.0, 2.0, 4.0]), 100).tolist() == pytest.approx([1.084, 2, 3.832])
    assert shrunk(np.array([1.0, 2.0, 4.0]), 2).tolist() == [2, 2, 2]
    assert shrunk(np.array([3.0, 3.0]), 100).tolist() == [3, 3]


def test_data_that_are_too_short_are_refused():
    returns, _ = factor_market(7, 60, 5)
    assert len(risk_model(returns, 29, 60, 2).specific) == 5
    with pytest.raises(EvaluationError, match="60 days has 29 up to row 28"):
        risk_model(returns, 28, 60, 2)
    with pytest.raises(EvaluationError, match="no stock has returns"):
        risk_model(np.full((60, 3), NAN), 59, 60, 2)
