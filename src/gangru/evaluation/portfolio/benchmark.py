"""What the portfolio is measured against, on the same days: the universe in equal weights, or an index."""

from dataclasses import dataclass

import numpy as np

from gangru.errors import EvaluationError
from gangru.evaluation.months import Rows
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.terms import Tape, free_terms
from gangru.market.daily import Bools, Dates, Floats


@dataclass(frozen=True)
class Benchmark:
    """`value` (days,) from 1 on the portfolio's rows; `month_return` (M,), NaN for a month that it is out of."""

    value: Floats
    month_return: Floats


def universe_benchmark(tape: Tape, rows: Rows, last: int, universe: Bools, held: Bools) -> Benchmark:
    """The universe (M, N) in equal weights, bought anew on the execution days `rows` without rules and costs."""
    free = tape.without_rules()
    aims = of_traded(universe.astype(float), free, rows)
    path = follow_account(free, rows, last, aims, free_terms(len(tape.dates)), held)
    return Benchmark(path.value, path.month_return)


def index_benchmark(
    index: Floats, dates: Dates, rows: Rows, last: int, held: Bools, path_rows: Rows
) -> Benchmark:
    """An index of these closes (D,), carried over days without one, on the portfolio's `path_rows` of the `dates` (D,).

    A month's return is from the close of one execution day to that of the next, whatever the price of the orders.
    Raises EvaluationError where the index is not there yet on the first of them.
    """
    if len(path_rows) and np.isnan(index[path_rows[0]]):
        raise EvaluationError(
            f"the benchmark {beginning(index, dates)}: expected an index that reaches back to {dates[path_rows[0]]}, "
            "where the portfolio begins; choose another portfolio.benchmark, or a factor that begins later"
        )
    growth = index[path_rows] / index[np.maximum(path_rows - 1, 0)]
    value = np.cumprod(np.concatenate([np.ones(1), growth[1:]])) if len(path_rows) else np.zeros(0)
    ends = np.append(rows[1:], last)
    return Benchmark(value, np.where(held, index[ends] / index[rows] - 1, np.nan))


def beginning(index: Floats, dates: Dates) -> str:
    """When an index begins, in words."""
    known = np.flatnonzero(~np.isnan(index))
    return f"begins on {dates[known[0]]}" if len(known) else "has no close"


def of_traded(weights: Floats, tape: Tape, rows: Rows) -> Floats:
    """The weights (M, N) of the stocks that trade on the execution days, summing to 1 where any is above 0."""
    traded = np.where(np.isnan(tape.price[rows]), 0, weights)
    total = traded.sum(axis=1, keepdims=True)
    return np.asarray(traded / np.where(total > 0, total, 1))
