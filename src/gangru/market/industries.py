"""The level-1 industries of Shenwan and CITIC: each edition's names in both languages, and the days it was in force.

Names and index codes are the publishers'; the English is ours, short enough for a table. Editions: Shenwan 2014
(28 classes, from 2014-02-21) and 2021 (31, from 2021-07-30, the day of its first list of members); CITIC's first (29,
beginning not known) and that of 2019 (30, from 2019-12-02, not checked against its notice). Days before Shenwan's
edition of 2014 belong to editions that are not here.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

import polars as pl

from gangru.market.intervals import FOREVER

LanguageTag = Literal["zh", "en"]


@dataclass(frozen=True)
class Edition:
    """One edition of a taxonomy, in force on the days from `first` up to, but not including, `end`.

    Without a first day it is taken for every day before the end.
    """

    taxonomy: str
    name: str
    first: date | None
    end: date | None


@dataclass(frozen=True)
class Industry:
    """A class of one edition: the publisher's index code and Chinese name, our English one."""

    edition: Edition
    code: str
    zh: str
    en: str


SW_2014 = Edition("sw", "2014", date(2014, 2, 21), date(2021, 7, 30))
SW_2021 = Edition("sw", "2021", date(2021, 7, 30), None)
CITIC_FIRST = Edition("citic", "first", None, date(2019, 12, 2))
CITIC_2019 = Edition("citic", "2019", date(2019, 12, 2), None)

SW_BOTH = """
801010 农林牧渔 Agriculture, Forestry and Fishery|801040 钢铁 Steel|801050 有色金属 Non-ferrous Metals
801080 电子 Electronics|801110 家用电器 Household Appliances|801120 食品饮料 Food and Beverage
801140 轻工制造 Light Manufacturing|801150 医药生物 Pharmaceuticals and Biotechnology|801160 公用事业 Utilities
801170 交通运输 Transportation|801180 房地产 Real Estate|801230 综合 Conglomerates|801710 建筑材料 Building Materials
801720 建筑装饰 Construction and Decoration|801740 国防军工 Defense|801750 计算机 Computers|801760 传媒 Media
801770 通信 Communications|801780 银行 Banks|801790 非银金融 Non-bank Finance|801880 汽车 Automobiles
801890 机械设备 Machinery
"""
SW_2014_ALONE = """
801020 采掘 Mining|801030 化工 Chemicals|801130 纺织服装 Textiles and Garments|801200 商业贸易 Commerce and Trade
801210 休闲服务 Leisure Services|801730 电气设备 Electrical Equipment
"""
SW_2021_ALONE = """
801030 基础化工 Basic Chemicals|801130 纺织服饰 Textiles and Apparel|801200 商贸零售 Commerce and Retail
801210 社会服务 Consumer Services|801730 电力设备 Power Equipment|801950 煤炭 Coal
801960 石油石化 Petroleum and Petrochemicals|801970 环保 Environmental Protection|801980 美容护理 Beauty Care
"""
CITIC_BOTH = """
CI005001 石油石化 Petroleum and Petrochemicals|CI005002 煤炭 Coal|CI005003 有色金属 Non-ferrous Metals
CI005004 电力及公用事业 Power and Utilities|CI005005 钢铁 Steel|CI005006 基础化工 Basic Chemicals
CI005007 建筑 Construction|CI005008 建材 Building Materials|CI005009 轻工制造 Light Manufacturing
CI005010 机械 Machinery|CI005012 国防军工 Defense|CI005013 汽车 Automobiles|CI005014 商贸零售 Commerce and Retail
CI005016 家电 Household Appliances|CI005017 纺织服装 Textiles and Garments|CI005018 医药 Pharmaceuticals
CI005019 食品饮料 Food and Beverage|CI005020 农林牧渔 Agriculture, Forestry and Fishery|CI005021 银行 Banks
CI005022 非银行金融 Non-bank Finance|CI005023 房地产 Real Estate|CI005024 交通运输 Transportation
CI005026 通信 Communications|CI005027 计算机 Computers|CI005028 传媒 Media|CI005029 综合 Conglomerates
"""
CITIC_FIRST_ALONE = """
CI005011 电力设备 Power Equipment|CI005015 餐饮旅游 Catering and Tourism|CI005025 电子元器件 Electronic Components
"""
CITIC_2019_ALONE = """
CI005011 电力设备及新能源 Power Equipment and New Energy|CI005015 消费者服务 Consumer Services
CI005025 电子 Electronics|CI005030 综合金融 Diversified Finance
"""
EDITIONS: dict[Edition, tuple[str, str]] = {
    SW_2014: (SW_BOTH, SW_2014_ALONE),
    SW_2021: (SW_BOTH, SW_2021_ALONE),
    CITIC_FIRST: (CITIC_BOTH, CITIC_FIRST_ALONE),
    CITIC_2019: (CITIC_BOTH, CITIC_2019_ALONE),
}
# Other spellings of one and the same class, by taxonomy; nothing else is ever made equal.
ALIASES: dict[str, dict[str, str]] = {
    "sw": {"农、林、牧、渔": "农林牧渔", "非银行金融": "非银金融"},
    "citic": {
        "非银金融": "非银行金融",
        "电力设备与新能源": "电力设备及新能源",
        "电力设备新能源": "电力设备及新能源",
    },
}


