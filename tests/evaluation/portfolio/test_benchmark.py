"""What the portfolio is measured against, by hand and against the plain mean of forward returns."""

import datetime

import numpy as np
import polars as pl
import pytest

from evaluation.portfolio.tapes import forbidden, tape_of_closes
from gangru.errors import EvaluationError
from gangru.evaluation.ic import forward_returns
from gangru.evaluation.portfolio.benchmark import index_benchmark, of_traded, universe_benchmark
from gangru.evaluation.summary import index_level

NAN = np.nan
DATES = np.datetime64("2021-03-01") + np.arange(9)


def random_closes(seed: int, days: int = 60, stocks: int = 25) -> np.ndarray:
    """Closes with halts, and series that begin late or end early."""
    rng = np.random.default_rng(seed)
    close = 20 * np.exp(np.cumsum(rng.normal(0, 0.03, (days, stocks)), axis=0))
    close[rng.random(close.shape) < 0.1] = NAN
    close[:20, 0] = NAN
    close[35:, 1] = NAN
    return close


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("at_close", [True, False])
def test_the_universe_earns_the_mean_forward_return_of_those_that_trade_on_the_entry_day(
    seed: int, at_close: bool
) -> None:
    rng = np.random.default_rng(seed)
    close = random_closes(seed)
    price = close if at_close else close * np.exp(rng.normal(0, 0.01, close.shape))
    never = np.ones(close.shape, dtype=bool)  # rules are none of the benchmark's business
    tape = tape_of_closes(close, price=price, no_buy=never, no_sell=never, at_close=at_close)
    rows, last = np.array([5, 17, 30, 44]), 58
    universe = rng.random((4, close.shape[1])) < 0.7
    made = universe_benchmark(tape, rows, last, universe, np.ones(4, dtype=bool))
    # A holder has the last close where a stock does not trade on the exit day.
    held = np.where(np.isnan(price), np.vstack([np.full(close.shape[1], NAN), tape.held[:-1]]), price)
    forward = forward_returns(held, ~np.isnan(price), rows, np.append(rows[1:], last))
    expected = [np.nanmean(forward[m][universe[m]]) for m in range(4)]
    assert made.month_return.tolist() == pytest.approx(expected, abs=1e-12)
    assert made.value[-1] == pytest.approx(np.prod(1 + np.array(expected)))
    assert (made.value[0], len(made.value)) == (1, last - 5 + 1 + (not at_close))


def test_between_two_rebalancings_the_universe_drifts() -> None:
    tape = tape_of_closes([[10, 10], [20, 10], [40, 10], [40, 20]])
    made = universe_benchmark(tape, np.array([0, 2]), 3, np.ones((2, 2), dtype=bool), np.ones(2, dtype=bool))
    assert made.value.tolist() == pytest.approx([1, 1.5, 2.5, 2.5 * 1.5])  # not 1.5 · 1.5 on the second day


def test_the_weights_of_the_traded_sum_to_one_or_are_none() -> None:
    tape = tape_of_closes([[10, NAN, 10], [NAN, NAN, NAN]])
    aims = of_traded(np.array([[0.5, 0.25, 0.25], [1, 1, 1]]), tape, np.array([0, 1]))
    assert aims.tolist() == [pytest.approx([2 / 3, 0, 1 / 3]), [0, 0, 0]]


def test_what_the_rules_forbid_the_benchmark_does_all_the_same() -> None:
    closes = [[10, 10], [11, 10], [12, 10]]
    ruled = tape_of_closes(closes, no_buy=forbidden((3, 2), (0, 0)), no_sell=forbidden((3, 2), (1, 0)))
    universe, held = np.array([[True, True], [False, True]]), np.ones(2, dtype=bool)
    made = universe_benchmark(ruled, np.array([0, 1]), 2, universe, held)
    assert made.month_return.tolist() == pytest.approx([0.05, 0])


def test_an_index_is_its_growth_on_the_days_of_the_portfolio() -> None:
    index = np.array([NAN, 100, 110, 99, 120, 132, 130, 140, 150])
    made = index_benchmark(index, DATES, np.array([1, 4]), 7, np.ones(2, dtype=bool), np.arange(1, 8))
    assert made.value.tolist() == pytest.approx([1, 1.1, 0.99, 1.2, 1.32, 1.3, 1.4])
    assert made.month_return.tolist() == pytest.approx([0.2, 140 / 120 - 1])


def test_an_index_stands_still_while_the_portfolio_is_out_of_the_market() -> None:
    # Months of two days from rows 0, 2, 4, 6; those of rows 2 and 4 are out. The portfolio's rows are 0 1 2, then 7 8.
    index = np.array([100, 110, 120, 500, 5, 9, 60, 90, 30.0])
    held = np.array([True, False, False, True])
    made = index_benchmark(index, DATES, np.array([0, 2, 4, 6]), 8, held, np.array([0, 1, 2, 7, 8]))
    assert made.value.tolist() == pytest.approx([1, 1.1, 1.2, 1.2 * 1.5, 1.2 * 0.5])
    assert made.month_return[[0, 3]].tolist() == pytest.approx([0.2, -0.5])
    assert np.isnan(made.month_return[1:3]).all()
    # The same rows are those of the universe's account under the same months.
    path = universe_benchmark(
        tape_of_closes(index[:, None]), np.array([0, 2, 4, 6]), 8, np.ones((4, 1), dtype=bool), held
    )
    assert path.value.tolist() == pytest.approx(made.value.tolist())


def test_an_index_that_begins_too_late_is_an_error_with_both_dates() -> None:
    index = np.array([NAN, NAN, NAN, 100, 110, 120, 130, 140, 150])
    rows, held = np.array([2, 5]), np.ones(2, dtype=bool)
    with pytest.raises(EvaluationError, match=r"begins on 2021-03-04: .*reaches back to 2021-03-03"):
        index_benchmark(index, DATES, rows, 7, held, np.arange(2, 8))
    with pytest.raises(EvaluationError, match=r"has no close: .*reaches back to 2021-03-03"):
        index_benchmark(np.full(9, NAN), DATES, rows, 7, held, np.arange(2, 8))
    index[2] = 90  # the first day itself is enough
    assert index_benchmark(index, DATES, rows, 7, held, np.arange(2, 8)).value[1] == pytest.approx(100 / 90)


def test_an_index_may_begin_within_months_that_the_portfolio_is_out_of() -> None:
    index = np.array([NAN, NAN, 100, 110, 121, 130, 140, 150, 160])
    held = np.array([False, False, True])
    made = index_benchmark(index, DATES, np.array([0, 1, 2]), 4, held, np.array([2, 3, 4]))
    assert made.value.tolist() == pytest.approx([1, 1.1, 1.21])
    assert made.month_return[2] == pytest.approx(0.21)


def test_a_portfolio_without_a_day_has_an_empty_benchmark() -> None:
    none = np.zeros(0, dtype=np.int64)
    made = index_benchmark(np.full(9, NAN), DATES, none, 0, none.astype(bool), none)
    assert len(made.value) == len(made.month_return) == 0


def test_days_without_an_index_close_have_the_last_one() -> None:
    day = datetime.date(2021, 3, 1)
    bars = pl.DataFrame(
        {
            "date": [day + datetime.timedelta(days=k) for k in (3, 1, 4, 6)],  # in no order
            "close": [None, 100.0, NAN, 130.0],
        }
    )
    level = index_level(bars, DATES)
    assert np.isnan(level[0])
    assert level[1:].tolist() == [100, 100, 100, 100, 100, 130, 130, 130]
