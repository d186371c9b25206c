"""From a file's columns to typed ones: codes, dates, numbers in shares and yuan, flags; else null."""

import polars as pl

from gangru.errors import InputError
from gangru.market.codes import canonical_codes
from gangru.market.schema import INDEX_BARS, Table
from gangru.market.sources.settings import TURNOVER, UNITS, DataSettings

PRICES = ("open", "high", "low", "close")
FLAGS = ("is_st", "suspended", "amount_est", "shares_est", "st_inferred")  # of bars
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
DATE_SPELLINGS = (  # what it looks like, and how it is read
    (r"^\d{4}-\d{1,2}-\d{1,2}$", "%Y-%m-%d"),
    (r"^\d{8}$", "%Y%m%d"),
    (r"^\d{4}/\d{1,2}/\d{1,2}$", "%Y/%m/%d"),
)
CODE_COLUMNS = frozenset({"code", "old"})
AMBIGUOUS_INDEX = r"^000\d{3}$"  # Shanghai's indices are numbered like Shenzhen's stocks
MIDNIGHT = r"[ T]00:00(:00(\.0+)?)?$"


def tidied(frame: pl.DataFrame) -> pl.DataFrame:
    """Text without blanks around it; empty text and NaN are null."""
    frame = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    stripped = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(
        pl.when(stripped != "").then(stripped).name.keep(), pl.col(pl.Float32, pl.Float64).fill_nan(None)
    )


def typed(raw: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The table's columns from a file's; null where a value cannot be read or the column is not there."""
    rows = pl.DataFrame(
        [
            read_column(raw[name], dtype).alias(name)
            if name in raw.columns
            else pl.Series(name, [None], dtype=dtype).new_from_index(0, len(raw))
            for name, dtype in table.columns.items()
        ]
    )
    if table is not INDEX_BARS or "code" not in raw.columns:
        return rows
    bare = raw["code"].cast(pl.String).str.contains(AMBIGUOUS_INDEX)
    return rows.with_columns(pl.when(~bare.fill_null(value=False)).then(pl.col("code")))


def read_column(raw: pl.Series, dtype: pl.DataType) -> pl.Series:
    """One column in its type; null where a value cannot be read."""
    if raw.name in CODE_COLUMNS:
        return canonical_codes(raw)
    if dtype == pl.Date():
        return read_dates(raw)
    if dtype == pl.Boolean():
        return read_flags(raw)
    if dtype == pl.Float64():
        return read_numbers(raw)
    return raw.cast(pl.String)


def read_dates(raw: pl.Series) -> pl.Series:
    """Dates from dates, timestamps, 2020-01-31, 20200131 (text or number) and 2020/1/31."""
    if raw.dtype == pl.Date:
        return raw
    if isinstance(raw.dtype, pl.Datetime):
        local = raw.dt.convert_time_zone("Asia/Shanghai") if raw.dtype.time_zone else raw
        return local.dt.date()
    text = raw.cast(pl.String, strict=False)
    distinct = text.drop_nulls().unique()  # a market has thousands of days, its bars millions of rows
    if distinct.is_empty():
        return pl.Series(raw.name, [None], dtype=pl.Date).new_from_index(0, len(raw))
    bare = distinct.str.replace(MIDNIGHT, "")
    read = pl.lit(None, dtype=pl.Date)
    for look, spelling in DATE_SPELLINGS:
        day = pl.lit(bare).str.to_date(spelling, strict=False)
        read = pl.when(pl.lit(bare).str.contains(look)).then(day).otherwise(read)
    return text.replace_strict(distinct, pl.select(read).to_series(), default=None, return_dtype=pl.Date)


def read_numbers(raw: pl.Series) -> pl.Series:
    """Numbers as Float64.

    A single-precision 16.21 becomes the decimal it prints as, 16.21, and not 16.209999084: seven digits
    wherever they name the same single-precision number.
    """
    if raw.dtype == pl.Float32:
        wide = raw.cast(pl.Float64)
        short = wide.round_sig_figs(7)
        same = short.cast(pl.Float32) == raw
        return pl.select(pl.when(same).then(short).otherwise(wide)).to_series()
    return raw.cast(pl.Float64, strict=False)


def read_flags(raw: pl.Series) -> pl.Series:
    """True or false from booleans, 0 and 1, and the usual words."""
    if raw.dtype == pl.Boolean:
        return raw
    text = raw.cast(pl.Int64, strict=False) if raw.dtype.is_float() else raw
    words = text.cast(pl.String, strict=False).str.to_lowercase()
    yes, no = pl.lit(words).is_in(TRUE), pl.lit(words).is_in(FALSE)
    return pl.select(pl.when(yes).then(True).when(no).then(False)).to_series()


def with_zeros(codes: pl.Series) -> pl.Series:
    """Codes that were written as numbers, with their leading zeros again: 1 and 1.0 are 000001."""
    number = codes.cast(pl.String).str.strip_chars().str.replace(r"\.0+$", "")
    short = number.str.contains(r"^\d{1,6}$")
    frame = pl.DataFrame({"as_is": codes.cast(pl.String), "number": number.str.zfill(6), "short": short})
    return frame.select(pl.when("short").then("number").otherwise("as_is").alias(codes.name)).to_series()


def with_shares(frame: pl.DataFrame, settings: DataSettings, source: str) -> pl.DataFrame:
    """Tradable shares from volume and turnover rate, in the declared unit, where a file has those alone.

    Raises InputError where the unit of the turnover rate is not said.
    """
    if TURNOVER not in frame.columns:
        return frame
    if "float_shares" in frame.columns:
        return frame.drop(TURNOVER)
    rate = read_numbers(frame[TURNOVER])
    if TURNOVER not in settings.units:
        median = rate.to_frame().select(pl.first().median()).item()
        raise InputError(
            f"{source}: the turnover rate, {median} at the median, may be in percent or a fraction; say which "
            'in study.toml: [data.units] turnover = "percent" or "fraction"'
        )
    share = rate * settings.scale(TURNOVER)
    volume = read_numbers(frame["volume"]) * settings.scale("volume")
    known = pl.DataFrame({"share": share, "volume": volume})
    shares = known.select(
        pl.when((pl.col("share") > 0) & (pl.col("volume") > 0)).then(pl.col("volume") / pl.col("share"))
    ).to_series()
    return frame.drop(TURNOVER).with_columns((shares / settings.scale("float_shares")).alias("float_shares"))


def in_our_units(rows: pl.DataFrame, settings: DataSettings, source: str) -> pl.DataFrame:
    """Shares and yuan from the declared units, raw prices from back-adjusted ones; forward-adjusted ones stay.

    Raises InputError where prices are declared back-adjusted and the file, `source`, has no factor.
    """
    measured = [name for name in UNITS if name in rows.columns and settings.scale(name) != 1]
    rows = rows.with_columns(pl.col(name) * settings.scale(name) for name in measured)
    if settings.forward_adjusted and "factor" in rows.columns:
        rows = rows.with_columns(pl.lit(1.0).alias("factor"))  # another factor would adjust them twice
    if settings.back_adjusted and "factor" in rows.columns:
        if rows["factor"].null_count() == len(rows):
            raise InputError(
                f"{source} has no factor: units.price says that its prices are back-adjusted, and raw ones "
                "are those divided by the factor; add the column or take units.price out"
            )
        rows = rows.with_columns(pl.col(name) / pl.col("factor") for name in PRICES)
    return rows
