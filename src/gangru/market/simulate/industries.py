"""Industries of simulated stocks: what they do, and what two classifications call it.

What a stock does moves its price and has a number; names are given afterwards, by taxonomy and date.

Legend: D trading days × N stocks.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.daily import Bools
from gangru.market.simulate.settings import SimulateSettings

Ints = NDArray[np.int64]

SHENWAN, CITIC = "sw", "citic"
NEW_EDITION = date(2021, 7, 30)  # of Shenwan's classification
INDUSTRY_NAMES = (
    "Banks", "Insurance and Brokers", "Real Estate", "Construction", "Building Materials", "Steel",
    "Non-ferrous Metals", "Coal", "Oil and Petrochemicals", "Basic Chemicals", "Utilities", "Transport",
    "Machinery", "Power Equipment", "Defence", "Automobiles", "Home Appliances", "Light Manufacturing",
    "Textiles and Apparel", "Food and Beverage", "Agriculture", "Pharmaceuticals", "Retail", "Consumer Services",
    "Media", "Computers", "Electronics", "Communications",
)  # fmt: skip
RENAMED = {  # by the new edition
    "Power Equipment": "Electrical and Power Equipment",
    "Consumer Services": "Social Services",
    "Retail": "Commerce and Retail",
    "Textiles and Apparel": "Textiles and Garments",
}
SPLIT_OFF = {
    "Utilities": "Environmental Protection",
    "Basic Chemicals": "Beauty Care",
}  # a part becomes its own
CITIC_NAMES = {
    "Banks": "Banking",
    "Insurance and Brokers": "Non-bank Finance",
    "Oil and Petrochemicals": "Petroleum and Petrochemicals",
    "Utilities": "Electricity and Utilities",
    "Transport": "Transportation",
    "Power Equipment": "Power Equipment and New Energy",
    "Retail": "Commerce and Retail",
}
SPLIT_SHARE, ELSEWHERE_SHARE = 0.3, 0.08


@dataclass(frozen=True)
class Classes:
    """What the taxonomies make of a stock besides its industry, (N,) each."""

    splits_off: Bools  # goes with the part that the new edition makes an industry of its own
    citic: Ints  # the industry in which CITIC sees the stock, −1 where it is the same


def draw_industries(
    settings: SimulateSettings, days: int, new: Bools, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Industry numbers, (D, N): unequal sizes, one stock alone in the last, one in thirty changes once."""
    n, k = settings.stocks, settings.industries
    weights = np.exp(0.4 * rng.standard_normal(k - 1))
    industry = rng.choice(k - 1, n, p=weights / weights.sum())
    order = rng.permutation(n)
    industry[order[~new[order]][0]] = k - 1
    later = np.where(industry < k - 1, rng.integers(0, k - 1, n), industry)
    change_row = np.where(rng.random(n) < 1 / 30, rng.integers(1, days, n), days)
    return np.where(np.arange(days)[:, None] < change_row, industry, later)


def draw_classes(n: int, industries: int, rare: np.random.Generator) -> Classes:
    """Draw what the taxonomies see differently."""
    elsewhere = np.where(rare.random(n) < ELSEWHERE_SHARE, rare.integers(0, max(industries - 1, 1), n), -1)
    return Classes(rare.random(n) < SPLIT_SHARE, elsewhere)


def industry_names(count: int) -> tuple[str, ...]:
    """Names of so many industries."""
    more = (f"Industry {k}" for k in range(len(INDUSTRY_NAMES) + 1, count + 1))
    return (*INDUSTRY_NAMES, *more)[:count]


def with_new_edition(spans: pl.DataFrame, splitting: pl.Series) -> pl.DataFrame:
    """Cut industry intervals at the new edition's first day where the name changes there.

    `spans` has the columns of the table industry; `splitting` are the codes that go with a part split off.
    """
    part = pl.col("industry").replace_strict(SPLIT_OFF, default=None, return_dtype=pl.String)
    goes = pl.col("code").is_in(splitting.implode())
    name = pl.coalesce(pl.when(goes).then(part), pl.col("industry").replace(RENAMED)).alias("_name")
    named = spans.with_columns(name)
    after = pl.col("end").is_null() | (pl.col("end") > NEW_EDITION)
    cut = after & (pl.col("_name") != pl.col("industry"))
    earlier = named.filter(~cut | (pl.col("start") < NEW_EDITION)).with_columns(
        pl.when(cut).then(pl.lit(NEW_EDITION)).otherwise("end").alias("end")
    )
    later = named.filter(cut).with_columns(
        pl.max_horizontal("start", pl.lit(NEW_EDITION)).alias("start"), industry="_name"
    )
    return pl.concat([earlier, later]).select(spans.columns).sort("code", "start")


def in_citic(names: pl.Series) -> pl.Series:
    """CITIC's names of industries."""
    return names.replace(CITIC_NAMES)
