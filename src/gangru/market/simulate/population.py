"""The stocks of a simulated market: who they are, before any price is drawn.

Legend: D trading days, N stocks in ascending order of code.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.market.codes import board
from gangru.market.daily import Codes, Dates, Floats
from gangru.market.simulate.codes import (
    SETTLED,
    STARTS,
    CodeChange,
    before_920,
    draw_code_changes,
    draw_codes,
)
from gangru.market.simulate.industries import Classes, draw_classes, draw_industries, industry_names
from gangru.market.simulate.settings import SimulateSettings

Ints = NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
EARLIEST_LEAVE, LATEST_RETURN = 60, 40  # days from the first and to the last of the span
AWAY_DAYS = (242, 726)  # between leaving the market and being listed again


@dataclass(frozen=True)
class Population:
    """Every stock's constants, (N,) each; the industry, which may change once, is (D, N).

    `codes` are those of the last day. `leaves` and `returns` are positions on the date axis of the first day without a
    stock that is listed again later, and of that listing; NEVER where there is none.
    """

    codes: Codes
    code_changes: tuple[CodeChange, ...]
    boards: Codes
    list_date: Dates
    first_row: Ints  # position of the listing on the date axis, 0 where it was before
    is_new: NDArray[np.bool_]
    leaves: Ints
    returns: Ints
    industry: Ints
    industry_names: tuple[str, ...]
    classes: Classes
    beta: Floats
    volatility: Floats  # daily, of the stock's own return
    log_turnover: Floats  # level of the daily turnover rate
    price: Floats  # first raw close, yuan
    factor: Floats
    shares: Floats  # tradable shares on the first day


def draw_population(
    settings: SimulateSettings, dates: Dates, rng: np.random.Generator, rare: np.random.Generator
) -> Population:
    """Draw the stocks of a market whose bars are on `dates`; `rare` draws what happens to few of them."""
    n = settings.stocks
    first_row = np.zeros(n, dtype=np.int64)
    new = np.zeros(n, dtype=bool)
    new[rng.permutation(n)[: round(settings.new_listings * n)]] = True
    latest = max(len(dates) - 60, 2)
    first_row[new] = rng.integers(1, latest, new.sum())
    codes = draw_codes(dates[first_row], new, settings, rng, rare)
    order = np.argsort(codes)
    codes, new, first_row = codes[order], new[order], first_row[order]
    log_value = np.log(4e9) + 1.1 * rng.standard_normal(n)
    price = np.exp(np.clip(np.log(14) + 0.55 * rng.standard_normal(n), np.log(4), np.log(150)))
    size = (log_value - np.log(4e9)) / 1.1
    list_date = np.where(new, dates[first_row], _old_listings(board(codes), dates[0], rng))
    codes = before_920(codes, list_date, dates[-1])
    order = np.argsort(codes, kind="stable")
    codes, new, first_row, list_date = codes[order], new[order], first_row[order], list_date[order]
    leaves, returns = _draw_relistings(new, len(dates), settings.relistings, rare)
    steady = ~new & (leaves == NEVER)
    return Population(
        codes=codes,
        code_changes=draw_code_changes(codes, steady, list_date, dates, settings.code_changes, rare),
        boards=board(codes),
        list_date=list_date,
        first_row=first_row,
        is_new=new,
        leaves=leaves,
        returns=returns,
        industry=draw_industries(settings, len(dates), new, rng),
        industry_names=industry_names(settings.industries),
        classes=draw_classes(n, settings.industries, rare),
        beta=np.clip(1 + 0.2 * rng.standard_normal(n), 0.4, 1.6),
        volatility=0.0185 * np.exp(0.22 * rng.standard_normal(n) - 0.08 * size),
        log_turnover=np.log(0.014) + 0.5 * rng.standard_normal(n) - 0.25 * size,
        price=np.round(price, 2),
        factor=np.where(new, 1.0, np.round(np.exp(rng.uniform(0, 1.6, n)), 4)),
        shares=np.maximum(np.round(np.exp(log_value) / price, -4), 1e7),
    )


def _old_listings(boards: Codes, first: np.datetime64, rng: np.random.Generator) -> Dates:
    """Listing dates before the span, (N,), weekdays at least a year back."""
    earliest = np.full(len(boards), np.datetime64("1994-01-03"))
    for name, start in STARTS.items():
        earliest[boards == name] = start
    latest = first - SETTLED
    span = np.maximum((latest - earliest).astype(np.int64), 1)
    drawn = np.minimum(earliest, latest) + (rng.random(len(boards)) * span).astype(np.int64)
    return np.asarray(np.busday_offset(drawn.astype("datetime64[D]"), 0, roll="backward"))


def _draw_relistings(
    new: NDArray[np.bool_], days: int, share: float, rare: np.random.Generator
) -> tuple[Ints, Ints]:
    """When some old stocks leave and are listed again, (N,) each; none in a span too short for it."""
    n = len(new)
    leaves, returns = np.full(n, NEVER), np.full(n, NEVER)
    latest_leave = days - LATEST_RETURN - AWAY_DAYS[0]
    if latest_leave <= EARLIEST_LEAVE:
        return leaves, returns
    chosen = rare.permutation(np.flatnonzero(~new))[: round(share * n)]
    leaves[chosen] = rare.integers(EARLIEST_LEAVE, latest_leave, len(chosen))
    away = rare.integers(*AWAY_DAYS, len(chosen))
    returns[chosen] = np.minimum(leaves[chosen] + away, days - LATEST_RETURN)
    return leaves, returns
