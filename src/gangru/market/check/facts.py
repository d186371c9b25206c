"""Rules on facts beside the bars: securities, names, boards, merged intervals, calendar, quarantine."""

import numpy as np
import polars as pl

from gangru.market.check.evidence import Evidence
from gangru.market.check.findings import EXAMPLES, CheckRule, Found, listed_words
from gangru.market.codes import board
from gangru.market.rules_table import BOARDS

HORIZON = 60  # days that a calendar should reach beyond the last bar: month-ends and labels lie there
SPANS = ("members", "industry", "names", "st", "suspensions", "listings")
WITH_CODES = ("members", "industry", "st", "suspensions", "listings")
SPECIAL = r"^(S?\*?ST|S\*ST)"


def unknown_codes(evidence: Evidence) -> Found:
    """Stocks with bars that the list of securities does not have."""
    stocks = evidence.bars.group_by(pl.col("code").cast(pl.String)).agg(
        start=pl.col("date").min(), end=pl.col("date").max(), rows=pl.len()
    )
    unknown = stocks.filter(~pl.col("code").is_in(evidence["securities"]["code"].implode())).sort(
        "end", "code"
    )
    ended = int((unknown["end"] < evidence.last).sum())
    return Found(
        count=len(unknown),
        of=len(stocks),
        unit="stocks",
        detail=f"{ended:,} of them end before {evidence.last}; no name and no listing date"
        if len(unknown)
        else "",
        examples=unknown.head(EXAMPLES),
    )


def facts_without_bars(evidence: Evidence) -> Found:
    """Codes that facts name, but that have no bar."""
    codes = evidence.bars["code"].unique().cast(pl.String)
    named = pl.concat(evidence[table].select("code", "start", table=pl.lit(table)) for table in WITH_CODES)
    first = evidence.first
    alive = [
        evidence[table].filter(pl.col("end").is_null() | (pl.col("end") > first))["code"]
        for table in WITH_CODES
    ]
    absent = pl.concat(alive).unique().filter(~pl.concat(alive).unique().is_in(codes.implode()))
    lines = named.filter(pl.col("code").is_in(absent.implode())).group_by("code").agg(
        tables=pl.col("table").unique().sort().str.join(", "), start=pl.col("start").max()
    ).sort("code")  # fmt: skip
    return Found(
        count=len(lines),
        of=int(pl.concat(alive).n_unique()),
        unit="stocks",
        detail=f"of those in force after {first}" if len(lines) else "",
        examples=lines.head(EXAMPLES),
    )


def undated_names(evidence: Evidence) -> Found:
    """Names without dates: each is the one of the day on which the list was made."""
    securities = evidence["securities"]
    dated = evidence["names"]["code"].unique()
    undated = securities.filter(~pl.col("code").is_in(dated.implode()))
    special = undated.filter(pl.col("name").str.contains(SPECIAL)).sort("code")
    return Found(
        count=len(undated),
        of=len(securities),
        unit="stocks",
        detail=f"{len(special):,} of the names say ST, which holds for no other day" if len(undated) else "",
        examples=special.head(EXAMPLES).select("code", "name"),
    )


def absent_boards(evidence: Evidence) -> Found:
    """Boards of which there is no stock."""
    codes = evidence.bars["code"].unique().cast(pl.String).to_numpy().astype(np.str_)
    there = pl.Series("board", board(codes)).value_counts(sort=True)
    absent = [name for name in BOARDS if name not in there["board"].to_list()]
    counts = ", ".join(f"{name} {count:,}" for name, count in there.iter_rows())
    return Found(
        count=len(absent),
        of=len(BOARDS),
        unit="boards",
        detail=f"no {', no '.join(absent)}; stocks there are: {counts}" if absent else "",
    )


