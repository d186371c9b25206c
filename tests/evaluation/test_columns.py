"""A factor table's dates, codes and values in every spelling: read, or null and counted; never guessed."""

import datetime

import numpy as np
import polars as pl
import pytest

from gangru.errors import EvaluationError
from gangru.evaluation.columns import listed, typed
from gangru.evaluation.scores import factor_rows

DAY = datetime.date(2020, 1, 31)
DAYS = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-03-10"))
DAYS = DAYS[np.is_busday(DAYS)]
CODES = np.array(["000001.SZ", "600519.SH"])
MAOTAI = "600519.SH"


def table(date: object = None, code: object = None, factor: object = None) -> pl.DataFrame:
    """Rows that are right but for the column that is told."""
    told = [x for x in (date, code, factor) if x is not None]
    n = max((len(x) for x in told), default=1)
    return pl.DataFrame(
        {
            "date": [DAY] * n if date is None else date,
            "code": [MAOTAI] * n if code is None else code,
            "factor": [1.0] * n if factor is None else factor,
        }
    )


def reasons(frame: pl.DataFrame) -> dict[str, int]:
    _, drops = factor_rows(frame, DAYS, CODES)
    return {reason: count for (_, reason), count in drops.items() if count}


@pytest.mark.parametrize(
    "spelled",
    [
        "2020-01-31", " 2020-01-31 ", "2020/1/31", "2020-1-31", "20200131", "20200131.0",
        "2020-01-31 15:00:00", "2020-01-31T15:00", "2020-01-31 00:00:00.000000",
        "2020-01-31T00:00:00+08:00", "2020-01-31 00:00 +08", "2020-01-30T16:00:00Z", "2020-01-30 16:00:00.5+0000",
    ],
)  # fmt: skip
def test_text_dates_are_read_as_the_day_in_shanghai(spelled: str):
    assert typed(table(date=[spelled]))["date"].to_list() == [DAY]
    assert typed(table(date=[spelled, "soon", None]))["date"].to_list() == [DAY, None, None]  # each by itself


@pytest.mark.parametrize(
    "spelled",
    ["soon", "2020-02-30", "31.01.2020", "01/31/2020", "2020-01", "202001", "20201331", "2020-01-31 25:00", "",
     "2020-01-31 15:00 Beijing", "1580428800"],
)  # fmt: skip
def test_dates_that_would_have_to_be_guessed_are_counted(spelled: str):
    assert reasons(table(date=[spelled, "2020-01-31"])) == {"date cannot be read": 1}


def test_numbers_are_dates_as_eight_digits_only():
    assert typed(table(date=[20200131, 1, 18292, 202001]))["date"].to_list() == [DAY, None, None, None]
    assert typed(table(date=[20200131.0, None, float("nan")]))["date"].to_list() == [DAY, None, None]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize(
    ("zone", "hour", "day"),
    [
        (None, 23, DAY),
        ("Asia/Shanghai", 0, DAY),
        ("UTC", 7, DAY),
        ("UTC", 16, DAY + datetime.timedelta(1)),
        ("America/New_York", 3, DAY),
    ],
)
def test_times_are_the_day_in_shanghai(unit: str, zone: str | None, hour: int, day: datetime.date):
    time = pl.Series([datetime.datetime(2020, 1, 31, hour)], dtype=pl.Datetime(unit)).dt.replace_time_zone(
        zone
    )
    assert typed(table(date=time))["date"].to_list() == [day]


def test_dates_that_are_no_trading_days_or_beyond_the_data_are_counted_apart():
    frame = table(date=["2020-02-01", "2019-12-31", "2020-06-30", "2020-01-31"])
    assert reasons(frame) == {
        "date is no trading day": 1, "date before the data": 1, "date after the data": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "spelled",
    ["600519.SH", "SH600519", "sh.600519", "sh600519", "600519", "600519.SS", "600519.XSHG", " 600519.sh "],
)
def test_codes_are_read_in_every_spelling(spelled: str):
    rows, _ = factor_rows(table(code=[spelled]), DAYS, CODES)
    assert rows["row"].to_list() == [1]


def test_codes_that_lost_their_zeros_are_counted_and_never_guessed():
    assert reasons(table(code=[600519, 1])) == {"code cannot be read": 1}
    assert reasons(table(code=[600519.0, 1.0, None])) == {"code cannot be read": 2}
    assert reasons(table(code=["600519", "1", "00001", "", None, "Maotai", "SH600519.SZ"])) == {
        "code cannot be read": 6
    }


def test_codes_that_the_market_does_not_have_are_counted_apart():
    assert reasons(table(code=[MAOTAI, "600000.SH", "000300.SH", "AAPL"])) == {
        "code is not in the market": 2, "code cannot be read": 1,
    }  # fmt: skip


def test_two_spellings_of_one_code_are_one_row_or_a_contradiction():
    assert reasons(table(code=["600519", "SH600519"], factor=[1.0, 1.0])) == {"date and code repeated": 1}
    assert reasons(table(code=["600519", "SH600519"], factor=[1.0, 2.0])) == {
        "date and code repeated with different values": 2
    }


def test_categories_are_their_text():
    frame = table(date=["2020-01-31"] * 2, code=["600519", "000001"], factor=["1", "x"])
    categories = frame.select(pl.all().cast(pl.Categorical))
    assert typed(categories).equals(typed(frame))


def test_values_of_any_number_type_are_read():
    for dtype in (pl.Int8, pl.UInt64, pl.Float32, pl.Decimal(10, 2), pl.Boolean, pl.String):
        value = pl.Series([True], dtype=pl.Boolean).cast(pl.Int8).cast(dtype)
        assert typed(table(factor=value))["factor"].to_list() == [1.0]
    assert reasons(table(factor=pl.Series([None], dtype=pl.Null))) == {"factor missing or not finite": 1}
    assert reasons(table(factor=[1.0, float("inf"), float("-inf"), float("nan"), None])) == {
        "factor missing or not finite": 4
    }


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("factor", [[1.0]], "column factor is of type List"),
        ("factor", [DAY], "column factor is of type Date; expected a number in each row"),
        ("code", [[1]], r"column code is of type List\(Int64\); expected a code such as 600519.SH"),
        ("code", [DAY], "column code is of type Date"),
        ("date", [True], "column date is of type Boolean; expected a date such as 2020-01-31"),
        ("date", [datetime.time(9, 30)], "column date is of type Time"),
    ],
)
def test_a_column_that_cannot_hold_such_values_is_an_error_that_names_it(
    column: str, values: list, says: str
):
    with pytest.raises(EvaluationError, match=f"^mine.csv: {says}"):
        typed(table(**{column: values}), "mine.csv")


def test_an_error_lists_a_few_columns_of_many():
    assert listed([]) == "no column"
    assert listed(list("abcdefgh")) == "a, b, c, d, e, f, g, h"
    assert listed(list("abcdefghij")) == "a, b, c, d, e, f, g, h and 2 more"
