"""The same figures of random scores from alphalens-reloaded and from gangru, which must agree; part of evaluation.py.

gangru's IC by industry is a whole breakdown: beside the rank ICs that are compared, Pearson's and the long excess.
"""

import contextlib
import importlib.metadata
import io
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from alphalens import performance, utils

from gangru.evaluation.anatomy.breakdown import breakdown_table
from gangru.evaluation.anatomy.persistence import group_turnover
from gangru.evaluation.groups import group_means, group_numbers
from gangru.evaluation.ic import forward_returns, spearman

STOCKS, DAYS, INDUSTRIES, GROUPS, HORIZON = 1000, 500, 30, 10, 5
EXACT = 1e-9


@dataclass(frozen=True)
class Case:
    """Random scores (DAYS, STOCKS), prices that go on for a horizon, and each stock's industry, for both sides."""

    scores: np.ndarray
    prices: np.ndarray
    industry: np.ndarray
    factor: Any
    frame: Any
    groups: dict[int, str]


@dataclass(frozen=True)
class Compared:
    """One figure: what it is, the median seconds of the peer and of gangru."""

    name: str
    peer: float
    ours: float


def random_case(seed: int = 0) -> Case:
    """Random scores, prices and industries; the peer's tables are made of the same numbers."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(DAYS, STOCKS))
    prices = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, (DAYS + HORIZON, STOCKS)), axis=0))
    industry = np.arange(STOCKS) % INDUSTRIES
    days = pd.bdate_range("2015-01-01", periods=DAYS + HORIZON)
    index = pd.MultiIndex.from_product([days[:DAYS], np.arange(STOCKS)], names=["date", "asset"])
    names = {stock: f"{number:02}" for stock, number in enumerate(industry.tolist())}
    return Case(
        scores, prices, industry, pd.Series(scores.ravel(), index=index), pd.DataFrame(prices, days), names
    )


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Median wall seconds of some runs, and what the last gave."""
    seconds, result = [], None
    for _ in range(runs):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), result


def peer_works(case: Case) -> dict[str, Callable[[], Any]]:
    """alphalens' way to each figure, without the filter of outliers, for one period and a table per asset.

    The first makes the table that the others read.
    """
    table: list[Any] = []

    def tables() -> Any:
        data = utils.get_clean_factor_and_forward_returns(
            case.factor, case.frame, groupby=case.groups, quantiles=GROUPS, periods=(HORIZON,),
            filter_zscore=None, max_loss=1.0,
        )  # fmt: skip
        table[:] = [data]
        return data.iloc[:, 0].unstack().to_numpy()

    def turnover() -> np.ndarray:
        quantile = table[0]["factor_quantile"]
        return np.stack([performance.quantile_turnover(quantile, g + 1) for g in range(GROUPS)], axis=1)

    return {
        "returns and groups": tables,
        "IC": lambda: performance.factor_information_coefficient(table[0]).to_numpy()[:, 0],
        f"IC by {INDUSTRIES} industries": lambda: performance.mean_information_coefficient(
            table[0], by_group=True
        ).to_numpy()[:, 0],
        f"mean returns of {GROUPS} quantiles": lambda: performance.mean_return_by_quantile(
            table[0], by_date=True, demeaned=False
        )[0].iloc[:, 0].unstack(0).to_numpy(),
        "quantile turnover": turnover,
    }  # fmt: skip


def our_works(case: Case) -> dict[str, Callable[[], Any]]:
    """The same figures by gangru's functions, in the same order."""
    rows, every = np.arange(DAYS), np.ones(case.prices.shape, dtype=bool)
    made: list[np.ndarray] = []

    def tables() -> np.ndarray:
        made[:] = [
            forward_returns(case.prices, every, rows, rows + HORIZON),
            group_numbers(case.scores, GROUPS),
        ]
        return made[0]

    labels = np.broadcast_to(case.industry, case.scores.shape)
    names = [f"{number:02}" for number in range(INDUSTRIES)]

    def by_industry() -> np.ndarray:
        table = breakdown_table(case.scores, made[0], every[:DAYS], labels, names, fraction=0.2, min_stocks=3)
        return table["rank_ic"].to_numpy()

    return {
        "returns and groups": tables,
        "IC": lambda: spearman(case.scores, made[0], 3),
        f"IC by {INDUSTRIES} industries": by_industry,
        f"mean returns of {GROUPS} quantiles": lambda: group_means(made[1], made[0], GROUPS)[0],
        "quantile turnover": lambda: group_turnover(made[1], GROUPS),
    }


def compared(runs: int) -> list[Compared]:
    """Both sides' medians of each figure and of all; raises AssertionError where they differ by more than EXACT."""
    case, rows = random_case(), []
    ours = our_works(case)
    for name, work in peer_works(case).items():
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            peer_seconds, theirs = timed(work, runs)
        own_seconds, own = timed(ours[name], runs)
        np.testing.assert_allclose(own, theirs, rtol=0, atol=EXACT, err_msg=name)
        rows.append(Compared(name, peer_seconds, own_seconds))
    return [*rows, Compared("all of it", sum(row.peer for row in rows), sum(row.ours for row in rows))]


def print_peer(runs: int) -> None:
    """The table of both sides."""
    version = importlib.metadata.version("alphalens-reloaded")
    rows = compared(runs)
    sys.stdout.write(
        f"{STOCKS} stocks × {DAYS} dates, medians of {runs}; equal to {EXACT:g}; aim ≥ 50 ×\n"
        f"{'':<36}alphalens-reloaded {version:<8}  gangru\n"
    )
    for row in rows:
        sys.stdout.write(
            f"{row.name:<36}{row.peer:>21.3f} s{row.ours:>10.4f} s{row.peer / row.ours:>8.0f} ×\n"
        )
