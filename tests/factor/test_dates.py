"""The dates a factor is taken on."""

import numpy as np
import pytest

from gangru.factor.dates import factor_rows

# Two weeks, the second without its Friday, and the first days of the third: Thursday to Wednesday.
CALENDAR = np.array(
    [
        *("2024-01-29", "2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"),
        *("2024-02-05", "2024-02-06", "2024-02-07", "2024-02-08"),
        *("2024-02-19", "2024-02-20", "2024-02-21"),
    ],
    dtype="datetime64[D]",
)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("month_end", ["2024-01-31"]),
        ("week_end", ["2024-02-02", "2024-02-08"]),
        ("daily", [str(day) for day in CALENDAR]),
    ],
)
def test_the_days_of_each_rule(rule, days):
    assert CALENDAR[factor_rows(CALENDAR, CALENDAR, rule)].astype(str).tolist() == days


def test_the_last_day_of_the_data_ends_a_week_where_the_calendar_says_so():
    data = CALENDAR[:5]
    assert data[factor_rows(data, CALENDAR, "week_end")].astype(str).tolist() == ["2024-02-02"]
    assert len(factor_rows(data, CALENDAR[:5], "week_end")) == 0
    assert len(factor_rows(CALENDAR[:4], CALENDAR, "week_end")) == 0  # its Friday is still to come


def test_weeks_before_1970_run_from_monday_too():
    days = np.arange(np.datetime64("1969-12-22"), np.datetime64("1970-01-17"))
    days = days[np.is_busday(days)]
    found = days[factor_rows(days, days, "week_end")]
    assert found.astype(str).tolist() == ["1969-12-26", "1970-01-02", "1970-01-09"]
