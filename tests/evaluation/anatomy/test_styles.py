"""Style matrices against loops over stocks, and what a factor holds of them."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from gangru.evaluation.anatomy.styles import (
    STYLES,
    exposure_table,
    standardised,
    style_ic_table,
    style_matrices,
)
from gangru.market.daily import carried

NAN = np.nan


@pytest.fixture
def market(tiny):
    """300 days of 12 stocks with days without trading, a late listing, an early end and unknown shares."""
    rng = np.random.default_rng(0)
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, (300, 12)), axis=0))
    close[rng.random(close.shape) < 0.08] = NAN
    close[:100, 1] = NAN
    close[200:, 2] = NAN
    close[:265, 3] = NAN
    factor = np.cumprod(np.where(rng.random(close.shape) < 0.01, 1.1, 1), axis=0)
    made = tiny(close, factor=factor)
    shares = rng.uniform(1e8, 1e9, close.shape)
    shares[:, 4] = NAN
    volume = np.where(np.isnan(close), NAN, rng.uniform(1e5, 1e7, close.shape))
    return replace(made, float_shares=shares, volume=volume, amount=volume * close)


ROWS = np.array([5, 19, 59, 60, 150, 241, 242, 280, 299])


def slow(market, t, i):
    """The styles of one stock on one day, by hand."""
    close = market.close[:, i] * market.factor[:, i]
    days = np.arange(len(close))

    def held(d):
        """The last adjusted close on or before day d."""
        before = days[(days <= d) & ~np.isnan(close)]
        return close[before[-1]] if d >= 0 and len(before) else NAN

    traded = [d for d in range(max(t - 19, 0), t + 1) if not np.isnan(market.close[d, i])]
    there = t >= 19 and not np.isnan(held(t - 19))
    last = [d for d in range(t + 1) if not np.isnan(market.close[d, i])]
    returns = [held(d) / held(d - 1) - 1 for d in range(t - 59, t + 1)] if t >= 60 else [NAN]
    amount = sum(market.amount[d, i] for d in traded) / 20
    return {
        "size": np.log(market.close[last[-1], i] * market.float_shares[last[-1], i]) if last else NAN,
        "momentum": held(t - 21) / held(t - 242) - 1 if t >= 242 else NAN,
        "reversal": held(t) / held(t - 20) - 1 if t >= 20 else NAN,
        "volatility": np.std(returns, ddof=1) if len(returns) > 1 else NAN,
        "turnover": sum(market.volume[d, i] / market.float_shares[d, i] for d in traded) / 20
        if there
        else NAN,
        "liquidity": np.log(amount) if there and amount > 0 else NAN,
    }


def test_styles_agree_with_a_loop_over_dates_and_stocks(market):
    styles = style_matrices(market, ROWS)
    assert list(styles) == list(STYLES)
    for m, t in enumerate(ROWS):
        for i in range(12):
            for name, expected in slow(market, t, i).items():
                np.testing.assert_allclose(
                    styles[name][m, i], expected, rtol=1e-12, err_msg=f"{name} {t} {i}"
                )


def test_styles_know_what_they_should(market):
    known = {name: ~np.isnan(style) for name, style in style_matrices(market, ROWS).items()}
    assert known["momentum"].any(axis=1).tolist() == [False] * 6 + [True] * 3
    assert known["reversal"].any(axis=1).tolist() == [False] * 2 + [True] * 7
    assert known["volatility"].any(axis=1).tolist() == [False] * 3 + [True] * 6
    assert known["turnover"].any(axis=1).tolist() == [False] + [True] * 8
    assert not known["size"][:, 4].any()
    assert not known["turnover"][:, 4].any()
    assert known["liquidity"][4:, 4].all()
    assert not known["volatility"][-1, 3]  # listed for 35 days


def test_nothing_changes_when_the_future_does(market):
    rng = np.random.default_rng(9)
    t = 250
    other = {
        name: np.concatenate([getattr(market, name)[: t + 1], rng.uniform(1, 2, (300 - t - 1, 12))])
        for name in ("close", "factor", "volume", "amount", "float_shares")
    }
    now, scrambled = (style_matrices(one, np.array([t])) for one in (market, replace(market, **other)))
    for name in STYLES:
        assert now[name].tobytes() == scrambled[name].tobytes()
        assert now[name].tobytes() == style_matrices(market.first_days(t + 1), np.array([t]))[name].tobytes()


def test_fields_that_a_source_lacks_leave_their_styles_undefined(market):
    lacking = replace(market, float_shares=np.full((300, 12), NAN), amount=np.zeros((300, 12)))
    styles = style_matrices(lacking, ROWS)
    for name in ("size", "turnover"):
        traded_in_window = ~np.isnan(carried(market.close)[ROWS])
        assert np.isnan(styles[name][traded_in_window & (np.arange(12) != 2)]).all()
    assert np.isnan(styles["liquidity"]).all()
    table = exposure_table(np.random.default_rng(0).normal(size=(9, 12)), {"size": styles["size"]}, 3)
    assert table.row(0) == ("size", None, None, 0, None, 0.0)


def test_no_factor_date_gives_empty_styles(market):
    styles = style_matrices(market, np.zeros(0, dtype=np.int64))
    assert {style.shape for style in styles.values()} == {(0, 12)}


def test_z_scores_are_over_the_scored_stocks_that_have_the_style():
    style = np.array([[1.0, 2.0, 3.0, 100.0, NAN], [4.0, 4.0, 4.0, 0.0, NAN], [NAN] * 5])
    scores = np.array([[0.0, 0.0, 0.0, NAN, 0.0]] * 3)
    r = np.sqrt(1.5)
    expected = [[-r, 0, r, NAN, NAN], [0, 0, 0, NAN, NAN], [NAN] * 5]
    np.testing.assert_allclose(standardised(style, scores), expected, atol=1e-12)


def test_exposures_agree_with_a_loop_over_months():
    rng = np.random.default_rng(2)
    style, scores = rng.normal(size=(2, 10, 40))
    scores += style
    style[rng.random(style.shape) < 0.1] = NAN
    scores[rng.random(style.shape) < 0.1] = NAN
    scores[0, 3:] = NAN  # three stocks
    row = exposure_table(scores, {"s": style}, 5).row(0, named=True)
    rhos, tops = [], []
    for m in range(1, 10):
        both = ~np.isnan(style[m]) & ~np.isnan(scores[m])
        rhos.append(scipy.stats.spearmanr(style[m, both], scores[m, both]).statistic)
        z = (style[m] - style[m, both].mean()) / style[m, both].std()
        count = int((~np.isnan(scores[m])).sum()) // 10
        best = np.argsort(np.where(np.isnan(scores[m]), np.inf, -scores[m]))[:count]
        tops.append(np.nanmean(z[best]))
    assert row["months"] == 9
    assert row["rank_correlation"] == pytest.approx(np.mean(rhos))
    assert row["top_z"] == pytest.approx(np.mean(tops))
    known = [
        (~np.isnan(style[m]) & ~np.isnan(scores[m])).sum() / (~np.isnan(scores[m])).sum() for m in range(10)
    ]
    assert row["coverage"] == pytest.approx(np.mean(known))
    assert row["t"] > 5


def test_a_styles_own_ic_is_over_the_stocks_that_the_factor_scores():
    rng = np.random.default_rng(4)
    style, scores, returns = rng.normal(size=(3, 5, 30))
    scores[:, 20:] = NAN
    row = style_ic_table({"s": style}, scores, returns, 5).row(0, named=True)
    expected = [scipy.stats.spearmanr(style[m, :20], returns[m, :20]).statistic for m in range(5)]
    assert row["rank_ic"] == pytest.approx(np.mean(expected))
    assert row["months"] == 5
