"""How long a factor lasts, against loops and hand-made cases."""

import numpy as np
import polars as pl
import pytest
import scipy.stats

from gangru.evaluation import chunks as chunked
from gangru.evaluation.anatomy.persistence import (
    autocorrelation_table,
    coverage_table,
    group_turnover,
    half_life,
    lagged_rank_correlation,
    turnover_table,
)
from gangru.evaluation.groups import group_numbers

NAN = np.nan


def lasting_factor(months: int = 20, stocks: int = 40, keep: float = 0.8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(months, stocks))
    for m in range(1, months):
        x[m] = keep * x[m - 1] + np.sqrt(1 - keep**2) * x[m]
    x[rng.random(x.shape) < 0.2] = NAN
    return x


def test_autocorrelation_agrees_with_scipy_over_the_stocks_scored_on_both_dates(monkeypatch):
    monkeypatch.setattr(chunked, "CELLS", 130)  # three dates at a time
    x = np.round(lasting_factor(), 1)
    table = autocorrelation_table(x, 5)
    assert table["lag"].to_list() == list(range(1, 13))
    for lag, mean, dates in table.iter_rows():
        rhos = [
            scipy.stats.spearmanr(x[m], x[m - lag], nan_policy="omit").statistic for m in range(lag, len(x))
        ]
        assert mean == pytest.approx(np.mean(rhos), abs=1e-12)
        assert dates == len(rhos) == 20 - lag
        np.testing.assert_allclose(lagged_rank_correlation(x, lag, 5)[lag:], rhos, atol=1e-12)
    assert table["rank_autocorrelation"][0] > 0.6 > 0.3 > table["rank_autocorrelation"][11]


def test_pairs_of_dates_with_too_few_common_stocks_are_left_out():
    x = np.array([[1.0, 2, 3, 4, NAN], [1, 2, 3, NAN, NAN], [1, 2, 3, 4, NAN], [4, 3, 2, 1, NAN]])
    np.testing.assert_allclose(lagged_rank_correlation(x, 1, 4), [NAN, NAN, NAN, -1])
    table = autocorrelation_table(x, 4, lags=(1, 2, 9))
    assert table["dates"].to_list() == [1, 1, 0]
    assert table["rank_autocorrelation"].to_list() == [pytest.approx(-1), pytest.approx(1), None]


def curve(values: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"lag": range(1, len(values) + 1), "rank_autocorrelation": values},
        schema={"lag": pl.Int64, "rank_autocorrelation": pl.Float64},
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.8, 0.6, 0.4], 2.5),  # halfway from 0.6 to 0.4
        ([0.25], 2 / 3),  # from 1 at lag 0: 0.5 of 0.75 on the way
        ([0.5, 0.9], 1),
        ([0.8, None, 0.2], 2),  # the lag without a value is passed over: halfway from lag 1 to lag 3
        ([0.9, 0.8, 0.7], None),
        ([None, None], None),
        ([], None),
        ([-0.2], 0.5 / 1.2),
    ],
)
def test_half_life_is_where_the_curve_first_crosses_one_half(values, expected):
    assert half_life(curve(values)) == (None if expected is None else pytest.approx(expected))


def test_coverage_counts_scored_eligible_stocks_alone():
    scores = np.array([[1.0, NAN, 3.0, 4.0], [NAN, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    eligible = np.array([[True, True, True, False], [True, False, False, False], [False] * 4])
    dates = np.array(["2020-01-31", "2020-02-28", "2020-03-31"], dtype="datetime64[D]")
    table = coverage_table(dates, scores, eligible)
    assert table["eligible"].to_list() == [3, 1, 0]
    assert table["scored"].to_list() == [2, 0, 0]
    assert table["coverage"].to_list() == [pytest.approx(2 / 3), 0, None]
    assert table.schema["date"] == pl.Date


def test_turnover_of_a_hand_computed_case():
    number = np.array([[1, 1, 2, 2, 0], [1, 2, 2, 1, 1], [0, 0, 2, 2, 2], [1, 2, 2, 2, 2]])
    expected = [
        [NAN, NAN],
        [2 / 3, 1 / 2],  # group 1 is {0, 3, 4}, of which only 0 stayed; group 2 {1, 2}, of which 2 stayed
        [NAN, 2 / 3],  # group 1 is empty
        [NAN, 1 / 4],  # group 1 was empty
    ]
    np.testing.assert_allclose(group_turnover(number, 2), expected)
    table = turnover_table(number, 2)
    assert table["dates"].to_list() == [1, 3]
    assert table["turnover"].to_list() == pytest.approx([2 / 3, (1 / 2 + 2 / 3 + 1 / 4) / 3])


def test_turnover_agrees_with_a_loop_over_sets():
    number = group_numbers(lasting_factor(), 5)
    turnover = group_turnover(number, 5)
    for m in range(1, len(number)):
        for g in range(5):
            now, before = set(np.flatnonzero(number[m] == g + 1)), set(np.flatnonzero(number[m - 1] == g + 1))
            assert turnover[m, g] == pytest.approx(len(now - before) / len(now))
