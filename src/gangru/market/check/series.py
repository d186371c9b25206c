"""Rules on a stock's series as a whole: days that are missing, series that end, and who is there at all."""

import numpy as np
import polars as pl

from gangru.market.calendar import Dates, as_days
from gangru.market.check.evidence import Evidence
from gangru.market.check.findings import EXAMPLES, CheckRule, Found, broken_rows, by_year, percent_words
from gangru.market.intervals import FOREVER

TOGETHER = 10  # stocks that end on one day: where a file ends, not where so many are delisted
NEAR_END = 20  # trading days: whoever has a bar so close to the last one has not ended
THIN = 0.9  # of the stocks of the days around
AROUND = 21  # days


def gaps(evidence: Evidence) -> Found:
    """Trading days inside a series without a row, but for those that a suspension or a relisting explains."""
    bars = evidence.bars
    torn = bars.with_columns(since=pl.col("date").shift(1)).filter((pl.col("step") > 1) & pl.col("follows"))
    torn = torn.select(pl.col("code").cast(pl.String), "since", "date", days=pl.col("step") - 1)
    known = explained_days(torn, evidence["suspensions"], evidence.days)
    again = relisted(torn, evidence["listings"])
    torn = torn.with_columns(days=pl.when(again).then(0).otherwise(pl.col("days") - known)).filter(
        pl.col("days") > 0
    )
    torn = torn.sort("days", "code", "date", descending=[True, False, False])
    total = int(torn["days"].sum())
    explained = int(known.sum())
    return Found(
        count=total,
        of=len(bars) + total,
        unit="days",
        detail=f"{len(torn):,} gaps in {torn['code'].n_unique():,} stocks; {explained:,} more days are explained by "
        "suspensions",
        examples=torn.head(EXAMPLES),
        years=by_year(torn["date"]),
    )


def explained_days(torn: pl.DataFrame, spans: pl.DataFrame, days: Dates) -> pl.Series:
    """How many of the days between `since` and `date` lie in an interval of the same code."""
    places = torn.with_row_index("place").select("place", "code", "since", "date")
    both = places.join(spans.select("code", "start", "end"), on="code", how="inner")
    first = np.maximum(
        np.searchsorted(days, as_days(both["start"])), np.searchsorted(days, as_days(both["since"])) + 1
    )
    past = np.minimum(
        np.searchsorted(days, as_days(both["end"].fill_null(FOREVER))),
        np.searchsorted(days, as_days(both["date"])),
    )
    counted = both.select("place", days=pl.Series(np.maximum(past - first, 0)))
    summed = counted.group_by("place").agg(pl.col("days").sum())
    return places.join(summed, on="place", how="left", maintain_order="left")["days"].fill_null(0)


def relisted(torn: pl.DataFrame, listings: pl.DataFrame) -> pl.Series:
    """Whether a new listing of the code begins after `since` and by `date`."""
    places = torn.with_row_index("place")
    both = places.join(listings.select("code", "start"), on="code", how="inner")
    begun = both.filter((pl.col("start") > pl.col("since")) & (pl.col("start") <= pl.col("date")))["place"]
    return places["place"].is_in(begun.implode())


def ends_of(evidence: Evidence) -> pl.DataFrame:
    """One row a stock: code, start, end (its first and last bar), rows, and whether it ended before the store did."""
    per_stock = evidence.bars.group_by("code").agg(
        start=pl.col("date").min(), end=pl.col("date").max(), rows=pl.len()
    )
    traded = evidence.days[evidence.days <= np.datetime64(str(evidence.last))]
    near = traded[-NEAR_END:][:1].astype(object)
    limit = near[0] if len(near) else evidence.last
    return per_stock.with_columns(pl.col("code").cast(pl.String), ended=pl.col("end") < limit).sort("code")


