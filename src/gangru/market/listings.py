"""When each stock was listed and left: its spells on the exchange, as dates and as what each day is.

A stock that was delisted and listed again has two spells. A series of bars that ends is no delisting: only a date is.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Dates = NDArray[np.datetime64]
Codes = NDArray[np.str_]
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Spells:
    """The spells of N stocks, in order of stock and start: `stock` positions, `start`, `end` the day after the last.

    A start of NaT was before anything known; an end of NaT is still to come.
    """

    stock: NDArray[np.int64]
    start: Dates
    end: Dates

    def first(self, stocks: int) -> Dates:
        """Each stock's first start, (N,)."""
        listed = np.full(stocks, NEVER)
        listed[self.stock[::-1]] = self.start[::-1]
        return listed

    def again(self, stocks: int) -> Dates:
        """The starts of second and later spells, (R, N), NaT where there are fewer; R is 0 as a rule."""
        number = np.arange(len(self.stock)) - np.searchsorted(self.stock, self.stock)
        later = np.full((int(number.max(initial=0)), stocks), NEVER)
        second = number > 0
        later[number[second] - 1, self.stock[second]] = self.start[second]
        return later


def spells_of(
    codes: Codes, securities: pl.DataFrame, listings: pl.DataFrame | None, first_bar: Dates
) -> Spells:
    """The spells of `codes`, ascending: from the listings; without any from securities; else from the first bar.

    `first_bar` (N,) is NaT for a stock that was there on the first day of all: it was listed before. An end that
    listings leave open is the delisting date of securities, where that has one.
    """
    place = pl.DataFrame(
        {"code": codes.tolist(), "stock": np.arange(len(codes))}, schema_overrides={"code": pl.String}
    )
    known = place.join(securities.unique("code", keep="first"), on="code", how="left", maintain_order="left")
    single = known.select(
        "stock",
        start=pl.coalesce("list_date", pl.Series("first_bar", first_bar).cast(pl.Date)),
        end=pl.col("delist_date"),
    )
    if listings is not None and len(listings):
        own = known.join(listings.select("code", "start", "end"), on="code", how="inner")
        several = own.select(
            "stock",
            "start",
            end=pl.coalesce(
                "end", pl.when(pl.col("delist_date") > pl.col("start")).then(pl.col("delist_date"))
            ),
        )
        single = pl.concat([single.join(several, on="stock", how="anti"), several])
    spells = single.sort("stock", "start", nulls_last=False)
    return Spells(
        spells["stock"].to_numpy(),
        spells["start"].to_numpy().astype("datetime64[D]"),
        spells["end"].to_numpy().astype("datetime64[D]"),
    )


def gone_rows(spells: Spells, dates: Dates, calendar: Dates) -> list[tuple[slice, int]]:
    """The rows of `dates` on which a stock has left, each with the stock: from its last day to its next listing.

    The last day is the last trading day of `calendar` before a spell's end: the exchange announces the end before it,
    and who bought that day could never sell.
    """
    ended = np.flatnonzero(~np.isnat(spells.end))
    gone = []
    for k in ended.tolist():
        before = int(np.searchsorted(calendar, spells.end[k])) - 1
        first = int(np.searchsorted(dates, calendar[before])) if before >= 0 else 0
        again = k + 1 < len(spells.stock) and spells.stock[k + 1] == spells.stock[k]
        last = int(np.searchsorted(dates, spells.start[k + 1])) if again else len(dates)
        if first < last:
            gone.append((slice(first, last), int(spells.stock[k])))
    return gone
