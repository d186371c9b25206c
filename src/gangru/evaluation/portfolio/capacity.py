"""What is left of the excess when the account grows: the same aims with accounts of several sizes."""

from dataclasses import replace

import numpy as np
import polars as pl

from gangru.evaluation.months import Rows
from gangru.evaluation.performance import annual_return
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.path import DEPARTED, Orders
from gangru.evaluation.portfolio.terms import Tape, Terms, least_commissions
from gangru.market.daily import Bools, Floats

SIZES_YUAN = (1e7, 3e7, 1e8, 3e8, 1e9, 3e9, 1e10)

SCHEMA = {
    "account_yuan": pl.Float64,
    "net_annual_return": pl.Float64,
    "net_annual_excess": pl.Float64,
    "monthly_cost": pl.Float64,
    "fill_rate": pl.Float64,
    "invested": pl.Float64,
}


def capacity_curve(
    tape: Tape, rows: Rows, last: int, weights: Floats, terms: Terms, held: Bools, benchmark: Floats,
    *, impact: float, max_participation: float, sizes: tuple[float, ...] = SIZES_YUAN,
) -> pl.DataFrame:  # fmt: skip
    """One row an account size: annual net return and excess over the benchmark's value (days,), cost and fills.

    Lots, least commission, impact and the bound of participation hold as for a sized account. `monthly_cost` is the
    mean cost of a month in parts of the account, `fill_rate` yuan filled of those asked for, `invested` the same of
    purchases alone.
    """
    least = least_commissions(tape.dates)
    usual = annual_return(benchmark)
    out = []
    for size in sizes:
        sized = replace(
            terms, account_yuan=size, least=least, impact=impact, max_participation=max_participation
        )
        path = follow_account(tape, rows, last, weights, sized, held)
        gained = annual_return(path.value)
        cost = path.cost[~np.isnan(path.cost)]
        out.append(
            {
                "account_yuan": size,
                "net_annual_return": gained,
                "net_annual_excess": None if gained is None or usual is None else gained - usual,
                "monthly_cost": float(cost.mean()) if len(cost) else None,
                "fill_rate": fill_rate(path.orders),
                "invested": fill_rate(path.orders, side=1),
            }
        )
    return pl.DataFrame(out, schema=SCHEMA)


def fill_rate(orders: Orders, side: int | None = None) -> float | None:
    """Yuan filled over yuan asked for, further tries of an open order asking for nothing new; None without orders.

    A departure is no order.
    """
    chosen = (orders.reason != DEPARTED) & ((orders.side == side) if side is not None else True)
    asked = float(orders.wanted[chosen & ~orders.retry].sum())
    return float(orders.filled[chosen].sum()) / asked if asked > 0 else None
