"""The dated drawdowns against hand-computed cases and a walk from day to day."""

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from gangru.evaluation.drawdowns import DRAWDOWNS, Span, within, worst_drawdowns
from gangru.evaluation.performance import max_drawdown

VALUES = st.lists(st.integers(1, 30).map(float), max_size=60).map(
    np.array
)  # small whole numbers: highs are met again


def january(count: int) -> np.ndarray:
    return np.datetime64("2020-01-01") + np.arange(count)


def day(number: int, month: int = 1) -> datetime.date:
    return datetime.date(2020, month, number)


def walk(value: np.ndarray) -> list[dict]:
    """Every drawdown, by carrying the high from day to day."""
    found: list[dict] = []
    high, current = 0, None
    for today in range(len(value)):
        if value[today] >= value[high]:
            if current is not None:
                found.append(current | {"end": today})
                current = None
            high = today
        elif current is None or value[today] < value[current["trough"]]:
            current = {"start": high, "trough": today, "end": None}
    if current is not None:
        found.append(current)
    for one in found:
        one["depth"] = 1 - value[one["trough"]] / value[one["start"]]
        one["days_to_trough"] = one["trough"] - one["start"]
        one["days_to_recovery"] = None if one["end"] is None else one["end"] - one["trough"]
    return sorted(found, key=lambda one: (-round(one["depth"], 12), one["start"]))


def test_drawdowns_of_a_hand_computed_case():
    value = np.array([1.0, 1.2, 1.2, 0.9, 1.0, 0.9, 1.2, 1.5, 1.2, 1.6, 1.4])
    table = worst_drawdowns(january(11), value)
    expected = pl.DataFrame(
        {
            "start": [day(3), day(8), day(10)],
            "trough": [day(4), day(9), day(11)],
            "end": [day(7), day(10), None],
            "depth": [0.25, 0.2, 0.125],
            "days_to_trough": [1, 1, 1],
            "days_to_recovery": [3, 1, None],
        },
        schema=DRAWDOWNS,
    )
    assert_frame_equal(table, expected)
    assert worst_drawdowns(january(11), value, count=1).equals(table.head(1))


def test_of_many_equally_deep_falls_the_first_five_are_shown():
    value = np.tile([1.0, 0.9, 1.0, 0.8], 20)
    table = worst_drawdowns(january(len(value)), value)
    assert table["trough"].to_list() == [january(20)[i].item() for i in (3, 7, 11, 15, 19)]


@given(VALUES, st.integers(1, 70))
def test_drawdowns_are_those_of_a_walk_from_day_to_day(value, count):
    dates = january(len(value))
    expected = [
        {key: dates[one[key]].item() if one[key] is not None else None for key in ("start", "trough", "end")}
        | {key: one[key] for key in ("depth", "days_to_trough", "days_to_recovery")}
        for one in walk(value)[:count]
    ]
    table = worst_drawdowns(dates, value, count)
    assert table.drop("depth").rows(named=True) == [
        {key: item for key, item in one.items() if key != "depth"} for one in expected
    ]
    assert table["depth"].to_list() == pytest.approx([one["depth"] for one in expected])


@given(VALUES.filter(lambda value: len(value) > 1), st.floats(0.1, 10))
def test_drawdowns_share_no_day_and_the_first_is_the_deepest(value, scale):
    dates = january(len(value))
    table = worst_drawdowns(dates, value, len(value))
    assert (table["depth"] > 0).all()
    assert (table["depth"] <= 1).all()
    assert table["depth"].is_sorted(descending=True)
    assert (table["depth"].max() or 0) == pytest.approx(max_drawdown(value))
    spans = table.sort("start").with_columns(pl.col("end").fill_null(datetime.date(2021, 1, 1)))
    assert (spans["trough"] < spans["end"]).all()
    assert (spans["start"][1:] >= spans["end"][:-1]).all()
    assert table["end"].null_count() <= 1
    scaled = worst_drawdowns(dates, scale * value, len(value))
    assert scaled["depth"].to_list() == pytest.approx(table["depth"].to_list())


@pytest.mark.parametrize("value", [[], [1.0], [1.0, 1.0, 1.0], [1.0, 1.1, 1.2], [1.0, 1.0 - 1e-16 * 3, 1.0]])
def test_a_value_that_never_falls_has_no_drawdowns(value):
    table = worst_drawdowns(january(len(value)), np.array(value))
    assert table.schema == DRAWDOWNS
    assert len(table) == 0


def test_a_value_that_loses_all_never_recovers():
    table = worst_drawdowns(january(5), np.array([1.0, 1.1, 0.5, 0, 0]))
    assert table.rows() == [(day(2), day(4), None, 1.0, 2, None)]


