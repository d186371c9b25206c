"""Rules on a stock's own prices: the day's four, carried ones, repeated ones, and whether they are raw."""

import polars as pl

from gangru.market.check.evidence import Evidence
from gangru.market.check.findings import EXAMPLES, CheckRule, Found, broken_rows, by_year, percent_words
from gangru.market.quality import HALF_TICK, RULES
from gangru.market.schema import BARS

STALE_DAYS = 10  # closes that stay the same this long with trading: illiquid at best
FOUR = ("open", "high", "low", "close")


def row_rules(evidence: Evidence) -> Found:
    """Rows that break a rule of `market.quality`, which ingest keeps out: they came in before the rule did."""
    bars = evidence.bars
    rules = RULES[BARS.name]
    plain = bars.lazy().with_columns(pl.col("code").cast(pl.String))
    broken = plain.select(
        rule.bad.fill_null(value=False).alias(str(i)) for i, rule in enumerate(rules)
    ).collect()
    blamed = pl.concat(
        bars.filter(broken[str(i)]).select(
            pl.col("code").cast(pl.String),
            "date",
            column=pl.lit(rule.column),
            value=pl.col(rule.column).cast(pl.String).fill_null(""),
            reason=pl.lit(rule.reason),
        )
        for i, rule in enumerate(rules)
    ).unique(("code", "date"), keep="first", maintain_order=True)
    reasons = blamed["reason"].value_counts(sort=True).iter_rows()
    return Found(
        count=len(blamed),
        of=len(bars),
        unit="rows",
        detail="; ".join(f"{reason}: {count:,}" for reason, count in reasons),
        examples=blamed.head(EXAMPLES),
        years=by_year(blamed["date"]),
        rows=blamed.drop("reason"),
    )


def adjusted_prices(evidence: Evidence) -> Found:
    """Stocks whose prices are adjusted although raw ones are wanted."""
    bases = evidence.bases.filter(pl.col("rows") > 0)
    adjusted = bases.filter(basis="adjusted").sort("outside", descending=True)
    rows = int(adjusted["rows"].sum())
    cents = adjusted.filter(pl.col("sub_cent") > 0).height
    share = rows / max(int(bases["rows"].sum()), 1)
    return Found(
        count=len(adjusted),
        of=len(bases),
        unit="stocks",
        detail=f"{rows:,} rows ({percent_words(share, 1)}); {cents:,} of them have prices of fractions of a "
        "cent; their limits, vwap and turnover are not checked"
        if len(adjusted)
        else "",
        examples=adjusted.head(EXAMPLES).select(
            pl.col("code").cast(pl.String),
            "rows",
            vwap_outside="outside",
            sub_cent="sub_cent",
            daily_change="rough",
        ),
    )


def fractions_of_cents(evidence: Evidence) -> Found:
    """Traded prices with digits below the cent, which no order can have."""
    cents = pl.max_horizontal((pl.col(name) * 100 - (pl.col(name) * 100).round()).abs() for name in FOUR)
    return broken_rows(evidence.bars, cents > 1e-4, pl.col("traded"), FOUR, cents)


def silent_moves(evidence: Evidence) -> Found:
    """Days without volume whose close differs from the last traded one, the factor being the same."""
    bad = ((pl.col("close") - pl.col("prior_close")).abs() > HALF_TICK) & ~pl.col("rescaled").fill_null(
        value=False
    )
    among = (pl.col("volume") == 0) & ~pl.col("suspended").fill_null(value=False)
    worst = (pl.col("close") / pl.col("prior_close") - 1).abs()
    return broken_rows(evidence.bars, bad, among, ("close", "prior_close", "volume"), worst)


def suspended_with_volume(evidence: Evidence) -> Found:
    """Rows marked suspended that have volume."""
    return broken_rows(
        evidence.bars,
        pl.col("volume") > 0,
        pl.col("suspended"),
        ("close", "volume", "amount"),
        pl.col("volume"),
    )


