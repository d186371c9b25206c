"""Daily bars of stocks and indices from Tushare: raw prices, adjustment factor and shares that can be traded."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import polars as pl

from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.vendors.tushare_client import Empty, Tushare, spelled
from gangru.market.sources.vendors.tushare_endpoints import (
    ADJ_FACTOR,
    DAILY,
    DAILY_BASIC,
    INDEX_DAILY,
)

OURS = {
    "ts_code": "code",
    "trade_date": "date",
    "vol": "volume",
    "adj_factor": "factor",
    "float_share": "float_shares",
}
EARLY = date(2000, 1, 1)  # the vendor may have nothing for single days before
LATE = timedelta(days=7)  # figures of a day may be missing for so long before that is taken as final
TOGETHER = 200  # codes in one piece


def in_shares_and_yuan(rows: pl.DataFrame) -> pl.DataFrame:
    """From lots, ten thousand shares and thousand yuan; whole shares and whole fen, as they were before."""
    scaled = {"volume": (100, 0), "float_shares": (1e4, 0), "amount": (1e3, 2)}
    return rows.with_columns(
        (pl.col(name) * scale).round(digits)
        for name, (scale, digits) in scaled.items()
        if name in rows.columns
    )


def bars(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield a piece a year, fetched day by day; by code where fewer codes than days are asked for."""
    days = [day for day in tushare.calendar if tushare.days.first <= day <= tushare.days.last]
    if not days:
        tushare.remarks.notes.append(
            f"tushare bars: no trading day is settled from {tushare.days.first} to {tushare.days.last}"
        )
    elif tushare.asked.codes is not None and len(tushare.asked.codes) < len(days):
        yield from bars_by_code(tushare, tushare.asked.codes, on_progress)
    else:
        yield from bars_by_day(tushare, days, on_progress)


def bars_by_day(tushare: Tushare, days: Sequence[date], on_progress: OnProgress) -> Iterator[Piece]:
    """Three calls a day for the whole market; a last day that is not there yet is left to the next time."""
    done = 0
    for _, group in itertools.groupby(days, key=lambda day: day.year):
        there: list[str] = []
        for day in group:
            on_progress("fetching bars", done / len(days))
            if fetch_day(tushare, day, last=day == days[-1]):
                there.append(day.isoformat())
            done += 1
        if there:
            yield bars_piece(tushare, there, f"{there[0]} to {there[-1]}")
    on_progress("fetching bars", 1.0)


def fetch_day(tushare: Tushare, day: date, last: bool) -> bool:
    """Bring a day's three answers into the spool; false where the vendor has no bars, or not yet for the last day."""
    asked, key = {"trade_date": spelled(day)}, day.isoformat()
    must = Empty.FACT if day < EARLY else Empty.FAULT
    recent = last and day > tushare.days.today - LATE
    if tushare.answer(DAILY, key, asked, Empty.NOT_YET if recent else must).is_empty():
        why = "not there yet, to be had by the next update" if recent else "the vendor has none"
        tushare.remarks.skipped.append(f"tushare bars of {day}: {why}")
        return False
    tushare.answer(ADJ_FACTOR, key, asked, must)
    tushare.answer(DAILY_BASIC, key, asked, must if day > tushare.days.today - LATE else Empty.FACT)
    return True


def bars_by_code(tushare: Tushare, codes: Sequence[str], on_progress: OnProgress) -> Iterator[Piece]:
    """Three calls a code for all days."""
    first, last = tushare.days.first, tushare.days.last
    span = {"start_date": spelled(first), "end_date": spelled(last)}
    for start in range(0, len(codes), TOGETHER):
        keys = []
        for number, code in enumerate(codes[start : start + TOGETHER], start):
            on_progress("fetching bars", number / len(codes))
            keys.append(f"{code} {first} to {last}")
            for endpoint in (DAILY, ADJ_FACTOR, DAILY_BASIC):
                tushare.answer(endpoint, keys[-1], {"ts_code": code, **span})
        yield bars_piece(tushare, keys, f"{keys[0]} … {keys[-1]}")
    on_progress("fetching bars", 1.0)


def bars_piece(tushare: Tushare, keys: Sequence[str], origin: str) -> Piece:
    """One piece from the three answers of each key."""
    rows = pl.concat([joined(tushare, key) for key in keys], how="vertical_relaxed")
    missing = {name: rows[name].null_count() for name in ("factor", "float_shares")}
    notes = tuple(
        f"tushare bars {origin}: {count:,} of {len(rows):,} rows without {name}"
        for name, count in missing.items()
        if count
    )
    return Piece("bars", rows, f"tushare bars {origin}", in_shares_and_yuan, notes=notes)


def joined(tushare: Tushare, key: str) -> pl.DataFrame:
    """The bars of one key with factor and shares; a repeated factor does not double a bar."""
    rows = tushare.of_asked_codes(tushare.spool.get(DAILY.name, key))
    on = ["ts_code", "trade_date"]
    for endpoint in (ADJ_FACTOR, DAILY_BASIC):
        other = tushare.spool.get(endpoint.name, key).unique(on, keep="first")
        rows = rows.join(other, on=on, how="left", maintain_order="left")
    return rows.rename(OURS)


def index_bars(tushare: Tushare, on_progress: OnProgress) -> Iterator[Piece]:
    """Yield a piece an index over the whole span; an index without rows is passed over and told."""
    first, last = tushare.days.first, tushare.days.last
    span = {"start_date": spelled(first), "end_date": spelled(last)}
    for done, index in enumerate(tushare.asked.indices if first <= last else ()):
        on_progress("fetching indices", done / len(tushare.asked.indices))
        rows = tushare.answer(INDEX_DAILY, f"{index} {first} to {last}", {"ts_code": index, **span})
        origin = f"tushare index {index} {first} to {last}"
        if rows.is_empty():
            tushare.remarks.skipped.append(f"{origin}: no rows")
        else:
            yield Piece(
                "index",
                rows.rename(OURS, strict=False),
                origin,
                in_shares_and_yuan,
            )
    on_progress("fetching indices", 1.0)
