"""The dates a factor is taken on: positions on a date axis, known from the calendar alone."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.datetime64]


def factor_rows(
    dates: Dates, calendar: Dates, rule: Literal["month_end", "week_end", "daily"]
) -> NDArray[np.int64]:
    """Positions in `dates` that are factor dates.

    `calendar` reaches past the last date: the last day of the data is a month's end only where the calendar says so.
    """
    if rule == "daily":
        return np.arange(len(dates))
    days = calendar.astype("datetime64[D]")
    # weeks of Monday to Sunday: 1970-01-01 was a Thursday
    period = days.astype("datetime64[M]") if rule == "month_end" else (days.astype(np.int64) + 3) // 7
    # whether the calendar's own last day ends a period is not known
    last_of_period = np.append(period[1:] != period[:-1], False)
    return np.flatnonzero(np.isin(dates, calendar[last_of_period]))
