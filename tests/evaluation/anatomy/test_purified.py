"""Residuals on styles against numpy's and statsmodels' least squares."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.evaluation import chunks as chunked
from gangru.evaluation.anatomy.purified import before_and_after, monthly_ics, purified, purified_table
from gangru.evaluation.ic import spearman

NAN = np.nan


def made_up(months=6, stocks=50, styles=3, seed=0, gaps=0.1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(styles, months, stocks)) * 10.0 ** rng.integers(-6, 10, size=(styles, 1, 1))
    x += 3 * x.std(axis=2, keepdims=True)
    y = rng.normal(size=(months, stocks)) + sum(one / one.std() for one in x)
    y[rng.random(y.shape) < gaps] = NAN
    for one in x:
        one[rng.random(one.shape) < gaps] = NAN
    return y, list(x)


def design(y, styles, m):
    """The scored stocks, and their z-scores and constant, made one by one."""
    used = np.flatnonzero(~np.isnan(y[m]))
    columns = [np.ones(len(used))]
    for style in styles:
        values = style[m, used]
        z = (values - np.nanmean(values)) / np.nanstd(values)
        columns.append(np.where(np.isnan(z), 0, z))
    return used, np.stack(columns, axis=1)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 6), st.sampled_from([1e-6, 1.0, 1e8]))
def test_residuals_are_those_of_numpys_least_squares(seed, styles, unit):
    y, x = made_up(seed=seed, styles=styles)
    y *= unit
    result = purified(y, x, 3)
    for m in range(len(y)):
        used, matrix = design(y, x, m)
        solution = np.linalg.lstsq(matrix, y[m, used], rcond=None)[0]
        expected = y[m, used] - matrix @ solution
        np.testing.assert_allclose(result.residual[m, used], expected, atol=1e-11 * unit)
        assert np.isnan(np.delete(result.residual[m], used)).all()
    missing = [int((~np.isnan(y) & np.isnan(one)).sum()) for one in x]
    assert result.missing == tuple(missing)


def test_explained_is_the_r2_of_statsmodels(monkeypatch):
    monkeypatch.setattr(chunked, "CELLS", 2 * 4 * 50)  # two dates at a time
    y, x = made_up()
    result = purified(y, x, 3)
    for m in range(len(y)):
        used, matrix = design(y, x, m)
        fit = sm.OLS(y[m, used], matrix).fit()
        assert result.explained[m] == pytest.approx(fit.rsquared)
        np.testing.assert_allclose(result.residual[m, used], fit.resid, atol=1e-12)


def test_residuals_are_orthogonal_to_styles_even_where_these_nearly_agree():
    rng = np.random.default_rng(1)
    one = rng.normal(size=(3, 200))
    two = one + 1e-4 * rng.normal(size=(3, 200))
    y = rng.normal(size=(3, 200))
    result = purified(y, [one, two], 3)
    for m in range(3):
        used, matrix = design(y, [one, two], m)
        np.testing.assert_allclose(matrix.T @ result.residual[m, used], 0, atol=1e-9)
        solution = np.linalg.lstsq(matrix, y[m], rcond=None)[0]
        np.testing.assert_allclose(result.residual[m], y[m] - matrix @ solution, atol=1e-9)


def test_a_style_given_twice_or_unknown_throughout_changes_nothing():
    y, x = made_up(styles=2)
    plain = purified(y, x, 3)
    again = purified(y, [*x, x[0] * 3 + 1, np.full(y.shape, NAN)], 3)
    np.testing.assert_allclose(again.residual, plain.residual, atol=1e-12)
    assert again.missing[2:] == (plain.missing[0], int((~np.isnan(y)).sum()))


def test_a_factor_that_is_a_style_leaves_nothing_not_rounding():
    _, x = made_up(styles=2, gaps=0)
    y = 0.3 * x[0] / x[0].std() - 2 * x[1] / x[1].std() + 5
    result = purified(y, x, 3)
    assert (result.residual == 0).all()
    assert result.explained.tolist() == [1.0] * 6
    assert np.isnan(spearman(result.residual, y, 3)).all()
    table = purified_table(y, {"one": x[0], "two": x[1]}, np.random.default_rng(0).normal(size=y.shape), 3)
    assert table["months"].to_list() == [0, 6, 6]
    assert table["share_left"][0] is None


def test_dates_with_too_few_stocks_have_no_residual():
    y, x = made_up(gaps=0)
    y[0, 4:] = NAN  # four stocks for three styles and a constant
    y[1] = NAN
    y[2] = 7.0
    result = purified(y, x, 3)
    assert np.isnan(result.residual[:2]).all()
    assert (result.residual[2] == 0).all()
    assert np.isnan(result.explained[:3]).all()
    assert np.isfinite(result.explained[3:]).all()
    assert np.isnan(purified(y, x, 51).residual).all()


def test_what_is_left_of_the_ic_is_measured_over_the_same_months():
    rng = np.random.default_rng(3)
    style, own, noise = rng.normal(size=(3, 12, 400))
    returns = style + own + noise
    y = 2 * style + own
    y[5] = 1.0  # no IC in this month
    table = purified_table(y, {"style": style, "noise": rng.normal(size=y.shape)}, returns, 30)
    assert table["removed"].to_list() == ["all", "style", "noise"]
    assert table["months"].to_list() == [11] * 3
    both = ~np.isnan(spearman(y, returns, 30))
    alone = purified(y, [style], 30).residual
    assert table["rank_ic"][1] == pytest.approx(spearman(alone, returns, 30)[both].mean())
    assert table["rank_ic_before"][1] == pytest.approx(spearman(y, returns, 30)[both].mean())
    assert table["share_left"][1] == pytest.approx(table["rank_ic"][1] / table["rank_ic_before"][1])
    assert table["share_left"][0] < 0.85 < 0.99 < table["share_left"][2]
    assert table["explained"][1] == pytest.approx(0.8, abs=0.02)
    figures = before_and_after(
        monthly_ics(y, returns, 30), monthly_ics(style, returns, 30)
    )  # a "residual" with an IC where the factor has none
    assert figures["months"] == 11
    assert figures["rank_ic"] == pytest.approx(spearman(style, returns, 30)[both].mean())
