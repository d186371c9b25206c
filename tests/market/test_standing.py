"""ST and suspension from several sources: the best that knows decides, and what it overrules is counted."""

from datetime import date, timedelta
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.market.daily import DELISTING, GONE, LISTED, SUSPENDED
from gangru.market.facts import Facts
from gangru.market.identity import identities_of
from gangru.market.keyed import empty
from gangru.market.loading import Loaded, loaded_market
from gangru.market.schema import BARS, TABLES
from gangru.market.standing import (
    DELISTING_NAME,
    SOURCES,
    ST_NAME,
    Evidence,
    deciding_source,
    disagreements,
    settled,
    spans,
    st_by_absence,
    st_by_table,
)

DAY0 = date(2020, 1, 1)
CALENDAR = np.datetime64(DAY0) + np.arange(12)
CODES = ["600001.SH", "600002.SH"]


def day(number: int) -> date:
    return DAY0 + timedelta(number)


@pytest.mark.parametrize(
    ("name", "special", "leaving"),
    [
        ("ST康美", True, False),
        ("*ST信威", True, False),
        ("SST中纺", True, False),
        ("S*ST前锋", True, False),
        ("XD*ST东", True, False),
        ("S佳通", False, False),
        ("退市海润", False, True),
        ("信威退", False, True),
        ("浦发银行", False, False),
        ("平安ST", False, False),
    ],
)
def test_what_a_name_says(name: str, special: bool, leaving: bool) -> None:
    names = pl.Series([name])
    assert names.str.contains(ST_NAME)[0] is special
    assert names.str.contains(DELISTING_NAME)[0] is leaving


def test_the_first_source_that_knows_decides_in_every_combination() -> None:
    every = np.array(list(product([-1, 0, 1], repeat=5)), dtype=np.int8)
    evidence = Evidence(*every.T)
    state, source = settled(evidence), deciding_source(evidence)
    for k, said in enumerate(every.tolist()):
        known = [place for place, flag in enumerate(said) if flag >= 0]
        assert state[k] == (said[known[0]] if known else -1)
        assert source[k] == (known[0] if known else -1)


def test_contradictions_are_counted_pair_by_pair_where_asked() -> None:
    evidence = Evidence(
        observed=np.array([1, 1, 0, -1], np.int8),
        table=np.array([0, 1, 1, 1], np.int8),
        name=np.array([[-1]], np.int8),
        inferred=np.array([0, -1, 0, 0], np.int8),
        absence=np.array([[-1]], np.int8),
    )
    where = np.array([True, True, False, True])
    assert disagreements(evidence, where) == {
        "observed flag against st table": 1,
        "observed flag against inferred flag": 1,
        "st table against inferred flag": 1,
    }


def facts(**tables: list[tuple[object, ...]]) -> Facts:
    """Facts of the given rows, the other tables empty."""
    frames = {
        name: pl.DataFrame(tables.get(name, []), schema=TABLES[name].columns, orient="row")
        for name in ("securities", "names", "st", "suspensions", "listings", "industry", "members")
    }
    return Facts(identities=identities_of(empty(TABLES["code_changes"])), bars=empty(BARS).lazy(), **frames)


def bars(**columns: list[object]) -> pl.DataFrame:
    """Twelve days of the first stock, and one of the second."""
    rows = {
        "date": [day(n) for n in range(12)],
        "code": [CODES[0]] * 12,
        **dict.fromkeys(("open", "high", "low", "close", "volume"), [1.0] * 12),
        **columns,
    }
    other = {name: [1.0] for name in ("open", "high", "low", "close", "volume")}
    other_row = pl.DataFrame({"date": [day(0)], "code": [CODES[1]], **other})
    return pl.concat([empty(BARS), pl.DataFrame(rows), other_row], how="diagonal_relaxed")


def loaded(frame: pl.DataFrame, known: Facts | None = None) -> Loaded:
    return loaded_market(frame, empty(TABLES["securities"]), CALENDAR, known)


