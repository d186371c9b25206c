"""Rules on volume, amount and shares: whether they belong to the prices beside them, and are in one unit."""

import polars as pl

from gangru.market.check.basis import TELLING_SHARE, outside_range, slipped
from gangru.market.check.evidence import Evidence
from gangru.market.check.findings import (
    EXAMPLES,
    CheckRule,
    Found,
    broken_rows,
    listed_words,
    percent_words,
    spanned,
)

VWAP = pl.col("amount") / pl.col("volume")
TRADED = pl.col("traded") & (pl.col("amount") > 0)


def vwaps_outside(evidence: Evidence) -> Found:
    """Days whose amount / volume lies outside the day's range."""
    bars = evidence.bars
    bad = outside_range(VWAP)
    per_stock = bars.lazy().filter(TRADED).group_by("code").agg(bad.mean().alias("share")).collect()
    most = int((per_stock["share"] > 0.5).sum())
    few = int(((per_stock["share"] > 0) & (per_stock["share"] < TELLING_SHARE)).sum())
    adjusted = int(bars.select((bad & TRADED & (pl.col("basis") == "adjusted")).sum()).item() or 0)
    detail = (
        f"most days of {most:,} stocks, under {percent_words(TELLING_SHARE)} of the days of {few:,}; {adjusted:,} "
        "rows are of stocks whose prices are adjusted"
    )
    worst = (VWAP / pl.col("close")).log().abs()
    shown = ("low", "high", VWAP.alias("vwap"), "volume", "amount")
    return broken_rows(bars, bad, TRADED, shown, worst, detail)


def foreign_amounts(evidence: Evidence) -> Found:
    """Stocks whose amount / volume leaves the range in a ratio that jumps about: not a rescaled price."""
    bases = evidence.bases
    odd = bases.filter(basis="unclear").sort("outside", descending=True)
    rows = round((odd["rows"] * odd["outside"]).sum())
    return Found(
        count=len(odd),
        of=len(bases),
        unit="stocks",
        detail=f"{listed_words(odd['code'].cast(pl.String).to_list())}; {rows:,} rows" if len(odd) else "",
        examples=odd.head(EXAMPLES).select(
            pl.col("code").cast(pl.String), "rows", vwap_outside="outside", daily_change="rough"
        ),
    )


def slipped_units(evidence: Evidence) -> Found:
    """Days whose amount / volume fits the range once it is divided by a power of ten that units differ by."""
    bad = slipped(VWAP) & (pl.col("basis") == "raw")
    worst = (VWAP / pl.col("close")).log().abs()
    shown = ("low", "high", VWAP.alias("vwap"), "volume", "amount")
    return broken_rows(evidence.bars, bad, TRADED, shown, worst, blame="amount")


def whole_market_slips(evidence: Evidence) -> Found:
    """Days on which the median stock's amount / volume is a power of ten away from its close."""
    days = (
        evidence.bars.lazy()
        .filter(TRADED)
        .group_by("date")
        .agg(ratio=(VWAP / pl.col("close")).median(), stocks=pl.len())
        .collect()
    )
    off = days.filter(pl.col("ratio").log10().round() != 0).sort("date")
    return Found(
        count=len(off),
        of=len(days),
        unit="days",
        detail=spanned(off["date"]),
        examples=off.head(EXAMPLES),
    )


def turnover_beyond(evidence: Evidence) -> Found:
    """Days on which more shares were traded than there are tradable ones."""
    turnover = pl.col("volume") / pl.col("float_shares")
    among = pl.col("traded") & pl.col("float_shares").is_not_null()
    carried = int(evidence.bars.select((among & (turnover > 1) & pl.col("shares_est")).sum()).item() or 0)
    shown = ("volume", "float_shares", turnover.alias("turnover"))
    detail = f"{carried:,} where the shares are carried from another date"
    return broken_rows(evidence.bars, turnover > 1, among, shown, turnover, detail)


VOLUME_CHECKS = (
    CheckRule(
        "vwap-outside-range",
        "warning",
        "Days whose amount / volume lies outside their low and high",
        "Prices and amounts are on different bases or of different stocks; vwap is masked on such days.",
        ("bars.amount",),
        vwaps_outside,
    ),
    CheckRule(
        "amounts-of-another-stock",
        "warning",
        "Stocks whose amounts do not go with their prices, nor with a rescaled price",
        "Take their amounts and shares out of the source and ingest again: they look like those of other stocks.",
        ("bars.amount",),
        foreign_amounts,
    ),
    CheckRule(
        "unit-slip",
        "error",
        "Days whose amount or volume is off by 10, 100, 1,000, 10,000 or 100,000",
        'Say the unit in study.toml, [data.units] volume = "lots" or amount = "thousand yuan", and ingest again; '
        "single days are slips of the source: `gangru check --quarantine` takes them out.",
        ("bars.amount",),
        slipped_units,
        withdraws=True,
    ),
    CheckRule(
        "units-of-whole-days",
        "error",
        "Days on which the median amount / volume is a power of ten away from the price",
        "The unit of a whole file is wrong: say it in study.toml, [data.units], and ingest the file again.",
        ("bars.amount",),
        whole_market_slips,
    ),
    CheckRule(
        "turnover-over-100",
        "warning",
        "Days with a turnover above 100 %",
        "The shares are too old, of another class or of another unit; features of turnover see the false value.",
        ("bars.float_shares",),
        turnover_beyond,
    ),
)
