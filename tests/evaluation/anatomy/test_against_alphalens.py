"""The same figures from alphalens-reloaded, through the adapter that says where its definitions differ."""

import numpy as np
import pytest
from alphalens_adapter import as_alphalens_sees, clean_factor_data

from gangru.evaluation.anatomy.breakdown import breakdown_table
from gangru.evaluation.anatomy.dated_ic import dated_ics
from gangru.evaluation.anatomy.persistence import group_turnover, lagged_rank_correlation
from gangru.evaluation.groups import group_means, group_numbers
from gangru.evaluation.ic import forward_returns, mean_of_defined, pearson, spearman
from gangru.market.daily import carried
from gangru.market.ranks import average_ranks

NAN = np.nan
EXACT = {"rtol": 0, "atol": 1e-9}


@pytest.fixture(scope="module")
def alphalens():
    pytest.importorskip("alphalens")
    from alphalens import performance

    return performance


def made_up(seed, stocks=60, days=150, gaps=0.1):
    """Unevenly spaced factor dates, lasting scores with gaps, prices with days without trading."""
    rng = np.random.default_rng(seed)
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, (days, stocks)), axis=0))
    close[1:][rng.random((days - 1, stocks)) < gaps] = NAN
    rows = np.cumsum(rng.integers(4, 9, size=days // 8))
    rows = rows[rows + 12 < days]
    scores = rng.normal(size=(len(rows), stocks))
    for m in range(1, len(rows)):
        scores[m] += 1.5 * scores[m - 1]
    scores[rng.random(scores.shape) < gaps] = NAN
    return carried(close), ~np.isnan(close), scores, rows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("horizon", "lag"), [(1, 0), (5, 0), (5, 1), (10, 1)])
def test_rank_ic_of_every_date(alphalens, seed, horizon, lag):
    prices, traded, scores, rows = made_up(seed)
    scores = np.round(scores, 1)  # ties
    data = clean_factor_data(prices, traded, scores, rows, horizon=horizon, lag=lag)
    theirs = alphalens.factor_information_coefficient(data).iloc[:, 0].to_numpy()
    ours = dated_ics(scores, rows, prices, traded, lag=lag, min_stocks=3, horizons=(horizon,))
    np.testing.assert_allclose(ours.rank_ic[:, 0], theirs, **EXACT)
    assert len(theirs) == len(rows) >= 15
    assert ours.n.sum() == len(data)


@pytest.mark.parametrize("seed", range(3))
def test_mean_rank_ic_by_group_of_stocks(alphalens, seed):
    prices, traded, scores, rows = made_up(seed)
    labels = np.random.default_rng(seed).integers(0, 3, size=scores.shape)
    data = clean_factor_data(prices, traded, scores, rows, horizon=5, lag=1, labels_MN=labels)
    theirs = alphalens.mean_information_coefficient(data, by_group=True).iloc[:, 0]
    returns = forward_returns(prices, traded, rows + 1, rows + 6)
    ours = breakdown_table(
        scores, returns, ~np.isnan(scores), labels, ["a", "b", "c"], fraction=0.2, min_stocks=3
    )
    assert ours["months_too_few"].sum() == 0
    np.testing.assert_allclose(ours["rank_ic"].to_numpy(), theirs.to_numpy(), **EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_mean_return_by_quantile_of_our_groups(alphalens, seed):
    prices, traded, scores, rows = made_up(seed)
    number = group_numbers(scores, 7)
    data = clean_factor_data(prices, traded, scores, rows, horizon=5, lag=1, number_MN=number)
    by_date, _ = alphalens.mean_return_by_quantile(data, by_date=True, demeaned=False)
    overall, _ = alphalens.mean_return_by_quantile(data, demeaned=False)
    ours, _ = group_means(number, forward_returns(prices, traded, rows + 1, rows + 6), 7)
    np.testing.assert_allclose(ours, by_date.iloc[:, 0].unstack(0).to_numpy(), **EXACT)
    np.testing.assert_allclose(
        [mean_of_defined(ours[:, g]) for g in range(7)], overall.iloc[:, 0].to_numpy(), **EXACT
    )


def test_their_quantiles_are_our_groups_where_these_are_of_equal_size(alphalens):
    prices, traded, scores, rows = made_up(0, gaps=0.0)
    data = clean_factor_data(prices, traded, scores, rows, horizon=5, lag=1, quantiles=10)
    theirs = data["factor_quantile"].unstack().to_numpy()
    np.testing.assert_array_equal(theirs, group_numbers(scores, 10))
    overall, _ = alphalens.mean_return_by_quantile(data, demeaned=False)
    ours, _ = group_means(group_numbers(scores, 10), forward_returns(prices, traded, rows + 1, rows + 6), 10)
    np.testing.assert_allclose(ours.mean(axis=0), overall.iloc[:, 0].to_numpy(), **EXACT)


def test_their_borders_are_where_the_adapter_says(alphalens):
    prices, traded, scores, rows = made_up(0, stocks=12, gaps=0.0)
    data = clean_factor_data(prices, traded, scores, rows, horizon=5, lag=1, quantiles=5)
    place = average_ranks(scores) - 1
    theirs = data["factor_quantile"].unstack().to_numpy()
    np.testing.assert_array_equal(theirs, np.maximum(np.ceil(place * 5 / 11), 1))
    np.testing.assert_array_equal(group_numbers(scores, 5), np.floor(place * 5 / 12) + 1)
    assert np.bincount(theirs[0].astype(int))[1:].tolist() == [3, 2, 2, 2, 3]
    assert np.bincount(group_numbers(scores, 5)[0])[1:].tolist() == [3, 2, 3, 2, 2]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("theirs_or_ours", ["theirs", "ours"])
def test_turnover_of_every_quantile(alphalens, seed, theirs_or_ours):
    prices, traded, scores, rows = made_up(seed)
    seen = as_alphalens_sees(scores, forward_returns(prices, traded, rows + 1, rows + 6))
    number = group_numbers(seen, 6)
    own = {"quantiles": 6} if theirs_or_ours == "theirs" else {"number_MN": number}
    data = clean_factor_data(prices, traded, scores, rows, horizon=5, lag=1, **own)
    if theirs_or_ours == "theirs":
        number = data["factor_quantile"].unstack().reindex(columns=range(60)).fillna(0).to_numpy().astype(int)
    ours = group_turnover(number, 6)
    for quantile in range(1, 7):
        theirs = alphalens.quantile_turnover(data["factor_quantile"], quantile).to_numpy()
        np.testing.assert_allclose(ours[1:, quantile - 1], theirs[1:], **EXACT)
    assert 0.1 < np.nanmean(ours) < 0.9


@pytest.mark.parametrize("lag", [1, 2, 5])
def test_rank_autocorrelation_of_dates_with_the_same_stocks(alphalens, lag):
    prices, traded, scores, rows = made_up(1, gaps=0.0)
    scores[:, 7:11] = NAN
    data = clean_factor_data(prices, traded, scores, rows, horizon=5, lag=0)
    theirs = alphalens.factor_rank_autocorrelation(data, lag).to_numpy()
    np.testing.assert_allclose(lagged_rank_correlation(scores, lag, 3), theirs, **EXACT)


@pytest.mark.parametrize("lag", [1, 3])
def test_rank_autocorrelation_with_gaps_differs_by_the_ranking_alone(alphalens, lag):
    prices, traded, scores, rows = made_up(2)
    seen = as_alphalens_sees(scores, forward_returns(prices, traded, rows + 1, rows + 6))
    data = clean_factor_data(prices, traded, scores, rows, horizon=5, lag=1)
    theirs = alphalens.factor_rank_autocorrelation(data, lag).to_numpy()
    ranks = average_ranks(seen)
    np.testing.assert_allclose(pearson(ranks[lag:], ranks[:-lag], 3), theirs[lag:], **EXACT)
    ours = lagged_rank_correlation(seen, lag, 3)
    assert 1e-6 < np.abs(ours[lag:] - theirs[lag:]).max() < 0.05


def test_rank_autocorrelation_of_the_stocks_on_both_dates(alphalens):
    prices, traded, scores, rows = made_up(3)
    seen = as_alphalens_sees(scores, forward_returns(prices, traded, rows + 1, rows + 6))
    ours = lagged_rank_correlation(seen, 1, 3)
    for m in range(1, len(rows)):
        pair = np.where(np.isnan(seen[m - 1 : m + 1]).any(axis=0), NAN, seen[m - 1 : m + 1])
        data = clean_factor_data(prices, traded, pair, rows[m - 1 : m + 1], horizon=5, lag=1)
        theirs = alphalens.factor_rank_autocorrelation(data, 1).to_numpy()
        np.testing.assert_allclose(ours[m], theirs[1], **EXACT)
        np.testing.assert_allclose(spearman(pair[1:], pair[:1], 3)[0], theirs[1], **EXACT)
