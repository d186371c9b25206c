"""Codes that a vendor cannot give, one by one and in a row."""

import polars as pl
import pytest

from gangru.errors import InputError
from gangru.market.sources.vendors.calls import NotGivenError
from gangru.market.sources.vendors.levels import in_force
from gangru.market.sources.vendors.patience import Patience


def outcome(patience: Patience, code: str, *, given: bool) -> int:
    """Try one code; the rows that came."""

    def fetch() -> pl.DataFrame:
        if not given:
            raise NotGivenError(f"no {code}")
        return pl.DataFrame({"code": [code]})

    return len(patience.tried(code, fetch))


def test_two_failures_in_a_row_are_told_and_the_third_ends_it() -> None:
    patience = Patience()
    assert [outcome(patience, code, given=code == "c") for code in "abcde"] == [0, 0, 1, 0, 0]
    assert patience.told() == ["no a", "no b", "no d", "no e"]
    with pytest.raises(InputError, match="no f"):
        outcome(patience, "f", given=False)


def test_where_nothing_came_the_first_reason_is_the_fault_of_all() -> None:
    patience = Patience()
    outcome(patience, "a", given=False)
    outcome(patience, "b", given=False)
    with pytest.raises(InputError, match="no a"):
        patience.told()


def test_any_other_error_is_not_waited_out() -> None:
    def fetch() -> pl.DataFrame:
        raise InputError("the disk is full")

    with pytest.raises(InputError, match="the disk is full"):
        Patience().tried("a", fetch)


def test_a_level_is_in_force_from_its_day_to_the_next_in_any_order() -> None:
    days = pl.Series(["2024-01-03", None, "2024-01-01", "2024-01-02", "2023-12-31"]).str.to_date()
    since = pl.Series(["2024-01-03", "2024-01-01"]).str.to_date()
    assert in_force(days, since, pl.Series([2.0, 1.0])).to_list() == [2.0, None, 1.0, 1.0, None]