def merged_intervals(evidence: Evidence) -> Found | str:
    """Intervals that came in pieces: joined where they followed or overlapped and agreed, else refused."""
    lines = []
    for table in SPANS:
        record = next((one for one in evidence.commits.get(table, []) if "merged" in one), None)
        held = evidence["quarantine"].filter(
            (pl.col("kind") == table) & pl.col("reason").str.starts_with("contradicts")
        )
        if record is not None or len(held):
            read, merged, double = (
                int((record or {}).get(name, 0)) for name in ("rows_read", "merged", "overlapping")
            )
            lines.append((table, read, merged, double, len(held)))
    if not lines:
        return "no commit that records what was merged"
    shown = pl.DataFrame(
        lines, schema=["table", "rows_read", "merged", "overlapping", "refused"], orient="row"
    )
    return Found(
        count=sum(line[2] + line[4] for line in lines),
        of=max(sum(line[1] for line in lines), sum(line[2] + line[4] for line in lines)),
        unit="intervals",
        detail="; ".join(
            f"{name}: {merged:,} joined, {double:,} of them overlapping, {refused:,} refused"
            for name, _, merged, double, refused in lines
        ),
        examples=shown.filter((pl.col("merged") > 0) | (pl.col("refused") > 0)).head(EXAMPLES),
    )


def short_calendar(evidence: Evidence) -> Found:
    """Days that the calendar lacks of those a study looks ahead to."""
    last = evidence["calendar"]["date"].max()
    assert evidence.last is not None
    beyond = (last - evidence.last).days  # type: ignore[operator,union-attr]
    return Found(
        count=max(HORIZON - beyond, 0),
        of=HORIZON,
        unit="days",
        detail=f"the calendar ends on {last!s}, the bars on {evidence.last}" if beyond < HORIZON else "",
    )


def waiting_rows(evidence: Evidence) -> Found:
    """Rows in quarantine that nobody has released."""
    rows = evidence["quarantine"]
    held = rows.filter(~pl.col("released").fill_null(value=False))
    per_reason = held.group_by("kind", "reason").agg(rows=pl.len(), files=pl.col("file").n_unique())
    per_reason = per_reason.sort("rows", "reason", descending=[True, False])
    words = [f"{reason}: {count:,}" for _, reason, count, _ in per_reason.iter_rows()]
    return Found(len(held), len(rows), "rows", listed_words(words), per_reason.head(EXAMPLES))


FACT_CHECKS = (
    CheckRule(
        "securities-unknown",
        "warning",
        "Stocks with bars that the list of securities lacks",
        "Ingest a list of securities with the delisted ones; until then their first bar counts as listing.",
        ("bars", "securities"),
        unknown_codes,
    ),
    CheckRule(
        "facts-without-bars",
        "note",
        "Codes of index members, industries and other facts that have no bars",
        "Delisted stocks whose bars are missing, or codes that have changed: see codes-not-linked.",
        ("bars",),
        facts_without_bars,
    ),
    CheckRule(
        "names-undated",
        "note",
        "Stocks whose name has no date",
        "Never read ST from such a name for another day; ingest names with their dates.",
        ("securities",),
        undated_names,
    ),
    CheckRule(
        "boards-absent",
        "note",
        "Boards without a stock",
        "What is measured holds for the boards that are there; ingest the others where a study wants them.",
        ("bars",),
        absent_boards,
    ),
    CheckRule(
        "intervals-merged",
        "note",
        "Intervals that came in pieces: following one another, overlapping or twice",
        "Nothing, where they agreed; look at the refused ones with `gangru quarantine show`.",
        (),
        merged_intervals,
    ),
    CheckRule(
        "calendar-ends",
        "warning",
        f"A calendar that ends less than {HORIZON} days after the last bar",
        "Ingest a calendar that reaches further; weekdays stand for the days that it lacks.",
        ("calendar", "bars"),
        short_calendar,
    ),
    CheckRule(
        "quarantine",
        "warning",
        "Rows in quarantine",
        "`gangru quarantine` lists them; mend their files and ingest again, or release them.",
        ("quarantine",),
        waiting_rows,
    ),
)
