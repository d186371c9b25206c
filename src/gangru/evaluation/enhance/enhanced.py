"""The portfolios that enhance an index over all months. M months × N stocks; D days of the market; S candidates."""

import time
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import EvaluationError
from gangru.evaluation.enhance.index_weights import size_scores
from gangru.evaluation.enhance.month import Bounds, Month, binding, bounds_of, deviations, turnover
from gangru.evaluation.enhance.relax import Solution, solve_relaxing
from gangru.evaluation.enhance.risk import risk_model
from gangru.evaluation.enhance.settings import EnhanceSettings
from gangru.evaluation.groups import places
from gangru.evaluation.months import Rows
from gangru.market.daily import Bools, Floats

SCHEMA = {
    "row": pl.Int64,
    "status": pl.String,
    "blame": pl.String,
    "relaxed": pl.String,
    "binding": pl.String,
    "tracking_error": pl.Float64,
    "active_share": pl.Float64,
    "industry_deviation": pl.Float64,
    "size_deviation": pl.Float64,
    "expected_alpha": pl.Float64,
    "turnover": pl.Float64,
    "holdings": pl.Int64,
    "candidates": pl.Int64,
    "unscored": pl.Int64,
    "seconds": pl.Float64,
}


@dataclass(frozen=True)
class EnhanceInputs:
    """What the portfolios are made from, as plain arrays.

    (M, N): `scores` of the factor dates, NaN without one; `index` weights as of them, rows that sum to 1, or to 0
    where the index has no members; `industry`, −1 where unknown, which is a group of its own; `size` log tradable
    value, NaN where unknown; `growth` the price at the next rebalancing over that at this one, as a holder has it, of
    which the last row is not read; `no_buy` and `no_sell` what the rules forbid at the rebalancing: a stock that does
    not trade can be neither bought nor sold. `returns` (D, N) simple daily returns, NaN without one; `rows` (M,) those
    of the factor dates, ascending.
    """

    scores: Floats
    index: Floats
    industry: NDArray[np.int16]
    size: Floats
    growth: Floats
    returns: Floats
    rows: Rows
    no_buy: Bools
    no_sell: Bools

    def __post_init__(self) -> None:
        """Raise EvaluationError where the arrays do not fit together or weights are none."""
        shape = self.scores.shape
        for name in ("index", "industry", "size", "growth", "no_buy", "no_sell"):
            if (there := getattr(self, name).shape) != shape:
                raise EvaluationError(f"{name} is {there}: expected the scores' {shape}")
        if self.rows.shape != shape[:1] or self.returns.shape[1:] != shape[1:]:
            raise EvaluationError(
                f"rows are {self.rows.shape} and returns {self.returns.shape}: expected one row for each of "
                f"{shape[0]} months and returns of {shape[1]} stocks"
            )
        total = self.index.sum(axis=1)
        if (self.index < 0).any() or not ((np.abs(total - 1) < 1e-9) | (total == 0)).all():
            raise EvaluationError(
                "weights of an index are expected to be 0 or more and to sum to 1 in a month"
            )


@dataclass(frozen=True)
class Enhanced:
    """Weights (M, N) after each rebalancing, and a table with a row a month.

    Columns: row (of the factor date); status: solved, relaxed, kept (the weights held before, as they drifted) or cash
    (nothing was held before either); blame, the bounds that made the month impossible, or "scores", "index", "rules",
    "solver"; relaxed, what gave way and by how much; binding; tracking_error expected a year; active_share ½ Σ|x|;
    industry_deviation, the largest; size_deviation; expected_alpha αᵀx, in standard deviations of the score; turnover,
    null for a first purchase; holdings; candidates; unscored, the candidates without a score; seconds.
    """

    weights: Floats
    months: pl.DataFrame


def enhance(inputs: EnhanceInputs, settings: EnhanceSettings) -> Enhanced:
    """Choose the weights of every month, one after the other, each from those of the month before as they drifted.

    Month m sees scores, index, industry and size of its factor date, returns up to it, the rules at its rebalancing,
    and growth up to there. Raises EvaluationError where cvxpy or the solver is missing, where the data are too short
    for the risk model, or where a stock that is held has no growth.
    """
    weights = np.zeros_like(inputs.scores)
    size = size_scores(inputs.size)
    place = places(inputs.scores)
    held = np.zeros(weights.shape[1])
    table = []
    for m in range(len(weights)):
        begun = time.perf_counter()
        weights[m], row = one_month(inputs, size[m], place[m], held, m, settings)
        table.append({"row": int(inputs.rows[m]), **row, "seconds": time.perf_counter() - begun})
        if m + 1 < len(weights):
            held = drifted(weights[m], inputs.growth[m], int(inputs.rows[m]))
    return Enhanced(weights, pl.DataFrame(table, schema=SCHEMA))


