"""A factor beside others, against scipy and a regression by hand."""

import numpy as np
import pytest
import scipy.stats

from gangru.evaluation.anatomy.correlations import correlation_table

NAN = np.nan


def test_figures_agree_with_a_loop_over_months():
    rng = np.random.default_rng(0)
    y, other, noise = rng.normal(size=(3, 8, 50))
    y += other
    returns = y + 0.5 * other + 2 * noise
    y[rng.random(y.shape) < 0.1] = NAN
    other[rng.random(y.shape) < 0.2] = NAN
    returns[rng.random(y.shape) < 0.1] = NAN
    other[3] = NAN
    table = correlation_table(y, {"other": other, "self": y}, returns, 5)
    row = table.row(0, named=True)
    names = ("rank", "plain", "other_ic", "other_rank_ic", "ic", "rank_ic", "left_ic", "left")
    figures = {name: [] for name in names}
    for m in (0, 1, 2, 4, 5, 6, 7):
        both = ~np.isnan(y[m]) & ~np.isnan(other[m])
        figures["rank"].append(scipy.stats.spearmanr(y[m, both], other[m, both]).statistic)
        figures["plain"].append(scipy.stats.pearsonr(y[m, both], other[m, both]).statistic)
        known = ~np.isnan(other[m]) & ~np.isnan(returns[m])
        figures["other_ic"].append(scipy.stats.pearsonr(other[m, known], returns[m, known]).statistic)
        figures["other_rank_ic"].append(scipy.stats.spearmanr(other[m, known], returns[m, known]).statistic)
        slope, intercept = np.polyfit(other[m, both], y[m, both], 1)
        rest, factor, ret = y[m] - slope * other[m] - intercept, y[m], returns[m]
        used = both & ~np.isnan(ret)
        figures["left_ic"].append(scipy.stats.pearsonr(rest[used], ret[used]).statistic)
        figures["left"].append(scipy.stats.spearmanr(rest[used], ret[used]).statistic)
        figures["ic"].append(scipy.stats.pearsonr(factor[used], ret[used]).statistic)
        figures["rank_ic"].append(scipy.stats.spearmanr(factor[used], ret[used]).statistic)
    mean = {name: np.mean(values) for name, values in figures.items()}
    assert row["months"] == row["other_months"] == row["residual_months"] == 7
    assert row["rank_correlation"] == pytest.approx(mean["rank"])
    assert row["correlation"] == pytest.approx(mean["plain"])
    for name in ("other_ic", "other_rank_ic", "ic", "rank_ic"):
        assert row[name] == pytest.approx(mean[name])
    assert row["residual_ic"] == pytest.approx(mean["left_ic"])
    assert row["residual_rank_ic"] == pytest.approx(mean["left"])
    assert row["share_left"] == pytest.approx(mean["left"] / mean["rank_ic"])


def test_a_factor_beside_itself_has_nothing_left():
    y, returns = np.random.default_rng(1).normal(size=(2, 4, 30))
    row = correlation_table(y, {"self": y, "against": -2 * y}, returns, 5)
    assert row["correlation"].to_list() == pytest.approx([1, -1])
    assert row["rank_correlation"].to_list() == pytest.approx([1, -1])
    assert row["residual_rank_ic"].to_list() == [None, None]
    assert row["residual_months"].to_list() == [0, 0]
