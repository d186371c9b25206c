"""What Tushare knows of single stocks: the calendar, listings, names, ST and suspensions."""

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.vendors.tushare_client import Empty, Tushare, dated, spelled
from gangru.market.sources.vendors.tushare_endpoints import NAMECHANGE, STOCK_BASIC, SUSPEND_D

STATUSES = ("L", "D", "P")  # listed, delisted, paused; G has passed the committee and never traded
ST_NAME = r"^[SG]?\*?ST"  # ST, *ST, SST, S*ST, and both with the G that marked the share reform of 2005


def calendar(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield every trading day of the Shanghai exchange, those announced for the future too."""
    on_progress("fetching calendar", 0.0)
    days = pl.DataFrame({"date": tushare.calendar}, schema={"date": pl.Date()})
    yield Piece("calendar", days, "tushare trade_cal SSE")


def securities(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield all stocks, the delisted ones too, with the days of listing and delisting and today's name."""
    on_progress("fetching securities", 0.0)
    parts = [
        tushare.snapshot(STOCK_BASIC, {"list_status": status}, Empty.FAULT if status == "L" else Empty.FACT)
        for status in STATUSES
    ]
    rows = tushare.of_asked_codes(pl.concat(parts, how="vertical_relaxed"))
    rows = rows.unique("ts_code", keep="first", maintain_order=True)
    tushare.remarks.notes.append(
        f"tushare securities: names are those of {tushare.days.today}; earlier ones are in names"
    )
    yield Piece(
        "securities", rows.rename({"ts_code": "code"}), f"tushare stock_basic on {tushare.days.today}"
    )


def names(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield the names each stock had, with the days from and to which it had them."""
    on_progress("fetching names", 0.0)
    yield Piece("names", name_spells(tushare), f"tushare namechange on {tushare.days.today}")


def st(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield the spells under special treatment, as the names tell them."""
    on_progress("fetching st", 0.0)
    spells = name_spells(tushare).filter(pl.col("name").str.contains(ST_NAME)).drop("name")
    yield Piece("st", spells, f"tushare namechange on {tushare.days.today}, ST in the name")


def name_spells(tushare: Tushare) -> pl.DataFrame:
    """Names by code, start and end: one holds until the next begins, the last as long as the vendor says.

    The vendor repeats rows, and now and then gives a stock two names from one day: the one announced later stands.
    """
    rows = tushare.of_asked_codes(tushare.snapshot(NAMECHANGE, {}, Empty.FAULT))
    rows = dated(rows, ("start_date", "end_date", "ann_date"))
    undated = rows["start_date"].null_count()
    rows = rows.drop_nulls("start_date").unique(["ts_code", "start_date", "name"], maintain_order=True)
    key = ["ts_code", "start_date"]
    single = rows.sort([*key, "ann_date"], maintain_order=True).unique(key, keep="last", maintain_order=True)
    for count, what in ((undated, "without a first day left out"), (len(rows) - len(single), "superseded")):
        if count:
            tushare.remarks.notes.append(f"tushare names: {count} {what}")
    following = pl.col("start_date").shift(-1).over("ts_code")
    own_end = pl.col("end_date") + pl.duration(days=1)  # the vendor gives the last day
    return single.sort(key).select(
        code="ts_code", start="start_date", end=pl.coalesce(following, own_end), name="name"
    )


def suspensions(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield the spells of whole days without trading, from the vendor's record of each day.

    A record with hours is a halt within the day and left out. A spell ends on the trading day after its last record.
    """
    parts = months(tushare.days.first, tushare.days.last)
    keys = []
    for done, (first, last) in enumerate(parts):
        on_progress("fetching suspensions", done / len(parts))
        keys.append(f"{first} to {last}")
        tushare.answer(SUSPEND_D, keys[-1], {"start_date": spelled(first), "end_date": spelled(last)})
    on_progress("fetching suspensions", 1.0)
    if keys:
        records = dated(tushare.of_asked_codes(tushare.spool.read(SUSPEND_D.name, keys)), ("trade_date",))
        origin = f"tushare suspend_d {tushare.days.first} to {tushare.days.last}"
        yield Piece("suspensions", suspension_spells(tushare, records), origin)


def suspension_spells(tushare: Tushare, records: pl.DataFrame) -> pl.DataFrame:
    """Runs of trading days with a record of a whole day's suspension, as intervals by code."""
    days = numbered(tushare.calendar)
    placed = records.rename({"trade_date": "date"}).join(days, on="date", how="inner")
    whole_day = pl.col("suspend_timing").fill_null("").str.strip_chars() == ""
    stopped = placed.filter((pl.col("suspend_type") == "S") & whole_day).select("ts_code", "day").unique()
    note_resumptions(tushare, placed, stopped)
    runs = (
        stopped.sort("ts_code", "day")
        .with_columns(run=pl.col("day") - pl.int_range(pl.len()).over("ts_code"))
        .group_by("ts_code", "run")
        .agg(pl.col("day").min(), past=pl.col("day").max() + 1)
    )
    starts = days.rename({"date": "start"})
    ends = days.rename({"date": "end", "day": "past"})
    return (
        runs.join(starts, on="day")
        .join(ends, on="past", how="left")
        .sort("ts_code", "start")
        .select(code="ts_code", start="start", end="end")
    )


def note_resumptions(tushare: Tushare, placed: pl.DataFrame, stopped: pl.DataFrame) -> None:
    """Tell of resumptions that no suspension came before: the vendor's record of suspensions then has holes."""
    resumed = placed.filter(pl.col("suspend_type") == "R").select("ts_code", day=pl.col("day") - 1).unique()
    lone = len(resumed.join(stopped, on=["ts_code", "day"], how="anti"))
    if lone:
        tushare.remarks.notes.append(
            f"tushare suspensions: {lone} of {len(resumed)} resumptions without a suspension the day before"
        )


def numbered(days: list[date]) -> pl.DataFrame:
    """Trading days with their number."""
    return pl.DataFrame({"date": days}, schema={"date": pl.Date()}).with_columns(
        day=pl.int_range(pl.len(), dtype=pl.Int64)
    )


def months(first: date, last: date) -> list[tuple[date, date]]:
    """The calendar months between two days, the first and the last cut at them."""
    parts = []
    while first <= last:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        parts.append((first, min(last, following - timedelta(days=1))))
        first = following
    return parts
