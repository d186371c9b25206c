"""Groups by factor: sizes, ties, what they earn."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gangru.evaluation.groups import annualised, decile_table, group_means, group_numbers, places, top

NAN = np.nan
few = st.sampled_from([-np.inf, -1.0, 0.0, -0.0, 2.5, np.inf, NAN])


@given(st.integers(1, 80), st.integers(2, 10), st.integers(0, 1000))
def test_groups_partition_the_scored_stocks_in_the_order_of_their_scores(n, groups, seed):
    scores = np.random.default_rng(seed).normal(size=n)
    number = group_numbers(scores[None, :], groups)[0]
    sizes = np.bincount(number, minlength=groups + 1)[1:]
    assert sizes.sum() == n
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(number[np.argsort(scores)]) >= 0).all()


@given(st.integers(10, 200), st.integers(0, 1000))
def test_the_highest_tenth_is_the_long_list(n, seed):
    scores = np.random.default_rng(seed).integers(0, 9, size=(1, n)).astype(float)
    np.testing.assert_array_equal(group_numbers(scores, 10) == 10, top(scores, 0.1))
    assert top(scores, 0.1).sum() == n // 10


def test_stocks_without_a_score_are_in_no_group_and_no_list():
    scores = np.array([[NAN, 3.0, 1.0, 2.0, NAN]])
    assert places(scores).tolist() == [[-1, 0, 2, 1, -1]]
    assert group_numbers(scores, 3).tolist() == [[0, 3, 1, 2, 0]]
    assert top(scores, 0.1).tolist() == [[False, True, False, False, False]]
    assert not top(np.full((1, 4), NAN), 0.5).any()


def test_equal_scores_are_ordered_by_code():
    assert places(np.array([[5.0, 7.0, 5.0, 7.0]])).tolist() == [[2, 0, 3, 1]]


def test_a_third_of_thirty_is_ten_in_spite_of_rounding():
    assert top(np.arange(30.0)[None, :], 0.1).sum() == 3
    assert top(np.arange(1000.0)[None, :], 0.07).sum() == 70


def test_group_means_leave_out_stocks_without_a_return():
    number = np.array([[1, 1, 2, 2, 0]])
    means, count = group_means(number, np.array([[0.1, NAN, 0.2, 0.4, 9.0]]), 2)
    assert means[0].tolist() == pytest.approx([0.1, 0.3])
    assert count.tolist() == [[1, 2]]


def test_annual_return_compounds():
    assert annualised(np.array([0.1, NAN, -0.1])) == pytest.approx((1.1 * 0.9) ** 6 - 1)
    assert annualised(np.array([NAN])) is None


def test_decile_table_of_a_hand_computed_case():
    scores = np.tile(np.arange(20.0), (2, 1))
    returns = np.stack([np.arange(20.0) / 100, -np.arange(20.0) / 200])
    table, monotonicity = decile_table(scores, returns, returns.mean(axis=1), 10)
    # Decile 1 holds stocks 0 and 1: 0.005 in month one, −0.0025 in month two.
    first, last = table.row(0, named=True), table.row(9, named=True)
    assert first["monthly_return"] == pytest.approx(0.00125)
    assert first["monthly_excess"] == pytest.approx(((0.005 - 0.095) + (-0.0025 + 0.0475)) / 2)
    assert last["annual_return"] == pytest.approx((1.185 * (1 - 0.0925)) ** 6 - 1)
    assert table["n"].to_list() == [2] * 10
    assert monotonicity == pytest.approx(1)


def test_groups_of_other_sizes_are_counted_apart_and_two_have_an_order():
    scores = np.array([[1.0, 2, 3, 4, 5], [NAN, 2, 3, 4, 5]])
    returns = np.array([[0.01, 0.02, 0.03, 0.04, NAN], [0.0, 0.0, 0.0, 0.05, 0.05]])
    table, monotonicity = decile_table(scores, returns, np.zeros(2), 2)
    # 3 and 1 stocks, then 2 and 2: the means are 2.5, rounded to even, and 1.5.
    assert table["n"].to_list() == [2, 2]
    assert table["monthly_return"].to_list() == pytest.approx([0.01, 0.045])
    assert monotonicity == pytest.approx(1)
    assert decile_table(scores[:1], returns[:1], np.zeros(1), 2)[0]["n"].to_list() == [3, 1]


def test_decile_excesses_of_equal_groups_cancel():
    rng = np.random.default_rng(0)
    scores, returns = rng.normal(size=(2, 6, 100))
    table, _ = decile_table(scores, returns, returns.mean(axis=1), 10)
    assert table["monthly_excess"].sum() == pytest.approx(0, abs=1e-12)


def test_no_month_gives_a_table_of_nulls():
    table, monotonicity = decile_table(np.zeros((0, 5)), np.zeros((0, 5)), np.zeros(0), 10)
    assert table["monthly_return"].null_count() == 10
    assert table.schema["monthly_return"] == pl.Float64
    assert monotonicity is None


@given(arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 30)), elements=few))
def test_places_are_those_of_python_s_stable_sort(scores):
    for row, place in zip(scores.tolist(), places(scores).tolist(), strict=True):
        scored = [k for k, score in enumerate(row) if score == score]
        expected = {k: i for i, k in enumerate(sorted(scored, key=lambda k: -row[k]))}
        assert place == [expected.get(k, -1) for k in range(len(row))]
