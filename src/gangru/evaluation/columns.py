"""A factor table's columns in their types: what cannot be read is null, and what no column may hold is an error."""

import polars as pl

from gangru.errors import EvaluationError
from gangru.market.codes import canonical_codes
from gangru.market.sources.columns import read_dates

TABLE = "the factor table"
ZONE = "Asia/Shanghai"
HOUR = r"(?:[01]?\d|2[0-3]):[0-5]\d"
SECOND = r"[0-5]\d(?:\.\d+)?"
CLOCK = rf"[ T]{HOUR}(?::{SECOND})?$"  # without a zone: the day is the one that is written
ZONED = rf"^(\d{{4}}-\d{{2}}-\d{{2}})[ T]({HOUR})(?::({SECOND}))? ?(Z|[+-]\d{{2}}(?::?\d{{2}})?)$"
WHOLE = r"^(\d+)\.0+$"  # 20200131.0: a whole number that stood beside missing ones
SHOWN = 8  # column names that an error lists


def typed(factor: pl.DataFrame, source: str = TABLE) -> pl.DataFrame:
    """Columns date, code, factor, pret and unread: whether a factor is there and no number.

    Raises EvaluationError naming `source` where a column is missing, or of a type that holds no such values.
    """
    missing = [name for name in ("date", "code", "factor") if name not in factor.columns]
    if missing:
        raise EvaluationError(
            f"{source} lacks {', '.join(missing)}: expected date, code, factor; got {listed(factor.columns)}"
        )
    value = read_values(factor["factor"], source)
    pret = (
        read_values(factor["pret"], source)
        if "pret" in factor.columns
        else pl.Series([None], dtype=pl.Float64).new_from_index(0, len(factor))
    )
    return pl.DataFrame(
        {
            "date": read_days(factor["date"], source),
            "code": canonical_codes(as_text(factor["code"], source, "a code such as 600519.SH")),
            "factor": value,
            "pret": pret,
            "unread": value.is_null() & present(factor["factor"]),
        }
    )


def listed(names: list[str]) -> str:
    """Column names for an error, the first few of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (", ".join(names[:SHOWN]) or "no column") + more


def read_days(raw: pl.Series, source: str) -> pl.Series:
    """Days from dates, times, 2020-01-31, 2020/1/31 and 20200131 (text or number), with or without a time of day.

    A time that says its zone is taken to Shanghai, where the trading day is told; one that does not is Shanghai's own.
    """
    if raw.dtype == pl.Date or isinstance(raw.dtype, pl.Datetime):
        return read_dates(raw)
    text = as_text(raw, source, "a date such as 2020-01-31")
    distinct = text.drop_nulls().unique()
    if distinct.is_empty():
        return pl.Series(raw.name, [None], dtype=pl.Date).new_from_index(0, len(raw))
    days = read_dates(distinct.str.replace(CLOCK, ""))
    read = pl.select(pl.coalesce(pl.lit(zoned_days(distinct)), pl.lit(days))).to_series()
    return text.replace_strict(distinct, read, default=None, return_dtype=pl.Date)


def zoned_days(text: pl.Series) -> pl.Series:
    """The day in Shanghai of times that say their zone; null for all else."""
    part = [pl.col("text").str.extract(ZONED, k) for k in range(1, 5)]
    offset = (
        pl.when(part[3] == "Z")
        .then(pl.lit("+0000"))
        .otherwise(part[3].str.replace(":", "").str.pad_end(5, "0"))
    )
    whole = pl.concat_str(part[0], pl.lit(" "), part[1], pl.lit(":"), part[2].fill_null("00"), offset)
    time = whole.str.strptime(pl.Datetime("us", "UTC"), "%Y-%m-%d %H:%M:%S%.f%z", strict=False)
    return pl.DataFrame({"text": text}).select(time.dt.convert_time_zone(ZONE).dt.date()).to_series()


def read_values(raw: pl.Series, source: str) -> pl.Series:
    """Numbers as Float64; raises EvaluationError for a column of times, lists or other things that are none."""
    if raw.dtype.is_numeric() or raw.dtype in (pl.Boolean, pl.Null):
        return raw.cast(pl.Float64, strict=False)
    return as_text(raw, source, "a number").cast(pl.Float64, strict=False)


def as_text(raw: pl.Series, source: str, expected: str) -> pl.Series:
    """Text without blanks around it, empty text as null; raises EvaluationError for what has no plain text form."""
    kind = raw.dtype
    worded = kind in (pl.String, pl.Categorical, pl.Enum, pl.Null)
    if not worded and not (kind.is_numeric() and expected != "a number"):
        raise EvaluationError(
            f"{source}: column {raw.name} is of type {kind}; expected {expected} in each row"
        )
    text = raw.cast(pl.String).str.strip_chars().str.replace(WHOLE, "$1")
    return text.set(text == "", None)


def present(raw: pl.Series) -> pl.Series:
    """Whether there is anything in a row; empty text is nothing."""
    if raw.dtype in (pl.String, pl.Categorical, pl.Enum):
        return (raw.cast(pl.String).str.strip_chars() != "").fill_null(value=False)
    return raw.is_not_null()
