"""Factor tables of any make: what is used, and what is counted instead."""

import datetime

import numpy as np
import polars as pl
import pytest

from gangru.errors import EvaluationError
from gangru.evaluation.months import closing_rows, return_months, unpriced_month, up_to
from gangru.evaluation.scores import factor_rows, monthly_scores, of_months

DAYS = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-04-10"))
DAYS = DAYS[np.is_busday(DAYS)]
CODES = np.array(["000001.SZ", "600000.SH"])
A, B = CODES.tolist()


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def table(rows: list[tuple[str, str, float]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"date": [day(r[0]) for r in rows], "code": [r[1] for r in rows], "factor": [r[2] for r in rows]},
        schema={"date": pl.Date, "code": pl.String, "factor": pl.Float64},
    )


def counted(rows: list[tuple[str, str, float]]) -> tuple[int, dict[str, int]]:
    kept, drops = factor_rows(table(rows), DAYS, CODES)
    return len(kept), {reason: count for (_, reason), count in drops.items() if count}


def test_every_unusable_row_is_counted_under_its_reason():
    kept, drops = counted(
        [
            ("2020-01-31", A, 1.0),
            ("2020-01-31", B, float("nan")),
            ("2020-02-28", B, float("inf")),
            ("2019-12-31", A, 1.0),
            ("2020-02-01", A, 1.0),
            ("2020-05-29", A, 1.0),
            ("2020-01-31", "688001.SH", 1.0),
            ("2020-03-31", A, 1.0),
            ("2020-03-31", A, 2.0),
            ("2020-03-31", B, 3.0),
            ("2020-03-31", B, 3.0),
        ]
    )
    assert kept == 2
    assert drops == {
        "factor missing or not finite": 2,
        "date before the data": 1,
        "date is no trading day": 1,
        "date after the data": 1,
        "code is not in the market": 1,
        "date and code repeated with different values": 2,
        "date and code repeated": 1,
    }


def test_text_dates_and_whole_number_factors_are_read():
    frame = pl.DataFrame({"date": ["2020-01-31", "soon"], "code": [A, A], "factor": [1, 2]})
    rows, drops = factor_rows(frame, DAYS, CODES)
    assert rows["factor"].to_list() == [1.0]
    assert drops[("factor", "date cannot be read")] == 1


def test_text_that_is_no_number_is_counted_apart_from_what_is_missing():
    values = ["0.5", "high", "", None, "NaN", "1,5"]
    frame = pl.DataFrame({"date": [day("2020-01-31")] * 6, "code": [A, *[B] * 5], "factor": values})
    rows, drops = factor_rows(frame, DAYS, CODES)
    assert rows["factor"].to_list() == [0.5]
    assert drops[("factor", "factor is no number")] == 2
    assert drops[("factor", "factor missing or not finite")] == 3


def test_a_missing_column_is_named():
    with pytest.raises(EvaluationError, match=r"lacks code, factor.*got date, score"):
        factor_rows(pl.DataFrame({"date": [1], "score": [1.0]}), DAYS, CODES)


def test_a_month_is_told_by_its_newest_date():
    rows, drops = factor_rows(
        table(
            [("2020-01-15", A, 5.0), ("2020-01-30", A, 1.0), ("2020-01-30", B, 2.0), ("2020-03-31", B, 4.0)]
        ),
        DAYS,
        CODES,
    )
    scores = monthly_scores(rows, drops, np.datetime64("2020-03-31"), 2, raw=False)
    assert scores.date.astype(str).tolist() == ["2020-01-30", "2020-03-31"]
    np.testing.assert_array_equal(scores.factor, [[1, 2], [np.nan, 4]])
    assert scores.drops[("factor", "date is not its month's newest")] == 1
    assert scores.raw is None
    months = np.array(["2020-01", "2020-02", "2020-03", "2020-04"], dtype="datetime64[M]")
    wanted = of_months(scores.factor, scores.month, months)
    np.testing.assert_array_equal(wanted, [[1, 2], [np.nan, np.nan], [np.nan, 4], [np.nan, np.nan]])


