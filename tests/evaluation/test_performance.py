"""Annual figures against hand-computed cases and plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.evaluation.performance import annual_return, drawdown, max_drawdown, performance, ratio


def test_figures_of_a_hand_computed_case():
    value, benchmark = np.array([1.0, 1.1, 0.99]), np.array([1.0, 1.0, 1.02])
    result = performance(value, benchmark)
    a, b = 0.99**121 - 1, 1.02**121 - 1
    assert result.annual_return == pytest.approx(a)
    assert result.annual_excess == pytest.approx(a - b)
    assert result.annual_excess_ratio == pytest.approx((1 + a) / (1 + b) - 1)
    # daily returns 0.1, −0.1: mean 0, deviation √(0.02 / 1)
    assert result.annual_volatility == pytest.approx(math.sqrt(0.02 * 242))
    assert result.return_over_volatility == pytest.approx(a / math.sqrt(0.02 * 242))
    # differences 0.1, −0.12: mean −0.01, squares 2·0.11²
    assert result.information_ratio == pytest.approx((a - b) / math.sqrt(2 * 0.11**2 * 242))
    assert result.max_drawdown == pytest.approx(0.1)


def test_a_year_of_242_days_is_its_own_annual_return():
    assert annual_return(np.linspace(1, 1.2, 243)) == pytest.approx(0.2)


@given(st.lists(st.floats(0.5, 2), min_size=2, max_size=30))
def test_drawdown_agrees_with_looking_at_every_pair_of_days(values):
    value = np.array(values)
    deepest = max(1 - value[j] / value[i] for i in range(len(value)) for j in range(i, len(value)))
    assert max_drawdown(value) == pytest.approx(deepest, abs=1e-15)
    assert (drawdown(value) <= 0).all()


def test_what_is_undefined_is_none():
    still = performance(np.ones(10), np.ones(10))
    assert still.annual_return == 0
    assert still.return_over_volatility is None
    assert still.information_ratio is None
    nothing = performance(np.zeros(0), np.zeros(0))
    assert set(vars(nothing).values()) == {None}
    assert performance(np.array([1, 1.1]), np.ones(2)).annual_volatility is None
    assert ratio(None, 1.0) is None
