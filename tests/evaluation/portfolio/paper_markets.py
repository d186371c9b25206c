"""Small markets and terms of hand-computed cases, and what such a case asks of a path."""

from dataclasses import replace
from typing import Any

import numpy as np

from evaluation.portfolio.slow_account import SlowPath
from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.market.daily import carried

NAN = np.nan
MAIN = ("600000.SH", "600001.SH", "600002.SH", "600003.SH")


def tape(close: Any, codes: tuple[str, ...] = MAIN, first: str = "2022-06-01", **changed: Any) -> Tape:
    """A market of closes (D, N) at which orders are filled; 1e9 yuan of each stock change hands a day."""
    close = np.asarray(close, dtype=float)
    factor = np.asarray(changed.pop("factor", np.ones_like(close)), dtype=float)
    never = np.zeros(close.shape, dtype=bool)
    fields = {
        "dates": np.busday_offset(first, np.arange(len(close)), roll="forward").astype("datetime64[D]"),
        "codes": np.array(codes[: close.shape[1]]),
        "close": close,
        "price": close,
        "factor": factor,
        "amount": np.where(np.isnan(close), NAN, 1e9),
        "no_buy": never,
        "no_sell": never,
        "held": carried(close * factor),
    }
    return Tape(**(fields | changed))


def terms(days: int, **changed: Any) -> Terms:
    nothing = np.zeros(days)
    return Terms(
        **({"commission": 0.0, "buy_levy": nothing, "sell_levy": nothing, "least": nothing} | changed)
    )


def marked(shape: tuple[int, int], *cells: tuple[int, int]) -> np.ndarray:
    flags = np.zeros(shape, dtype=bool)
    for cell in cells:
        flags[cell] = True
    return flags


def filled(path: SlowPath, d: int, i: int) -> float:
    """Yuan of the one order of a day and stock, minus for a sale."""
    (order,) = [order for order in path.orders if order[:2] == (d, i)]
    return order[2] * order[4]


def reasons(path: SlowPath, d: int) -> dict[int, int]:
    return {order[1]: order[6] for order in path.orders if order[0] == d}


def tape_with(market: Tape, stocks: int) -> Tape:
    """The one stock of a market, and others just like it."""
    wide = {
        name: np.repeat(getattr(market, name), stocks, axis=1)
        for name in ("close", "price", "factor", "amount", "no_buy", "no_sell", "held")
    }
    return replace(market, codes=np.array(MAIN[:stocks]), **wide)
