"""The days on which a stock listed for long has no price limit for once.

Shapes: D trading days × N stocks.
"""

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import DELISTING, SUSPENDED, Bools, DailyMarket
from gangru.market.rules_table import RULES, Event, TradingRules, rule_on


def free_days(market: DailyMarket, rules: TradingRules = RULES) -> Bools:
    """Whether a day is free of limits as one of the first of a relisting or of a delisting period, (D, N).

    Read off `relisted` and `status` of the market, counted in days on which the stock trades. What began before the
    market's first day is left out: its days may lie before. Each day sees facts that had begun by then.
    """
    free = np.zeros(market.close.shape, dtype=bool)
    for stock in np.flatnonzero(~np.isnat(market.relisted).all(axis=0)).tolist():
        for day in market.relisted[:, stock]:
            if not np.isnat(day) and day >= market.dates[0]:
                first = int(np.searchsorted(market.dates, day))
                free[days_of(market, "relisting", first, stock, rules), stock] = True
    for stock in np.flatnonzero((market.status == DELISTING).any(axis=0)).tolist():
        for first in period_starts(market.status[:, stock]):
            free[days_of(market, "delisting period", first, stock, rules), stock] = True
    return free


def period_starts(status: NDArray[np.int8]) -> list[int]:
    """The rows on which delisting periods begin in one stock's status, (D,); a suspension inside is part of one.

    None on the first row: the period may have begun before.
    """
    known = np.flatnonzero(status != SUSPENDED)
    leaving = status[known] == DELISTING
    begins = leaving[1:] & ~leaving[:-1]
    return [int(row) for row in known[1:][begins]]


def days_of(
    market: DailyMarket, event: Event, first: int, stock: int, rules: TradingRules
) -> NDArray[np.int64]:
    """The rows that an event on row `first` frees from limits, by the rule of its day."""
    rows = [rule for rule in rules.free_days if rule.event == event]
    if not rows or first >= len(market.dates):
        return np.zeros(0, dtype=np.int64)
    days = rule_on(rows, market.dates[first].item()).days
    return np.asarray(first + np.flatnonzero(market.traded[first:, stock])[:days])
