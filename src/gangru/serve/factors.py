"""A study's factor with each stock's place on each date."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from gangru.evaluation.groups import ROUNDING
from gangru.serve.studies import Study, scan_factor


@dataclass(frozen=True)
class FactorBook:
    """Every factor date's cross-section.

    `table`, in order of date and code: date, code, pret, factor, fold, rank (1 the best), percentile (0 worst to 1
    best) and listed (in the long list); rank and percentile are null without a factor. About 50 bytes a row.
    """

    table: pl.DataFrame
    dates: tuple[date, ...]  # ascending
    starts: tuple[int, ...]  # of each date's rows; one more at the end

    @property
    def month_dates(self) -> tuple[date, ...]:
        """The newest date of each month."""
        following = (*self.dates[1:], None)
        return tuple(
            day
            for day, after in zip(self.dates, following, strict=True)
            if after is None or (after.year, after.month) != (day.year, day.month)
        )

    def on(self, day: date) -> pl.DataFrame:
        """A date's rows, a view."""
        k = self.dates.index(day)
        return self.table.slice(self.starts[k], self.starts[k + 1] - self.starts[k])

    def of(self, code: str) -> pl.DataFrame:
        """A stock's rows in order of date."""
        return self.table.filter(pl.col("code") == code)


def factor_book(study: Study) -> FactorBook | None:
    """The study's factor as it lies on the disk now; None where there is none."""
    if study.factor_stamp is None:
        return None
    portfolio = study.workspace.settings.portfolio
    share, count = portfolio.fraction, portfolio.stocks
    key = ("book", study.name, study.factor_stamp, share, count)
    book: FactorBook = study.memory.get(key, lambda: read_book(study.runs / "factor.parquet", share, count))
    return book


def read_book(path: Path, share: float, stocks: int) -> FactorBook:
    """Read a factor and rank it; the long list is the best `share` of a date, or so many `stocks` where not 0."""
    known = pl.col("factor").is_not_null()
    table = (
        scan_factor(path)
        .with_columns(pl.col("factor").fill_nan(None), pl.col("fold").cast(pl.Categorical))
        .sort("date", "code")
        .collect()
    )
    number = pl.col("factor").count().over("date")
    below = pl.col("factor").rank("average").over("date") - 1
    most = (number * share + ROUNDING).floor().clip(1) if stocks == 0 else pl.lit(stocks)
    ranked = table.with_columns(
        rank=pl.col("factor").rank("ordinal", descending=True).over("date").cast(pl.UInt32),
        percentile=pl.when(number > 1).then(below / (number - 1)).otherwise(below + 1).cast(pl.Float32),
    ).with_columns(listed=known & (pl.col("rank") <= pl.min_horizontal(most, number)))
    dates, starts = np.unique(ranked["date"].to_numpy(), return_index=True)
    days = tuple(day.item() for day in dates.astype("datetime64[D]"))
    return FactorBook(ranked, days, (*starts.tolist(), len(ranked)))
