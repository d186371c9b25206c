"""The market and a factor table, cut to what an evaluation up to its last return month may see."""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from gangru.errors import EvaluationError
from gangru.evaluation.columns import TABLE
from gangru.evaluation.months import (
    ENTRY_LAG,
    MONTH,
    ReturnMonths,
    closing_rows,
    return_months,
    unpriced_month,
    up_to,
)
from gangru.evaluation.remark import remark
from gangru.evaluation.scores import Scores, factor_rows, monthly_scores, of_months
from gangru.market.daily import Bools, DailyMarket, Dates


@dataclass(frozen=True)
class View:
    """The market and the scores, cut to what an evaluation up to its last return month may see."""

    market: DailyMarket
    months: ReturnMonths
    scores: Scores
    universe: Bools  # (M, N) as of each factor date
    notes: list[str]
    rows: pl.DataFrame  # of the factor table, all that can be used
    horizon: np.datetime64  # the last day whose factor may be seen


def look(
    factor: pl.DataFrame,
    market: DailyMarket,
    calendar: Dates,
    eligible: Bools | None,
    last_month: str | None,
    source: str = TABLE,
) -> View:
    """Cut market, universe and factor to what may be seen at the end of the last return month.

    Raises EvaluationError naming `source` where no row of the factor can be used.
    """
    if eligible is not None and eligible.shape != market.close.shape:
        raise EvaluationError(f"eligible is {eligible.shape}: expected the market's {market.close.shape}")
    dates = market.dates
    rows, drops = factor_rows(factor, dates, market.codes, source)
    factor_days = rows["date"].to_numpy().astype("datetime64[D]")
    span = (factor_days.min(initial=dates[-1]), factor_days.max(initial=dates[0]))
    months, horizon, notes = measured_months(dates, calendar, span, last_month)
    raw = "pret" in factor.columns
    scores = monthly_scores(rows, drops, horizon, len(market.codes), raw=raw, source=source)
    cut = market.first_days(int(np.searchsorted(dates, horizon, "right")) + ENTRY_LAG)
    factor_MN = of_months(scores.factor, scores.month, months.month - 1)
    universe = ~np.isnan(factor_MN) if eligible is None else eligible[months.start]
    return View(cut, months, scores, universe, notes, rows, horizon)


def measured_months(
    dates: Dates, calendar: Dates, factor_span: tuple[np.datetime64, np.datetime64], last_month: str | None
) -> tuple[ReturnMonths, np.datetime64, list[str]]:
    """The return months up to `last_month`, the last day whose factor may be seen, and notes.

    `last_month` is YYYY-MM, or a day YYYY-MM-DD on which its month is cut short. `factor_span` are the first and the
    last day that has a factor.
    """
    day = None if last_month is None else parsed_day(last_month)
    known = return_months(dates, *factor_span, day)
    months, horizon = known, dates[-1]
    notes: list[str] = []
    if last_month is None:
        over = unpriced_month(dates, calendar.astype("datetime64[D]"))
        if over is not None and over <= factor_span[1].astype("datetime64[M]") + 1:
            notes = [
                remark(
                    "{month} is over, but its return ends with the close of the next trading day, not yet there.",
                    month=over,
                )
            ]
    else:
        last = parsed_month(last_month) if day is None else day.astype("datetime64[M]")
        months, horizon = up_to(known, last), (last + 1).astype("datetime64[D]") - 1
        if len(known) and last > known.month[-1]:
            notes = [
                remark(
                    "The return of {month} is not known yet: the last month is {last}.",
                    month=last_month,
                    last=known.month[-1],
                )
            ]
        elif day is not None and len(months) and months.end[-1] not in closing_rows(dates):
            notes = [remark("{month} is cut short on {day}.", month=last, day=dates[months.end[-1]])]
    if len(months):
        horizon = dates[months.end[-1]]
    return months, horizon, notes


def parsed_day(text: str) -> np.datetime64 | None:
    """The day of a text 'YYYY-MM-DD' on which its month is cut short; None for another text.

    Raises EvaluationError for a day that no calendar has.
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return np.datetime64(text, "D")
    except ValueError as error:
        raise EvaluationError(
            f"last_month = {text!r}: expected a day of the calendar as YYYY-MM-DD"
        ) from error


def parsed_month(text: str, name: str = "last_month") -> np.datetime64:
    """A month from 'YYYY-MM'; raises EvaluationError, which calls it `name`, for anything else."""
    if not MONTH.fullmatch(text):
        raise EvaluationError(f"{name} = {text!r}: expected a month as YYYY-MM, such as 2020-07")
    return np.datetime64(text, "M")
