"""Neutralisation against a plain least-squares regression with dummies."""

import numpy as np
import statsmodels.api as sm

from gangru.factor.neutralise import clip_mad, neutralise
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
