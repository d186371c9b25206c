"""What the members of an index weigh, and how large a stock is among its date's."""

import numpy as np
import pytest

from gangru.evaluation.enhance.index_weights import index_weights, size_scores

NAN = np.nan


def test_members_weigh_as_their_tradable_values():
    member = np.array([[True, True, False], [True, False, False]])
    value = np.array([[1e9, 3e9, 8e9], [2e9, 5e9, 5e9]])
    assert index_weights(member, value).tolist() == [[0.25, 0.75, 0], [1, 0, 0]]


def test_a_member_that_does_not_trade_leaves_its_weight_to_the_others():
    member = np.ones((1, 3), dtype=bool)
    assert index_weights(member, np.array([[NAN, 1e9, 4e9]])).tolist() == [[0, 0.2, 0.8]]


def test_an_index_without_members_weighs_nothing():
    assert index_weights(np.array([[False, True]]), np.array([[1e9, NAN]])).tolist() == [[0, 0]]


def test_sizes_are_standardised_over_the_stocks_that_have_one():
    got = size_scores(np.array([[20.0, 22.0, 24.0, NAN], [3.0, 3.0, NAN, 3.0]]))
    # mean 22, variance 8/3
    assert got[0].tolist() == pytest.approx([-np.sqrt(1.5), 0, np.sqrt(1.5), 0])
    assert got[1].tolist() == [0, 0, 0, 0]
