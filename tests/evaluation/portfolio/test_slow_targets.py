"""The choice made by hand against figures from paper."""

from typing import Any

import numpy as np
import pytest

from evaluation.portfolio.slow_targets import choose
from gangru.evaluation.settings import PortfolioSettings

NAN = np.nan
SCORES = [5.0, 4.0, 3.0, 3.0, 1.0, NAN, 0.0, -1.0, -2.0, -3.0, -10.0]  # ten with a score, their mean is 0
ALL = [True] * 11


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"fraction": 0.35}, {0: 1 / 3, 1: 1 / 3, 2: 1 / 3}),  # 3.5 → 3; of two equal scores the first code
        ({"fraction": 0.01}, {0: 1.0}),
        ({"stocks": 2}, {0: 0.5, 1: 0.5}),
        ({"fraction": 0.2, "hold_until": 0.5}, {0: 0.5, 4: 0.5}),  # 4 was held, is among the best 5
        ({"fraction": 0.2, "hold_until": 0.4}, {0: 0.5, 1: 0.5}),
        ({"fraction": 0.4, "weighting": "score"}, {0: 1 / 3, 1: 4 / 15, 2: 1 / 5, 3: 1 / 5}),
        # ⅓ and 4/15 are cut to ¼: 0.1 goes to the two of ⅕, in equal parts: all at the cap
        ({"fraction": 0.4, "weighting": "score", "max_weight": 0.25}, {0: 0.25, 1: 0.25, 2: 0.25, 3: 0.25}),
        ({"fraction": 0.2, "max_weight": 0.3}, {0: 0.3, 1: 0.3}),
    ],
)
def test_whom_it_aims_at(changed: dict[str, Any], expected: dict[int, float]) -> None:
    chosen = choose(SCORES, [0] * 11, ALL, PortfolioSettings(**changed), {4: 1.0})
    assert chosen == pytest.approx(expected)


def test_each_industry_weighs_what_it_weighs_in_the_universe() -> None:
    # Of the universe's six stocks four are of industry 0, one of 1, one of none; half of 4, 1 (at least one) and 1.
    industry = [0, 0, 0, 0, 1, -1]
    chosen = choose(
        [1.0, 2, 3, 4, 0, 9], industry, [True] * 6, PortfolioSettings(fraction=0.5, industry_neutral=True)
    )
    assert chosen == pytest.approx({3: 1 / 3, 2: 1 / 3, 4: 1 / 6, 5: 1 / 6})
