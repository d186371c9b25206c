"""Figures of a daily net value against empyrical-reloaded and SciPy, and the relations where ours are others."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.evaluation import performance as ours
from gangru.evaluation.calendar_returns import monthly_returns, yearly_returns
from gangru.evaluation.performance import performance

empyrical = pytest.importorskip("empyrical")

YEAR = {"annualization": 242}
# Steps of a basis point: whatever is not 0 is far from rounding.
SMALL = st.lists(
    st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)).map(
        lambda pair: (pair[0] / 1e4, pair[1] / 1e4)
    ),
    min_size=1,
    max_size=60,
).map(lambda pairs: tuple(grown(np.array(pairs)[:, i]) for i in range(2)))


def grown(returns: np.ndarray) -> np.ndarray:
    return np.concatenate([[1.0], np.cumprod(1 + returns)])


def random_pair(days: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.standard_t(4, days) * 0.01
    return grown(0.0003 + 0.9 * market + rng.normal(0, 0.006, days)), grown(market)


PAIRS = SMALL | st.builds(random_pair, st.integers(1, 700), st.integers(0, 10_000))


def changes(value: np.ndarray) -> pd.Series:
    """Daily returns by pandas, on business days."""
    dates = pd.bdate_range("2015-11-30", periods=len(value))
    return pd.Series(value, index=dates).pct_change().iloc[1:]


def assert_same(figure: float | None, theirs: float) -> None:
    """Equal to nine digits, or undefined in both."""
    if figure is None:
        assert not math.isfinite(theirs)
    else:
        assert figure == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_figures_of_a_value_are_those_of_empyrical(pair):
    value, benchmark = pair
    figures, returns = performance(value, benchmark), changes(value)
    assert_same(figures.annual_return, empyrical.annual_return(returns, **YEAR))
    assert_same(figures.annual_volatility, empyrical.annual_volatility(returns, **YEAR))
    assert_same(figures.sortino, empyrical.sortino_ratio(returns, **YEAR))
    assert_same(figures.calmar, empyrical.calmar_ratio(returns, **YEAR))
    assert_same(figures.max_drawdown, -empyrical.max_drawdown(returns))
    assert_same(figures.var_95, -empyrical.value_at_risk(returns))
    assert_same(figures.cvar_95, -empyrical.conditional_value_at_risk(returns))
    assert_same(figures.best_day, returns.max())
    assert_same(figures.worst_day, returns.min())
    assert_same(ours.downside_deviation(ours.daily_returns(value)), empyrical.downside_risk(returns, **YEAR))
    with np.errstate(divide="ignore", invalid="ignore"):
        assert_same(figures.tail_ratio, empyrical.tail_ratio(returns))


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_figures_beside_a_benchmark_are_those_of_empyrical(pair):
    value, benchmark = pair
    figures, returns, usual = performance(value, benchmark), changes(value), changes(benchmark)
    assert_same(figures.tracking_error, empyrical.annual_volatility(returns - usual, **YEAR))
    growth = changes(ours.excess_by_ratio(value, benchmark))
    assert_same(figures.annual_excess_volatility, empyrical.annual_volatility(growth, **YEAR))
    if (
        empyrical.annual_return(usual, **YEAR) > -0.99
    ):  # 1 + it loses its digits where a few days cost everything
        assert_same(figures.annual_excess_ratio, empyrical.annual_return(growth, **YEAR))
    beta = empyrical.beta_aligned(returns, usual)
    assert_same(figures.beta, beta)
    if figures.beta is None or abs(returns.mean() - beta * usual.mean()) < 0.1:
        assert_same(figures.alpha, empyrical.alpha_aligned(returns, usual, **YEAR))


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 700), st.integers(0, 10_000))
def test_ratios_have_compound_returns_where_empyrical_has_the_mean_day(days, seed):
    value, benchmark = random_pair(days, seed)
    figures, returns, usual = performance(value, benchmark), changes(value), changes(benchmark)
    annual = empyrical.annual_return(returns, **YEAR)
    assert_same(figures.return_over_volatility, annual / empyrical.annual_volatility(returns, **YEAR))
    sharpe = empyrical.sharpe_ratio(returns, **YEAR)
    assert_same(figures.return_over_volatility / annual, sharpe / (242 * returns.mean()))
    excess = annual - empyrical.annual_return(usual, **YEAR)
    mean_ratio = empyrical.excess_sharpe(returns, usual) * math.sqrt(242)
    assert_same(figures.information_ratio, mean_ratio * excess / (242 * (returns - usual).mean()))


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 700), st.integers(0, 10_000))
def test_moments_are_those_of_scipy(days, seed):
    value, benchmark = random_pair(days, seed)
    figures, returns = performance(value, benchmark), changes(value)
    assert_same(figures.skew, float(scipy.stats.skew(returns)))
    assert_same(figures.kurtosis, float(scipy.stats.kurtosis(returns)))


@settings(max_examples=100, deadline=None)
@given(PAIRS)
def test_net_values_cumulate_as_in_empyrical(pair):
    value, benchmark = pair
    returns, usual = changes(value), changes(benchmark)
    np.testing.assert_allclose(empyrical.cum_returns(returns, 1), value[1:], rtol=1e-9)
    ratio = empyrical.cum_returns((1 + returns) / (1 + usual) - 1, 1)
    np.testing.assert_allclose(ours.excess_by_ratio(value, benchmark)[1:], ratio, rtol=1e-9)
    total, sums = 1.0, [1.0]
    for a, b in zip(returns, usual, strict=True):
        total += a - b
        sums.append(total)
    np.testing.assert_allclose(ours.excess_by_difference(value, benchmark), sums, rtol=1e-9, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(PAIRS)
def test_months_and_years_are_those_of_empyrical(pair):
    value, benchmark = pair
    returns, usual = changes(value), changes(benchmark)
    dates = pd.bdate_range("2015-11-30", periods=len(value)).to_numpy().astype("datetime64[D]")
    for unit, table in (
        ("monthly", monthly_returns(dates, {"long": value}, benchmark)),
        ("yearly", yearly_returns(dates, {"long": value}, benchmark)),
    ):
        theirs = empyrical.aggregate_returns(returns, unit)
        market = empyrical.aggregate_returns(usual, unit)
        excess = empyrical.aggregate_returns((1 + returns) / (1 + usual) - 1, unit)
        if unit == "monthly":
            assert table["month"].to_list() == [f"{year}-{month:02d}" for year, month in theirs.index]
        else:
            assert table["year"].to_list() == theirs.index.to_list()
        np.testing.assert_allclose(table["long"], theirs, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(table["benchmark"], market, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(table["long_excess"], theirs - market, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(table["long_excess_ratio"], excess, rtol=1e-9, atol=1e-9)
        counts = returns.groupby(
            [returns.index.year, returns.index.month] if unit == "monthly" else returns.index.year
        )
        assert table["days"].to_list() == counts.size().to_list()
