"""Every rule of the check: silent on a market without a fault, and counting each fault put into it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from checked_store import (
    CODES,
    DAYS,
    LEAVER,
    Tables,
    asked_of,
    broken,
    changed,
    checked,
    clean_tables,
    day,
    finding,
    trading_days,
)

from gangru.market.check.check import FAMILIES
from gangru.market.check.evidence import limit_columns
from gangru.market.facts import facts_from
from gangru.market.loading import daily_market
from gangru.market.rules import market_limits
from gangru.market.schema import TABLES
from gangru.market.store_commit import commit

A, B, E = CODES[:3]
UNASKED_WHEN_CLEAN = {"code-changes-contradict", "intervals-merged", "index-basis", "quarantine"}


def one(code: str, k: int) -> pl.Expr:
    return (pl.col("code") == code) & (pl.col("date") == day(k))


def from_day(code: str, k: int) -> pl.Expr:
    return (pl.col("code") == code) & (pl.col("date") >= day(k))


def rescaled(tables: Tables, code: str, k: int, by: float, *, factor: float | None) -> Tables:
    """A stock's prices from day k on times `by`, in cents, its factor times `factor`, its volume and amount kept in step."""
    here = from_day(code, k)
    prices = [
        pl.when(here).then((pl.col(n) * by).round(2)).otherwise(pl.col(n)).alias(n)
        for n in ("open", "high", "low", "close")
    ]
    bars = tables["bars"].with_columns(prices)
    middle = (pl.col("high") + pl.col("low")) / 2 * pl.col("volume")
    bars = bars.with_columns(pl.when(here).then(middle).otherwise(pl.col("amount")).alias("amount"))
    if factor is not None:
        bars = bars.with_columns(
            pl.when(here).then(pl.col("factor") * factor).otherwise("factor").alias("factor")
        )
    return {**tables, "bars": bars}


def without(tables: Tables, gone: pl.Expr) -> Tables:
    return {**tables, "bars": tables["bars"].filter(~gone)}


def added(tables: Tables, name: str, *rows: tuple[object, ...]) -> Tables:
    more = pl.DataFrame(list(rows), schema=TABLES[name].columns, orient="row")
    return {**tables, name: pl.concat([tables[name], more])}


def swapped(tables: Tables, name: str, expr: pl.Expr) -> Tables:
    return {**tables, name: tables[name].with_columns(expr)}


def twin(tables: Tables, code: str, other: str, days: int) -> Tables:
    copy = tables["bars"].filter((pl.col("code") == code) & (pl.col("date") < day(days)))
    rest = tables["bars"].filter(~((pl.col("code") == other) & (pl.col("date") < day(days))))
    return {**tables, "bars": pl.concat([rest, copy.with_columns(code=pl.lit(other))])}


def carried(tables: Tables, k: range, **values: object) -> Tables:
    """A's days k suspended, carrying the close of the day before."""
    last = tables["bars"].filter(one(A, k.start - 1))["close"][0]
    prices = dict.fromkeys(("open", "high", "low", "close"), last)
    return changed(tables, A, k, **{**prices, "volume": 0.0, "amount": 0.0, "suspended": True, **values})


