"""Stock codes: one spelling, `600519.SH`, and what a code says about where it trades."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

SPELLING = (
    r"(?i)^(?:(?P<prefix>sh|sz|bj)\.?)?(?P<digits>[0-9]{6})"
    r"(?:\.(?P<suffix>sh|ss|xshg|sz|xshe|bj|bjse|xbse))?$"
)
EXCHANGES = {"SH": "SH", "SS": "SH", "XSHG": "SH", "SZ": "SZ", "XSHE": "SZ"} | dict.fromkeys(
    ("BJ", "BJSE", "XBSE"), "BJ"
)
BARE_EXCHANGES = (  # a bare number is a stock's: 000001 is Ping An Bank in Shenzhen, never the Shanghai index
    (r"^(?:60|68|900)", "SH"),
    (r"^(?:00|30|20|399)", "SZ"),
    (r"^(?:4|8|92)", "BJ"),
)
INDEX_CODE = r"^(?:000[0-9]{3}\.SH|399[0-9]{3}\.SZ|899[0-9]{3}\.BJ)$"


def canonical_codes(codes: pl.Series) -> pl.Series:
    """Spell every code `NNNNNN.SH|SZ|BJ`; null where that cannot be done without guessing.

    Reads SH600519, sh.600519, 600519.SH, 600519.SS, 600519.XSHG, 000001.XSHE, and bare six digits of a board
    that only one exchange has. Fewer than six digits are null: something has eaten the zeros.
    """
    text = codes.cast(pl.String)
    distinct = text.drop_nulls().unique()
    if distinct.is_empty():
        return pl.Series(codes.name, [None] * len(codes), dtype=pl.String)
    return text.replace_strict(distinct, spelled(distinct), default=None, return_dtype=pl.String)


def spelled(codes: pl.Series) -> pl.Series:
    """Spell distinct codes one by one; null where a code names no exchange or names two."""
    parts = pl.DataFrame({"text": codes.str.strip_chars()}).select(
        prefix=pl.col("text").str.extract(SPELLING, 1).str.to_uppercase(),
        digits=pl.col("text").str.extract(SPELLING, 2),
        suffix=pl.col("text").str.extract(SPELLING, 3).str.to_uppercase(),
    )
    named = pl.coalesce("prefix", "suffix").replace_strict(EXCHANGES, default=None, return_dtype=pl.String)
    bare: pl.Expr = pl.lit(None, dtype=pl.String)
    for pattern, place in BARE_EXCHANGES:
        bare = pl.when(pl.col("digits").str.contains(pattern)).then(pl.lit(place)).otherwise(bare)
    twice = pl.col("prefix").is_not_null() & pl.col("suffix").is_not_null()
    exchange = pl.when(~twice).then(pl.coalesce(named, bare))
    return parts.select(pl.col("digits") + "." + exchange).to_series()


def is_index_code(codes: pl.Series) -> pl.Series:
    """Whether a canonical code is an index's: 000xxx.SH, 399xxx.SZ or 899xxx.BJ; null stays null."""
    return codes.str.contains(INDEX_CODE)


def board(codes: NDArray[np.str_]) -> NDArray[np.str_]:
    """Each canonical code's board, (N,): "main", "star", "chinext" or "beijing"."""
    codes = np.asarray(codes, dtype=np.str_)
    digits = codes.astype("U3")
    names = np.full(codes.shape, "main", dtype="U7")
    names[np.isin(digits, ("688", "689"))] = "star"
    names[np.isin(digits, ("300", "301", "302"))] = "chinext"
    names[np.char.endswith(codes, ".BJ")] = "beijing"
    return names
