"""Akshare's tables in our columns and units. It gives lots and percent; its codes have no exchange."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

import polars as pl

from gangru.market.sources.vendors.calls import NotGivenError
from gangru.market.sources.vendors.levels import in_force

LOT = 100  # shares
A_SHARES = {  # B shares are quoted in other money
    "SH": r"^(?:60|68)[0-9]{4}$",
    "SZ": r"^(?:00|30)[0-9]{4}$",
    "BJ": r"^(?:4[0-9]|8[0-9]|92)[0-9]{4}$",
}
ANY_A_SHARE = "|".join(A_SHARES.values())
PART_OF_A_DAY = "盘中|小时|分钟|半天|上午|下午"  # a halt after which there is a close all the same


def sina_code(code: str) -> str:
    """`600000.SH` as Sina and the index page spell it: `sh600000`."""
    digits, exchange = code.split(".")
    return f"{exchange.lower()}{digits}"


def listed(answer: pl.DataFrame, exchange: str, columns: Sequence[str]) -> pl.DataFrame:
    """A shares of an exchange's list as code, name, list_date, delist_date; `columns` are theirs, the last optional."""
    digits, name, came, *left = columns
    return answer.filter(pl.col(digits).str.contains(A_SHARES[exchange])).select(
        code=pl.col(digits) + f".{exchange}",
        name=pl.col(name),
        list_date=pl.col(came).cast(pl.String),
        delist_date=pl.col(left[0]).cast(pl.String) if left else pl.lit(None, dtype=pl.String),
    )


def bars(answer: pl.DataFrame, code: str, factors: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """One stock's bars: shares, yuan, unadjusted prices, Sina's factor and the float in force on the day.

    Without a factor the column is null: the returns over ex-days are then not known. Where no share count is in
    force, the float is volume / turnover rate, marked as estimated: the rate has two decimals in percent.
    """
    days = answer["日期"].cast(pl.Date, strict=False)
    volume, turn = (pl.col(name).cast(pl.Float64, strict=False) for name in ("成交量", "换手率"))
    known = in_force(days, shares["变更日期"], shares["已上市流通A股"].cast(pl.Float64, strict=False)).alias(
        "known"
    )
    guess = pl.when((volume > 0) & (turn > 0)).then((volume * LOT * 100 / turn).round(0))
    return answer.with_columns(known, factor_on(days, factors)).select(
        code=pl.lit(code), date="日期", open="开盘", high="最高", low="最低", close="收盘", factor="factor",
        volume=volume * LOT, amount="成交额",
        float_shares=pl.coalesce("known", guess),
        shares_est=pl.when(pl.coalesce("known", guess).is_not_null()).then(pl.col("known").is_null()),
    )  # fmt: skip


def factor_on(days: pl.Series, factors: pl.DataFrame) -> pl.Series:
    """Sina's back-adjustment factor in force on each day; raises NotGivenError for one that is no number above 0."""
    level = factors["hfq_factor"].cast(pl.Float64, strict=False)
    good = ((level > 0) & level.is_finite()).fill_null(value=False)
    if not good.all():
        wrong = factors["hfq_factor"].filter(~good)[0]
        raise NotGivenError(f"akshare stock_zh_a_daily gave the factor {wrong}: expected numbers above 0")
    return in_force(days, factors["date"], level).alias("factor")


def with_st(bars: pl.DataFrame, today: date, warned: frozenset[str] | None) -> pl.DataFrame:
    """Add is_st as observed: on the day of the list, and nothing on other days or in Beijing, which it leaves out."""
    if warned is None:
        return bars.with_columns(is_st=pl.lit(None, dtype=pl.Boolean))
    seen = (pl.col("date").cast(pl.Date, strict=False) == today) & ~pl.col("code").str.ends_with("BJ")
    return bars.with_columns(is_st=pl.when(seen).then(pl.col("code").str.head(6).is_in(sorted(warned))))


def index_bars(answer: pl.DataFrame, code: str) -> pl.DataFrame:
    """An index's bars; volume in shares, amount in yuan."""
    volume = pl.col("volume").cast(pl.Float64, strict=False) * LOT
    return answer.select(pl.lit(code).alias("code"), "date", "open", "high", "low", "close", volume, "amount")


def names(answer: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Shenzhen's short names as intervals code, start, end, name: from each change to the next, the last still so.

    The name before a stock's first change holds from its listing where that day is known. Of several changes on one
    day the last one listed counts.
    """
    rows = answer.filter(pl.col("证券代码").str.contains(A_SHARES["SZ"])).select(
        code=pl.col("证券代码") + ".SZ", start="变更日期", before="变更前简称", name="变更后简称"
    )
    changes = rows.unique(["code", "start"], keep="last", maintain_order=True).sort("code", "start")
    first = rows.sort("code", "start", maintain_order=True).unique("code", keep="first", maintain_order=True)
    begun = listed.select("code", came=pl.col("list_date").str.to_date(strict=False))
    opening = first.join(begun, on="code").filter(pl.col("came") < pl.col("start"))
    whole = pl.concat(
        [changes.select("code", "start", "name"), opening.select("code", start="came", name="before")]
    ).sort("code", "start")
    return whole.with_columns(end=pl.col("start").shift(-1).over("code"))


def halted(answer: pl.DataFrame, day: date) -> frozenset[str]:
    """The digits of those that did not trade on `day`, by the dates in the list; halts of part of a day are none."""
    over = pl.col("停牌截止时间") < day
    part = pl.col("停牌期限").str.contains(PART_OF_A_DAY)
    rows = answer.filter(
        (pl.col("停牌时间") <= day) & ~over.fill_null(value=False) & ~part.fill_null(value=False)
    )
    return frozenset(
        rows.filter(pl.col("代码").str.contains(ANY_A_SHARE))["代码"]
    )  # funds and bonds are halted too


def observed(seen: Mapping[date, frozenset[str]], days: Sequence[date]) -> pl.DataFrame:
    """Intervals code, start, end of what was seen on single days: each holds until the next trading day.

    Runs without a gap are one interval. `days` are the trading days, ascending, with one after the last seen.
    """
    following = dict(pairwise(days))
    spans: list[tuple[str, date, date]] = []
    for day in sorted(seen):
        spans += [(code, day, following[day]) for code in sorted(seen[day])]
    schema = {"code": pl.String, "start": pl.Date, "end": pl.Date}
    rows = pl.DataFrame(spans, schema=schema, orient="row").sort("code", "start")
    opens = (pl.col("start") != pl.col("end").shift(1).over("code")).fill_null(value=True)
    return (
        rows.with_columns(run=opens.cum_sum())
        .group_by("run", maintain_order=True)
        .agg(pl.col("code").first(), pl.col("start").first(), pl.col("end").last())
        .drop("run")
    )
