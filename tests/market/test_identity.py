"""One security under several codes: mapped, undone for a day, and never two rows at one place."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gangru.errors import MarketError
from gangru.market.codes import canonical_codes
from gangru.market.daily import LISTED
from gangru.market.facts import facts_from
from gangru.market.identity import (
    KNOWN_CHANGES,
    Identities,
    identities_of,
    unified_intervals,
    unified_listings,
    unified_securities,
)
from gangru.market.keyed import empty
from gangru.market.loading import daily_market
from gangru.market.placing import placed
from gangru.market.schema import BARS, CODE_CHANGES, LISTINGS, SECURITIES, TABLES

DAY0 = date(2020, 1, 1)
A, B, C, OTHER = "600001.SH", "600002.SH", "600003.SH", "600009.SH"


def day(number: int) -> date:
    return DAY0 + timedelta(number)


def changes(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(old, new, day(at)) for old, new, at in rows], schema=CODE_CHANGES.columns, orient="row"
    )


def chain() -> Identities:
    """A until day 10, B until day 20, C from then on."""
    return identities_of(changes((B, C, 20), (A, B, 10)), known=())


def test_the_known_changes_are_spelled_as_codes_and_join_an_ingested_table() -> None:
    spelled = pl.Series([code for one in KNOWN_CHANGES for code in (one.old, one.code)])
    assert canonical_codes(spelled).to_list() == spelled.to_list()
    ids = identities_of(changes((A, B, 10)))
    codes = pl.Series(["300114.SZ", A, OTHER])
    assert ids.of(codes).to_list() == ["302132.SZ", B, OTHER]


def test_an_ingested_change_goes_before_a_known_one() -> None:
    ids = identities_of(changes(("300114.SZ", OTHER, 10)))
    assert ids.newest["300114.SZ"] == OTHER
    assert ids.code_as_of(OTHER, day(9)) == "300114.SZ"


def test_a_chain_leads_to_its_newest_code_and_back_to_that_of_any_day() -> None:
    ids = chain()
    assert ids.of(pl.Series([A, B, C, OTHER])).to_list() == [C, C, C, OTHER]
    assert [ids.code_as_of(C, day(n)) for n in (0, 9, 10, 19, 20, 99)] == [A, A, B, B, C, C]
    assert ids.codes_as_of(pl.Series([OTHER, C]), day(15)).to_list() == [OTHER, B]
    assert ids.code_as_of(OTHER, day(0)) == OTHER


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(A, B, 10), (B, A, 20)], "round in a circle"),
        ([(A, A, 10)], "round in a circle"),
        ([(A, C, 10), (B, C, 20)], "merger"),
        ([(A, B, 20), (B, C, 10)], "expected it to begin first"),
        ([(A, B, 20), (B, C, 20)], "expected it to begin first"),
    ],
)
def test_changes_that_cannot_be_are_refused(rows: list[tuple[str, str, int]], said: str) -> None:
    with pytest.raises(MarketError, match=said):
        identities_of(changes(*rows), known=())


Span = tuple[str, str, int, int]
some_spans = st.lists(
    st.tuples(
        st.sampled_from([A, B, C, OTHER]), st.sampled_from("xy"), st.integers(0, 28), st.integers(1, 9)
    ).map(lambda s: (s[0], s[1], s[2], s[2] + s[3])),
    max_size=7,
)


def apart(rows: list[Span]) -> list[Span]:
    """Those of the spans that do not overlap an earlier one of their code."""
    kept: list[Span] = []
    for row in rows:
        if all(row[0] != code or row[3] <= start or end <= row[2] for code, _, start, end in kept):
            kept.append(row)
    return kept


@given(some_spans)
@settings(max_examples=150, deadline=None)
def test_of_two_codes_that_speak_of_a_day_the_day_s_own_is_heard(drawn: list[Span]) -> None:
    rows = apart(drawn)
    frame = pl.DataFrame(
        [(code, value, day(start), day(end)) for code, value, start, end in rows],
        schema={"code": pl.String, "industry": pl.String, "start": pl.Date, "end": pl.Date},
        orient="row",
    )
    ids = chain()
    unified = unified_intervals(frame, ["code"], "industry", ids)
    preference = {0: [A, B, C], 1: [B, A, C], 2: [C, B, A]}
    for n in range(40):
        said = {code: value for code, value, start, end in rows if start <= n < end}
        heard = [code for code in preference[min(n // 10, 2)] if code in said]
        expected = {C: said[heard[0]]} if heard else {}
        expected |= {OTHER: said[OTHER]} if OTHER in said else {}
        in_force = unified.filter(pl.col("start") <= day(n), pl.col("end") > day(n))
        assert dict(in_force.select("code", "industry").iter_rows()) == expected
        assert len(in_force) == len(expected)


def test_a_listing_that_ends_with_its_code_goes_on_under_the_new_one() -> None:
    rows = [(A, day(-900), day(8)), (B, day(10), None), (OTHER, day(0), day(5))]
    listings = pl.DataFrame(rows, schema=LISTINGS.columns, orient="row")
    ids = identities_of(changes((A, B, 10)), known=())
    assert sorted(unified_listings(listings, ids).rows()) == [(B, day(-900), None), (OTHER, day(0), day(5))]


def test_a_delisting_long_before_a_new_code_stays_one() -> None:
    rows = [(A, day(-900), day(-300)), (B, day(10), None)]
    listings = pl.DataFrame(rows, schema=LISTINGS.columns, orient="row")
    ids = identities_of(changes((A, B, 10)), known=())
    assert unified_listings(listings, ids).rows() == [(B, day(-900), day(-300)), (B, day(10), None)]


def test_a_security_is_one_row_with_the_newest_name_and_the_oldest_listing() -> None:
    rows = [(B, "new", day(10), None), (A, "old", day(-900), day(10)), (OTHER, "other", None, day(50))]
    securities = pl.DataFrame(rows, schema=SECURITIES.columns, orient="row")
    ids = identities_of(changes((A, B, 10)), known=())
    unified = unified_securities(securities, ids)
    assert sorted(unified.rows()) == [(B, "new", day(-900), None), (OTHER, "other", None, day(50))]


def bars(*rows: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(code, day(number)) for code, number in rows],
        schema={"code": pl.String, "date": pl.Date},
        orient="row",
    )


def all_of(frame: pl.DataFrame) -> NDArray[np.bool_]:
    """Every bar traded."""
    return np.ones(len(frame), dtype=bool)


def test_bars_of_both_codes_on_one_day_leave_the_newer_code_s_and_are_counted() -> None:
    calendar = np.datetime64(DAY0) + np.arange(40)
    frame = bars((A, 0), (A, 1), (B, 1), (OTHER, 1), (C, 2), (B, 2), (A, 2), (A, 3))
    place = placed(frame, calendar, chain(), all_of(frame))
    assert place.codes.tolist() == [C, OTHER]
    assert place.used.tolist() == [True, False, True, True, True, False, False, True]
    assert place.counts == {
        "bars of an older code on a day of the newer": 3,
        "bars of a newer code without a trade on a day the older traded": 0,
        "series put together of several codes": 1,
    }


def test_only_a_bar_that_traded_takes_the_place_of_one_that_did() -> None:
    calendar = np.datetime64(DAY0) + np.arange(40)
    frame = bars((A, 0), (B, 0), (A, 1), (B, 1), (C, 1), (A, 2), (B, 2))
    traded = np.array([True, False, True, True, False, False, False])
    place = placed(frame, calendar, chain(), traded)
    assert place.used.tolist() == [True, False, False, True, False, False, True]
    assert place.counts == {
        "bars of an older code on a day of the newer": 2,
        "bars of a newer code without a trade on a day the older traded": 2,
        "series put together of several codes": 1,
    }


def test_an_empty_or_suspended_bar_under_the_new_code_hides_no_trade_of_the_old() -> None:
    prices = dict.fromkeys(("open", "high", "low", "close", "factor"), 10.0)
    rows = [{"code": A, "date": day(n), **prices, "volume": 100.0, "suspended": False} for n in range(3)]
    rows += [
        {"code": B, "date": day(n), **prices, "volume": 100.0 * n, "suspended": n == 1} for n in range(3)
    ]
    frame = pl.concat([empty(BARS), pl.DataFrame(rows)], how="diagonal_relaxed")
    tables = {name: empty(table) for name, table in TABLES.items()}
    facts = facts_from(tables | {"code_changes": changes((A, B, 10))}, frame.lazy())
    market = daily_market(frame, facts.securities, np.datetime64(DAY0) + np.arange(3), facts)
    assert market.codes.tolist() == [B]
    assert market.volume[:, 0].tolist() == [100.0, 100.0, 200.0]
    assert (market.status == LISTED).all()
    assert facts.as_of(day(1))["suspended"].to_list() == [False]


def test_a_history_that_is_whole_under_the_new_code_is_no_splice() -> None:
    calendar = np.datetime64(DAY0) + np.arange(40)
    frame = bars((A, 0), (A, 1), (B, 0), (B, 1), (B, 2))
    place = placed(frame, calendar, identities_of(changes((A, B, 10)), known=()), all_of(frame))
    assert place.counts["series put together of several codes"] == 0


@given(
    st.sets(st.tuples(st.sampled_from([A, B, C, OTHER]), st.integers(0, 12))).filter(bool),
    st.sets(st.integers(0, 12), min_size=1),
)
@settings(max_examples=150, deadline=None)
def test_no_place_is_taken_twice_and_none_is_lost(rows: set[tuple[str, int]], open_days: set[int]) -> None:
    frame = bars(*sorted(rows))
    calendar = np.array([day(n) for n in sorted(open_days)], dtype="datetime64[D]")
    numbers = [n for _, n in rows]
    if not any(min(numbers) <= n <= max(numbers) for n in open_days):
        with pytest.raises(MarketError, match="calendar"):
            placed(frame, calendar, chain(), all_of(frame))
        return
    place = placed(frame, calendar, chain(), all_of(frame))
    days, stocks = place.shape
    got = {
        (str(place.codes[at % stocks]), place.dates[at // stocks].item(), frame["code"][k])
        for k, at in enumerate(place.at.tolist())
        if place.used[k]
    }
    expected = set()
    for number in open_days:
        there = sorted(code for code, n in rows if n == number)
        newest = [code for code in (C, B, A) if code in there][:1]
        expected |= {(C, day(number), code) for code in newest}
        expected |= {(OTHER, day(number), OTHER)} if OTHER in there else set()
    assert got == expected
    assert int(place.used.sum()) == len(got)
    assert days <= len(open_days)


@pytest.mark.real
def test_each_known_change_agrees_with_the_real_bars(real_data: Path) -> None:
    """The old series, where there is one, ends the trading day before or sooner; the new one trades on the day."""
    ours = {code[-2:] + code[:6]: code for one in KNOWN_CHANGES for code in (one.old, one.code)}
    files = [*sorted((real_data / "bars").glob("*.parquet")), real_data / "bars_delisted.parquet"]
    traded = (
        pl.concat([pl.scan_parquet(file).select("code", "date", "volume") for file in files])
        .filter(pl.col("code").is_in(list(ours)), pl.col("volume") > 0)
        .collect()
    )
    checked = 0
    for one in KNOWN_CHANGES:
        of_code = {code: traded.filter(pl.col("code") == raw)["date"] for raw, code in ours.items()}
        if len(of_code[one.code]):
            assert one.date in of_code[one.code].to_list()
            checked += 1
        if len(of_code[one.old]):
            assert of_code[one.old].max() < one.date
    assert checked == len(KNOWN_CHANGES)
