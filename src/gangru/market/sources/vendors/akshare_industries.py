"""Shenwan's classes from the history of codes that it publishes: six digits, of which the first two are level 1.

The same digits mean other classes in other editions, so a class is named by the edition in force.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from gangru.market.industries import SW_2014, SW_2021, Edition
from gangru.market.sources.vendors.akshare_tables import ANY_A_SHARE

BOTH = {
    "11": "农林牧渔", "23": "钢铁", "24": "有色金属", "27": "电子", "28": "汽车", "33": "家用电器", "34": "食品饮料",
    "36": "轻工制造", "37": "医药生物", "41": "公用事业", "42": "交通运输", "43": "房地产", "48": "银行",
    "49": "非银金融", "51": "综合", "61": "建筑材料", "62": "建筑装饰", "64": "机械设备", "65": "国防军工",
    "71": "计算机", "72": "传媒", "73": "通信",
}  # fmt: skip
EDITION_2014 = BOTH | {
    "21": "采掘", "22": "化工", "35": "纺织服装", "45": "商业贸易", "46": "休闲服务", "63": "电气设备",
}  # fmt: skip
EDITION_2021 = BOTH | {
    "22": "基础化工", "35": "纺织服饰", "45": "商贸零售", "46": "社会服务", "63": "电力设备", "74": "煤炭",
    "75": "石油石化", "76": "环保", "77": "美容护理",
}  # fmt: skip
NAMES: dict[Edition, Mapping[str, str]] = {SW_2014: EDITION_2014, SW_2021: EDITION_2021}


def classes(history: pl.DataFrame) -> pl.DataFrame:
    """Intervals code, start, end, industry from symbol, start_date and industry_code; end null = still so.

    A code holds until the symbol's next one, and is named by the edition of each day: one that spans a new edition is
    two intervals. What was before the edition of 2014 is left out, as are digits that an edition does not know (see
    `unnamed`).
    """
    rows = spans(history)
    return pl.concat([named(rows, edition, names) for edition, names in NAMES.items()]).sort("code", "start")


def unnamed(history: pl.DataFrame) -> int:
    """How many codes began under an edition that does not know their digits."""
    digits = pl.col("industry_code").str.head(2)
    strange = [
        len(history.filter(within(pl.col("start_date"), edition) & ~digits.is_in(list(names))))
        for edition, names in NAMES.items()
    ]
    return sum(strange)


def within(day: pl.Expr, edition: Edition) -> pl.Expr:
    """Whether an edition was in force on a day."""
    return (day >= (edition.first or date.min)) & (day < (edition.end or date.max))


def spans(history: pl.DataFrame) -> pl.DataFrame:
    """code, digits, start, end: each code until the next of its symbol; of several on one day the last listed."""
    shares = history.filter(pl.col("symbol").str.contains(ANY_A_SHARE))
    rows = shares.select(code="symbol", start="start_date", digits=pl.col("industry_code").str.head(2))
    ordered = (
        rows.drop_nulls().unique(["code", "start"], keep="last", maintain_order=True).sort("code", "start")
    )
    return ordered.with_columns(end=pl.col("start").shift(-1).over("code"))


def named(rows: pl.DataFrame, edition: Edition, names: Mapping[str, str]) -> pl.DataFrame:
    """The parts of the spans within an edition's time, by its names."""
    start = pl.max_horizontal(pl.col("start"), pl.lit(edition.first, dtype=pl.Date))
    end = pl.min_horizontal(
        pl.col("end"), pl.lit(edition.end, dtype=pl.Date)
    )  # the smaller of those that are there
    industry = pl.col("digits").replace_strict(dict(names), default=None, return_dtype=pl.String)
    cut = rows.select("code", start=start, end=end, industry=industry)
    inside = pl.col("end").is_null() | (pl.col("start") < pl.col("end"))
    return cut.filter(inside & pl.col("industry").is_not_null())
