"""The test of the engine itself: random scores may earn nothing, and cost what trading costs.

M months × N stocks, S samples.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gangru.evaluation.months import Rows
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.benchmark import of_traded, universe_benchmark
from gangru.evaluation.portfolio.path import DEPARTED, AccountPath, Orders
from gangru.evaluation.portfolio.targets import target_weights
from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.daily import Bools, Floats

SAMPLES = 200
ERRORS = 3.0  # standard errors of the mean that the gross excess may be off 0
SHARE = 0.1  # of the costs that the net excess may be off the gross one less them
ROUNDING = 1e-9


@dataclass(frozen=True)
class RandomScores:
    """Monthly means over all samples and months, as fractions.

    `gross_free` gross excess without rules and `error` its standard error, clustered by month; `gross_ruled` with
    rules, `drag` the difference; `cost` charged; `net` net excess with rules, from values alone. `forbidden` counts the
    orders of all samples that were filled against the rules.
    """

    samples: int
    months: int
    gross_free: float
    error: float
    gross_ruled: float
    cost: float
    net: float
    forbidden: int

    @property
    def drag(self) -> float:
        """What the rules take: gross excess with them less without."""
        return self.gross_ruled - self.gross_free

    @property
    def earns_nothing(self) -> bool:
        """Whether the gross excess without rules is within 3 standard errors of 0."""
        return abs(self.gross_free) <= ERRORS * self.error

    @property
    def costs_what_it_costs(self) -> bool:
        """Whether the net excess with rules is the gross one with rules less the charged costs, within 10 % of them.

        Both are of the same samples, so that chance is in neither.
        """
        return abs(self.net - (self.gross_ruled - self.cost)) <= SHARE * self.cost + ROUNDING

    @property
    def obeys_rules(self) -> bool:
        """Whether no order was filled that the rules forbid: random scores earn nothing by breaking them either."""
        return self.forbidden == 0


def random_score_test(
    ruled: Tape,
    rows: Rows,
    last: int,
    universe: Bools,
    terms: Terms,
    settings: PortfolioSettings,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    on_sample: Callable[[int, int], None] = lambda _done, _all: None,
) -> RandomScores:
    """Follow portfolios of scores drawn anew for every month and stock of the universe (M, N).

    The benchmark is the universe in equal weights on the same days and prices. The portfolio is the settings', but
    for what needs an industry, on a unit account. Monthly returns are taken from the daily values, so that the costs
    charged by the account and what they took from its value are told apart.
    """
    random = np.random.default_rng(seed)
    free, unit = ruled.without_rules(), unit_terms(terms)
    form = replace(settings, industry_neutral=False)
    none = np.zeros(universe.shape, dtype=np.int16)
    usual = universe_benchmark(ruled, rows, last, universe, np.ones(len(rows), dtype=bool)).value
    excess_free, excess_ruled, excess_net, cost = (np.full((samples, len(rows)), np.nan) for _ in range(4))
    forbidden = 0
    for s in range(samples):
        scores = np.where(universe, random.standard_normal(universe.shape), np.nan)
        aims = target_weights(scores, none, universe, form)
        gross = follow_account(free, rows, last, of_traded(aims, free, rows), unit.without_costs())
        with_rules = follow_account(ruled, rows, last, aims, unit.without_costs())
        net = follow_account(ruled, rows, last, aims, unit)
        for out, path in ((excess_free, gross), (excess_ruled, with_rules), (excess_net, net)):
            out[s] = monthly_excess(path, usual, rows, last)
        cost[s] = net.cost
        forbidden += filled_against_rules(net.orders, ruled)
        on_sample(s + 1, samples)
    by_month = excess_free.mean(axis=0)
    return RandomScores(
        samples=samples,
        months=len(rows),
        gross_free=float(by_month.mean()),
        error=float(by_month.std(ddof=1) / math.sqrt(len(rows))),
        gross_ruled=float(excess_ruled.mean()),
        cost=float(cost.mean()),
        net=float(excess_net.mean()),
        forbidden=forbidden,
    )


def unit_terms(terms: Terms) -> Terms:
    """The terms of the same account without a size: it has no lots, no least commission, no impact and no bound."""
    nothing = np.zeros_like(terms.least)
    return replace(terms, account_yuan=0.0, least=nothing, impact=0.0, max_participation=0.0)


def filled_against_rules(orders: Orders, tape: Tape) -> int:
    """How many orders were filled, if in part, where the tape forbids it; a departure is no order."""
    forbidden = np.where(
        orders.side > 0, tape.no_buy[orders.row, orders.stock], tape.no_sell[orders.row, orders.stock]
    )
    return int((forbidden & (orders.filled > 0) & (orders.reason != DEPARTED)).sum())


def monthly_excess(path: AccountPath, usual: Floats, rows: Rows, last: int) -> Floats:
    """Returns between the closes of execution days, the first from before any trade, less the benchmark's, (M,)."""
    at = np.searchsorted(path.row, np.concatenate([path.row[:1], rows[1:], [last]]))
    own, other = path.value[at], usual[at]
    return np.asarray(own[1:] / own[:-1] - other[1:] / other[:-1])
