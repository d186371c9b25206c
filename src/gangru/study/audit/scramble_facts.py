"""Facts with a duration whose future is another one: later ends, later beginnings, names, listings, changes of code."""

from datetime import date, timedelta

import polars as pl

from gangru.market.schema import CODE_CHANGES, LISTINGS, SECURITIES, SPANS, TABLES
from gangru.study.audit.future import Future, Random

LATER_CLASS = "a class of later"
ST_MARK = r"^(?:S?\*?ST) ?"
CODE_SHIFT = timedelta(days=45)  # later changes of code come so much later
AGAIN = 0.6  # the share of ended intervals that another one follows


def other_intervals(name: str, frame: pl.DataFrame, future: Future) -> tuple[pl.DataFrame, int]:
    """An interval table as known on the day, with other ends and other intervals after it; and the rows touched.

    What begins after the day is dropped; what holds on it gets a made-up end, and often a successor of another value.
    Codes that had nothing get something.
    """
    random = future.random(10 + list(SPANS).index(name))
    value = SPANS[name].value
    known = frame.filter(pl.col("start") <= future.after)
    over = known.filter(pl.col("end") <= future.after)
    holding = known.filter(pl.col("end").is_null() | (pl.col("end") > future.after))
    first = future.after + timedelta(days=1)
    at_once = pl.Series(random.random(len(holding)) < 0.5)
    ends = pl.select(
        pl.when(at_once).then(pl.lit(first)).otherwise(future.some_day(random, len(holding)))
    ).to_series()
    ended = holding.with_columns(ends.alias("end"))
    follow = ended.filter(pl.Series(random.random(len(ended)) < AGAIN)).with_columns(
        (pl.col("end") + timedelta(days=0 if value else 3)).alias("start"),
        pl.lit(None, dtype=pl.Date).alias("end"),
    )
    fresh = newcomers(name, frame, future, random)
    made = pl.concat([follow, fresh]) if len(fresh) else follow
    if value:
        made = made.with_columns(other_values(name, frame, made, random).alias(value))
    touched = len(frame) - len(over) + len(made)
    columns = list(TABLES[name].columns)
    return pl.concat([over, ended, made]).select(columns).unique(list(TABLES[name].key), keep="first").sort(
        TABLES[name].key
    ), touched


def newcomers(name: str, frame: pl.DataFrame, future: Future, random: Random) -> pl.DataFrame:
    """Intervals that begin after the day, of codes that have none so far."""
    codes = [*future.coming, *future.silent, *future.halted, *future.leaving]
    free = sorted(set(codes) - set(frame["code"]))
    others = [c for c in SPANS[name].key if c != "code"]
    groups = frame.select(others).unique().sort(others).head(1) if others else pl.DataFrame([{}])
    if not free or (others and groups.is_empty()):
        return frame.clear()
    made = {
        "code": free,
        "start": future.some_day(random, len(free)),
        **{column: [groups[column][0]] * len(free) for column in others},
    }
    rows = pl.DataFrame(made).with_columns(pl.lit(None, dtype=pl.Date).alias("end"))
    missing = [c for c in frame.columns if c not in rows.columns]
    return rows.with_columns(pl.lit(None, dtype=frame.schema[c]).alias(c) for c in missing).select(
        frame.columns
    )


def other_values(name: str, frame: pl.DataFrame, made: pl.DataFrame, random: Random) -> pl.Series:
    """Values for made-up intervals: names with and without ST, or industries of the table and one it never had."""
    if name == "names":
        return pl.Series([later_name(code, random.random()) for code in made["code"]], dtype=pl.String)
    classes = [*frame["industry"].unique().sort(), LATER_CLASS]
    return pl.Series([classes[k] for k in random.integers(0, len(classes), len(made))], dtype=pl.String)


def later_name(code: str, draw: float) -> str:
    """A name that a security might have one day: plain, ST, or that of a delisting period."""
    plain = f"Later {code[:6]}"
    return f"*ST {plain}" if draw < 0.4 else f"退市{plain}" if draw < 0.5 else plain


