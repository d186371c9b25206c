"""Who is eligible on a day: ages from the latest listing, last days, suspensions, ST; each left out for one reason."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.features.labels import LabelSettings, build_labels
from gangru.market.daily import DELISTING, GONE, LISTED, SUSPENDED, DailyMarket
from gangru.market.listings import gone_rows, spells_of
from gangru.market.schema import LISTINGS, SECURITIES
from gangru.market.universe import UniverseSettings, listed_days, universe

from markets import random_market

DAY0 = date(2020, 1, 1)
NO_AGE = UniverseSettings(min_listed_days=0)
NEVER = np.array(["NaT"], "datetime64[D]")
AXIS = np.datetime64(DAY0) + np.arange(30)


def day(number: int) -> date:
    return DAY0 + timedelta(number)


def one_stock(**changes: object) -> DailyMarket:
    """Ten days of one stock that trades on each."""
    made = random_market(days=10, stocks=1, gaps=0.0)
    return replace(made, dates=AXIS[:10], **changes)


def reasons(market: DailyMarket, settings: UniverseSettings = NO_AGE) -> list[str]:
    """Each day's reason of the only stock, "" where it is eligible."""
    found = universe(market, AXIS, settings)
    assert (sum(found.excluded.values()) + found.eligible.sum(axis=1) == 1).all()
    names = [
        [reason for reason, counts in found.excluded.items() if counts[d]] for d in range(len(market.dates))
    ]
    return [(name or [""])[0] for name in names]


def test_each_day_is_left_out_for_the_first_reason_that_applies() -> None:
    market = one_stock(
        status=np.array(
            [[LISTED, SUSPENDED, SUSPENDED, DELISTING, DELISTING, GONE, GONE, 0, 0, 0]], np.int8
        ).T,
        is_st=np.array([[1, 0, 0, 1, 0, 1, 0, 0, -1, 0]], np.int8).T,
    )
    close = market.close.copy()
    close[[1, 6, 7]] = np.nan  # suspended and absent, gone and absent, absent
    market = replace(market, close=close)
    expected = ["ST", "suspended", "", "delisting period", "delisting period"]
    assert reasons(market)[:5] == expected
    assert reasons(market)[5:] == ["delisted", "delisted", "not traded", "", ""]
    dropped = reasons(market, UniverseSettings(min_listed_days=0, unknown_st="drop"))
    assert dropped[8] == "ST"
    kept = reasons(market, UniverseSettings(min_listed_days=0, exclude_st=False))
    assert kept == ["", "suspended", "", "", "", "delisted", "delisted", "not traded", "", ""]


def test_age_counts_from_the_latest_listing_up_to_the_day() -> None:
    market = one_stock(
        list_date=np.array(["2019-12-30"], "datetime64[D]"),
        relisted=np.array([["2020-01-04"], ["2020-01-08"]], "datetime64[D]"),
    )
    assert listed_days(market, AXIS)[:, 0].tolist() == [2, 3, 4, 0, 1, 2, 3, 0, 1, 2]


def test_a_market_made_without_facts_is_listed_throughout_and_cut_with_its_days() -> None:
    market = one_stock()
    assert market.status.tolist() == [[LISTED]] * 10
    assert market.relisted.shape == (0, 1)
    assert market.first_days(4).status.shape == (4, 1)


def gone(listings: list[tuple[str, int, int | None]], open_days: list[int]) -> np.ndarray:
    """On which days of the axis each of stocks a, b is gone, (D, 2), on a calendar of `open_days`."""
    frame = pl.DataFrame(
        [(code, day(start), None if end is None else day(end)) for code, start, end in listings],
        schema=LISTINGS.columns,
        orient="row",
    )
    calendar = np.array([day(n) for n in open_days], "datetime64[D]")
    dates = calendar[:-3]  # the calendar reaches beyond the data
    spells = spells_of(np.array(["a", "b"]), pl.DataFrame(schema=SECURITIES.columns), frame, NEVER.repeat(2))
    out = np.zeros((len(dates), 2), dtype=bool)
    for rows, stock in gone_rows(spells, dates, calendar):
        out[rows, stock] = True
    return out


