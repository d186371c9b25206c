"""Baostock's tables in our columns and units. It gives shares, yuan, percent and text; its codes are `sh.600000`."""

import polars as pl

from gangru.market.sources.vendors.calls import NotGivenError
from gangru.market.sources.vendors.levels import in_force

TRADE_DATES = ("calendar_date", "is_trading_day")
STOCKS = ("code", "code_name", "ipoDate", "outDate", "type", "status")
BARS = (
    "date", "code", "open", "high", "low", "close", "volume", "amount", "turn", "tradestatus", "isST",
)  # fmt: skip
INDEX_BARS = ("date", "code", "open", "high", "low", "close", "volume", "amount")
FACTORS = ("code", "dividOperateDate", "backAdjustFactor")
INDUSTRIES = ("updateDate", "code", "code_name", "industry", "industryClassification")
MEMBERS = ("updateDate", "code", "code_name")

SHARE = "1"  # of `type`; 2 is an index
A_SHARE = r"^(?:sh\.(?:60|68)|sz\.(?:00|30))[0-9]{4}$"  # B shares are quoted in other money


def vendor_code(code: str) -> str:
    """`600000.SH` as baostock spells it."""
    digits, exchange = code.split(".")
    return f"{exchange.lower()}.{digits}"


def trading_days(answer: pl.DataFrame) -> pl.DataFrame:
    """The days on which the exchanges were open: date."""
    return answer.filter(pl.col("is_trading_day") == "1").select(date="calendar_date")


def a_shares(answer: pl.DataFrame) -> pl.DataFrame:
    """The A shares among the securities, those that have left included, sorted by code."""
    return answer.filter((pl.col("type") == SHARE) & pl.col("code").str.contains(A_SHARE)).sort("code")


def securities(shares: pl.DataFrame) -> pl.DataFrame:
    """code, name (of today), list_date, delist_date."""
    return shares.select("code", name="code_name", list_date="ipoDate", delist_date="outDate")


def listed_between(shares: pl.DataFrame, first: str, last: str) -> pl.DataFrame:
    """The shares that may have a bar from `first` to `last`, days as text; one without a date may have any."""
    began = pl.col("ipoDate").is_null() | (pl.col("ipoDate") <= last)
    stayed = pl.col("outDate").is_null() | (pl.col("outDate") >= first)
    return shares.filter(began & stayed)


def bars(answer: pl.DataFrame, factors: pl.DataFrame, *, whole: bool) -> pl.DataFrame:
    """One stock's bars: prices as they were paid, `factor` in force on the day, flags as observed.

    float_shares = volume / turnover rate, whole shares; the rate comes rounded, so they are off by as much. A day
    without trading has no volume, which is 0, and no float shares. Text that is no number is left for the checks.
    """
    volume, turn = (pl.col(name).cast(pl.Float64, strict=False) for name in ("volume", "turn"))
    still = pl.col("tradestatus") == "0"
    shares = pl.when(~still & (volume > 0) & (turn > 0)).then((volume * 100 / turn).round(0))
    none = pl.when(still).then(pl.lit("0"))
    return with_factor(answer, factors, whole=whole).select(
        "code", "date", "open", "high", "low", "close", "factor",
        pl.coalesce("volume", none).alias("volume"),
        pl.coalesce("amount", none).alias("amount"),
        shares.alias("float_shares"),
        pl.col("isST").replace_strict({"1": True, "0": False}, default=None, return_dtype=pl.Boolean).alias("is_st"),
        still.alias("suspended"),
    )  # fmt: skip


def with_factor(answer: pl.DataFrame, factors: pl.DataFrame, *, whole: bool) -> pl.DataFrame:
    """Add the back-adjustment factor of the last ex-date on or before each row's date; 1 before the first.

    Without any ex-date it is 1 where the rows are the stock's `whole` history, else null: the list may have failed to
    come, and null leaves what the store knows.

    Raises NotGivenError for a factor that is no number above 0: with another one every later return would be wrong.
    """
    levels = factors.select(
        since=pl.col("dividOperateDate").str.to_date(strict=False),
        factor=pl.col("backAdjustFactor").cast(pl.Float64, strict=False),
    )
    wrong = levels.select(
        (pl.col("since").is_null() | ~((pl.col("factor") > 0) & pl.col("factor").is_finite())).fill_null(
            value=True
        )
    ).to_series()
    if wrong.any():
        row = factors.row(int(wrong.arg_max() or 0), named=True)
        raise NotGivenError(
            f"baostock query_adjust_factor: {row}: expected a date and a backAdjustFactor above 0"
        )
    days = answer["date"].str.to_date(strict=False)
    factor = in_force(days, levels["since"], levels["factor"])
    if whole or len(levels):
        factor = factor.fill_null(1.0)
    return answer.with_columns(factor.alias("factor"))


def index_bars(answer: pl.DataFrame) -> pl.DataFrame:
    """An index's bars; volume in shares, amount in yuan."""
    return answer.select("code", "date", "open", "high", "low", "close", "volume", "amount")


def industries(answer: pl.DataFrame) -> pl.DataFrame:
    """The classes of the securities commission from the day of the list on; what was before is not known."""
    return answer.filter(pl.col("industry").is_not_null() & pl.col("code").str.contains(A_SHARE)).select(
        "code", "industry", start="updateDate"
    )
