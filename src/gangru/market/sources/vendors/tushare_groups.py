"""The groups that stocks belong to by Tushare: industries of Shenwan and CITIC, members of indices."""

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.vendors.calls import NotGivenError
from gangru.market.sources.vendors.tushare_client import Tushare, dated, spelled
from gangru.market.sources.vendors.tushare_endpoints import (
    CI_INDEX_MEMBER,
    INDEX_CLASSIFY,
    INDEX_MEMBER,
    INDEX_MEMBER_ALL,
    INDEX_WEIGHT,
)
from gangru.market.sources.vendors.tushare_facts import numbered

EDITION_2021 = date(2021, 7, 30)  # from this day on Shenwan's edition of 2021 is in force
FIRST_WEIGHTS = 2005  # the year in which the CSI 300 began
ALSO_KNOWN = {"000300.SH": "399300.SZ"}  # one index under two codes; the vendor's own example uses the second
CLOSE_BY = timedelta(
    days=10
)  # from the last day in one class to the first in the next, over the longest holiday
WHOLE = 0.9  # of the usual number of members: a list shorter than that is not whole
NEIGHBOURS = 5  # lists whose median is the usual number


def industry(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield the level 1 industries: Shenwan by the edition in force, and CITIC where the account may have it."""
    on_progress("fetching industries", 0.0)
    yield Piece(
        "industry", shenwan(tushare, on_progress), f"tushare index_member_all on {tushare.days.today}"
    )
    on_progress("fetching industries", 0.9)
    try:
        both = [tushare.snapshot(CI_INDEX_MEMBER, {"is_new": new}) for new in ("Y", "N")]
    except NotGivenError as error:
        tushare.remarks.skipped.append(f"industries of CITIC: {error}")
        return
    tushare.remarks.notes.append(
        "tushare industries of CITIC: the vendor does not say when it learnt a class; early ones may be filled in later"
    )
    yield Piece(
        "industry",
        stays(tushare, pl.concat(both, how="vertical_relaxed")),
        f"tushare ci_index_member on {tushare.days.today}",
        taxonomy="citic",
    )


def shenwan(tushare: Tushare, on_progress: OnProgress) -> pl.DataFrame:
    """The edition of 2014 up to the day before that of 2021 came into force, and that of 2021 from then on.

    The vendor carries both back and forth beyond the days on which they were in force; nobody could know that then.
    """
    both = [tushare.snapshot(INDEX_MEMBER_ALL, {"is_new": new}) for new in ("Y", "N")]
    new = stays(tushare, pl.concat(both, how="vertical_relaxed"))
    new = new.with_columns(pl.col("start").clip(lower_bound=EDITION_2021))
    old = stays(tushare, edition_2014(tushare, on_progress))
    old = old.with_columns(pl.col("end").fill_null(EDITION_2021).clip(upper_bound=EDITION_2021))
    if old.is_empty():
        tushare.remarks.skipped.append(f"industries of Shenwan before {EDITION_2021}: the vendor gave none")
    both_editions = pl.concat([old, new])
    return both_editions.filter(pl.col("end").is_null() | (pl.col("end") > pl.col("start")))


def edition_2014(tushare: Tushare, on_progress: OnProgress) -> pl.DataFrame:
    """The members of each level 1 class of the edition of 2014, in the columns of the newer endpoint."""
    classes = tushare.snapshot(INDEX_CLASSIFY, {"level": "L1", "src": "SW2014"})
    parts = [pl.DataFrame(schema=INDEX_MEMBER_ALL.columns)]
    for done, (code, name) in enumerate(classes.select("index_code", "industry_name").iter_rows()):
        on_progress("fetching industries", 0.9 * done / len(classes))
        for new in ("Y", "N"):
            rows = tushare.snapshot(INDEX_MEMBER, {"index_code": code, "is_new": new})
            parts.append(
                rows.select(l1_name=pl.lit(name), ts_code="con_code", in_date="in_date", out_date="out_date")
            )
    return pl.concat(parts, how="vertical_relaxed")


def stays(tushare: Tushare, rows: pl.DataFrame) -> pl.DataFrame:
    """Stays in a class by code, start, end and industry, without those that do not say when they began.

    Whether the vendor's `out_date` is the last day in a class or the first one out of it is not documented: a class
    holds until the next one begins where that is close by, else until `out_date`.
    """
    rows = dated(tushare.of_asked_codes(rows), ("in_date", "out_date"))
    undated = rows["in_date"].null_count()
    if undated:
        tushare.remarks.notes.append(f"tushare industries: {undated} stays without a first day left out")
    rows = rows.drop_nulls("in_date").unique(["ts_code", "in_date", "out_date", "l1_name"])
    rows = rows.sort("ts_code", "in_date", "out_date", "l1_name")
    following = pl.col("in_date").shift(-1).over("ts_code")
    close_by = (following >= pl.col("out_date")) & (following <= pl.col("out_date") + CLOSE_BY)
    end = pl.when(close_by).then(following).otherwise(pl.col("out_date"))
    return rows.select(code="ts_code", start="in_date", end=end, industry="l1_name")


def members(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield the members of each index from the vendor's lists, about one a month, whatever days were asked for.

    Only whole lists tell who has left. A stock counts as a member from the first list that has it, up to a month
    late.
    """
    for done, index in enumerate(tushare.asked.indices):
        on_progress("fetching members", done / len(tushare.asked.indices))
        lists = member_lists(tushare, index)
        if lists.is_empty() and index in ALSO_KNOWN:
            lists = member_lists(tushare, ALSO_KNOWN[index])
        if lists.is_empty():
            tushare.remarks.skipped.append(f"members of {index}: no lists came")
            continue
        origin = f"tushare index_weight {index} to {tushare.days.last}"
        yield Piece("members", member_spells(tushare, lists, index), origin)
    on_progress("fetching members", 1.0)


def member_lists(tushare: Tushare, index: str) -> pl.DataFrame:
    """Every list of an index: date and code."""
    keys = []
    for year in range(FIRST_WEIGHTS, tushare.days.last.year + 1):
        first, last = date(year, 1, 1), min(date(year, 12, 31), tushare.days.last)
        keys.append(f"{index} {first} to {last}")
        span = {"start_date": spelled(first), "end_date": spelled(last)}
        tushare.answer(INDEX_WEIGHT, keys[-1], {"index_code": index, **span})
    rows = dated(tushare.spool.read(INDEX_WEIGHT.name, keys), ("trade_date",))
    return rows.select(date="trade_date", code="con_code").drop_nulls().unique()


def member_spells(tushare: Tushare, lists: pl.DataFrame, index: str) -> pl.DataFrame:
    """Runs of lists that have a code, as intervals; the end is the date of the first list without it."""
    sizes = lists.group_by("date").agg(size=pl.len()).sort("date")
    usual = pl.col("size").rolling_median(NEIGHBOURS, min_samples=1, center=True)
    whole = sizes.filter(pl.col("size") >= WHOLE * usual)
    if len(whole) < len(sizes):
        broken = sizes.filter(~pl.col("date").is_in(whole["date"].implode()))["date"]
        tushare.remarks.skipped.append(
            f"members of {index}: {len(broken)} lists much shorter than usual, the first of {broken[0]}"
        )
    dates = numbered(whole["date"].to_list())
    runs = (
        tushare.of_asked_codes(lists, "code")
        .join(dates, on="date")
        .sort("code", "day")
        .with_columns(run=pl.col("day") - pl.int_range(pl.len()).over("code"))
        .group_by("code", "run")
        .agg(start=pl.col("date").min(), past=pl.col("day").max() + 1)
    )
    return (
        runs.join(dates.rename({"date": "end", "day": "past"}), on="past", how="left")
        .sort("code", "start")
        .select(pl.lit(index).alias("index"), "code", "start", "end")
    )
