"""Half-open intervals: merged, refused, asked as of a date, spread over a panel."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import MarketError
from gangru.market.intervals import as_of, ends_from_next_start, industry_matrix, normalise_intervals, overlay

DAY0 = date(2020, 1, 1)
Span = tuple[str, str, int, int | None]


def table(*spans: Span) -> pl.DataFrame:
    """Intervals of (code, value, first day, day after the last), days counted from DAY0."""
    return pl.DataFrame(
        {
            "code": [s[0] for s in spans],
            "industry": [s[1] for s in spans],
            "start": [DAY0 + timedelta(s[2]) for s in spans],
            "end": [None if s[3] is None else DAY0 + timedelta(s[3]) for s in spans],
        },
        schema={"code": pl.String, "industry": pl.String, "start": pl.Date, "end": pl.Date},
    )


def spans(frame: pl.DataFrame) -> list[Span]:
    """The table's inverse, sorted."""
    rows = frame.select("code", "industry", "start", "end").rows()
    found = [
        (c, v, (start - DAY0).days, None if end is None else (end - DAY0).days) for c, v, start, end in rows
    ]
    return sorted(found, key=str)


def test_overlapping_touching_and_repeated_intervals_of_one_value_become_one() -> None:
    normal = normalise_intervals(
        table(
            ("a", "x", 0, 10), ("a", "x", 5, 12), ("a", "x", 12, 15), ("a", "x", 0, 10), ("a", "x", 20, None)
        ),
        ["code"],
        "industry",
    )
    assert spans(normal.frame) == [("a", "x", 0, 15), ("a", "x", 20, None)]
    assert (normal.merged, len(normal.refused)) == (3, 0)


def test_intervals_that_contradict_each_other_are_both_refused() -> None:
    frame = table(
        ("a", "x", 0, 10), ("a", "y", 9, 20), ("a", "x", 30, 40), ("b", "x", 0, 10), ("b", "y", 10, 20)
    )
    normal = normalise_intervals(frame, ["code"], "industry")
    assert spans(normal.refused) == [("a", "x", 0, 10), ("a", "y", 9, 20)]
    assert spans(normal.frame) == [("a", "x", 30, 40), ("b", "x", 0, 10), ("b", "y", 10, 20)]
    assert normal.merged == 0


def test_an_interval_that_covers_another_s_whole_life_is_refused_with_it() -> None:
    normal = normalise_intervals(
        table(("a", "x", 0, None), ("a", "y", 5, 6), ("a", "y", 8, 9)), ["code"], "industry"
    )
    assert len(normal.refused) == 3
    assert normal.frame.is_empty()


def test_membership_has_no_value_to_contradict() -> None:
    frame = table(("a", "", 0, 10), ("a", "", 5, 20), ("b", "", 3, 4)).drop("industry")
    normal = normalise_intervals(frame, ["code"], None)
    assert normal.frame.rows() == [
        ("a", DAY0, DAY0 + timedelta(20)),
        ("b", DAY0 + timedelta(3), DAY0 + timedelta(4)),
    ]
    assert normal.merged == 1


some_spans = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 12), st.integers(1, 6) | st.none()
    ).map(lambda s: (s[0], s[1], s[2], None if s[3] is None else s[2] + s[3])),
    max_size=8,
)


def truth(rows: list[Span], code: str, day: int) -> set[str]:
    return {v for c, v, start, end in rows if c == code and start <= day and (end is None or day < end)}


@given(some_spans)
@settings(max_examples=200, deadline=None)
def test_what_is_kept_says_the_same_of_every_day_and_never_two_things(rows: list[Span]) -> None:
    normal = normalise_intervals(table(*rows), ["code"], "industry")
    kept, refused = spans(normal.frame), spans(normal.refused)
    assert normal.merged == len(rows) - len(kept) - len(refused)
    for code in "ab":
        for day in range(20):
            said = truth(kept, code, day)
            assert len(said) <= 1
            assert truth(rows, code, day) == said | truth(refused, code, day)
            if len(truth(rows, code, day)) > 1:
                assert not said
    again = normalise_intervals(normal.frame, ["code"], "industry")
    assert (spans(again.frame), again.merged, len(again.refused)) == (kept, 0, 0)


def test_an_end_is_the_next_start_of_the_key() -> None:
    frame = table(("a", "y", 10, None), ("a", "x", 0, None), ("b", "x", 5, None), ("a", "y", 10, None))
    got = ends_from_next_start(frame, ["code"])
    assert spans(got) == [("a", "x", 0, 10), ("a", "y", 10, None), ("a", "y", 10, None), ("b", "x", 5, None)]


def test_new_intervals_speak_from_their_first_start_to_their_last_end() -> None:
    old = table(("a", "x", 0, 10), ("a", "y", 10, None), ("b", "x", 0, None))
    new = table(("a", "z", 7, 9))
    said = [("a", "x", 0, 7), ("a", "z", 7, 9), ("b", "x", 0, None)]
    assert spans(overlay(old, new, ["code"])) == sorted([*said, ("a", "y", 10, None)])
    assert spans(overlay(old, table(("a", "z", 7, None)), ["code"])) == [
        ("a", "x", 0, 7),
        ("a", "z", 7, None),
        ("b", "x", 0, None),
    ]
    longer = table(("a", "x", 0, None), ("b", "x", 0, None))
    assert spans(overlay(longer, new, ["code"])) == said


