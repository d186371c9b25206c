"""The headline figures of a factor from its monthly ICs and its portfolio's daily net value."""

from dataclasses import dataclass, fields

import numpy as np

from gangru.evaluation.conventions import Measured
from gangru.evaluation.ic import mean_of_defined
from gangru.evaluation.performance import performance, ratio
from gangru.evaluation.settings import EvaluationSettings
from gangru.evaluation.significance import bootstrap_interval, newey_west_t
from gangru.market.daily import Floats

YEAR_MONTHS = 12


@dataclass(frozen=True)
class Headline:
    """The figures of one factor under one convention; formulas in `headline` below."""

    months: int
    ic_mean: float | None
    icir: float | None
    ic_latest: float | None
    ic_1y: float | None
    annual_return: float | None
    annual_volatility: float | None
    return_over_volatility: float | None
    information_ratio: float | None
    max_drawdown: float | None
    turnover: float | None
    annual_excess: float | None
    annual_excess_ratio: float | None
    net_annual_return: float | None
    net_annual_volatility: float | None
    net_return_over_volatility: float | None
    net_information_ratio: float | None
    net_max_drawdown: float | None
    net_annual_excess: float | None
    ic_t: float | None  # Newey–West t of the mean IC
    ic_low: float | None  # bootstrap interval of the mean IC, 95 %
    ic_high: float | None
    ic_positive: float | None  # share of months with an IC above 0


EMPTY = Headline(
    months=0, **dict.fromkeys(field.name for field in fields(Headline) if field.name != "months")
)


def icir(ic: Floats) -> float | None:
    """Mean over standard deviation (n − 1) of the monthly ICs, not annualised; None where undefined."""
    defined = ic[~np.isnan(ic)]
    if len(defined) < 2:
        return None
    return ratio(float(defined.mean()), float(defined.std(ddof=1)))


def headline(ic: Floats, measured: Measured, settings: EvaluationSettings) -> Headline:
    """All figures of one convention.

    `ic` (M,) is the kind of IC that the figures are of, NaN where a month has none. ic_latest is the last
    month's; ic_1y the mean of the last 12 months that have one; turnover the mean over the rebalancings after
    the first purchase; the rest as in `performance`, gross and, with `net_`, after costs.
    """
    defined = ic[~np.isnan(ic)]
    gross = performance(measured.long.gross, measured.benchmark.value)
    net = performance(measured.long.net, measured.benchmark.value)
    interval = bootstrap_interval(
        ic,
        confidence=settings.confidence,
        samples=settings.bootstrap_samples,
        block=settings.bootstrap_block,
        seed=settings.bootstrap_seed,
    )
    return Headline(
        months=len(defined),
        ic_mean=mean_of_defined(ic),
        icir=icir(ic),
        ic_latest=mean_of_defined(ic[-1:]),
        ic_1y=mean_of_defined(defined[-YEAR_MONTHS:]) if len(defined) >= YEAR_MONTHS else None,
        annual_return=gross.annual_return,
        annual_volatility=gross.annual_volatility,
        return_over_volatility=gross.return_over_volatility,
        information_ratio=gross.information_ratio,
        max_drawdown=gross.max_drawdown,
        turnover=mean_of_defined(measured.long.turnover),
        annual_excess=gross.annual_excess,
        annual_excess_ratio=gross.annual_excess_ratio,
        net_annual_return=net.annual_return,
        net_annual_volatility=net.annual_volatility,
        net_return_over_volatility=net.return_over_volatility,
        net_information_ratio=net.information_ratio,
        net_max_drawdown=net.max_drawdown,
        net_annual_excess=net.annual_excess,
        ic_t=newey_west_t(ic, settings.newey_west_lag),
        ic_low=interval[0] if interval else None,
        ic_high=interval[1] if interval else None,
        ic_positive=mean_of_defined((defined > 0).astype(float)),
    )
