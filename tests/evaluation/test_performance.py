"""Annual figures against hand-computed cases and plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.evaluation.performance import (
    annual_return,
    conditional_value_at_risk,
    daily_returns,
    drawdown,
    excess_by_difference,
    excess_by_ratio,
    market_line,
    max_drawdown,
    performance,
    ratio,
    value_at_risk,
)


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


VALUES = st.lists(st.integers(-900, 900).map(lambda step: 1 + step / 1e4), min_size=1, max_size=40).map(
    lambda steps: np.cumprod([1.0, *steps])
)


def test_tail_figures_of_a_hand_computed_case():
    returns = np.array([0.03, -0.04, 0.01, -0.02])
    value = np.cumprod([1.0, *(1 + returns)])
    result = performance(value, np.ones(5))
    # mean −0.005; squares of the falls 0.0016 + 0.0004 over four days
    assert result.sortino == pytest.approx(-0.005 * 242 / math.sqrt(0.0020 / 4 * 242))
    assert result.calmar == pytest.approx(result.annual_return / result.max_drawdown)
    assert (result.best_day, result.worst_day) == pytest.approx((0.03, -0.04))
    # the 5 % quantile lies 0.15 of the way from the lowest to the second; one day is the worst twentieth
    assert result.var_95 == pytest.approx(0.04 - 0.15 * 0.02)
    assert result.cvar_95 == pytest.approx(0.04)
    assert result.tail_ratio == pytest.approx((0.03 - 0.15 * 0.02) / 0.037)
    # deviations 0.035, −0.035, 0.015, −0.015: symmetric
    assert result.skew == pytest.approx(0, abs=1e-9)
    assert result.kurtosis == pytest.approx((0.035**4 + 0.015**4) / 2 / ((0.035**2 + 0.015**2) / 2) ** 2 - 3)


def test_worst_twentieth_is_one_day_of_twenty_and_three_of_forty_one():
    assert conditional_value_at_risk(-np.arange(1, 21) / 1000) == pytest.approx(0.020)
    returns = np.arange(1, 42) / 1000
    assert conditional_value_at_risk(-returns) == pytest.approx((0.041 + 0.040 + 0.039) / 3)
    assert value_at_risk(-returns) == pytest.approx(0.039)


def test_beta_and_alpha_of_returns_on_a_line():
    benchmark = np.array([0.01, -0.02, 0.005, 0.03])
    beta, alpha = market_line(0.0005 + 1.3 * benchmark, benchmark)
    assert beta == pytest.approx(1.3)
    assert alpha == pytest.approx(1.0005**242 - 1)


def test_both_excess_net_values_of_a_hand_computed_case():
    value, benchmark = np.array([1.0, 1.1, 0.99]), np.array([1.0, 1.0, 1.02])
    assert excess_by_ratio(value, benchmark) == pytest.approx([1, 1.1, 0.99 / 1.02])
    assert excess_by_difference(value, benchmark) == pytest.approx([1, 1.1, 1 + 0.1 - 0.12])
    result = performance(value, benchmark)
    assert result.tracking_error == pytest.approx(math.sqrt(2 * 0.11**2 * 242))
    a, b = 0.1, 0.9 / 1.02 - 1
    assert result.annual_excess_volatility == pytest.approx(abs(a - b) / math.sqrt(2) * math.sqrt(242))


@given(VALUES, st.floats(0.01, 100))
def test_figures_do_not_depend_on_where_a_value_starts(value, scale):
    benchmark = value[::-1] / value[-1]
    one, other = (vars(performance(c * value, benchmark)) for c in (1, scale))
    for name, figure in one.items():
        if figure is None or other[name] is None:
            # a ratio over rounding alone; nothing else may differ in kind
            assert figure == other[name] or name in {"sortino", "calmar", "tail_ratio"}
        else:
            assert other[name] == pytest.approx(figure, rel=1e-6, abs=1e-6), name


@given(VALUES)
def test_figures_keep_their_order(value):
    result = performance(value, np.ones(len(value)))
    assert result.worst_day <= -result.cvar_95 <= -result.var_95 + 1e-15
    assert -result.var_95 <= result.best_day + 1e-15
    assert 0 <= result.max_drawdown < 1
    assert result.max_drawdown >= -result.worst_day - 1e-15
    if result.kurtosis is not None:
        assert result.kurtosis >= result.skew**2 - 2 - 1e-6  # Pearson's inequality


@given(VALUES, VALUES)
def test_one_value_after_another_falls_as_deep_as_each_and_gains_as_both(first, second):
    joined = np.concatenate([first, first[-1] * second[1:]])
    assert max_drawdown(joined) >= max(max_drawdown(first), max_drawdown(second)) - 1e-12
    both = np.concatenate([daily_returns(first), daily_returns(second)])
    assert daily_returns(joined) == pytest.approx(both, abs=1e-12)
    assert performance(joined, joined).best_day == pytest.approx(both.max(), abs=1e-12)


@given(VALUES)
def test_a_value_beside_itself_has_no_excess(value):
    result = performance(value, value)
    assert result.tracking_error in {None, 0}
    assert result.annual_excess == 0
    assert result.annual_excess_volatility in {None, 0}
    assert result.information_ratio is None
    if result.beta is not None:
        assert result.beta == pytest.approx(1)
        assert result.alpha == pytest.approx(0, abs=1e-9)
    assert (excess_by_ratio(value, value) == 1).all()
    assert (excess_by_difference(value, value) == 1).all()


def test_one_value_has_no_figures_and_two_have_those_of_a_day():
    assert set(vars(performance(np.ones(1), np.ones(1))).values()) == {None}
    day = vars(performance(np.array([1, 0.9]), np.array([1, 1.1])))
    assert {name for name, figure in day.items() if figure is None} == {
        *("annual_volatility", "return_over_volatility", "tracking_error", "information_ratio"),
        *("annual_excess_volatility", "sortino", "skew", "kurtosis", "beta", "alpha"),
    }
    assert day["var_95"] == day["cvar_95"] == pytest.approx(0.1)


def test_a_value_that_rises_by_the_same_every_day_has_no_ratios():
    result = performance(1.001 ** np.arange(300), 1.002 ** np.arange(300))
    assert result.annual_return == pytest.approx(1.001**242 - 1)
    undefined = (result.return_over_volatility, result.information_ratio, result.sortino, result.calmar)
    assert undefined == (None, None, None, None)
    assert (result.skew, result.kurtosis, result.beta, result.alpha) == (None, None, None, None)
    assert result.max_drawdown == 0


def test_a_value_that_loses_all_stays_there():
    ruined, other = np.array([1, 1.1, 0, 0, 0]), np.array([1, 1.01, 1.02, 1.0, 1.05])
    assert daily_returns(ruined).tolist() == pytest.approx([0.1, -1, 0, 0])
    result = performance(ruined, other)
    assert (result.annual_return, result.max_drawdown, result.calmar) == (-1, 1, -1)
    assert result.worst_day == result.cvar_95 * -1 == -1
    assert excess_by_ratio(ruined, other)[2:].tolist() == [0, 0, 0]
    assert all(math.isfinite(figure) for figure in vars(result).values())


def test_a_benchmark_that_loses_all_leaves_no_excess_by_ratio():
    ruined, other = np.array([1, 0.5, 0, 0]), np.array([1, 1.01, 1.02, 1.0])
    result = performance(other, ruined)
    assert result.annual_excess_ratio is None
    assert result.annual_excess_volatility is None
    assert result.tracking_error > 0
    assert np.isnan(excess_by_ratio(other, ruined)).tolist() == [False, False, True, True]
    assert excess_by_difference(other, ruined)[-1] == pytest.approx(1 + 0.51 + 1 / 101 + 1 - 2 / 102)


@pytest.mark.parametrize("steepness", [-3000, 1000])
def test_an_alpha_that_no_value_could_have_is_none(steepness):
    benchmark = np.array([0.01, 0.011])
    beta, alpha = market_line(steepness * (benchmark - 0.0105), benchmark)
    assert beta == pytest.approx(steepness)
    assert alpha is None
