"""Small markets as an account meets them, from a few closes."""

import numpy as np

from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.market.daily import carried


def tape_of_closes(closes: list[list[float]], **changed: np.ndarray) -> Tape:
    """A tape of these closes, whose factor is 1 and which no rule forbids anything on."""
    close = np.array(closes, dtype=float)
    days, stocks = close.shape
    never = np.zeros(close.shape, dtype=bool)
    fields = {
        "dates": np.datetime64("2021-03-01") + np.arange(days),
        "codes": np.array([f"60000{i}.SH" for i in range(stocks)]),
        "close": close,
        "price": close,
        "factor": np.ones(close.shape),
        "amount": np.full(close.shape, 1e9),
        "no_buy": never,
        "no_sell": never,
    } | changed
    return Tape(**fields, held=carried(close * fields["factor"]))


def forbidden(shape: tuple[int, int], *cells: tuple[int, int]) -> np.ndarray:
    """True at these (day, stock)."""
    out = np.zeros(shape, dtype=bool)
    for cell in cells:
        out[cell] = True
    return out


def terms(days: int, **changed: object) -> Terms:
    """Terms that charge nothing."""
    nothing = np.zeros(days)
    return Terms(
        **({"commission": 0.0, "buy_levy": nothing, "sell_levy": nothing, "least": nothing} | changed)
    )