def ended_early(evidence: Evidence) -> Found:
    """Series that stop before the store's last days without a date of delisting."""
    ends = ends_of(evidence)
    dated = pl.concat(
        [
            evidence["securities"].filter(pl.col("delist_date").is_not_null())["code"],
            evidence["listings"].filter(pl.col("end").is_not_null())["code"],
        ]
    )
    undated = ends.filter(pl.col("ended") & ~pl.col("code").is_in(dated.implode())).sort("end", "code")
    return Found(
        count=len(undated),
        of=len(ends),
        unit="stocks",
        detail=f"{int(ends['ended'].sum()):,} stocks end before {evidence.last}" if len(undated) else "",
        examples=undated.head(EXAMPLES).select("code", "start", "end", "rows"),
        years=by_year(undated["end"]),
    )


def ended_together(evidence: Evidence) -> Found:
    """Stocks that end on the same day in numbers: the end of a file, not of the stocks."""
    ended = ends_of(evidence).filter("ended")
    days = ended.group_by("end").agg(stocks=pl.len()).filter(pl.col("stocks") >= TOGETHER)
    days = days.sort("stocks", descending=True)
    return Found(
        count=int(days["stocks"].sum()),
        of=len(ended),
        unit="stocks",
        detail=f"on {len(days):,} days" if len(days) else "",
        examples=days.head(EXAMPLES),
        years=by_year(ended.filter(pl.col("end").is_in(days["end"].implode()))["end"]),
    )


def survivorship(evidence: Evidence) -> Found:
    """Years in which stocks came, but none left."""
    ends = ends_of(evidence)
    bars = evidence.bars
    years = bars["date"].dt.year().unique().sort()
    came = ends.filter(pl.col("start") > evidence.first)["start"].dt.year()
    left = ends.filter("ended")["end"].dt.year()
    table = pl.DataFrame({"year": years}).with_columns(
        came=pl.Series([int((came == year).sum()) for year in years], dtype=pl.Int64),
        left=pl.Series([int((left == year).sum()) for year in years], dtype=pl.Int64),
    )
    without = table.filter(pl.col("left") == 0)["year"].to_list()
    total = int(table["left"].sum())
    if total == 0:
        said = "no stock ever leaves: these are the survivors"
    else:
        said = f"{total:,} of {len(ends):,} stocks leave, {int(table['came'].sum()):,} come"
        said += f"; nobody leaves in {', '.join(map(str, without))}" if without else ""
    return Found(len(without), len(table), "years", said, table.tail(12))


def leavers_basis(evidence: Evidence) -> Found:
    """Stocks that leave and have adjusted prices, or a factor that never changes."""
    ended = ends_of(evidence).filter("ended").select("code", "end")
    bases = evidence.bases.with_columns(pl.col("code").cast(pl.String))
    left = ended.join(bases, on="code")
    stayed = bases.join(ended, on="code", how="anti")
    adjusted = left.filter(basis="adjusted").sort("outside", descending=True)
    still = stayed["constant_factor"].mean()
    share = percent_words(still, 1) if isinstance(still, float) else "none"
    return Found(
        count=len(adjusted),
        of=len(left),
        unit="stocks",
        detail=f"the factor never changes for {int(left['constant_factor'].sum()):,} of the {len(left):,} that leave, "
        f"against {share} of the others",
        examples=adjusted.head(EXAMPLES).select("code", "end", "rows", "outside", "sub_cent"),
    )


def bars_before_listing(evidence: Evidence) -> Found:
    """Bars of days before the stock's listing date."""
    dated = evidence["securities"].select("code", "list_date").drop_nulls().unique("code", keep="first")
    return outside_dates(evidence, dated, pl.col("date") < pl.col("list_date"), "list_date", blame=None)


def bars_after_delisting(evidence: Evidence) -> Found:
    """Bars of days after the stock's date of delisting."""
    dated = evidence["securities"].select("code", "delist_date").drop_nulls().unique("code", keep="first")
    return outside_dates(evidence, dated, pl.col("date") > pl.col("delist_date"), "delist_date", blame="date")


def outside_dates(
    evidence: Evidence, dated: pl.DataFrame, bad: pl.Expr, shown: str, blame: str | None
) -> Found:
    """Bars on the wrong side of a date of their stock."""
    codes = evidence.bars["code"].dtype
    known = dated.with_columns(pl.col("code").cast(codes, strict=False)).drop_nulls("code")
    rows = evidence.bars.select("code", "date", "close", "volume").join(known, on="code", how="inner")
    worst = (pl.col("date") - pl.col(shown)).dt.total_days().abs()
    return broken_rows(rows, bad, pl.lit(value=True), (shown, "close", "volume"), worst, blame=blame)