def one_month(
    inputs: EnhanceInputs,
    size_N: Floats,
    place_N: NDArray[np.int64],
    held_N: Floats,
    m: int,
    settings: EnhanceSettings,
) -> tuple[Floats, dict[str, object]]:
    """Weights (N,) of month `m` and its row of the table; the book is kept where nothing can be solved."""
    missing = "index" if not inputs.index[m].any() else "scores" if (place_N < 0).all() else ""
    if missing:
        status = "kept" if held_N.any() else "cash"
        return held_N.copy(), {"status": status, "blame": missing, "holdings": int((held_N > 0).sum())}
    chosen = candidates(inputs, place_N, held_N, m, settings.candidates)
    month = Month(
        alpha=standardised(inputs.scores[m], inputs.index[m] > 0)[chosen],
        index=inputs.index[m, chosen],
        held=held_N[chosen],
        no_buy=inputs.no_buy[m, chosen],
        no_sell=inputs.no_sell[m, chosen],
        group=np.unique(inputs.industry[m, chosen], return_inverse=True)[1].astype(np.int64),
        size=size_N[chosen],
        risk=risk_model(inputs.returns, int(inputs.rows[m]), settings.risk_days, settings.risk_factors).of(
            chosen
        ),
    )
    solution = solve_relaxing(month, bounds_of(settings), settings.solver)
    weights = np.zeros(len(held_N))
    weights[chosen] = month.held if solution.weights is None else solution.weights
    unscored = int((place_N[chosen] < 0).sum())
    return weights, described(month, solution) | {"unscored": unscored}


def candidates(inputs: EnhanceInputs, place_N: NDArray[np.int64], held_N: Floats, m: int, best: int) -> Bools:
    """Stocks that month `m` chooses from, (N,): the index's, those held, and the `best` by score that can be bought."""
    buyable = np.flatnonzero((place_N >= 0) & ~inputs.no_buy[m])
    chosen = (inputs.index[m] > 0) | (held_N > 0)
    chosen[buyable[np.argsort(place_N[buyable], kind="stable")[:best]]] = True
    return np.asarray(chosen)


def standardised(scores_N: Floats, member_N: Bools) -> Floats:
    """Scores as deviations from the date's mean in standard deviations, (N,).

    Without a score a member of the index counts as the mean stock, so that it is held as the index holds it, and any
    other as the worst, so that what is left of it is sold. Equal scores are all 0.
    """
    known = ~np.isnan(scores_N)
    deviation = scores_N - scores_N[known].mean()
    spread = float(deviation[known].std())
    if spread <= 1e-12 * float(np.abs(scores_N[known]).max()):
        return np.zeros(len(scores_N))
    unit = deviation / spread
    return np.where(known, unit, np.where(member_N, 0.0, unit[known].min()))


def drifted(weights: Floats, growth: Floats, row: int) -> Floats:
    """Weights left alone until the next rebalancing, (N,): w g / Σ w g; zero where nothing is held."""
    held = weights > 0
    if not held.any():
        return weights
    if not (np.isfinite(growth[held]) & (growth[held] >= 0)).all():
        missing = int((~np.isfinite(growth[held])).sum())
        raise EvaluationError(
            f"{missing} of {held.sum()} stocks held after row {row} have no growth to the next rebalancing: "
            "give prices carried over days without trading"
        )
    value = np.where(held, weights * np.where(held, growth, 0), 0)
    return np.asarray(value / value.sum())


def described(month: Month, solution: Solution) -> dict[str, object]:
    """A month's figures for the table, of the weights that come out of it, kept ones too."""
    weights, bounds = solution.weights, solution.bounds
    found = weights is not None
    weights = month.held if weights is None else weights
    status = ("relaxed" if solution.relaxed else "solved") if found else "cash" if month.first else "kept"
    row: dict[str, object] = {
        "status": status,
        "blame": ", ".join(solution.blame),
        "relaxed": "; ".join(str(one) for one in solution.relaxed) if found else "",
        "candidates": len(weights),
        "holdings": int((weights > 0).sum()),
    }
    return row if status == "cash" else row | figures(month, bounds, weights, found)


def figures(month: Month, bounds: Bounds, weights: Floats, found: bool) -> dict[str, object]:
    """The numbers of a month that holds anything."""
    active = weights - month.index
    industry, size = deviations(month, weights)
    return {
        "binding": ", ".join(binding(month, bounds, weights)) if found else "",
        "tracking_error": month.risk.tracking_error(active),
        "active_share": float(np.abs(active).sum() / 2),
        "industry_deviation": industry,
        "size_deviation": size,
        "expected_alpha": float(month.alpha @ active),
        "turnover": None if month.first else turnover(weights, month.held),
    }