Fault = Callable[[Tables], Tables]
FAULTS: list[tuple[str, int, Fault]] = [
    ("ohlc-order", 1, lambda t: changed(t, A, 5, high=pl.col("low") - 0.5)),
    ("ohlc-order", 2, lambda t: changed(t, A, range(5, 7), factor=-1.0)),
    ("adjusted-prices", 1, lambda t: changed(t, A, range(100), close=pl.col("close") - 0.003)),
    ("sub-cent-prices", 1, lambda t: changed(t, A, 5, close=pl.col("close") - 0.003)),
    ("moved-without-volume", 1, lambda t: changed(t, A, 5, volume=0.0, amount=0.0)),
    ("suspended-with-volume", 3, lambda t: changed(t, A, range(5, 8), suspended=True)),
    ("suspended-not-carried", 1, lambda t: changed(carried(t, range(5, 9)), A, 6, close=pl.col("close") + 0.02)),
    ("stale-prices", 1, lambda t: changed(t, A, range(20, 30), open=10.0, high=10.1, low=9.9, close=10.0)),
    ("stale-prices", 0, lambda t: changed(t, A, range(20, 29), open=10.0, high=10.1, low=9.9, close=10.0)),
    ("close-beyond-limit", 1, lambda t: rescaled(t, A, 50, 0.5, factor=None)),
    ("close-beyond-limit", 0, lambda t: rescaled(t, A, 50, 0.5, factor=2.0)),
    ("range-beyond-limit", 1, lambda t: changed(t, A, 5, high=pl.col("high") * 1.2)),
    ("jump-without-factor", 1, lambda t: rescaled(t, A, 50, 0.5, factor=None)),
    ("jump-without-factor", 0, lambda t: rescaled(t, A, 50, 0.5, factor=2.0)),
    ("factor-without-jump", 1, lambda t: rescaled(t, A, 50, 1.0, factor=2.0)),
    ("factor-without-jump", 0, lambda t: rescaled(t, A, 50, 0.5, factor=2.0)),
    ("factor-falls", 1, lambda t: rescaled(t, A, 50, 2.0, factor=0.5)),
    ("vwap-outside-range", 4, lambda t: changed(t, A, range(5, 9), amount=pl.col("amount") * 1.5)),
    ("amounts-of-another-stock", 1, lambda t: changed(t, A, range(0, 100, 2), amount=pl.col("amount") * 7)),
    ("unit-slip", 1, lambda t: changed(t, A, 5, volume=pl.col("volume") / 100)),
    ("unit-slip", 1, lambda t: changed(t, A, 5, amount=pl.col("amount") / 1000)),
    ("units-of-whole-days", 1, lambda t: swapped(t, "bars", pl.when(pl.col("date") == day(7)).then(pl.col("volume") / 100).otherwise("volume").alias("volume"))),
    ("turnover-over-100", 1, lambda t: changed(t, A, 5, float_shares=1000.0)),
    ("gaps", 3, lambda t: without(t, (pl.col("code") == A) & pl.col("date").is_between(day(5), day(7)))),
    ("gaps", 1, lambda t: added(without(t, (pl.col("code") == A) & pl.col("date").is_between(day(5), day(7))), "suspensions", (A, day(5), day(7)))),
    ("gaps", 0, lambda t: added(without(t, (pl.col("code") == A) & pl.col("date").is_between(day(5), day(7))), "listings", (A, day(0), day(5)), (A, day(8), None))),
    ("ended-early", 1, lambda t: without(t, from_day(A, 50))),
    ("ended-early", 0, lambda t: without(t, from_day(A, 95))),
    ("ended-early", 1, lambda t: swapped(t, "securities", pl.lit(None, dtype=pl.Date).alias("delist_date"))),
    ("survivorship", 1, lambda t: without(t, pl.col("code") == LEAVER)),
    ("leavers-adjusted", 1, lambda t: changed(t, LEAVER, range(60), close=pl.col("close") - 0.003)),
    ("bars-before-listing", 5, lambda t: swapped(t, "securities", pl.when(pl.col("code") == A).then(day(5)).otherwise("list_date").alias("list_date"))),
    ("bars-after-delisting", 4, lambda t: swapped(t, "securities", pl.when(pl.col("code") == LEAVER).then(day(55)).otherwise("delist_date").alias("delist_date"))),
    ("days-without-bars", 1, lambda t: without(t, pl.col("date") == day(9))),
    ("thin-days", 1, lambda t: without(t, (pl.col("date") == day(9)) & pl.col("code").is_in(CODES[:2]))),
    ("bars-off-calendar", 8, lambda t: {**t, "calendar": t["calendar"].filter(pl.col("date") != day(9))}),
    ("duplicated-stocks", 1, lambda t: twin(t, A, B, 61)),
    ("duplicated-stocks", 0, lambda t: twin(t, A, B, 60)),
    ("code-change-under-both", 100, lambda t: added(twin(t, A, B, 61), "code_changes", (A, B, day(90)))) ,
    ("code-changes-contradict", 1, lambda t: added(t, "code_changes", (A, B, day(90)), (B, A, day(95)))),
    ("code-changes-contradict", 0, lambda t: added(t, "code_changes", (A, B, day(90)))),
    ("codes-not-linked", 1, lambda t: twin(t, A, B, 61)),
    ("codes-not-linked", 0, lambda t: added(twin(t, A, B, 61), "code_changes", (A, B, day(90)))),
    ("factor-missing", 2, lambda t: changed(t, A, range(5, 7), factor=None)),
    ("amount-missing", 2, lambda t: changed(t, A, range(5, 7), amount=None)),
    ("amount-estimated", 2, lambda t: changed(t, A, range(5, 7), amount_est=True)),
    ("shares-missing", 2, lambda t: changed(t, A, range(5, 7), float_shares=None)),
    ("shares-carried", 2, lambda t: changed(t, A, range(5, 7), shares_est=True)),
    ("st-unknown", 2, lambda t: changed(t, A, range(5, 7), is_st=None)),
    ("st-inferred", 2, lambda t: changed(t, A, range(5, 7), st_inferred=True)),
    ("suspension-unknown", 2, lambda t: changed(t, A, range(5, 7), suspended=None)),
    ("industry-missing", 5, lambda t: swapped(t, "industry", pl.when(pl.col("code") == A).then(day(5)).otherwise("start").alias("start"))),
    ("securities-unknown", 1, lambda t: {**t, "securities": t["securities"].filter(pl.col("code") != A)}),
    ("facts-without-bars", 1, lambda t: added(t, "members", ("csi500", "600777.SH", day(3), None))),
    ("names-undated", 1, lambda t: {**t, "names": t["names"].filter(pl.col("code") != A)}),
    ("boards-absent", 1, lambda t: without(t, pl.col("code") == "920001.BJ")),
    ("taxonomies-absent", 1, lambda t: {**t, "industry": t["industry"].filter(taxonomy="sw")}),
    ("industry-edition", 2, lambda t: swapped(t, "industry", pl.when((pl.col("code") == A) & (pl.col("taxonomy") == "sw")).then(pl.lit("煤气")).otherwise("industry").alias("industry"))),
    ("members-waver", 7, lambda t: {**t, "members": pl.concat([t["members"].filter(pl.col("code") != A), t["members"].filter(pl.col("code") == A).with_columns(end=pl.lit(day(93)))])}),
    ("index-basis", 1, lambda t: added(t, "index_bars", ("000300.SH", day(0), 1.0, 1.0, 1.0, 1.0, None, None))),
    ("calendar-ends", 60, lambda t: {**t, "calendar": t["calendar"].filter(pl.col("date") <= day(99))}),
    ("quarantine", 1, lambda t: added(t, "quarantine", ("bars", "a.csv", 2, "high", "x", "not a number", None, None), ("bars", "a.csv", 3, "high", "x", "not a number", None, True))),
]  # fmt: skip


