"""Return months: month m runs from the last trading day of m − 1 to its own last one."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Dates

Rows = NDArray[np.int64]

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")  # as it is written: 2020-07
ENTRY_LAG = 1  # trading days from the factor date to the close that could be paid after the factor was known


@dataclass(frozen=True)
class ReturnMonths:
    """Consecutive return months, (M,): `start`, `end` are rows of the last trading days of m − 1 and m."""

    month: Dates
    start: Rows
    end: Rows

    def __len__(self) -> int:
        return len(self.month)

    def entry(self, lag: int) -> Rows:
        """Rows of the closes at which the months' portfolios are bought, (M,)."""
        return self.start + lag

    def exit(self, lag: int) -> Rows:
        """Rows of the closes at which the months' returns end, (M,)."""
        return self.end + lag

    def names(self) -> list[str]:
        """The months as 'YYYY-MM'."""
        return [str(month) for month in self.month]


def closing_rows(dates: Dates) -> Rows:
    """Rows of each month's last trading day; the data's last month may go on and has none."""
    month = dates.astype("datetime64[M]")
    return np.flatnonzero(month[1:] != month[:-1])


def return_months(
    dates: Dates, first_factor: np.datetime64, last_factor: np.datetime64, day: np.datetime64 | None = None
) -> ReturnMonths:
    """The months after that of `first_factor` whose exit close, the day after their end, is known.

    The last is the month after that of `last_factor`: what a portfolio does once nobody chooses it any more is no
    result of the factor. `dates` (D,) are the market's trading days, ascending. With `day` the last month ends on the
    last trading day not after it, whether the month goes on or not.
    """
    ends = closing_rows(dates)
    if day is not None:
        cut = int(np.searchsorted(dates, day, "right")) - 1
        ends = np.append(ends[ends < cut], cut) if 0 <= cut < len(dates) - ENTRY_LAG else ends
    start, end = ends[:-1], ends[1:]
    begins = dates[start].astype("datetime64[M]")
    kept = (begins >= first_factor.astype("datetime64[M]")) & (begins <= last_factor.astype("datetime64[M]"))
    return ReturnMonths(dates[end][kept].astype("datetime64[M]"), start[kept], end[kept])


def unpriced_month(dates: Dates, calendar: Dates) -> np.datetime64 | None:
    """The month that ends, by the calendar, with the data: its exit close is still to come."""
    following = calendar[calendar > dates[-1]]
    month = dates[-1].astype("datetime64[M]")
    over = len(following) > 0 and following.min().astype("datetime64[M]") > month
    return np.datetime64(month) if over else None


def up_to(months: ReturnMonths, last: np.datetime64) -> ReturnMonths:
    """The return months not after `last`."""
    kept = months.month <= last
    return ReturnMonths(months.month[kept], months.start[kept], months.end[kept])
