"""The rules of a row: every planted fault is found, and nothing else."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.market.quality import date_faults, quarantined, reading_faults, rule_faults
from gangru.market.schema import BARS, QUARANTINE
from gangru.market.sources.columns import typed

GOOD = {
    "code": "SH600000", "date": "2020-01-02", "open": "10", "high": "11", "low": "9", "close": "10.5", "volume": "0",
    "amount": "0", "factor": "1.5", "float_shares": "1e9", "is_st": "false",
}  # fmt: skip
PLANTED = {
    "code": ["", "12", "SH000300"],
    "date": ["", "2020-13-01"],
    "open": ["", "x", "-1", "0", "nan", "11.01", "8.98"],
    "high": ["", "inf", "8.9"],
    "low": ["", "--", "-inf"],
    "close": ["", "0", "12"],
    "volume": ["", "-0.1", "many", "inf"],
    "amount": ["-1", "1,000"],
    "factor": ["0", "-2", "nan"],
    "float_shares": ["-1", "0"],
    "is_st": ["ST", "2"],
}
plants = st.sampled_from([(column, value) for column, values in PLANTED.items() for value in values])


def all_faults(rows: list[dict[str, str]]) -> pl.DataFrame:
    raw = pl.DataFrame(rows, schema=dict.fromkeys(GOOD, pl.String))
    raw = raw.with_columns(pl.when(pl.all() != "").then(pl.all()).name.keep())
    read = typed(raw, BARS)
    return pl.concat([reading_faults(raw, read, BARS), rule_faults(raw, read, BARS)])


@given(st.lists(st.none() | plants, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_rows_with_a_planted_fault_are_found_and_no_others(faults: list[tuple[str, str] | None]) -> None:
    rows = [GOOD | ({fault[0]: fault[1]} if fault else {}) for fault in faults]
    found = all_faults(rows)
    assert set(found["index"]) == {i for i, fault in enumerate(faults) if fault}
    blamed = set(found.select("index", "column", "value").rows())
    assert {(i, *fault) for i, fault in enumerate(faults) if fault} <= blamed


def test_a_high_below_the_low_is_blamed_once_on_the_high_and_on_what_lies_outside() -> None:
    found = all_faults([GOOD | {"high": "8"}])
    assert found.select("column", "reason").rows() == [
        ("high", "is below the day's low"),
        ("open", "lies outside the day's low and high"),
        ("close", "lies outside the day's low and high"),
    ]


def test_dates_off_the_calendar_are_found_and_missing_ones_left_to_others() -> None:
    raw = pl.DataFrame({"date": ["2020-01-02", "2020-01-03", None]})
    read = raw.select(pl.col("date").str.to_date())
    days = pl.Series(["2020-01-02"]).str.to_date()
    assert date_faults(raw, read, days, "off").rows() == [(1, "date", "2020-01-03", "off")]


def test_quarantine_holds_one_row_a_fault_with_its_place() -> None:
    found = all_faults([GOOD, GOOD | {"open": "x"}])
    told = quarantined("bars", "in/bars.csv", pl.Series([3]), pl.concat([found]))
    assert told.schema == pl.Schema(QUARANTINE.columns)
    assert told.rows() == [("bars", "in/bars.csv", 3, "open", "x", "not a number", None, False)]
