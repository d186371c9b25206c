"""How much of each field is there, year by year, and how much of it was observed."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.calendar import as_days
from gangru.market.check.evidence import Evidence
from gangru.market.check.findings import EXAMPLES, CheckRule, Found, Severity, by_year, percent_words, spanned
from gangru.market.intervals import FOREVER

FIELDS: dict[str, pl.Expr] = {
    "factor": pl.col("factor").is_not_null(),
    "amount": pl.col("amount").is_not_null(),
    "amount observed": pl.col("amount").is_not_null() & ~pl.col("amount_est").fill_null(value=False),
    "float_shares": pl.col("float_shares").is_not_null(),
    "float_shares observed": pl.col("float_shares").is_not_null()
    & ~pl.col("shares_est").fill_null(value=False),
    "is_st": pl.col("is_st").is_not_null(),
    "is_st observed": pl.col("is_st").is_not_null() & ~pl.col("st_inferred").fill_null(value=False),
    "suspended": pl.col("suspended").is_not_null(),
    "raw prices": pl.col("basis") == "raw",
}


def coverage(evidence: Evidence) -> pl.DataFrame:
    """One row a year: year, rows, stocks, and for each field the share of rows that have it."""
    bars = evidence.bars
    taxonomies = sorted(evidence["industry"]["taxonomy"].drop_nulls().unique())
    marked = bars.lazy().with_columns(
        pl.Series(f"industry {name}", with_industry(evidence, name)) for name in taxonomies
    )
    shares = {name: there.mean() for name, there in FIELDS.items()}
    shares |= {f"industry {name}": pl.col(f"industry {name}").mean() for name in taxonomies}
    return (
        marked.group_by(year=pl.col("date").dt.year())
        .agg(rows=pl.len(), stocks=pl.col("code").n_unique(), **shares)
        .sort("year")
        .collect()
    )


def with_industry(evidence: Evidence, taxonomy: str) -> NDArray[np.bool_]:
    """Whether each bar lies in an industry interval of its stock."""
    bars = evidence.bars
    spans = evidence["industry"].filter(pl.col("taxonomy") == taxonomy)
    spans = spans.with_columns(pl.col("code").cast(bars["code"].dtype, strict=False)).drop_nulls("code")
    keys = place(bars["code"], bars["date"])
    first = np.searchsorted(keys, place(spans["code"], spans["start"]))
    past = np.searchsorted(keys, place(spans["code"], spans["end"].fill_null(FOREVER)))
    steps = np.zeros(len(bars) + 1, dtype=np.int32)
    np.add.at(steps, first, 1)
    np.add.at(steps, past, -1)
    return np.asarray(np.cumsum(steps)[:-1] > 0)


def place(codes: pl.Series, dates: pl.Series) -> NDArray[np.int64]:
    """One number that orders rows by code and date."""
    stock = codes.to_physical().to_numpy().astype(np.int64)
    return stock * 10_000_000 + as_days(dates).astype(np.int64)


def share_of_rows(bad: pl.Expr, among: pl.Expr, note: str = "") -> Callable[[Evidence], Found]:
    """A rule that counts rows in which something is missing or not observed."""

    def find(evidence: Evidence) -> Found:
        rows = evidence.bars.filter(among.fill_null(value=False)).select("code", "date", bad=bad)
        hits = rows.filter("bad")
        per_stock = hits.group_by(pl.col("code").cast(pl.String)).agg(
            rows=pl.len(), start=pl.col("date").min(), end=pl.col("date").max()
        )
        most = per_stock.sort("rows", "code", descending=[True, False]).head(EXAMPLES)
        detail = f"{len(per_stock):,} stocks, {spanned(hits['date'])}" if len(hits) else ""
        if note and detail:
            detail += f"; {note}"
        return Found(len(hits), len(rows), "rows", detail, most, by_year(hits["date"]))

    return find


def without_industry(evidence: Evidence) -> Found:
    """Traded bars in no industry of the taxonomy that covers most."""
    bars = evidence.bars
    taxonomies = sorted(evidence["industry"]["taxonomy"].drop_nulls().unique())
    marks = {name: pl.Series(with_industry(evidence, name)) for name in taxonomies}
    best = max(taxonomies, key=lambda name: int(marks[name].sum()))
    hits = bars.filter(bars["traded"] & ~marks[best]).select(pl.col("code").cast(pl.String), "date")
    per_stock = hits.group_by("code").agg(rows=pl.len(), start=pl.col("date").min(), end=pl.col("date").max())
    shares = ", ".join(
        f"{name} {percent_words(1 - float(marks[name].sum()) / len(bars), 2)}" for name in taxonomies
    )
    return Found(
        count=len(hits),
        of=int(bars["traded"].sum()),
        unit="rows",
        detail=f"{len(per_stock):,} stocks; share of all rows without: {shares}",
        examples=per_stock.sort("rows", "code", descending=[True, False]).head(EXAMPLES),
        years=by_year(hits["date"]),
    )


def missing(name: str, column: str, severity: Severity, title: str, advice: str) -> CheckRule:
    """A rule on traded rows in which a column has no value; asked also where it has none at all."""
    return CheckRule(
        name, severity, title, advice, ("bars",), share_of_rows(pl.col(column).is_null(), pl.col("traded"))
    )


def flagged(name: str, flag: str, title: str, advice: str) -> CheckRule:
    """A rule on traded rows whose value a flag calls estimated."""
    return CheckRule(
        name,
        "warning",
        title,
        advice,
        (f"bars.{flag}",),
        share_of_rows(pl.col(flag).fill_null(value=False), pl.col("traded")),
    )


COVERAGE_CHECKS = (
    missing(
        "factor-missing", "factor", "warning", "Traded days without a factor",
        "The stock's last factor is carried, or its prices are taken as they are: get the factors.",
    ),
    missing(
        "amount-missing", "amount", "warning", "Traded days without an amount",
        "Features of vwap and amount are missing there.",
    ),
    flagged(
        "amount-estimated", "amount_est", "Traded days whose amount is estimated",
        "An estimated amount makes vwap a function of the four prices: show results with and without such features.",
    ),
    missing(
        "shares-missing", "float_shares", "warning", "Traded days without float shares",
        "No turnover, no size, and so no neutralised factor for them: get the shares.",
    ),
    flagged(
        "shares-carried", "shares_est", "Traded days whose float shares are carried from another date",
        "Turnover and size change too late there; get dated shares.",
    ),
    missing(
        "st-unknown", "is_st", "warning", "Traded days whose ST state is not known",
        "Ingest names with their dates, or ST intervals; universe.unknown_st says what a study does meanwhile.",
    ),
    flagged(
        "st-inferred", "st_inferred", "Traded days whose ST state is inferred, not observed",
        "Ingest names with their dates, or ST intervals: an inferred state misses stocks and errs in others.",
    ),
    missing(
        "suspension-unknown", "suspended", "note", "Traded days without a word on suspension",
        "Days without volume are masked anyway; a carried price with volume would not be.",
    ),
    CheckRule(
        "industry-missing",
        "warning",
        "Traded days of stocks in no industry",
        "Such stocks get no neutralised factor on these days: ingest their industries.",
        ("bars", "industry"),
        without_industry,
    ),
)  # fmt: skip