def other_listings(frame: pl.DataFrame, future: Future) -> tuple[pl.DataFrame, int]:
    """Listings with the invented ends, none of the true later ones, and new ones; chains of codes as they are."""
    random = future.random(30)
    chained = pl.col("code").is_in(list(future.chained))
    public = pl.col("end") <= future.announced
    known = frame.filter((pl.col("start") <= future.after) | chained)
    kept = known.with_columns(pl.when(public | chained).then("end").otherwise(left_on(future)).alias("end"))
    gone = kept.filter(pl.col("end") <= future.after, ~chained)["code"].unique().sort()
    gone = gone.filter(~gone.is_in(kept.filter(pl.col("end").is_null())["code"].to_list()))
    codes = [*future.coming, *gone.head(5)]
    new = pl.DataFrame(
        {"code": codes, "start": future.some_day(random, len(codes)), "end": [None] * len(codes)},
        schema=LISTINGS.columns,
    )
    touched = len(frame) - len(known) + len(kept.filter(~public | pl.col("end").is_null())) + len(new)
    if frame.is_empty():
        return frame, 0
    return pl.concat([kept, new]).unique(list(LISTINGS.key), keep="first").sort(LISTINGS.key), touched


def other_securities(frame: pl.DataFrame, future: Future) -> tuple[pl.DataFrame, int]:
    """The list of securities as it will be: other names today, other delistings, other later listings, new ones."""
    random = future.random(31)
    draw = pl.Series(random.random(len(frame)))
    marked = pl.col("name").str.contains(ST_MARK)
    name = (
        pl.when(marked)
        .then(pl.col("name").str.replace(ST_MARK, ""))
        .when(draw < 0.4)
        .then(pl.lit("*ST ") + pl.col("name"))
        .when(draw < 0.45)
        .then(pl.lit("退市") + pl.col("name"))
        .otherwise(pl.lit("Later ") + pl.col("name"))
    )
    chained = pl.col("code").is_in(list(future.chained))
    public = (pl.col("delist_date") <= future.announced).fill_null(value=False)
    later = pl.col("list_date") > future.after
    changed = frame.with_columns(
        name.alias("name"),
        pl.when(later & ~chained)
        .then(pl.col("list_date") + timedelta(days=11))
        .otherwise("list_date")
        .alias("list_date"),
        pl.when(public | chained).then("delist_date").otherwise(left_on(future)).alias("delist_date"),
    )
    codes = list(future.coming)
    new = pl.DataFrame(
        {
            "code": codes,
            "name": [later_name(code, random.random()) for code in codes],
            "list_date": future.some_day(random, len(codes)),
            "delist_date": [None] * len(codes),
        },
        schema=SECURITIES.columns,
    )
    if frame.is_empty():
        return new, len(new)
    return pl.concat([changed, new]).unique("code", keep="first").sort("code"), len(frame) + len(new)


def left_on(future: Future) -> pl.Expr:
    """The invented end of each row's code, null where it stays."""
    ends: dict[str, date] = future.leaving
    return pl.col("code").replace_strict(ends, default=None, return_dtype=pl.Date)


def other_code_changes(frame: pl.DataFrame, future: Future) -> tuple[pl.DataFrame, int]:
    """Later changes of code on other days, and one among the newcomers; which codes are one security stays.

    That pairing is the key of every row and no observation: without it the rows of two markets could not be compared.
    """
    later = pl.col("date") > future.after
    moved = frame.with_columns(
        pl.when(later).then(pl.col("date") + CODE_SHIFT).otherwise("date").alias("date")
    )
    old, new = list(future.coming)[1:3]
    change = pl.DataFrame([(old, new, future.days[-1])], schema=CODE_CHANGES.columns, orient="row")
    return pl.concat([moved, change]).sort(CODE_CHANGES.key), int(frame.select(later.sum()).item()) + 1
