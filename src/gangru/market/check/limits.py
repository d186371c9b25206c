"""Rules on moves from day to day: the exchange's dated limits, and factors that fit the moves."""

import polars as pl

from gangru.market.check.evidence import STEADY, Evidence
from gangru.market.check.findings import CheckRule, Found, broken_rows, percent_words
from gangru.market.quality import HALF_TICK

FAR = 0.02  # of the limit price: beyond what rounding, a wrong ST state or a tick of a cheap stock explain
JUMP_RATIO = 1.02  # smaller factor changes are dividends within a day's usual move
UNMOVED = 0.1  # of the change that the factor announces

REFERENCE = pl.col("prior_close") * pl.col("prior_factor") / pl.col("factor")
RETURN = pl.col("close") / REFERENCE - 1
LIMITED = pl.col("traded") & pl.col("lower").is_not_null() & (pl.col("basis") == "raw")


def closes_beyond(evidence: Evidence) -> Found:
    """Closes outside the day's limits."""
    beyond = outside("close", "close")
    rows = evidence.bars.select(
        rescaled=(beyond & LIMITED & pl.col("rescaled")).sum(),
        changed=(LIMITED & pl.col("rescaled")).sum(),
        inferred=(beyond & LIMITED & pl.col("st_inferred") & pl.col("is_st")).sum(),
        lone=(beyond & LIMITED & (pl.col("step") > 1)).sum(),
    ).row(0)
    detail = (
        f"{rows[0]:,} of them on the {rows[1]:,} days on which the factor changed; {rows[2]:,} where the stock "
        f"is ST by inference alone; {rows[3]:,} after missing days; {left_out(evidence)}"
    )
    return broken_rows(evidence.bars, beyond, LIMITED, SHOWN, excess(), detail)


def ranges_beyond(evidence: Evidence) -> Found:
    """Highs and lows outside the day's limits, the close being within."""
    bad = outside("low", "high") & ~outside("close", "close")
    shown = ("high", "low", "close", "lower", "upper")
    worst = pl.max_horizontal(pl.col("high") / pl.col("upper"), pl.col("lower") / pl.col("low"))
    inferred = int(
        evidence.bars.select((bad & LIMITED & pl.col("st_inferred") & pl.col("is_st")).sum()).item() or 0
    )
    detail = f"{inferred:,} where the stock is ST by inference alone; {left_out(evidence)}"
    return broken_rows(evidence.bars, bad, LIMITED, shown, worst, detail)


def jumps_without_factor(evidence: Evidence) -> Found:
    """Moves far beyond the limit on a day on which the factor stayed as it was."""
    far = (pl.col("close") > pl.col("upper") * (1 + FAR) + HALF_TICK) | (
        pl.col("close") < pl.col("lower") * (1 - FAR) - HALF_TICK
    )
    bad = far & ~pl.col("rescaled")
    falls = int(evidence.bars.select((bad & LIMITED & (RETURN < 0)).sum()).item() or 0)
    return broken_rows(
        evidence.bars, bad, LIMITED, SHOWN, RETURN.abs(), f"{falls:,} fall, as an unadjusted split does"
    )


def factors_without_jump(evidence: Evidence) -> Found:
    """Factor changes of 2 % and more whose day opened where the last one closed."""
    ratio = pl.col("factor") / pl.col("prior_factor")
    announced = 1 / ratio - 1
    opened = pl.col("open") / pl.col("prior_close") - 1
    among = pl.col("traded") & ((ratio >= JUMP_RATIO) | (ratio <= 1 / JUMP_RATIO))
    mirrored = int(
        evidence.bars.select(
            (among & ((opened - 2 * announced).abs() <= UNMOVED * announced.abs())).sum()
        ).item()
        or 0
    )
    return broken_rows(
        evidence.bars,
        opened.abs() <= UNMOVED * announced.abs(),
        among,
        ("open", "prior_close", "factor", "prior_factor"),
        announced.abs(),
        f"by chance alone about {mirrored:,} are to be expected (as many opened as far beyond the announced price)",
    )


def falling_factors(evidence: Evidence) -> Found:
    """Back-adjustment factors that fall, which only a reverse split does."""
    bad = pl.col("factor") < pl.col("prior_factor") * (1 - STEADY)
    among = pl.col("prior_factor").is_not_null() & pl.col("rescaled")
    worst = pl.col("prior_factor") / pl.col("factor")
    return broken_rows(evidence.bars, bad, among, ("factor", "prior_factor", "close", "prior_close"), worst)


def outside(low: str, high: str) -> pl.Expr:
    """Whether the two prices leave the limits by a cent or more."""
    return (pl.col(high) > pl.col("upper") + HALF_TICK) | (pl.col(low) < pl.col("lower") - HALF_TICK)


def excess() -> pl.Expr:
    """How far a close lies beyond its limit, as a ratio above 1."""
    return pl.max_horizontal(pl.col("close") / pl.col("upper"), pl.col("lower") / pl.col("close"))


def left_out(evidence: Evidence) -> str:
    """What the limit rules did not look at."""
    skipped = int(evidence.bars.select((pl.col("traded") & (pl.col("basis") != "raw")).sum()).item() or 0)
    return f"{skipped:,} rows of stocks without raw prices are left out"


SHOWN = ("close", "prior_close", "factor", "prior_factor", "lower", "upper")

LIMIT_CHECKS = (
    CheckRule(
        "close-beyond-limit",
        "warning",
        "Closes beyond the day's price limits",
        "Look at the examples: a missing split, a wrong ST state or listing date, or a day without limits that the "
        "rules do not know. Orders of such days fill at prices that nobody got.",
        ("bars",),
        closes_beyond,
    ),
    CheckRule(
        "range-beyond-limit",
        "warning",
        "Highs or lows beyond the day's price limits, the close within",
        "A slip in high or low; features of the day's range see it, returns do not.",
        ("bars",),
        ranges_beyond,
    ),
    CheckRule(
        "jump-without-factor",
        "warning",
        "Moves far beyond the limit without a change of the factor",
        "Compare with the announcements of that day: a split or dividend that the factor lacks puts a false return "
        "into every window that contains it.",
        ("bars.factor",),
        jumps_without_factor,
    ),
    CheckRule(
        "factor-without-jump",
        "warning",
        f"Factor changes of {percent_words(JUMP_RATIO - 1)} and more on days that opened at the last close",
        "The factor comes on the wrong day, or the prices are adjusted already and would be adjusted twice.",
        ("bars.factor",),
        factors_without_jump,
    ),
    CheckRule(
        "factor-falls",
        "warning",
        "Factors that fall",
        "Only a reverse split makes a factor fall; otherwise factors of two bases have been mixed: ingest one whole.",
        ("bars.factor",),
        falling_factors,
    ),
)