def test_the_market_s_st_state_follows_the_order_of_sources() -> None:
    flags = [True, False, None, None, True, True, False, None, None, None, None, None]
    inferred = [None, False, None, None, True, True, True, None, None, None, None, None]
    known = facts(
        st=[(CODES[1], day(2), day(3)), (CODES[0], day(5), day(6))],
        names=[(CODES[0], day(0), day(2), "ST甲"), (CODES[0], day(6), None, "*ST甲")],
    )
    got = loaded(bars(is_st=flags, st_inferred=inferred), known)
    # 0, 1 observed; from day 2 on the table speaks of the other, so on 2 and 3, with nothing else, of this one too;
    # 4 guessed; from day 5 on the table speaks of this one, and the names and guesses after it are overruled
    assert got.market.is_st[:, 0].tolist() == [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert got.counts["ST by observed flag"] == 2
    assert got.counts["ST by st table"] == 7
    assert got.counts["ST by inferred flag"] == 1
    assert got.counts["ST by absence from the st table"] == 2
    assert got.counts["ST not known"] == 1  # the other stock's only bar
    assert got.counts["ST: observed flag against name"] == 1
    assert got.counts["ST: st table against name"] == 6
    assert got.counts["ST: inferred flag against absence from the st table"] == 1
    unhelped = loaded(bars(is_st=flags, st_inferred=inferred)).market.is_st[:, 0]
    assert unhelped.tolist() == [1, 0, -1, -1, 1, 1, 0, -1, -1, -1, -1, -1]


def test_a_table_of_one_stock_denies_no_other_s_name_and_flag() -> None:
    known = facts(st=[(CODES[1], day(-3), None)], names=[(CODES[0], day(0), day(2), "*ST甲")])
    flags = [None, None, None, True, *[None] * 8]
    got = loaded(bars(is_st=flags, st_inferred=[True] * 12), known)
    assert got.market.is_st[:, 0].tolist() == [1, 1, 0, 1] + [0] * 8
    assert got.counts["ST: name against absence from the st table"] == 2
    assert got.counts["ST: inferred flag against absence from the st table"] == 1


def test_a_name_decides_where_no_table_speaks() -> None:
    known = facts(names=[(CODES[0], day(3), day(5), "ST甲"), (CODES[0], day(5), day(7), "甲")])
    got = loaded(bars(is_st=[True] * 12, st_inferred=[True] * 12), known)
    assert got.market.is_st[:, 0].tolist() == [1] * 5 + [0] * 2 + [1] * 5
    assert got.counts["ST by name"] == 4


def test_an_interval_of_suspension_masks_like_the_flag_and_traded_bars_in_it_are_counted() -> None:
    suspended = [False] * 3 + [True] + [False] * 8
    volume = [1.0] * 6 + [0.0] + [1.0] * 5
    known = facts(suspensions=[(CODES[0], day(5), day(8))])
    got = loaded(bars(suspended=suspended, volume=volume), known)
    assert got.market.traded[:, 0].tolist() == [d not in (3, 5, 6, 7) for d in range(12)]
    assert got.counts["bars with volume inside a suspension"] == 2
    assert got.market.status[:, 0].tolist() == [SUSPENDED if d in (3, 5, 6, 7) else LISTED for d in range(12)]


def test_the_delisting_period_is_told_by_the_name_and_gives_way_to_the_end() -> None:
    known = facts(names=[(CODES[0], day(6), None, "退市甲")], listings=[(CODES[0], day(-9), day(10))])
    got = loaded(bars(), known).market
    assert got.status[:, 0].tolist() == [LISTED] * 6 + [DELISTING] * 3 + [GONE] * 3
    assert got.is_st[6, 0] == 0


def test_nothing_is_read_from_the_name_of_today() -> None:
    known = facts(securities=[(CODES[0], "*ST甲", None, None)])
    assert (loaded(bars(), known).market.is_st == -1).all()


@given(
    st.lists(
        st.tuples(st.sampled_from([*CODES, "600009.SH"]), st.integers(-5, 14), st.integers(1, 6) | st.none()),
        max_size=6,
    )
)
@settings(max_examples=100, deadline=None)
def test_spans_are_what_asking_day_by_day_finds(rows: list[tuple[str, int, int | None]]) -> None:
    frame = pl.DataFrame(
        [(code, day(start), None if length is None else day(start + length)) for code, start, length in rows],
        schema=TABLES["st"].columns,
        orient="row",
    )
    got = np.zeros((12, 2), dtype=bool)
    for covered, stock in spans(frame, CALENDAR, np.array(CODES)):
        got[covered, stock] = True
    table = st_by_table(frame, CALENDAR, np.array(CODES))
    absence = st_by_absence(table, frame, CALENDAR)
    for d in range(12):
        for n, code in enumerate(CODES):
            inside = any(c == code and s <= d and (k is None or d < s + k) for c, s, k in rows)
            begun = any(s <= d for _, s, _ in rows)
            assert got[d, n] == inside
            own = any(c == code and s <= d for c, s, _ in rows)
            assert table[d, n] == (int(inside) if own else -1)
            assert absence[d, n] == (0 if begun and not own else -1)


def test_every_source_has_a_name() -> None:
    none = np.full(1, -1, np.int8)
    assert len(SOURCES) == len(Evidence(none, none, none, none, none).parts)