def test_dates_after_the_last_one_asked_for_are_not_seen():
    rows, drops = factor_rows(table([("2020-01-31", A, 1.0), ("2020-02-28", A, 2.0)]), DAYS, CODES)
    scores = monthly_scores(rows, drops, np.datetime64("2020-02-27"), 2, raw=False)
    assert scores.date.astype(str).tolist() == ["2020-01-31"]
    assert scores.drops[("factor", "date after the last return month")] == 1


def test_a_month_before_the_factor_begins_is_told_with_the_first_that_it_has():
    rows, drops = factor_rows(table([("2020-03-31", A, 1.0), ("2020-02-28", A, 2.0)]), DAYS, CODES)
    with pytest.raises(
        EvaluationError, match=r"first date of .* is 2020-02-28: expected a return month from 2020-03 on"
    ):
        monthly_scores(rows, drops, np.datetime64("2020-01-31"), 2, raw=False)


def test_nothing_left_is_an_error_that_says_why():
    rows, drops = factor_rows(table([("2020-02-01", A, 1.0), ("2020-01-31", "X", 1.0)]), DAYS, CODES)
    with pytest.raises(EvaluationError, match="date is no trading day: 1; code cannot be read: 1"):
        monthly_scores(rows, drops, DAYS[-1], 2, raw=False)
    rows, drops = factor_rows(table([]), DAYS, CODES)
    with pytest.raises(EvaluationError, match="it is empty"):
        monthly_scores(rows, drops, DAYS[-1], 2, raw=False)


def test_return_months_need_the_close_after_their_end():
    first = np.datetime64("2020-01-31")
    assert DAYS[closing_rows(DAYS)].astype(str).tolist() == ["2020-01-31", "2020-02-28", "2020-03-31"]
    months = return_months(DAYS, first, DAYS[-1])
    assert months.names() == ["2020-02", "2020-03"]
    assert DAYS[months.start].astype(str).tolist() == ["2020-01-31", "2020-02-28"]
    assert DAYS[months.exit(1)].astype(str).tolist() == ["2020-03-02", "2020-04-01"]
    to_month_end = DAYS[np.datetime64("2020-03-31") >= DAYS]
    assert return_months(to_month_end, first, DAYS[-1]).names() == ["2020-02"]
    assert unpriced_month(to_month_end, DAYS) == np.datetime64("2020-03")
    assert unpriced_month(DAYS, DAYS) is None
    one_more = DAYS[: len(to_month_end) + 1]
    assert unpriced_month(to_month_end, one_more) == np.datetime64("2020-03")
    assert unpriced_month(to_month_end, to_month_end) is None
    assert up_to(months, np.datetime64("2020-02")).names() == ["2020-02"]


def test_months_before_the_first_factor_are_left_out():
    assert return_months(DAYS, np.datetime64("2020-02-10"), DAYS[-1]).names() == ["2020-03"]
    assert len(return_months(DAYS, np.datetime64("2020-03-31"), DAYS[-1])) == 0


@pytest.mark.parametrize(
    ("day", "names", "end"),
    [
        ("2020-03-17", ["2020-02", "2020-03"], "2020-03-17"),
        ("2020-03-15", ["2020-02", "2020-03"], "2020-03-13"),  # a Sunday
        ("2020-03-02", ["2020-02", "2020-03"], "2020-03-02"),  # the first of its month
        ("2020-02-28", ["2020-02"], "2020-02-28"),  # a whole month
        ("2020-03-01", ["2020-02"], "2020-02-28"),
    ],
)
def test_a_day_cuts_its_month_short(day, names, end):
    months = return_months(DAYS, np.datetime64("2020-01-31"), DAYS[-1], np.datetime64(day))
    assert months.names() == names
    assert str(DAYS[months.end[-1]]) == end
    assert (months.start[1:] == months.end[:-1]).all()


def test_a_day_whose_next_close_is_not_there_cuts_nothing():
    first = np.datetime64("2020-01-31")
    for day in (DAYS[-1], DAYS[-1] + 30, DAYS[0] - 1):
        cut = return_months(DAYS, first, DAYS[-1], day)
        assert cut.names() == return_months(DAYS, first, DAYS[-1]).names()


def test_months_end_one_after_the_last_factor():
    first, last = np.datetime64("2020-01-31"), np.datetime64("2020-01-31")
    assert return_months(DAYS, first, last).names() == ["2020-02"]