def days_without_bars(evidence: Evidence) -> Found:
    """Days of the calendar between the first bar and the last on which no stock has a bar."""
    days = pl.Series("date", evidence.days).cast(pl.Date)
    span = days.filter((days >= evidence.first) & (days <= evidence.last))
    empty = span.filter(~span.is_in(evidence.bars["date"].unique().implode()))
    examples = pl.DataFrame({"date": empty.head(EXAMPLES)})
    return Found(len(empty), len(span), "days", "", examples, by_year(empty))


def days_off_calendar(evidence: Evidence) -> Found:
    """Bars of days that are no trading days."""
    days = pl.Series(evidence.days).cast(pl.Date)
    return broken_rows(
        evidence.bars,
        ~pl.col("date").is_in(days.implode()),
        pl.lit(value=True),
        ("close", "volume"),
        pl.col("volume"),
        blame="date",
    )


def thin_days(evidence: Evidence) -> Found:
    """Days on which far fewer stocks have a bar than on the days around."""
    days = evidence.bars.group_by("date").agg(stocks=pl.len()).sort("date")
    usual = pl.col("stocks").rolling_median(AROUND, center=True, min_samples=1)
    thin = days.with_columns(usual=usual).filter(pl.col("stocks") < THIN * pl.col("usual"))
    examples = thin.sort(pl.col("stocks") / pl.col("usual")).head(EXAMPLES)
    return Found(len(thin), len(days), "days", "", examples, by_year(thin["date"]))


SERIES_CHECKS = (
    CheckRule(
        "gaps",
        "warning",
        "Trading days missing inside a series, without a suspension that explains them",
        "Get the days, or the suspensions; in windows prices are carried over them and counted.",
        ("bars",),
        gaps,
    ),
    CheckRule(
        "ended-early",
        "warning",
        "Series that stop before the store's last days without a date of delisting",
        "Ingest securities with delist_date, or the missing bars: it cannot be told whether they left or were lost.",
        ("bars",),
        ended_early,
    ),
    CheckRule(
        "ended-together",
        "warning",
        f"Stocks that end on one day, {TOGETHER} or more at a time",
        "That is where a file ends. Get the rest of these series: what a holder lost after that day is not in them.",
        ("bars",),
        ended_together,
    ),
    CheckRule(
        "survivorship",
        "warning",
        "Years in which no stock leaves the market",
        "Get the bars of delisted stocks. Without them every average is that of the survivors, and too good.",
        ("bars",),
        survivorship,
    ),
    CheckRule(
        "leavers-adjusted",
        "warning",
        "Stocks that left and whose prices are adjusted",
        "Get their raw prices, factors and shares; until then their limits, vwap, turnover and size are missing.",
        ("bars.amount",),
        leavers_basis,
    ),
    CheckRule(
        "bars-before-listing",
        "warning",
        "Bars before the stock's listing date",
        "The listing date is that of another code or class, or the bars are; ages are counted from the date given.",
        ("bars", "securities.list_date"),
        bars_before_listing,
    ),
    CheckRule(
        "bars-after-delisting",
        "error",
        "Bars after the stock's date of delisting",
        "Correct the date, or let `gangru check --quarantine` take the rows out.",
        ("bars", "securities.delist_date"),
        bars_after_delisting,
        withdraws=True,
    ),
    CheckRule(
        "days-without-bars",
        "warning",
        "Trading days on which no stock has a bar",
        "Get the day's bars, or correct the calendar.",
        ("bars",),
        days_without_bars,
    ),
    CheckRule(
        "thin-days",
        "warning",
        f"Days with less than {percent_words(THIN)} of the stocks of the days around",
        "A file of that day is cut short, or some stocks' files begin or end there.",
        ("bars",),
        thin_days,
    ),
    CheckRule(
        "bars-off-calendar",
        "error",
        "Bars of days that are no trading days of the calendar",
        "Correct the calendar, or let `gangru check --quarantine` take the rows out.",
        ("bars", "calendar"),
        days_off_calendar,
        withdraws=True,
    ),
)
