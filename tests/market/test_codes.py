"""Codes: one spelling, the boards, the indices."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangru.market.codes import board, canonical_codes, is_index_code


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("SH600519", "600519.SH"),
        ("sh600519", "600519.SH"),
        ("sh.600519", "600519.SH"),
        ("SZ.000001", "000001.SZ"),
        ("600519.SH", "600519.SH"),
        ("600519.sh", "600519.SH"),
        ("600519.SS", "600519.SH"),
        ("600519.XSHG", "600519.SH"),
        ("000001.XSHE", "000001.SZ"),
        ("bj830799", "830799.BJ"),
        (" 600519 ", "600519.SH"),
        ("688981", "688981.SH"),
        ("300750", "300750.SZ"),
        ("302132", "302132.SZ"),
        ("000001", "000001.SZ"),
        ("000001.SH", "000001.SH"),
        ("920002", "920002.BJ"),
        ("430047", "430047.BJ"),
        ("399001", "399001.SZ"),
        ("900901", "900901.SH"),
    ],
)
def test_every_common_spelling_becomes_one(spelled: str, canonical: str) -> None:
    assert canonical_codes(pl.Series([spelled])).to_list() == [canonical]


@pytest.mark.parametrize(
    "unspellable",
    [
        "1",
        "600",
        "60051",
        "6005190",
        "AAPL",
        "",
        "SH600519.SH",
        "600519.HK",
        "SH60051",
        "500001",
        "600519.0",
        "６００５１９",
        "SH６００５１９",
    ],
)
def test_what_cannot_be_spelled_is_null(unspellable: str) -> None:
    assert canonical_codes(pl.Series([unspellable])).to_list() == [None]


def test_numbers_are_spelled_only_with_all_six_digits() -> None:
    assert canonical_codes(pl.Series([600519, 1, None])).to_list() == ["600519.SH", None, None]


def test_empty_and_null_columns_stay_so() -> None:
    assert canonical_codes(pl.Series([], dtype=pl.String)).to_list() == []
    assert canonical_codes(pl.Series([None, None], dtype=pl.String)).to_list() == [None, None]


@given(
    st.lists(
        st.one_of(st.text(max_size=10), st.from_regex(r"(sh|SZ|bj)?\.?\d{5,7}(\.(SH|xshe))?", fullmatch=True))
    )
)
def test_spelling_is_idempotent_and_well_formed(texts: list[str]) -> None:
    codes = canonical_codes(pl.Series(texts, dtype=pl.String))
    assert canonical_codes(codes).equals(codes)
    assert codes.drop_nulls().str.contains(r"^[0-9]{6}\.(SH|SZ|BJ)$").all()


def test_index_codes_are_told_by_exchange_and_number() -> None:
    codes = pl.Series(["000300.SH", "399317.SZ", "899050.BJ", "000001.SZ", "600519.SH", "300750.SZ"])
    assert is_index_code(codes).to_list() == [True, True, True, False, False, False]


def test_boards_follow_the_number() -> None:
    codes = np.array(
        [
            "600519.SH",
            "000001.SZ",
            "688981.SH",
            "689009.SH",
            "300750.SZ",
            "301001.SZ",
            "302132.SZ",
            "920002.BJ",
        ]
    )
    expected = ["main", "main", "star", "star", "chinext", "chinext", "chinext", "beijing"]
    assert board(codes).tolist() == expected
    assert board(np.array([], dtype=np.str_)).tolist() == []