def suspended_not_carried(evidence: Evidence) -> Found:
    """Rows marked suspended whose close is not the last traded one."""
    bad = (pl.col("close") - pl.col("prior_close")).abs() > HALF_TICK
    among = pl.col("suspended") & pl.col("prior_close").is_not_null()
    worst = (pl.col("close") / pl.col("prior_close") - 1).abs()
    rescaled = int(evidence.bars.select((bad & among & pl.col("rescaled")).sum()).item() or 0)
    return broken_rows(
        evidence.bars,
        bad,
        among,
        ("close", "prior_close", "factor", "prior_factor"),
        worst,
        detail=f"{rescaled:,} after the factor changed",
    )


def repeated_rows(evidence: Evidence) -> Found:
    """Traded rows equal in all four prices, volume and amount to the stock's row before."""
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in (*FOUR, "volume"))
    same &= pl.col("amount").eq_missing(pl.col("amount").shift(1))
    among = pl.col("traded") & pl.col("follows")
    return broken_rows(evidence.bars, same, among, (*FOUR, "volume"), pl.col("volume"))


def stale_prices(evidence: Evidence) -> Found:
    """Stretches of traded days on end with one and the same close."""
    bars = evidence.bars.select("code", "date", "close", "traded", "follows").filter("traded")
    fresh = (pl.col("code") != pl.col("code").shift(1)) | (pl.col("close") != pl.col("close").shift(1))
    runs = (
        bars.select("code", "date", "close", run=fresh.fill_null(value=True).cum_sum())
        .group_by("run")
        .agg(pl.col("code").first().cast(pl.String), start=pl.col("date").min(), end=pl.col("date").max(),
             close=pl.col("close").first(), days=pl.len())
        .filter(pl.col("days") >= STALE_DAYS)
        .sort("days", "code", descending=[True, False])
    )  # fmt: skip
    return Found(
        count=len(runs),
        of=bars["code"].n_unique(),
        unit="stretches",
        detail=f"{runs['code'].n_unique():,} stocks, {runs['days'].sum():,} days" if len(runs) else "",
        examples=runs.head(EXAMPLES).drop("run"),
        years=by_year(runs["start"]),
    )


PRICE_CHECKS = (
    CheckRule(
        "ohlc-order",
        "error",
        "Prices, volume or factor that no day can have: high below low, close outside the range, not above 0",
        "Mend the file and ingest it again; `gangru check --quarantine` takes the rows out until then.",
        ("bars",),
        row_rules,
        withdraws=True,
    ),
    CheckRule(
        "adjusted-prices",
        "warning",
        "Stocks whose prices are adjusted already, where raw prices and a factor are wanted",
        "Get raw prices and a factor. Returns can be used; limits, vwap, turnover and size of these stocks cannot.",
        ("bars.amount",),
        adjusted_prices,
    ),
    CheckRule(
        "sub-cent-prices",
        "warning",
        "Traded prices with fractions of a cent",
        "An exchange trades whole cents: prices like these are adjusted or averaged. Get raw ones.",
        ("bars",),
        fractions_of_cents,
    ),
    CheckRule(
        "moved-without-volume",
        "warning",
        "Days without volume on which the price moved",
        "Find out whether the volume is missing or the price is carried from elsewhere; such days are masked.",
        ("bars",),
        silent_moves,
    ),
    CheckRule(
        "suspended-with-volume",
        "warning",
        "Days marked as suspended that have volume",
        "Either the flag or the volume is wrong; the days are masked as suspended.",
        ("bars.suspended",),
        suspended_with_volume,
    ),
    CheckRule(
        "suspended-not-carried",
        "note",
        "Suspended days whose price is not the last one traded",
        "Harmless as long as such days stay masked; after a change of the factor the source may carry the reference.",
        ("bars.suspended",),
        suspended_not_carried,
    ),
    CheckRule(
        "repeated-rows",
        "warning",
        "Traded days that repeat all prices, volume and amount of the day before",
        "Compare with another source: two days are never the same to the share. The later one is the copy.",
        ("bars",),
        repeated_rows,
    ),
    CheckRule(
        "stale-prices",
        "warning",
        f"{STALE_DAYS} traded days or more on end with the same close",
        "Compare with another source; a stock that hardly trades can do so, one with volume cannot.",
        ("bars",),
        stale_prices,
    ),
)
