"""Bars as Qlib keeps them: adjusted, on a dense axis of days for each stock, one float32 file a field."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.calendar import Dates
from gangru.market.schema import BARS
from gangru.market.sources.columns import FLAGS, PRICES
from gangru.market.sources.qlib_directory import FEATURES, SUFFIX

ALWAYS = (*PRICES, "volume", "amount", "vwap", "change")  # what Qlib's own collectors and models ask for
STOCK_FIELDS = (*ALWAYS, "factor", "float_shares", *FLAGS)
INDEX_FIELDS = (*PRICES, "volume", "amount", "change", "factor")
KEPT = "_kept"


def adjusted_bars(bars: pl.DataFrame) -> pl.DataFrame:
    """Bars, sorted by code and date, as code, date, the numbers of `STOCK_FIELDS` and whether a row must be kept whole.

    A day without trading has no price. A missing factor is the stock's last one, as everywhere in gangru; a stock
    without any is unadjusted. Rows that cannot be told from the numbers alone are marked to be kept.
    """
    known = pl.col("factor").is_not_null().any().over("code")
    factor = pl.when(known).then(pl.col("factor").forward_fill().over("code")).otherwise(1.0)
    rows = bars.with_columns(factor.alias("_by"), known.alias("_known"))
    traded = (
        ~pl.col("suspended").fill_null(value=False) & (pl.col("volume") > 0) & pl.col("_by").is_not_null()
    )
    rows = rows.with_columns(traded.alias("_traded"))
    live, by = pl.col("_traded"), pl.col("_by")
    numbers = rows.select(
        "code",
        "date",
        *[pl.when(live).then(pl.col(name) * by).alias(name) for name in PRICES],
        pl.when(live).then(pl.col("volume") / by).alias("volume"),
        pl.when(live).then("amount").alias("amount"),
        pl.when(live).then(pl.col("amount") / pl.col("volume") * by).alias("vwap"),
        pl.when(pl.col("_known")).then(by).alias("factor"),
        "float_shares",
        *[pl.col(name).cast(pl.Float64) for name in FLAGS],
        (~live | (pl.col("_known") & pl.col("factor").is_null())).alias(KEPT),
    )
    return numbers.with_columns(changes())


def adjusted_index_bars(bars: pl.DataFrame) -> pl.DataFrame:
    """Index bars, sorted by code and date, with the numbers of `INDEX_FIELDS`: points as they are, factor 1."""
    return bars.with_columns(factor=pl.lit(1.0)).with_columns(changes())


def changes() -> pl.Expr:
    """Each day's close over the close of the last day with one, less 1; sees days up to its own."""
    before = pl.col("close").forward_fill().shift(1).over("code")
    return (pl.col("close") / before - 1).alias("change")


def write_bins(root: Path, rows: pl.DataFrame, days: Dates, fields: Sequence[str]) -> int:
    """Write each code's fields as files below `root`, and return how many files.

    `rows` are sorted by code and date, all dates among the ascending `days`. A field of `ALWAYS` is written even where
    nothing of it is known, others are not.
    """
    if rows.is_empty():
        return 0
    day = np.searchsorted(days, rows["date"].to_numpy().astype("datetime64[D]"))
    begins = np.flatnonzero(rows["code"].ne_missing(rows["code"].shift(1)).to_numpy())
    stock = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(rows))))
    first, last = day[begins], day[np.append(begins[1:], len(rows)) - 1]
    sizes = last - first + 2  # a number for each day, and before them the position of the first
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    slots = offsets[stock] + 1 + day - first[stock]
    folders = [root / FEATURES / folder_of(code) for code in rows["code"].gather(begins)]
    for folder in folders:
        folder.mkdir(parents=True)
    return sum(
        write_field(folders, name, placed(rows[name], slots, offsets, first), offsets) for name in fields
    )


def placed(
    values: pl.Series, slots: NDArray[np.int64], offsets: NDArray[np.int64], first: NDArray[np.int64]
) -> NDArray[np.float32]:
    """One field of all codes as their files' contents, one after another."""
    content = np.full(offsets[-1], np.nan, dtype="<f4")
    with np.errstate(over="ignore"):
        content[slots] = values.cast(pl.Float64).to_numpy()
    content[offsets[:-1]] = first
    return content


def write_field(
    folders: Sequence[Path], name: str, content: NDArray[np.float32], offsets: NDArray[np.int64]
) -> int:
    """Write one field's files and return how many."""
    written = 0
    for folder, start, stop in zip(folders, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        if name in ALWAYS or not np.isnan(content[start + 1 : stop]).all():
            (folder / f"{name}{SUFFIX}").write_bytes(content[start:stop].tobytes())
            written += 1
    return written


def folder_of(code: str) -> str:
    """A canonical code as Qlib's folder: sh600519."""
    return instrument_of(code).lower()


def instrument_of(code: str) -> str:
    """A canonical code as Qlib's instrument: SH600519."""
    digits, _, exchange = code.partition(".")
    return exchange + digits


def kept_rows(bars: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """The bars that their numbers do not hold, whole."""
    return bars.filter(numbers[KEPT]).select(list(BARS.columns))
