"""Long the best and short the worst: what research looks at, and nobody can trade in A-shares."""

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.months import Rows
from gangru.evaluation.performance import daily_returns
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.benchmark import of_traded
from gangru.evaluation.portfolio.targets import target_weights
from gangru.evaluation.portfolio.terms import Tape, free_terms
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.daily import Bools, Floats


def long_short(
    tape: Tape, rows: Rows, last: int, scores: Floats, industry: NDArray[np.int16], universe: Bools,
    settings: PortfolioSettings, held: Bools,
) -> Floats:  # fmt: skip
    """Value (days,) from 1 of the portfolio of the scores less that of the scores turned round, on the long's rows.

    Both are formed by the settings, without rules and costs. Each day's return is the difference of the two, on the
    whole value: 1 is invested on either side anew every day.
    """
    free, terms = tape.without_rules(), free_terms(len(tape.dates))
    sides = [
        follow_account(
            free,
            rows,
            last,
            of_traded(target_weights(sign * scores, industry, universe, settings), free, rows),
            terms,
            held,
        ).value
        for sign in (1.0, -1.0)
    ]
    if not len(sides[0]):
        return np.zeros(0)
    gained = daily_returns(sides[0]) - daily_returns(sides[1])
    return np.concatenate([np.ones(1), np.cumprod(1 + gained)])