@lru_cache
def industries(edition: Edition) -> tuple[Industry, ...]:
    """The classes of an edition, in order of code."""
    entries = "\n".join(EDITIONS[edition]).replace("|", "\n").split("\n")
    parts = sorted(entry.split(" ", 2) for entry in entries if entry)
    return tuple(Industry(edition, code, zh, en) for code, zh, en in parts)


@lru_cache
def by_name(taxonomy: str) -> dict[str, Industry]:
    """A taxonomy's classes of all editions by their Chinese name, the newest edition's where two share it."""
    return {
        one.zh: one for edition in EDITIONS if edition.taxonomy == taxonomy for one in industries(edition)
    }


def declared_name(taxonomy: str, name: str) -> str:
    """The class's own spelling of a name, by the declared aliases alone."""
    return ALIASES.get(taxonomy, {}).get(name, name)


def industry_name(taxonomy: str, name: str, language: LanguageTag) -> str:
    """A class's name in a language; a name that no edition has is given back as it is."""
    known = by_name(taxonomy).get(declared_name(taxonomy, name))
    return name if known is None else getattr(known, language)


def class_name(name: str, language: LanguageTag) -> str:
    """A class's name in a language, of whatever taxonomy: those that share a Chinese name share the English one."""
    for taxonomy in dict.fromkeys(edition.taxonomy for edition in EDITIONS):
        if declared_name(taxonomy, name) in by_name(taxonomy):
            return industry_name(taxonomy, name, language)
    return name


def foreign_names(industry: pl.DataFrame) -> pl.DataFrame:
    """Names that the edition in force does not have: taxonomy, edition, industry, intervals, stocks, reason, example.

    `industry` has the columns of the table; each of its intervals is held against every edition that it overlaps.
    The reason says whether the class is another edition's, a class renamed, a declared spelling, or of none. A
    taxonomy without editions here, and days before the first, are not judged.
    """
    found = []
    for edition in EDITIONS:
        own = {one.zh for one in industries(edition)}
        inside = industry.filter(
            pl.col("taxonomy") == edition.taxonomy,
            pl.col("start") < (edition.end or FOREVER),
            pl.col("end").is_null() | (pl.col("end") > (edition.first or date.min)),
            ~pl.col("industry").is_in(list(own)),
        )
        found.append(
            inside.group_by("taxonomy", "industry")
            .agg(intervals=pl.len(), stocks=pl.col("code").n_unique(), example=pl.col("code").min())
            .with_columns(edition=pl.lit(edition.name))
        )
    names = pl.concat(found).sort("taxonomy", "edition", "industry")
    reasons = [
        reason_of(taxonomy, edition, name)
        for taxonomy, edition, name in names.select("taxonomy", "edition", "industry").iter_rows()
    ]
    return names.with_columns(reason=pl.Series(reasons, dtype=pl.String)).select(
        "taxonomy", "edition", "industry", "intervals", "stocks", "reason", "example"
    )


def reason_of(taxonomy: str, edition_name: str, name: str) -> str:
    """Why a name does not belong to an edition."""
    known = by_name(taxonomy).get(declared_name(taxonomy, name))
    if known is None:
        return "in no edition"
    own = [edition for edition in EDITIONS if (edition.taxonomy, edition.name) == (taxonomy, edition_name)]
    same = [one.zh for one in industries(own[0]) if one.code == known.code]
    if name != known.zh:
        return f"spelling of {known.zh}"
    return f"is called {same[0]} there" if same else "class of another edition"
