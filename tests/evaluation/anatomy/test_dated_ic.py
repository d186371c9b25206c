"""ICs of dense factor dates against scipy and statsmodels, loop by loop."""

import datetime
import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

from gangru.evaluation import chunks as chunked
from gangru.evaluation.anatomy import dated_ic
from gangru.evaluation.anatomy.dated_ic import (
    HORIZONS_DAYS,
    dated_ics,
    horizon_table,
    ic_table,
    mean_spacing,
    periods_of,
)
from gangru.market.daily import carried

NAN = np.nan


def made_up(days=90, stocks=30, every=2, seed=0):
    """Scores every second day with gaps and ties, and prices with days without trading and a series that ends."""
    rng = np.random.default_rng(seed)
    close = np.round(10 * np.exp(np.cumsum(rng.normal(0, 0.02, (days, stocks)), axis=0)), 2)
    close[rng.random(close.shape) < 0.1] = NAN
    close[days // 2 :, 3] = NAN
    close[: days // 3, 4] = NAN
    rows = np.arange(0, days, every)
    scores = np.round(rng.normal(size=(len(rows), stocks)), 1)
    scores[rng.random(scores.shape) < 0.1] = NAN
    return scores, rows, carried(close), ~np.isnan(close)


@pytest.mark.parametrize("lag", [0, 1])
def test_every_date_and_horizon_agrees_with_scipy(lag, monkeypatch):
    monkeypatch.setattr(chunked, "CELLS", 30 * 7)  # seven dates at a time
    scores, rows, prices, traded = made_up()
    ics = dated_ics(scores, rows, prices, traded, lag=lag, min_stocks=5)
    for m, row in enumerate(rows):
        for h, horizon in enumerate(HORIZONS_DAYS):
            entry, end = row + lag, row + lag + horizon
            if end >= len(prices):
                assert (np.isnan(ics.ic[m, h]), np.isnan(ics.rank_ic[m, h]), ics.n[m, h]) == (True, True, 0)
                continue
            used = ~np.isnan(scores[m]) & traded[entry]
            x, y = scores[m, used], (prices[end] / prices[entry] - 1)[used]
            assert ics.n[m, h] == used.sum()
            assert ics.ic[m, h] == pytest.approx(scipy.stats.pearsonr(x, y).statistic, abs=1e-12)
            assert ics.rank_ic[m, h] == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)


def test_the_scores_are_ranked_once_for_all_horizons(monkeypatch):
    scores, rows, prices, traded = made_up()
    made = []
    monkeypatch.setattr(
        dated_ic, "scored", lambda x, used, make=dated_ic.scored: made.append(len(x)) or make(x, used)
    )
    dated_ics(scores[:10], rows[:10], prices, traded, lag=1, min_stocks=5)
    assert made == [10]


def test_a_return_that_is_missing_at_one_horizon_alone_is_left_out_there():
    scores, rows, prices, traded = made_up()
    prices = prices.copy()
    prices[5, :10] = NAN
    ics = dated_ics(scores[:1], rows[:1], prices, traded, lag=0, min_stocks=5, horizons=(3, 5, 10))
    used = ~np.isnan(scores[0]) & traded[0]
    assert ics.n[0].tolist() == [used.sum(), used[10:].sum(), used.sum()]
    x, y = scores[0, 10:], (prices[5] / prices[0] - 1)[10:]
    expected = scipy.stats.spearmanr(x[used[10:]], y[used[10:]]).statistic
    assert ics.rank_ic[0, 1] == pytest.approx(expected)


def test_figures_of_a_horizon_agree_with_numpy_and_statsmodels():
    scores, rows, prices, traded = made_up(days=200, every=3)
    ics = dated_ics(scores, rows, prices, traded, lag=1, min_stocks=5)
    table = horizon_table(ics)
    assert table["horizon_days"].to_list() == list(HORIZONS_DAYS)
    for h, row in enumerate(table.iter_rows(named=True)):
        periods = math.ceil(row["horizon_days"] / 3)
        assert row["periods"] == periods
        for kind in ("ic", "rank_ic"):
            x = getattr(ics, kind)[:, h]
            x = x[~np.isnan(x)]
            assert row[f"{kind}_dates"] == len(x) > 30
            assert row[f"{kind}_mean"] == pytest.approx(x.mean())
            assert row[f"{kind}_std"] == pytest.approx(x.std(ddof=1))
            assert row[f"{kind}_icir"] == pytest.approx(x.mean() / x.std(ddof=1))
            assert row[f"{kind}_icir_annual"] == pytest.approx(x.mean() / x.std(ddof=1) * np.sqrt(242 / 3))
            assert row[f"{kind}_positive"] == (x > 0).mean()
            lag = max(periods - 1, math.floor(4 * (len(x) / 100) ** (2 / 9)))
            fit = sm.OLS(x, np.ones(len(x))).fit(cov_type="HAC", cov_kwds={"maxlags": lag})
            assert row[f"{kind}_t"] == pytest.approx(fit.tvalues[0])


def test_a_factor_that_knows_the_return_has_an_ic_of_one():
    _, rows, prices, traded = made_up()
    known = np.stack([prices[row + 6] / prices[row + 1] - 1 for row in rows[:30]])
    ics = dated_ics(known, rows[:30], prices, traded, lag=1, min_stocks=5, horizons=(5,))
    np.testing.assert_allclose(ics.rank_ic, 1)
    np.testing.assert_allclose(ics.ic, 1)


def test_the_table_of_a_horizon_names_its_dates():
    scores, rows, prices, traded = made_up()
    dates = np.datetime64("2020-01-01") + np.arange(90)
    ics = dated_ics(scores, rows, prices, traded, lag=1, min_stocks=5)
    table = ic_table(dates, ics, 60)
    assert table.columns == ["date", "ic", "rank_ic", "n"]
    assert table["date"][1] == datetime.date(2020, 1, 3)
    assert table["ic"].null_count() == (rows + 61 >= 90).sum()
    assert table["rank_ic"][0] == ics.rank_ic[0, HORIZONS_DAYS.index(60)]


def test_spacing_and_periods():
    assert mean_spacing(np.array([0, 20, 41])) == 20.5
    assert mean_spacing(np.array([7])) is None
    assert periods_of(20, 20.0) == periods_of(20, 20.5) == periods_of(1, 20.0) == 1
    assert periods_of(21, 20.0) == 2
    assert periods_of(20, 20 / 3) == 3
    assert periods_of(15, 15 / 13) == 13  # 13.000000000000002 by division
    assert periods_of(60, 1.0) == 60
    assert periods_of(5, None) == 1
