"""Neutralisation against a plain least-squares regression with dummies."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.robust import mad

from gangru.factor.neutralise import clip_mad, known_z, neutralise
from gangru.factor.settings import FactorSettings


def cross_section(seed: int = 0, stocks: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    industry = random.integers(0, 8, stocks).astype(np.int16)
    value = np.exp(random.normal(22, 1, stocks))
    score = random.normal(size=stocks) + 0.3 * np.log(value) + industry
    return score, industry, value


def test_factor_is_the_standardised_residual_of_statsmodels() -> None:
    score, industry, value = cross_section()
    made = neutralise(score, industry, value, FactorSettings())
    dummies = (industry[:, None] == np.arange(8)).astype(float)
    residual = sm.OLS(clip_mad(score, 3.0), np.column_stack([dummies, np.log(value)])).fit().resid
    np.testing.assert_allclose(made.factor, (residual - residual.mean()) / residual.std(), atol=1e-9)


def test_factor_is_uncorrelated_with_size_and_has_no_industry_mean() -> None:
    score, industry, value = cross_section(1)
    factor = neutralise(score, industry, value, FactorSettings()).factor
    assert abs(np.corrcoef(factor, np.log(value))[0, 1]) < 1e-9
    for i in range(8):
        assert abs(factor[industry == i].mean()) < 1e-9


def test_a_stock_alone_in_its_industry_is_neither_first_nor_last() -> None:
    score, industry, value = cross_section(2)
    industry[0], score[0] = 30, 1e3
    assert abs(neutralise(score, industry, value, FactorSettings()).factor[0]) < 1e-9


def test_missing_industry_size_and_score_are_counted_by_reason() -> None:
    score, industry, value = cross_section(3)
    score[0], industry[1], value[2], value[3] = np.nan, -1, np.nan, 0
    made = neutralise(score, industry, value, FactorSettings())
    assert made.dropped == {"no prediction": 1, "no industry": 1, "no float market value": 2}
    assert np.isnan(made.factor[:4]).all()
    assert np.isfinite(made.factor[4:]).all()


def test_without_neutralisation_the_factor_is_the_clipped_score_standardised() -> None:
    score, industry, value = cross_section(4)
    factor = neutralise(score, industry, value, FactorSettings(neutralise="none")).factor
    clipped = clip_mad(score, 3.0)
    np.testing.assert_allclose(factor, (clipped - clipped.mean()) / clipped.std())


def test_a_constant_score_gives_zero() -> None:
    _, industry, value = cross_section(5)
    assert (neutralise(np.full(200, 2.0), industry, value, FactorSettings()).factor == 0).all()


@pytest.mark.parametrize("by", ["industry", "size"])
def test_one_exposure_alone_leaves_the_residual_on_it_and_asks_for_no_other(by: str) -> None:
    score, industry, value = cross_section(6)
    industry[0], value[1] = -1, np.nan
    made = neutralise(score, industry, value, FactorSettings(neutralise=by, clip_mad=0))
    known = industry >= 0 if by == "industry" else np.isfinite(value)
    beside = (industry[:, None] == np.arange(8)) if by == "industry" else sm.add_constant(np.log(value))
    residual = sm.OLS(score[known], beside[known].astype(float)).fit().resid
    np.testing.assert_allclose(made.factor[known], residual / residual.std(), atol=1e-9)
    assert np.isnan(made.factor[~known]).all()
    assert sum(made.dropped.values()) == 1


def test_where_all_are_of_one_size_only_the_industry_goes_out() -> None:
    score, industry, value = cross_section(7)
    value[:] = 1e9
    made = neutralise(score, industry, value, FactorSettings())
    np.testing.assert_array_equal(
        made.factor, neutralise(score, industry, value, FactorSettings(neutralise="industry")).factor
    )


def test_both_ends_are_clipped_at_a_hand_computed_reach() -> None:
    values = np.array([-90.0, 7, 8, 9, 10, 11, 12, 13, 100])  # median 10, absolute deviations' median 2
    reach = 3 * 1.4826 * 2
    expected = [10 - reach, 7, 8, 9, 10, 11, 12, 13, 10 + reach]
    np.testing.assert_allclose(clip_mad(values, 3.0), expected, rtol=1e-12)
    assert clip_mad(values, 0) is values


def test_the_reach_is_that_of_statsmodels() -> None:
    values = np.random.default_rng(8).standard_t(2, 500) + 5
    reach = 3 * mad(values)
    expected = np.clip(values, np.median(values) - reach, np.median(values) + reach)
    np.testing.assert_allclose(clip_mad(values, 3.0), expected, rtol=1e-4)
    assert (expected != values).sum() > 20


def test_scores_of_which_most_agree_are_not_clipped_to_them() -> None:
    values = np.array([1.0, 1, 1, 1, 1, 9, -4])
    np.testing.assert_array_equal(clip_mad(values, 3.0), values)


def test_the_known_alone_are_standardised_and_none_known_is_no_fault() -> None:
    assert known_z(np.array([1.0, np.nan, 3.0])) == pytest.approx([-1, np.nan, 1], nan_ok=True)
    with np.errstate(all="raise"):
        assert np.isnan(known_z(np.full(3, np.nan))).all()