def test_as_of_takes_the_start_and_leaves_the_end_out() -> None:
    frame = table(("b", "x", 0, 10), ("a", "y", 10, None))
    assert as_of(frame, DAY0 + timedelta(9), ["code"], "industry").rows() == [("b", "x")]
    assert as_of(frame, DAY0 + timedelta(10), ["code"], "industry").rows() == [("a", "y")]
    assert as_of(frame, DAY0 + timedelta(10), ["code"], None).rows() == [("a",)]


def panel(rows: list[Span], days: int, codes: list[str]) -> tuple[np.ndarray, list[str]]:
    frame = table(*rows).with_columns(taxonomy=pl.lit("sw"))
    dates = np.datetime64(DAY0, "D") + np.arange(days)
    return industry_matrix(frame, "sw", dates, np.array(codes))


def test_the_matrix_names_each_day_s_industry_and_nothing_before_it_began() -> None:
    matrix, names = panel(
        [("b", "steel", 1, 3), ("b", "bank", 3, None), ("zz", "bank", 0, None)], 5, ["a", "b", "c"]
    )
    assert names == ["bank", "steel"]
    assert matrix.dtype == np.int16
    assert matrix.tolist() == [[-1, -1, -1], [-1, 1, -1], [-1, 1, -1], [-1, 0, -1], [-1, 0, -1]]


@given(some_spans, st.permutations(["a", "b", "c"]))
@settings(max_examples=100, deadline=None)
def test_the_matrix_is_what_asking_day_by_day_finds(rows: list[Span], codes: list[str]) -> None:
    kept = spans(normalise_intervals(table(*rows), ["code"], "industry").frame)
    matrix, names = panel(kept, 15, codes)
    for d in range(15):
        for n, code in enumerate(codes):
            assert {names[k] for k in [matrix[d, n]] if k >= 0} == truth(kept, code, d)


def test_dates_with_gaps_keep_what_began_between_them() -> None:
    frame = table(("a", "x", 1, 3), ("a", "y", 3, 4), ("a", "z", 4, None)).with_columns(taxonomy=pl.lit("sw"))
    dates = np.datetime64(DAY0, "D") + np.array([0, 2, 10])
    matrix, names = industry_matrix(frame, "sw", dates, np.array(["a"]))
    assert [names[k] if k >= 0 else None for k in matrix[:, 0]] == [None, "x", "z"]


def test_a_taxonomy_that_is_not_there_is_named_and_no_industries_at_all_are_unknown() -> None:
    frame = table(("a", "x", 0, None)).with_columns(taxonomy=pl.lit("sw"))
    dates = np.array([DAY0], dtype="datetime64[D]")
    with pytest.raises(MarketError, match="'citic': the store has sw"):
        industry_matrix(frame, "citic", dates, np.array(["a"]))
    matrix, names = industry_matrix(frame.clear(), "sw", dates, np.array(["a"]))
    assert (matrix.tolist(), names) == ([[-1]], [])
    assert industry_matrix(frame, "sw", dates, np.array([], dtype=np.str_))[0].shape == (1, 0)


@given(some_spans, some_spans)
@settings(max_examples=100, deadline=None)
def test_an_overlay_says_of_each_day_what_the_newest_word_on_it_is(old: list[Span], new: list[Span]) -> None:
    known = normalise_intervals(table(*old), ["code"], "industry").frame
    told = normalise_intervals(table(*new), ["code"], "industry").frame
    got = overlay(known, told, ["code"])
    for code in "ab":
        mine = [(start, 99 if end is None else end) for c, _, start, end in spans(told) if c == code]
        first, last = min((s for s, _ in mine), default=99), max((e for _, e in mine), default=99)
        later = [span for span in spans(known) if span[2] >= last]
        for day in range(20):
            said = known if day < first else told
            expected = truth(spans(said), code, day) | (truth(later, code, day) if mine else set())
            assert truth(spans(got), code, day) == expected


@given(some_spans, st.integers(0, 19))
@settings(max_examples=100, deadline=None)
def test_as_of_is_what_a_loop_over_the_intervals_finds(rows: list[Span], number: int) -> None:
    kept = normalise_intervals(table(*rows), ["code"], "industry").frame
    found = as_of(kept, DAY0 + timedelta(number), ["code"], "industry").rows()
    assert found == [(code, value) for code in "ab" for value in truth(spans(kept), code, number)]


@pytest.mark.real
def test_the_real_members_merge_to_exactly_as_many_stocks_as_each_index_has(real_data: Path) -> None:
    """57,400 intervals, of which 51,009 begin where one of the same stock ends; none overlaps, none is refused."""
    raw = pl.read_csv(real_data / "index_members.csv", try_parse_dates=True)
    normal = normalise_intervals(raw.with_columns(pl.col("end").dt.offset_by("1d")), ["index", "code"], None)
    assert (len(raw), len(normal.frame), normal.merged, len(normal.refused)) == (57_400, 6_391, 51_009, 0)
    days = pl.read_csv(real_data / "calendar.csv", try_parse_dates=True)["trade_date"]
    for day in days.filter(days.is_between(date(2016, 12, 30), date(2025, 6, 30))).gather_every(20):
        counts = as_of(normal.frame, day, ["index", "code"], None).group_by("index").len()
        assert dict(counts.rows()) == {"csi300": 300, "csi500": 500, "csi800": 800, "csi1000": 1000}
