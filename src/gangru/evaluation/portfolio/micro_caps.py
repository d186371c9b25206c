"""How much of a portfolio lies in the smallest and the least liquid names.

M factor dates × N stocks.
"""

import numpy as np
import polars as pl

from gangru.evaluation.groups import places
from gangru.evaluation.months import ReturnMonths
from gangru.market.daily import Bools, DailyMarket, Floats

SMALLEST = 400  # names
ILLIQUID = 0.2  # share of the universe
DAYS = 20  # of the mean amount


def smallest(universe: Bools, value: Floats) -> Bools:
    """The 400 stocks of each universe with the smallest float value in yuan, (M, N); who has none is not among them.

    And who is outside the universe and no larger than the largest of them.
    """
    place = places(-np.where(universe, value, np.nan))
    return with_outsiders((place >= 0) & (place < SMALLEST), universe, value)


def least_liquid(universe: Bools, amount: Floats) -> Bools:
    """The fifth of each universe with the smallest usual amount a day, (M, N), and outsiders as in `smallest`."""
    place = places(-np.where(universe, amount, np.nan))
    count = (place >= 0).sum(axis=1, keepdims=True)
    return with_outsiders((place >= 0) & (place < np.floor(count * ILLIQUID)), universe, amount)


def with_outsiders(chosen: Bools, universe: Bools, value: Floats) -> Bools:
    """The chosen and who is outside the universe with no more than the most that any of them has, (M, N)."""
    most = np.where(chosen, value, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    return np.asarray(chosen | (~universe & (value <= most)))


def usual_amounts(market: DailyMarket, rows: np.ndarray) -> Floats:
    """Mean yuan traded a day over the 20 days that end on each row, days without trading as 0, (M, N)."""
    return (
        np.stack(
            [np.nan_to_num(market.amount[max(row - DAYS + 1, 0) : row + 1]).mean(axis=0) for row in rows]
        )
        if len(rows)
        else np.zeros((0, len(market.codes)))
    )


def weight_table(months: ReturnMonths, aims: Floats, small: Bools, illiquid: Bools) -> pl.DataFrame:
    """month, smallest_400, least_liquid_fifth: shares of what the portfolio aims at, null where it aims at nothing."""
    aimed = aims.any(axis=1)
    shares = {
        "smallest_400": np.where(aimed, (aims * small).sum(axis=1), np.nan),
        "least_liquid_fifth": np.where(aimed, (aims * illiquid).sum(axis=1), np.nan),
    }
    table = pl.DataFrame({"month": months.names()} | shares, schema_overrides={"month": pl.String})
    return table.with_columns(pl.selectors.float().fill_nan(None))