def test_a_market_without_a_fault_breaks_no_rule(tmp_path: Path) -> None:
    report = checked(clean_tables(), tmp_path)
    assert broken(report) == set()
    assert {f.rule.name for f in report.findings if f.found is None} == UNASKED_WHEN_CLEAN
    assert report.coverage.height == 1
    assert report.coverage.select(pl.exclude("year", "rows", "stocks")).row(0) == (1.0,) * 11


@pytest.mark.parametrize(
    ("rule", "count", "fault"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_fault_is_counted_by_its_rule(rule: str, count: int, fault: Fault) -> None:
    found = asked_of(fault(clean_tables()), rule)
    assert found.count == count
    assert found.count <= found.of
    if count and rule not in {"boards-absent", "taxonomies-absent", "calendar-ends", "names-undated"}:
        assert len(found.examples) > 0


def test_every_rule_has_a_fault_that_it_finds() -> None:
    rules = {rule.name for family in FAMILIES.values() for rule in family}
    tried = {rule for rule, count, _ in FAULTS if count}
    assert rules - tried == {
        "repeated-rows",
        "ended-together",
        "intervals-merged",
    }  # tests of their own below


def test_a_row_that_repeats_the_one_before_is_told_from_one_with_another_volume(tmp_path: Path) -> None:
    tables = clean_tables()
    columns = ("open", "high", "low", "close", "volume", "amount")
    before = tables["bars"].filter(one(A, 4)).select(columns).row(0, named=True)
    assert finding(checked(changed(tables, A, 5, **before), tmp_path / "a"), "repeated-rows").found.count == 1  # type: ignore[union-attr]
    other = before | {"volume": before["volume"] + 1}
    assert not finding(checked(changed(tables, A, 5, **other), tmp_path / "b"), "repeated-rows").broken


def test_merged_intervals_are_told_from_the_last_ingest_s_commit_and_refused_ones_from_the_quarantine(
    tmp_path: Path,
) -> None:
    tables = clean_tables()
    members = tables["members"]
    record = {"merged": "51", "rows_read": "57", "overlapping": "3"}
    commit(f"{tmp_path}/members", None, iter([members]), members.clear(), record)
    refused = (
        "industry",
        "i.csv",
        5,
        "industry",
        "x",
        "contradicts another industry of the same time",
        None,
        None,
    )
    others = added({**tables, "members": members.clear()}, "quarantine", refused)
    found = finding(checked(others, tmp_path), "intervals-merged").found
    assert found is not None
    assert (found.count, found.of) == (52, 57)
    assert (
        found.detail
        == "members: 51 joined, 3 of them overlapping, 0 refused; industry: 0 joined, 0 of them overlapping, 1 refused"
    )


@pytest.mark.parametrize(("stocks", "count"), [(10, 10), (9, 0)])
def test_stocks_that_end_on_one_day_in_numbers_are_a_file_s_end(
    stocks: int, count: int, tmp_path: Path
) -> None:
    tables = clean_tables()
    ended = tables["bars"].filter((pl.col("code") == A) & (pl.col("date") < day(50)))
    more = [
        ended.with_columns(pl.lit(f"6005{k:02d}.SH").alias("code"), pl.col("volume", "amount") * (1 + k / 64))
        for k in range(stocks)
    ]
    found = asked_of({**tables, "bars": pl.concat([tables["bars"], *more])}, "ended-together")
    assert found.count == count


def test_adjusted_stocks_are_left_out_of_the_limits(tmp_path: Path) -> None:
    tables = rescaled(clean_tables(), A, 50, 0.5, factor=None)
    assert finding(checked(tables, tmp_path / "a"), "close-beyond-limit").broken
    adjusted = changed(tables, A, range(100), close=pl.col("close") - 0.003)
    found = finding(checked(adjusted, tmp_path / "b"), "close-beyond-limit").found
    assert found is not None
    assert found.count == 0
    assert found.of == 100 * 6 + 60 - 7


def test_a_succession_of_codes_is_found_where_the_new_one_was_listed_long_before(tmp_path: Path) -> None:
    tables = clean_tables()
    renamed = tables["bars"].with_columns(
        pl.when(from_day(A, 50)).then(pl.lit("600555.SH")).otherwise("code").alias("code")
    )
    listed = ("600555.SH", "股", day(0) - timedelta(days=3000), None)
    report = checked(added({**tables, "bars": renamed}, "securities", listed), tmp_path / "a")
    found = finding(report, "codes-not-linked").found
    assert found is not None
    assert found.examples.select("code", "other").rows() == [(A, "600555.SH")]
    new = ("600555.SH", "股", day(50), None)
    assert not finding(
        checked(added({**tables, "bars": renamed}, "securities", new), tmp_path / "b"), "codes-not-linked"
    ).broken


def test_an_empty_store_has_nothing_to_check_and_says_so(tmp_path: Path) -> None:
    report = checked({}, tmp_path)
    assert broken(report) <= {"taxonomies-absent"}
    lacking = {f.rule.name: f.lacking for f in report.findings}
    assert lacking["gaps"] == "no bars"
    assert lacking["quarantine"] == "no quarantine"
    assert report.rows == 0
    assert report.first is None


@pytest.mark.parametrize("name", [name for name in TABLES if name not in ("bars", "quarantine", "sources")])
def test_a_store_without_one_of_its_tables_is_checked_all_the_same(name: str, tmp_path: Path) -> None:
    tables = {key: frame for key, frame in clean_tables().items() if key != name}
    report = checked(tables, tmp_path)
    assert len(report.findings) == sum(len(rules) for rules in FAMILIES.values())


def test_bars_of_required_columns_alone_are_checked(tmp_path: Path) -> None:
    bars = clean_tables()["bars"]
    bare = bars.with_columns(
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in TABLES["bars"].columns.items()
        if name not in TABLES["bars"].required
    )
    report = checked({"bars": bare}, tmp_path)
    assert finding(report, "vwap-outside-range").lacking == "no amount in bars"
    assert finding(report, "shares-missing").found.count == len(bars)  # type: ignore[union-attr]
    assert finding(report, "factor-falls").lacking == "no factor in bars"


def test_the_limits_are_those_of_the_stages_facts() -> None:
    """By the tables A is ST, B in its delisting period, and E listed again; as the stages have it."""
    tables = added(changed(clean_tables(), A, range(DAYS), is_st=None), "st", (A, day(30), None))
    tables = added(tables, "listings", (E, day(0) - timedelta(90), day(20)), (E, day(40), None))
    gone = pl.when(pl.col("code") == B).then(pl.lit(f"退市{B[:4]}")).otherwise("name").alias("name")
    tables = {**tables, "names": tables["names"].with_columns(gone)}
    facts = facts_from(tables, tables["bars"].lazy())
    days = np.array(trading_days(), dtype="datetime64[D]")
    market = daily_market(tables["bars"], tables["securities"], days, facts)
    got = tables["bars"].with_columns(limit_columns(tables["bars"], facts, days))
    for expected, name in zip(market_limits(market), ("lower", "upper"), strict=True):
        for k, code in enumerate(market.codes.tolist()):
            own = got.filter(pl.col("code") == code).sort("date")[name].fill_null(np.nan).to_numpy()
            np.testing.assert_array_equal(own, expected[: len(own), k])
    ratio = got.filter(one(A, 31))["upper"].item() / got.filter(one(A, 30))["close"].item()
    assert abs(ratio - 1.05) < 0.001
    assert got.filter(one(E, 40))["upper"].item() is None
