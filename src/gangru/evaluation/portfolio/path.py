"""What following an account gives: its days, its values, its orders."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.evaluation.months import Rows
from gangru.market.daily import Floats

# Why an order was not filled whole, in `Orders.reason`.
FILLED, NO_TRADE, UPPER_LIMIT, LOWER_LIMIT, PARTICIPATION, LOT, CASH, DEPARTED = range(8)
REASONS = (
    "",
    "no trade",
    "sealed at the upper limit",
    "sealed at the lower limit",
    "beyond its share of the day",
    "less than a lot",
    "no cash",
    "left the market",
)


@dataclass(frozen=True)
class Orders:
    """Every order of an account, (K,), in the order of days, sales first.

    `row` of the market's axis, `stock` its column, `side` 1 to buy and −1 to sell; `wanted`, `filled` and `cost` in
    yuan, or parts of the unit account; `retry` marks a further try of an order left open, whose `wanted` is what was
    still open. `reason` says what most cut it, FILLED where nothing did; DEPARTED is a holding that left at its last
    price.
    """

    row: Rows
    stock: Rows
    side: NDArray[np.int8]
    wanted: Floats
    filled: Floats
    cost: Floats
    reason: NDArray[np.int8]
    retry: NDArray[np.bool_]


@dataclass(frozen=True)
class AccountPath:
    """An account's days and execution days.

    `row` (days,) rows of the market's axis; `value` (days,) from 1; `month_return` (M,) from each execution to the
    next, NaN for a month that it is out of; `turnover` (M,) one-sided, NaN for a first purchase and where nothing was
    aimed at; `cost` (M,) what each execution day and the tries after it cost, in parts of the value before it.
    """

    row: Rows
    value: Floats
    month_return: Floats
    turnover: Floats
    cost: Floats
    orders: Orders