def test_span_of_a_hand_computed_case():
    value = np.array([1.0, 2.0, 1.8, 1.9, 1.52, 1.7, 3.0, 0.1])
    benchmark = np.array([1.0, 1.0, 1.0, 1.1, 1.0, 1.2, 1.0, 1.0])
    span = within(january(8), value, benchmark, np.datetime64("2020-01-04"), np.datetime64("2020-01-06"))
    assert (span.base, span.last, span.days) == (day(3), day(6), 3)
    assert span.value_return == pytest.approx(1.7 / 1.8 - 1)
    assert span.benchmark_return == pytest.approx(0.2)
    assert span.excess == pytest.approx(1.7 / 1.8 - 1 - 0.2)
    assert span.excess_ratio == pytest.approx(1.7 / 1.8 / 1.2 - 1)
    assert span.max_drawdown == pytest.approx(0.2)  # of the 1.9 within the span, not of the 2.0 before it
    assert (span.high, span.trough) == (day(4), day(5))
    assert span.benchmark_drawdown == pytest.approx(1 - 1.0 / 1.1)


def test_span_between_days_without_trading_takes_the_days_within():
    dates = np.array(["2019-12-31", "2020-01-02", "2020-01-10", "2020-02-03"], dtype="datetime64[D]")
    value = np.array([1.0, 0.8, 0.9, 2.0])
    span = within(dates, value, np.ones(4), np.datetime64("2020-01-01"), np.datetime64("2020-01-31"))
    assert (span.base, span.last, span.days) == (datetime.date(2019, 12, 31), day(10), 2)
    assert span.value_return == pytest.approx(-0.1)
    assert (span.high, span.trough) == (datetime.date(2019, 12, 31), day(2))


def test_span_that_begins_before_the_value_starts_with_it():
    value = np.array([1.0, 1.1, 1.2])
    span = within(january(3), value, np.ones(3), np.datetime64("2019-01-01"), np.datetime64("2020-12-31"))
    assert (span.base, span.last, span.days) == (day(1), day(3), 2)
    assert (span.max_drawdown, span.high, span.trough) == (0, None, None)


@pytest.mark.parametrize(
    ("first", "last"),
    [("2019-01-01", "2019-12-31"), ("2019-12-31", "2020-01-01"), ("2021-01-01", "2021-02-01")],
)
def test_span_without_a_return_has_no_figures(first, last):
    value = np.array([1.0, 1.1, 1.2])
    assert within(january(3), value, np.ones(3), np.datetime64(first), np.datetime64(last)) == Span()
    empty = np.zeros(0)
    assert within(january(0), empty, empty, np.datetime64(first), np.datetime64(last)) == Span()


def test_span_of_what_has_lost_all():
    ruined, other = np.array([1.0, 0, 0, 0]), np.array([1.0, 1.1, 1.0, 1.2])
    first, last = np.datetime64("2020-01-03"), np.datetime64("2020-01-04")
    after = within(january(4), ruined, other, first, last)
    assert (after.value_return, after.excess, after.excess_ratio, after.max_drawdown) == (
        None,
        None,
        None,
        None,
    )
    assert after.benchmark_return == pytest.approx(1.2 / 1.1 - 1)
    beside = within(january(4), other, ruined, first, last)
    assert (beside.benchmark_return, beside.excess, beside.excess_ratio) == (None, None, None)
    assert beside.value_return == pytest.approx(1.2 / 1.1 - 1)
    during = within(january(4), other, ruined, np.datetime64("2020-01-02"), last)
    assert (during.benchmark_return, during.benchmark_drawdown, during.excess_ratio) == (-1, 1, None)
    assert during.excess == pytest.approx(1.2)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=30),
    st.integers(-3, 33),
    st.integers(-3, 33),
)
def test_span_agrees_with_looking_at_every_pair_of_days(pairs, begin, length):
    value, benchmark = np.array(pairs, dtype=float).T
    dates = january(len(value))
    first, last = january(1)[0] + begin, january(1)[0] + begin + length
    span = within(dates, value, benchmark, first, last)
    inside = [i for i in range(1, len(value)) if first <= dates[i] <= last]
    if not inside:
        assert span == Span()
        return
    days = [inside[0] - 1, *inside]
    assert span.days == len(inside)
    assert span.value_return == pytest.approx(value[days[-1]] / value[days[0]] - 1)
    deepest = max(1 - value[j] / value[i] for i in days for j in days if i <= j)
    assert span.max_drawdown == pytest.approx(deepest)
    assert span.benchmark_drawdown == pytest.approx(
        max(1 - benchmark[j] / benchmark[i] for i in days for j in days if i <= j)
    )
    if deepest > 0:
        high, trough = ((d - day(1)).days for d in (span.high, span.trough))
        assert high < trough
        assert 1 - value[trough] / value[high] == pytest.approx(deepest)


def test_span_is_blind_to_what_comes_after_it():
    rng = np.random.default_rng(0)
    value, benchmark = (np.cumprod(1 + rng.normal(0, 0.02, 60)) for _ in range(2))
    span = (np.datetime64("2020-01-10"), np.datetime64("2020-02-10"))
    before = within(january(60), value, benchmark, *span)
    value[41:], benchmark[41:] = 7.0, 0.01
    assert within(january(60), value, benchmark, *span) == before
