"""IC and long excess inside industries."""

import numpy as np
import polars as pl
import pytest
import scipy.stats

from gangru.evaluation.industry import industry_months, industry_table, long_excess, lost, row_means

NAN = np.nan


def test_long_excess_of_a_hand_computed_industry():
    # 15 stocks: a fifth is 3. The best three earn 0.3, the others 0.
    scores = np.arange(15.0)[None, :]
    returns = np.where(np.arange(15) >= 12, 0.3, 0.0)[None, :]
    everyone = np.ones((1, 15), dtype=bool)
    assert long_excess(scores, returns, everyone, 0.2)[0] == pytest.approx(0.3 - 0.06)


def test_the_long_list_has_at_least_three_stocks():
    scores = np.arange(5.0)[None, :]
    returns = np.array([[0.0, 0.0, 0.1, 0.2, 0.6]])
    everyone = np.ones((1, 5), dtype=bool)
    assert long_excess(scores, returns, everyone, 0.2)[0] == pytest.approx(0.3 - 0.18)
    assert np.isnan(long_excess(scores[:, :2], returns[:, :2], everyone[:, :2], 0.2)[0])


def test_a_stock_that_does_not_trade_on_the_entry_day_is_chosen_but_not_counted():
    scores = np.arange(5.0)[None, :]
    returns = np.array([[0.0, 0.0, 0.1, 0.2, NAN]])
    everyone = np.ones((1, 5), dtype=bool)
    assert long_excess(scores, returns, everyone, 0.2)[0] == pytest.approx(0.15 - 0.075)


def test_row_means_of_nothing_are_undefined():
    assert np.isnan(row_means(np.array([[NAN, NAN]]))[0])
    assert row_means(np.array([[NAN, 2.0]]))[0] == 2


def history_of(scores, returns, industry, names, universe=None):
    everyone = np.ones(scores.shape, dtype=bool) if universe is None else universe
    return industry_months(
        scores, returns, everyone, industry.astype(np.int16), names, months(len(scores)), fraction=0.2
    )


def months(count):
    return [f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(count)]


def table_of(scores, returns, industry, names, universe=None):
    return industry_table(
        history_of(scores, returns, industry, names, universe), months(len(scores)), small=10
    )


def test_industry_figures_agree_with_a_loop_over_industries_and_months():
    rng = np.random.default_rng(0)
    m, n, names = 14, 60, ["Banks", "Coal", "Steel"]
    scores, returns = rng.normal(size=(2, m, n))
    industry = rng.integers(-1, 3, size=(m, n))
    table = table_of(scores, returns, industry, names)
    assert table["industry"].to_list() == names
    for j, row in enumerate(table.iter_rows(named=True)):
        ics, excesses = [], []
        for k in range(2, 14):
            inside = np.flatnonzero(industry[k] == j)
            ics.append(scipy.stats.spearmanr(scores[k, inside], returns[k, inside]).statistic)
            best = inside[np.argsort(-scores[k, inside])][: max(3, len(inside) // 5)]
            excesses.append(returns[k, best].mean() - returns[k, inside].mean())
        assert row["ic_month"] == pytest.approx(ics[-1])
        assert row["ic_year"] == pytest.approx(np.mean(ics))
        assert row["excess_month"] == pytest.approx(excesses[-1])
        assert row["excess_year"] == pytest.approx(np.mean(excesses))
        assert row["n"] == (industry[-1] == j).sum()


def test_every_month_of_an_industry_has_its_figures():
    rng = np.random.default_rng(1)
    scores, returns = rng.normal(size=(2, 15, 40))
    scores[3, :20] = NAN  # the first industry has no score in the fourth month
    industry = np.tile(np.repeat([0, 1], 20), (15, 1))
    table = history_of(scores, returns, industry, ["Banks", "Coal"])
    assert table["month"].to_list() == [m for m in months(15) if m != "2019-04"] + months(15)
    coal = table.filter(industry="Coal", month="2020-02").row(0, named=True)
    assert coal["n"] == 20
    assert coal["ic"] == pytest.approx(scipy.stats.spearmanr(scores[13, 20:], returns[13, 20:]).statistic)
    best = 20 + np.argsort(-scores[13, 20:])[:4]
    assert coal["excess"] == pytest.approx(returns[13, best].mean() - returns[13, 20:].mean())
    recent = table_of(scores, returns, industry, ["Banks", "Coal"]).row(0, named=True)
    known = table.filter(pl.col("industry") == "Banks", pl.col("month") > "2019-03")["ic"]
    assert len(known) == 11
    assert recent["ic_year"] == pytest.approx(known.mean())


def test_small_and_tiny_industries_are_marked_and_null():
    scores = np.arange(16.0)[None, :]
    industry = np.array([[0] * 10 + [1] * 4 + [2] * 2])
    table = table_of(scores, scores / 100, industry, ["Big", "Few", "Two"])
    assert table["small"].to_list() == [False, True, True]
    assert table["ic_month"].to_list()[:2] == pytest.approx([1, 1])
    assert table.row(2)[2:6] == (None, None, None, None)
    assert table["ic_year"].null_count() == 3  # one month is no year


def test_an_industry_without_a_scored_stock_has_no_row():
    scores = np.array([[1.0, 2.0, 3.0, NAN, NAN, NAN]])
    industry = np.array([[0, 0, 0, 1, 1, 1]])
    assert table_of(scores, scores, industry, ["Here", "Gone"])["industry"].to_list() == ["Here"]


def test_the_industrys_own_return_is_that_of_the_universe():
    scores = np.arange(10.0)[None, :]
    universe = np.arange(10)[None, :] >= 4
    industry = np.zeros((1, 10), dtype=np.int16)
    table = table_of(scores, scores / 10, industry, ["All"], universe)
    assert table["excess_month"][0] == pytest.approx(0.8 - 0.65)


def test_lost_counts_negative_excesses_alone():
    scores = np.tile(np.arange(10.0), 2)[None, :]
    returns = np.concatenate([np.arange(10.0), -np.arange(10.0)])[None, :] / 100
    industry = np.repeat([0, 1], 10)[None, :]
    table = table_of(scores, returns, industry, ["Up", "Down"])
    assert lost(table, "excess_month") == 1
    assert lost(table, "excess_year") is None
    assert lost(table.clear(), "excess_month") is None
