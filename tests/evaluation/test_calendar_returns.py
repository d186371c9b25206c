"""Returns by month and year against hand-computed cases and plain loops."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.evaluation.calendar_returns import (
    MonthFigures,
    longest_run,
    month_figures,
    monthly_returns,
    year_by_month,
    yearly_returns,
)

DATES = np.array(
    ["2019-11-29", "2019-12-02", "2019-12-31", "2020-01-02", "2020-01-23", "2020-02-03"],
    dtype="datetime64[D]",
)
LONG = np.array([1.0, 1.1, 1.2, 0.9, 1.5, 1.2])
MARKET = np.array([1.0, 1.0, 1.1, 1.21, 1.1, 0.88])


@st.composite
def dated_values(draw):
    """Some days of three years, gaps of months included, and two values on them."""
    steps = draw(st.lists(st.integers(1, 70), max_size=40))
    dates = np.datetime64("2018-12-28") + np.cumsum([0, *steps])
    change = st.lists(st.integers(-900, 900), min_size=len(steps), max_size=len(steps))
    values = [np.cumprod([1.0, *(1 + step / 1e4 for step in draw(change))]) for _ in range(2)]
    return dates, *values


def test_months_and_years_of_a_hand_computed_case():
    monthly = monthly_returns(DATES, {"long": LONG}, MARKET)
    assert monthly.columns == ["month", "days", "long", "benchmark", "long_excess", "long_excess_ratio"]
    assert monthly["month"].to_list() == ["2019-12", "2020-01", "2020-02"]  # November has no return
    assert monthly["days"].to_list() == [2, 2, 1]
    assert monthly["long"].to_list() == pytest.approx([0.2, 0.25, -0.2])
    assert monthly["benchmark"].to_list() == pytest.approx([0.1, 0, -0.2])
    assert monthly["long_excess"].to_list() == pytest.approx([0.1, 0.25, 0])
    assert monthly["long_excess_ratio"].to_list() == pytest.approx([1.2 / 1.1 - 1, 0.25, 0])
    yearly = yearly_returns(DATES, {"long": LONG}, MARKET)
    assert yearly["year"].to_list() == [2019, 2020]
    assert yearly["days"].to_list() == [2, 3]
    assert yearly["long"].to_list() == pytest.approx([0.2, 0])
    assert yearly["long_excess"].to_list() == pytest.approx([0.1, 0.2])
    assert yearly["long_excess_ratio"].to_list() == pytest.approx([1.2 / 1.1 - 1, 1 / 0.8 - 1])


def test_several_values_stand_side_by_side_and_the_benchmark_may_be_left_out():
    both = monthly_returns(DATES, {"long": LONG, "net": LONG**0.5}, MARKET)
    assert both.columns == [
        *("month", "days", "long", "net", "benchmark", "long_excess", "net_excess"),
        *("long_excess_ratio", "net_excess_ratio"),
    ]
    alone = monthly_returns(DATES, {"net": LONG**0.5})
    assert alone.columns == ["month", "days", "net"]
    assert both["net"].equals(alone["net"])
    assert both["net_excess"].to_list() == pytest.approx((alone["net"] - both["benchmark"]).to_list())


def test_year_by_month_holds_each_return_in_its_cell_and_nothing_elsewhere():
    monthly, yearly = (make(DATES, {"long": LONG}, MARKET) for make in (monthly_returns, yearly_returns))
    grid = year_by_month(monthly, yearly, "long_excess")
    assert grid.columns == ["year", *(f"{month:02d}" for month in range(1, 13)), "total"]
    first, second = grid.rows()
    assert first == pytest.approx((2019, *[None] * 11, 0.1, 0.1))
    assert second == pytest.approx((2020, 0.25, 0, *[None] * 10, 0.2), abs=1e-12)


@given(dated_values())
def test_returns_are_those_of_a_loop_over_the_days(case):
    dates, long, market = case
    for size, name, make in ((7, "month", monthly_returns), (4, "year", yearly_returns)):
        expected: dict[str, list[float]] = {}
        for i in range(1, len(dates)):
            period = expected.setdefault(str(dates[i])[:size], [1.0, 1.0, 0])
            period[0] *= long[i] / long[i - 1]
            period[1] *= market[i] / market[i - 1]
            period[2] += 1
        table = make(dates, {"long": long}, market)
        assert [str(period) for period in table[name]] == list(expected)
        for row, (gain, usual, days) in zip(table.rows(named=True), expected.values(), strict=True):
            assert row["days"] == days
            assert row["long"] == pytest.approx(gain - 1)
            assert row["long_excess"] == pytest.approx(gain - usual)
            assert row["long_excess_ratio"] == pytest.approx(gain / usual - 1)


@given(dated_values(), st.floats(0.1, 10))
def test_months_compound_to_years_and_years_to_the_whole_from_any_start(case, scale):
    dates, long, market = case
    monthly, yearly = (
        make(dates, {"long": scale * long}, market) for make in (monthly_returns, yearly_returns)
    )
    for column, whole in (("long", long[-1]), ("long_excess_ratio", long[-1] / market[-1])):
        assert (1 + yearly[column]).product() == pytest.approx(whole)
        grid = year_by_month(monthly, yearly, column)
        for year in grid.rows(named=True):
            months = [year[f"{m:02d}"] for m in range(1, 13) if year[f"{m:02d}"] is not None]
            assert months
            assert np.prod([1 + month for month in months]) == pytest.approx(1 + year["total"])


def test_month_figures_of_a_hand_computed_case():
    returns = [0.1, -0.1, -0.2, 0.0, -0.1, -0.05, -0.2, 0.1]
    monthly = pl.DataFrame({"month": [f"2020-{m:02d}" for m in range(1, 9)], "long": returns})
    assert month_figures(monthly, "long") == MonthFigures(
        months=8,
        win_rate=0.25,
        best_month="2020-01",
        best_return=0.1,
        worst_month="2020-03",
        worst_return=-0.2,
        losing_streak=3,
    )


@given(dated_values())
def test_both_excesses_win_in_the_same_months(case):
    dates, long, market = case
    monthly = monthly_returns(dates, {"long": long}, market)
    by_difference, by_ratio = (month_figures(monthly, name) for name in ("long_excess", "long_excess_ratio"))
    clear = monthly.filter(pl.col("long_excess").abs() > 1e-12)
    if len(clear) == len(monthly):  # a tie is decided by rounding
        assert by_difference.win_rate == by_ratio.win_rate
        assert by_difference.losing_streak == by_ratio.losing_streak


@given(st.lists(st.booleans(), max_size=30))
def test_longest_run_is_the_longest_word_between_breaks(true):
    text = "".join("x" if one else " " for one in true)
    assert longest_run(np.array(true, dtype=bool)) == max(len(word) for word in text.split(" "))


@pytest.mark.parametrize("count", [0, 1])
def test_a_value_without_a_return_has_no_months(count):
    monthly = monthly_returns(DATES[:count], {"long": LONG[:count]}, MARKET[:count])
    yearly = yearly_returns(DATES[:count], {"long": LONG[:count]}, MARKET[:count])
    full = monthly_returns(DATES, {"long": LONG}, MARKET)
    assert len(monthly) == len(yearly) == 0
    assert monthly.schema == full.schema
    assert month_figures(monthly, "long") == MonthFigures()
    grid = year_by_month(monthly, yearly, "long")
    assert grid.schema == year_by_month(full, yearly_returns(DATES, {"long": LONG}), "long").schema
    assert len(grid) == 0


def test_a_value_that_stands_still_neither_wins_nor_loses():
    figures = month_figures(monthly_returns(DATES, {"long": np.ones(6)}), "long")
    assert (figures.months, figures.win_rate, figures.losing_streak) == (3, 0, 0)
    assert (figures.best_return, figures.worst_return, figures.best_month) == (0, 0, "2019-12")


def test_what_has_lost_all_returns_nothing_more_and_is_no_measure():
    ruined = np.array([1.0, 1.0, 0.5, 0, 0, 0])
    monthly = monthly_returns(DATES, {"long": ruined, "other": LONG}, ruined)
    assert monthly["long"].to_list() == [-0.5, -1, 0]
    assert monthly["other_excess_ratio"].to_list() == [pytest.approx(1.4), None, None]
    assert monthly["other_excess"].to_list() == pytest.approx([0.7, 1.25, -0.2])
    assert month_figures(monthly, "other_excess_ratio").months == 1
