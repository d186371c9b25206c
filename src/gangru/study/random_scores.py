"""The random-score test on a workspace's market and universe."""

from collections.abc import Callable

import numpy as np

from gangru.errors import EvaluationError
from gangru.evaluation.conventions import order_rows
from gangru.evaluation.months import ENTRY_LAG, ReturnMonths, return_months, up_to
from gangru.evaluation.portfolio.random_scores import RandomScores, random_score_test
from gangru.evaluation.portfolio.terms import tape_of, terms_of
from gangru.evaluation.view import parsed_month
from gangru.study.inputs import Inputs


def random_portfolios(
    inputs: Inputs,
    first: str | None,
    last: str | None,
    samples: int,
    seed: int,
    on_sample: Callable[[int, int], None],
) -> RandomScores:
    """Random scores on the universe of the return months `first` to `last`, both included; default all of the data.

    Sees nothing after the day that follows the last month. Raises EvaluationError with fewer than two months in which
    anybody is eligible.
    """
    dates, portfolio = inputs.market.dates, inputs.workspace.settings.portfolio
    months = return_months(dates, dates[0], dates[-1])
    months = up_to(months, parsed_month(last)) if last else months
    begin = int(np.searchsorted(months.month, parsed_month(first, "first"))) if first else 0
    eligible = inputs.universe.eligible[months.start[begin:]]
    there = np.asarray(eligible.any(axis=1))
    begin += int(there.argmax()) if there.any() else len(there)
    months = ReturnMonths(months.month[begin:], months.start[begin:], months.end[begin:])
    if len(months) < 2:
        raise EvaluationError(
            f"{len(months)} return months with an eligible stock between {first or dates[0]} and {last or dates[-1]}: "
            "expected two or more"
        )
    exit_row = int(months.exit(ENTRY_LAG)[-1])
    market = inputs.market.first_days(exit_row + 1)
    return random_score_test(
        tape_of(
            market,
            inputs.workspace.extensions.execution or portfolio.execution,
            obey_rules=True,
            rows=order_rows(months, portfolio),
        ),
        months.entry(ENTRY_LAG),
        exit_row,
        inputs.universe.eligible[months.start],
        terms_of(portfolio, market.dates),
        portfolio,
        samples=samples,
        seed=seed,
        on_sample=on_sample,
    )
