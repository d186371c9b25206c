"""Months of a few stocks, everything that a test does not name at its plainest."""

from collections.abc import Callable

import numpy as np
import pytest

from gangru.evaluation.enhance.month import Month
from gangru.evaluation.enhance.risk import Risk

MakeMonth = Callable[..., Month]


@pytest.fixture(scope="session")
def make_month() -> MakeMonth:
    """Make a month: nothing held, nothing forbidden, one industry, equal sizes, no risk."""

    def make(alpha, index, *, specific=None, factors=None, group=None, size=None, **changed) -> Month:
        s = len(alpha)
        plain = {
            "held": np.zeros(s),
            "no_buy": np.zeros(s, dtype=bool),
            "no_sell": np.zeros(s, dtype=bool),
        }
        return Month(
            alpha=np.array(alpha, dtype=float),
            index=np.array(index, dtype=float),
            group=np.zeros(s, dtype=np.int64) if group is None else np.array(group),
            size=np.zeros(s) if size is None else np.array(size, dtype=float),
            risk=Risk(
                np.zeros((s, 1)) if factors is None else np.array(factors, dtype=float),
                np.zeros(s) if specific is None else np.array(specific, dtype=float),
            ),
            **plain | {name: np.array(value) for name, value in changed.items()},
        )

    return make
