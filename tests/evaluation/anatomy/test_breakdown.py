"""ICs and long excess by class of stocks, against a loop over classes and months."""

import numpy as np
import pytest
import scipy.stats

from gangru.evaluation.anatomy.breakdown import breakdown_table, membership, thirds

NAN = np.nan


def made_up(months=14, stocks=60, seed=0):
    rng = np.random.default_rng(seed)
    scores, returns = rng.normal(size=(2, months, stocks))
    scores[rng.random(scores.shape) < 0.1] = NAN
    returns[rng.random(scores.shape) < 0.1] = NAN
    return scores, returns, rng.integers(-1, 3, size=(months, stocks))


def test_figures_agree_with_a_loop_over_labels_and_months():
    scores, returns, labels = made_up()
    labels[:4][labels[:4] == 2] = -1
    labels[:4, :5] = 2  # the third label has five stocks in four months, too few
    universe = np.ones(scores.shape, dtype=bool)
    names = ["Small", "Middle", "Large"]
    table = breakdown_table(scores, returns, universe, labels, names, fraction=0.2, min_stocks=6)
    assert table["label"].to_list() == names
    for j, row in enumerate(table.iter_rows(named=True)):
        ics, rank_ics, excesses, counts, few = [], [], [], [], 0
        for m in range(14):
            inside = labels[m] == j
            ranked = np.flatnonzero(inside & ~np.isnan(scores[m]))
            used = inside & ~np.isnan(scores[m]) & ~np.isnan(returns[m])
            counts.append(used.sum())
            if used.sum() < 6:
                few += 1
                continue
            ics.append(scipy.stats.pearsonr(scores[m, used], returns[m, used]).statistic)
            rank_ics.append(scipy.stats.spearmanr(scores[m, used], returns[m, used]).statistic)
            best = ranked[np.argsort(-scores[m, ranked])][: max(3, len(ranked) // 5)]
            excesses.append(np.nanmean(returns[m, best]) - np.nanmean(returns[m, inside]))
        assert row["months"] == row["excess_months"] == 14 - few
        assert row["months_too_few"] == few == (4 if j == 2 else 0)
        assert row["n"] == pytest.approx(np.mean(counts))
        assert row["ic"] == pytest.approx(np.mean(ics))
        assert row["rank_ic"] == pytest.approx(np.mean(rank_ics))
        assert row["icir"] == pytest.approx(np.mean(ics) / np.std(ics, ddof=1))
        assert row["rank_icir"] == pytest.approx(np.mean(rank_ics) / np.std(rank_ics, ddof=1))
        assert row["long_excess"] == pytest.approx(np.mean(excesses))


def test_the_excess_is_over_the_labels_own_universe():
    scores = np.arange(10.0)[None, :]
    universe = np.arange(10)[None, :] >= 4
    table = breakdown_table(
        scores,
        scores / 10,
        universe,
        np.zeros((1, 10), dtype=np.int64),
        ["All"],
        fraction=0.2,
        min_stocks=3,
    )
    assert table["long_excess"][0] == pytest.approx(0.8 - 0.65)


def test_a_label_that_no_stock_has_is_undefined_not_left_out():
    scores, returns, labels = made_up()
    table = breakdown_table(
        scores,
        returns,
        scores == scores,
        np.minimum(labels, 0),
        ["One", "None"],
        fraction=0.2,
        min_stocks=3,
    )
    assert table.row(1) == ("None", None, None, None, None, 0, 14, 0.0, None, 0)


def test_thirds_are_made_among_the_scored_stocks_of_each_date():
    values = np.array([[5.0, 1.0, 9.0, 7.0, NAN, 3.0, 8.0, 0.0], [1.0] * 7 + [NAN]])
    scores = np.array([[1.0] * 7 + [NAN], [NAN] * 8])
    assert thirds(values, scores).tolist() == [[1, 0, 2, 1, -1, 0, 2, -1], [-1] * 8]


def test_members_of_an_index_are_in():
    assert membership(np.array([[True, False]])).tolist() == [[1, 0]]
