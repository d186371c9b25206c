"""What was left out or done otherwise, in counts and in sentences."""

import numpy as np
import polars as pl

from gangru.evaluation.conventions import Ground, Measured, scored_rows
from gangru.evaluation.headline import YEAR_MONTHS
from gangru.evaluation.months import ENTRY_LAG, ReturnMonths
from gangru.evaluation.remark import remark
from gangru.evaluation.scores import Drops, Scores
from gangru.evaluation.settings import EvaluationSettings
from gangru.market.daily import Bools, Dates, Floats


def factor_dates(scores: Scores, months: ReturnMonths) -> Dates:
    """The factor date that each return month is measured by, (M,); NaT where there is none."""
    k = np.minimum(np.searchsorted(scores.month, months.month - 1), len(scores.month) - 1)
    return np.where(scores.month[k] == months.month - 1, scores.date[k], np.datetime64("NaT"))


def drop_table(drops: Drops, factor_MN: Floats, main: Measured, on: Ground) -> pl.DataFrame:
    """All counts of what was left out or done otherwise, in the order of the stages, other factors' last."""
    entry, exit_ = on.months.entry(ENTRY_LAG), on.months.exit(ENTRY_LAG)
    scored = ~np.isnan(factor_MN)
    counts = drops | {
        ("return", "no trade on the entry day"): int((scored & ~on.traded[entry]).sum()),
        ("return", "no trade on the exit day, last price carried"): int(
            (scored & on.traded[entry] & ~on.traded[exit_]).sum()
        ),
        ("return", "month with too few stocks for an IC"): int(
            (np.isnan(main.rank_ic) & scored_rows(factor_MN)).sum()
        ),
        ("portfolio", "buy blocked"): int(main.long.blocked_buys.sum()),
        ("portfolio", "sale blocked"): int(main.long.blocked_sells.sum()),
        ("portfolio", "left the market, sold at the last price"): int(main.long.departed.sum()),
    }
    order = {"factor": 0, "industry": 1, "return": 2, "portfolio": 3}
    rows = sorted(
        ((stage, reason, count) for (stage, reason), count in counts.items()),
        key=lambda row: order.get(row[0], len(order)),
    )
    schema = {"stage": pl.String, "reason": pl.String, "count": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def gaps(
    scores: Scores, on: Ground, main: Measured, industries: pl.DataFrame, settings: EvaluationSettings
) -> list[str]:
    """A sentence for whatever is undefined, and for every departure from the usual dates."""
    notes: list[str] = []
    months = len(on.months)
    defined = int((~np.isnan(main.rank_ic)).sum())
    stale = int((factor_dates(scores, on.months) < on.dates[on.months.start]).sum())
    if not months:
        notes.append(remark("No return month is known yet: there are picks, and no figures."))
    elif defined < YEAR_MONTHS:
        notes.append(
            remark(
                "ic_1y and the industries' past year need {needed} months: {defined} have an IC.",
                needed=YEAR_MONTHS,
                defined=defined,
            )
        )
    if months and defined < 2:
        notes.append(
            remark(
                "icir, ic_t, the interval of the mean IC and turnover need two months: {defined} have an IC.",
                defined=defined,
            )
        )
    if defined < months:
        notes.append(
            remark(
                "{missing} of {months} months have no IC: no factor, fewer than {least} stocks or no spread.",
                missing=months - defined,
                months=months,
                least=settings.min_stocks,
            )
        )
    if stale:
        notes.append(
            remark(
                "{stale} of {months} months are measured by a factor older than the last month-end.",
                stale=stale,
                months=months,
            )
        )
    if scores.raw is None:
        notes.append(remark("headline_raw is undefined: the factor table has no column pret."))
    if industries.is_empty():
        notes.append(
            remark(
                "No industry figures: no industry of taxonomy {taxonomy} is known.",
                taxonomy=repr(settings.taxonomy),
            )
        )
    return notes


def unserved(factor_MN: Floats, main: Measured, months: ReturnMonths) -> list[str]:
    """A sentence for the months without any factor, and what the portfolio does in them."""
    missed = ~scored_rows(factor_MN)
    if not missed.any():
        return []
    out = int(np.isnan(main.long.month_return).sum())
    notes: list[str] = [
        remark(
            "{missed} of {months} months have no factor ({spans}): they are in no IC and in no decile.",
            missed=int(missed.sum()),
            months=len(months),
            spans=spans(months.month, missed),
        )
    ]
    if out < missed.sum():
        notes.append(remark("A lone month without a factor keeps the portfolio of the month before."))
    if out:
        notes.append(
            remark(
                "In {out} months without a factor, two or more in a row, portfolio and benchmark are out of the "
                "market: net values and annual figures are of the other months, one after another, each span bought "
                "anew.",
                out=out,
            )
        )
    return notes


def spans(month: Dates, chosen: Bools) -> str:
    """The chosen of successive months as spans: '2019-08 to 2020-01, 2020-08'."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    pairs = zip(edges[::2], edges[1::2] - 1, strict=True)
    return ", ".join(f"{month[a]} to {month[b]}" if b > a else str(month[a]) for a, b in pairs)