def test_a_stock_leaves_on_its_last_trading_day_and_is_back_on_its_next_listing() -> None:
    open_days = [0, 1, 2, 5, 6, 7, 8, 9, 12, 13]
    left = gone([("a", -500, 5), ("a", 8, None), ("b", -500, 12)], open_days)
    assert left[:, 0].tolist() == [
        False,
        False,
        True,
        True,
        True,
        True,
        False,
    ]  # day 2 is the last before day 5
    assert left[:, 1].tolist() == [False] * 7  # the last day before day 12 is day 9, beyond the data
    left = gone([("b", -500, 9)], open_days)
    assert left[:, 1].tolist() == [False] * 6 + [True]  # on day 8 the end of day 9 has been announced


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), min_size=1, max_size=4),
    st.booleans(),
    st.sets(st.integers(0, 40), min_size=6),
)
@settings(max_examples=150, deadline=None)
def test_gone_is_what_asking_day_by_day_finds(
    steps: list[tuple[int, int]], ended: bool, open_set: set[int]
) -> None:
    open_days = sorted(open_set)
    spells: list[tuple[str, int, int | None]] = []
    at = 0
    for pause, length in steps:
        spells.append(("a", at + pause, at + pause + length))
        at += pause + length
    if not ended:
        spells[-1] = (*spells[-1][:2], None)
    got = gone(spells, open_days)[:, 0]
    for row, number in enumerate(open_days[:-3]):
        tomorrow = open_days[row + 1]
        before_first = number < spells[0][1]
        ended_by = [end for _, _, end in spells if end is not None and end <= tomorrow]
        begun_again = [
            start for _, start, _ in spells if ended_by and start >= max(ended_by) and start <= number
        ]
        assert got[row] == (bool(ended_by) and not begun_again), (number, before_first)


def spells(
    securities: list[tuple[str, int | None, int | None]], first_bar: list[int | None]
) -> list[tuple[object, ...]]:
    frame = pl.DataFrame(
        [
            (code, code, None if a is None else day(a), None if z is None else day(z))
            for code, a, z in securities
        ],
        schema=SECURITIES.columns,
        orient="row",
    )
    bars = np.array([np.datetime64("NaT") if n is None else day(n) for n in first_bar], "datetime64[D]")
    found = spells_of(np.array(["a", "b", "c"]), frame, None, bars)
    return list(zip(found.stock.tolist(), found.start.tolist(), found.end.tolist(), strict=True))


def test_a_listing_is_that_of_securities_then_the_first_bar_then_long_before() -> None:
    found = spells([("a", -100, 50), ("b", None, None)], [3, 4, None])
    assert found == [(0, day(-100), day(50)), (1, day(4), None), (2, None, None)]


def test_an_open_listing_ends_where_securities_say_so_and_later_listings_are_kept() -> None:
    listings = pl.DataFrame(
        [("a", day(0), day(5)), ("a", day(9), None)], schema=LISTINGS.columns, orient="row"
    )
    securities = pl.DataFrame([("a", "A", day(-9), day(20))], schema=SECURITIES.columns, orient="row")
    found = spells_of(np.array(["a"]), securities, listings, NEVER)
    assert found.start.tolist() == [day(0), day(9)]
    assert found.end.tolist() == [day(5), day(20)]
    assert found.first(1).tolist() == [day(0)]
    assert found.again(1).tolist() == [[day(9)]]


def test_the_last_price_of_a_stock_that_left_counts_in_the_labels() -> None:
    market = random_market(days=40, stocks=2, gaps=0.0)
    close = market.close.copy()
    close[20:, 0] = np.nan
    status = np.zeros(close.shape, dtype=np.int8)
    status[19:, 0] = GONE
    market = replace(market, close=close, status=status)
    labels = build_labels(market, LabelSettings(horizon=10, entry_lag=1))
    adjusted = market.adjusted("close")
    assert labels[14, 0] == pytest.approx(adjusted[19, 0] / adjusted[15, 0] - 1)
    assert labels[18, 0] == 0.0  # bought on the last day, never sold for more
    assert np.isnan(labels[19, 0])
    assert not universe(market, market.dates, NO_AGE).eligible[19:, 0].any()
