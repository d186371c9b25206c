"""Where each bar goes in the (date, stock) arrays: codes become identities, and no place is taken twice."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.market.identity import Identities

Dates = NDArray[np.datetime64]


@dataclass(frozen=True)
class Placed:
    """The axes, and of every bar its position in the flattened (D, N) arrays and whether it is used there.

    `counts` has the bars that were left out because another code of the security has one on the day, and the
    securities whose series is put together from several codes.
    """

    dates: Dates
    codes: NDArray[np.str_]
    at: NDArray[np.int64]
    used: NDArray[np.bool_]
    counts: dict[str, int]

    @property
    def shape(self) -> tuple[int, int]:
        """D days, N stocks."""
        return len(self.dates), len(self.codes)


def placed(
    bars: pl.DataFrame, calendar: Dates, identities: Identities | None, traded: NDArray[np.bool_]
) -> Placed:
    """Place bars on the days of `calendar` from the first bar to the last, and on their securities in order of code.

    Bars on a day that the calendar lacks are not used. Of a security's several codes with a bar on one day the newest
    that `traded` (rows,) is used, or the newest if none did: a vendor who writes a history under the new code writes
    all of it on one basis, and to mix two series would put a jump where they meet. Raises MarketError where there are
    no bars, or none on a day of the calendar.
    """
    if bars.is_empty():
        raise MarketError("the store has no bars: ingest some with `gangru ingest PATH`")
    days = bars["date"].to_physical().to_numpy()
    dates, row = day_rows(days, calendar)
    if not len(dates):
        raise MarketError(
            "no bar of the store lies on a day of its calendar: ingest one that covers the bars"
        )
    names = bars["code"].unique().sort()
    number = bars["code"].cast(pl.Enum(names)).to_physical().to_numpy()
    identity = identities.of(names) if identities else names
    axis = identity.unique().sort()
    column = axis.search_sorted(identity).to_numpy().astype(np.int64)
    at = row * len(axis) + column[number]
    used = row >= 0
    counts: dict[str, int] = {}
    if identities and len(axis) < len(names):
        counts = leave_doubles(at, used, number, traded, names, identity, identities)
    return Placed(dates, axis.to_numpy().astype(np.str_), at, used, counts)


def day_rows(days: NDArray[np.int32], calendar: Dates) -> tuple[Dates, NDArray[np.int64]]:
    """The calendar's days from the first to the last of `days`, and the position of each of `days`, −1 where absent."""
    first, last = int(days.min()), int(days.max())
    number = calendar.astype("datetime64[D]").astype(np.int64)
    inside = number[(number >= first) & (number <= last)]
    position = np.full(last - first + 1, -1, dtype=np.int64)
    position[inside - first] = np.arange(len(inside))
    return inside.astype("datetime64[D]"), position[days - first]


def leave_doubles(
    at: NDArray[np.int64],
    used: NDArray[np.bool_],
    number: NDArray[np.uint32],
    traded: NDArray[np.bool_],
    names: pl.Series,
    identity: pl.Series,
    identities: Identities,
) -> dict[str, int]:
    """Leave one bar at each place in `used`, one that traded before one that did not; what was done, counted."""
    several = identity.is_duplicated().to_numpy()
    among = np.flatnonzero(used & several[number])
    rank = code_ages(names, identity, several, identities)[number[among]]
    order = np.lexsort((-rank, ~traded[among], at[among]))
    place = at[among][order]
    double = np.zeros(len(place), dtype=bool)
    double[1:] = place[1:] == place[:-1]
    used[among[order[double]]] = False
    kept = rank[order][np.maximum.accumulate(np.where(double, 0, np.arange(len(place))))]
    newer = int((rank[order] > kept).sum())
    left = np.unique(number[among[order[~double]]])
    spliced = identity.gather(left)
    joined = spliced.filter(spliced.is_duplicated()).n_unique()
    return {
        "bars of an older code on a day of the newer": int(double.sum()) - newer,
        "bars of a newer code without a trade on a day the older traded": newer,
        "series put together of several codes": joined,
    }


def code_ages(
    names: pl.Series, identity: pl.Series, several: NDArray[np.bool_], identities: Identities
) -> NDArray[np.int64]:
    """How many changes lie before each code that shares its identity; 0 for the others."""
    ages = np.zeros(len(names), dtype=np.int64)
    for k in np.flatnonzero(several).tolist():
        ages[k] = [code for code, _ in identities.chain(identity[k])].index(names[k])
    return ages
