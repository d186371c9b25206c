"""Information coefficients against scipy, hand-made cases and what must not matter."""

import numpy as np
import polars as pl
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gangru.evaluation import chunks as chunked
from gangru.evaluation.ic import HORIZONS_DAYS, decay, forward_returns, pearson, spearman
from gangru.market.daily import carried
from gangru.market.ranks import ascending, average_ranks

NAN = np.nan
coarse = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0, 7.25, NAN])
matrices = arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=coarse)


@given(matrices)
def test_ranks_agree_with_scipy_on_ties_and_gaps(x):
    expected = np.array([scipy.stats.rankdata(row, nan_policy="omit") for row in x])
    np.testing.assert_allclose(average_ranks(x), expected)


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.booleans())
def test_correlations_agree_with_scipy_row_by_row(seed, ties):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 5, 20))
    if ties:
        x = np.round(x)
    x[rng.random(x.shape) < 0.2] = NAN
    y[rng.random(y.shape) < 0.2] = NAN
    for row in range(5):
        both = ~np.isnan(x[row]) & ~np.isnan(y[row])
        a, b = x[row, both], y[row, both]
        assert pearson(x, y, 3)[row] == pytest.approx(scipy.stats.pearsonr(a, b).statistic)
        assert spearman(x, y, 3)[row] == pytest.approx(scipy.stats.spearmanr(a, b).statistic)


def test_equal_neighbours_are_values_not_gaps():
    order, equal = ascending(np.array([[2.0, NAN, 1.0, NAN, 1.0], [np.inf, 3.0, np.inf, NAN, NAN]]))
    assert sorted(order[0, :2]) == [2, 4]
    assert order[0, 2] == 0
    assert equal.tolist() == [[True, False, False, False], [False, True, False, False]]
    _, equal = ascending(np.array([[2.0, NAN, 2.0, NAN], [1.0, 3.0, 3.0, 5.0]]))
    assert equal.tolist() == [[True, False, False], [False, True, False]]


def test_rank_ic_of_a_hand_computed_case():
    # ranks 1 2 3 4 against 2 1 4 3: rho = 1 − 6·(1+1+1+1)/(4·15) = 0.6
    factor = np.array([[0.1, 0.2, 0.3, 0.4]])
    returns = np.array([[0.05, -0.01, 0.3, 0.06]])
    assert spearman(factor, returns, 3)[0] == pytest.approx(0.6)


def test_too_few_stocks_give_no_ic():
    x = np.array([[1.0, 2.0, 3.0, NAN]])
    assert np.isnan(spearman(x, x, 4)[0])
    assert spearman(x, x, 3)[0] == pytest.approx(1)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e-200, 3e150])
def test_a_constant_side_gives_no_ic(constant):
    x = np.full((1, 50), constant)
    y = np.linspace(-1, 1, 50)[None, :]
    assert np.isnan(pearson(x, y, 3)[0])
    assert np.isnan(spearman(y, x, 3)[0])


def test_a_huge_or_minute_factor_keeps_its_ic():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 1, 40))
    for scale in (1e-250, 1e250):
        assert pearson(x * scale, y, 3)[0] == pytest.approx(pearson(x, y, 3)[0])


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_rank_ic_ignores_monotone_transforms_and_the_order_of_stocks_and_months(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 4, 15))
    ic = spearman(x, y, 3)
    np.testing.assert_allclose(spearman(np.exp(2 * x) - 5, y**3, 3), ic, atol=1e-12)
    np.testing.assert_allclose(spearman(-x, y, 3), -ic, atol=1e-12)
    stocks, months = rng.permutation(15), rng.permutation(4)
    np.testing.assert_allclose(spearman(x[:, stocks], y[:, stocks], 3), ic, atol=1e-12)
    np.testing.assert_allclose(spearman(x[months], y[months], 3), ic[months], atol=1e-12)


def test_returns_carry_the_last_price_and_need_a_trade_on_the_entry_day():
    close = np.array(
        [
            [10.0, 10.0, 10.0, NAN],
            [11.0, NAN, 12.0, NAN],
            [12.0, 15.0, NAN, 20.0],
            [13.2, 16.0, NAN, 21.0],
        ]
    )
    returns = forward_returns(carried(close), ~np.isnan(close), np.array([1]), np.array([3]))
    assert returns[0, 0] == pytest.approx(0.2)
    assert np.isnan(returns[0, 1])  # suspended on the entry day
    assert returns[0, 2] == 0  # ended: the last price stays
    assert np.isnan(returns[0, 3])  # not listed yet


def test_decay_measures_each_horizon_over_the_months_that_know_it():
    rng = np.random.default_rng(5)
    prices = np.exp(np.cumsum(rng.normal(0, 0.02, (75, 40)), axis=0))
    entry = np.array([5, 35, 60])
    scores = rng.normal(size=(3, 40))
    table = decay(scores, prices, np.ones(prices.shape, dtype=bool), entry, 30)
    assert table["horizon_days"].to_list() == list(HORIZONS_DAYS) == [1, 5, 10, 20, 40, 60]
    assert table["months"].to_list() == [3, 3, 3, 2, 1, 1]
    for row in table.iter_rows(named=True):
        pairs = [
            (scores[m], prices[e + row["horizon_days"]] / prices[e])
            for m, e in enumerate(entry)
            if e + row["horizon_days"] < len(prices)
        ]
        assert row["rank_ic"] == pytest.approx(
            np.mean([scipy.stats.spearmanr(*one).statistic for one in pairs])
        )
        assert row["ic"] == pytest.approx(np.mean([scipy.stats.pearsonr(*one).statistic for one in pairs]))


def test_a_horizon_beyond_the_data_is_undefined_not_zero():
    table = decay(np.ones((1, 40)), np.ones((10, 40)), np.ones((10, 40), dtype=bool), np.array([8]), 30)
    assert table["rank_ic"].to_list() == table["ic"].to_list() == [None] * 6
    assert table.dtypes == [pl.Int64, pl.Float64, pl.Float64, pl.Int64]
    assert table["months"].sum() == 0


@given(
    arrays(
        float,
        st.tuples(st.integers(1, 4), st.integers(1, 12)),
        elements=st.sampled_from([-np.inf, 1.0, np.inf, NAN]),
    )
)
def test_infinite_values_have_ranks_and_missing_ones_have_none(x):
    expected = np.array([scipy.stats.rankdata(row, nan_policy="omit") for row in x])
    np.testing.assert_array_equal(average_ranks(x), expected)


@pytest.mark.parametrize("correlation", [pearson, spearman])
def test_rows_worked_on_together_make_no_difference(correlation, monkeypatch):
    x, y = np.round(np.random.default_rng(0).normal(size=(2, 23, 11)), 1)
    x[x > 1] = NAN
    whole = correlation(x, y, 3)
    monkeypatch.setattr(chunked, "CELLS", 40)  # three rows at a time
    np.testing.assert_array_equal(correlation(x, y, 3), whole)
    assert not np.isnan(whole).any()
