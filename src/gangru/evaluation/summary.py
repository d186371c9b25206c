"""The evaluation of a factor: any table of date, code and factor against the market that followed.

M return months × N stocks; D days of the market's axis.
"""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from gangru.errors import EvaluationError
from gangru.evaluation.conventions import Ground, Measured, ground, measure, scored_rows
from gangru.evaluation.groups import decile_table
from gangru.evaluation.headline import EMPTY, YEAR_MONTHS, headline
from gangru.evaluation.ic import decay
from gangru.evaluation.industry import industry_table, lost, row_means
from gangru.evaluation.months import ENTRY_LAG, ReturnMonths, return_months, unpriced_month, up_to
from gangru.evaluation.picks import IndustryIndex, described, pick_table
from gangru.evaluation.result import Evaluation
from gangru.evaluation.scores import Drops, Scores, factor_rows, monthly_scores, of_months
from gangru.evaluation.series import month_table, net_value_table, yearly_table
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.market.daily import Bools, DailyMarket, Dates, Floats
from gangru.market.intervals import industry_matrix


@dataclass(frozen=True)
class View:
    """The market and the scores, cut to what an evaluation up to its last return month may see."""

    market: DailyMarket
    months: ReturnMonths
    scores: Scores
    universe: Bools  # (M, N) as of each factor date
    notes: list[str]


def evaluate_factor(
    factor: pl.DataFrame,
    market: DailyMarket,
    *,
    calendar: Dates,
    industry: pl.DataFrame,
    names: pl.DataFrame,
    eligible: Bools | None,
    settings: EvaluationSettings,
    portfolio: PortfolioSettings,
    study: str = "main",
    last_month: str | None = None,
) -> Evaluation:
    """Measure a factor month by month up to a return month, and list what it likes at that month's end.

    `factor` has columns date, code, factor and perhaps pret (the raw prediction); rows that cannot be used
    are counted in `drops`. `calendar` are trading days that may go beyond the data: they tell whether the
    data's last month is over. `industry` are the intervals code, start, end, taxonomy, industry; `names` has
    code and name. `eligible` (D, N) is the benchmark's universe, asked at each factor date; None takes the
    stocks with a factor. Looks at nothing after the trading day that follows `last_month` (default: the last
    month whose return is known), and at no factor after that month's end. Raises EvaluationError where no row
    of the factor can be used.
    """
    view = look(factor, market, calendar, eligible, last_month)
    months, scores = view.months, view.scores
    codes, taxonomy = market.codes, settings.taxonomy
    in_months = industry_matrix(industry, taxonomy, view.market.dates[months.start], codes)
    on = ground(view.market, months, view.universe, in_months[0], portfolio)
    factor_MN = of_months(scores.factor, scores.month, months.month - 1)
    main = measure(factor_MN, on, ENTRY_LAG, settings, portfolio)
    t_to_t = measure(factor_MN, on, 0, settings, portfolio)
    raw = None
    if scores.raw is not None:
        raw = measure(
            of_months(scores.raw, scores.month, months.month - 1), on, ENTRY_LAG, settings, portfolio
        )
    deciles, monotonicity = decile_table(
        factor_MN, main.returns, row_means(np.where(on.universe, main.returns, np.nan)), settings.groups
    )
    on_pick_date = industry_matrix(industry, taxonomy, scores.date[-1:], codes)
    industries, unknown = industries_of(factor_MN, main, on, in_months, settings)
    month_names = months.names()
    return Evaluation(
        study=study,
        first_month=month_names[0] if month_names else None,
        last_month=month_names[-1] if month_names else None,
        picks_date=str(scores.date[-1]),
        headline=headline(main.rank_ic, main, settings),
        headline_pearson=headline(main.ic, main, settings),
        headline_raw=headline(raw.rank_ic, raw, settings) if raw else EMPTY,
        headline_t=headline(t_to_t.rank_ic, t_to_t, settings),
        series=month_table(months, factor_dates(scores, months), main, t_to_t, raw),
        net_value=net_value_table(on.dates, main),
        yearly=yearly_table(months, main),
        deciles=deciles,
        decay=decay(factor_MN, on.prices, on.traded, months.entry(ENTRY_LAG), settings.min_stocks),
        industries=industries,
        picks=newest_picks(view, on, on_pick_date, names, portfolio.fraction),
        drops=drop_table(scores.drops | unknown, factor_MN, main, on),
        monotonicity=monotonicity,
        industries_lost=lost(industries, "excess_month"),
        industries_lost_1y=lost(industries, "excess_year"),
        notes=[
            *view.notes,
            *gaps(scores, on, main, industries, settings),
            *unserved(factor_MN, main, months),
        ],
    )


def look(
    factor: pl.DataFrame, market: DailyMarket, calendar: Dates, eligible: Bools | None, last_month: str | None
) -> View:
    """Cut market, universe and factor to what may be seen at the end of the last return month."""
    if eligible is not None and eligible.shape != market.close.shape:
        raise EvaluationError(f"eligible is {eligible.shape}: expected the market's {market.close.shape}")
    dates = market.dates
    rows, drops = factor_rows(factor, dates, market.codes)
    factor_days = rows["date"].to_numpy().astype("datetime64[D]")
    span = (factor_days.min(initial=dates[-1]), factor_days.max(initial=dates[0]))
    months, horizon, notes = measured_months(dates, calendar, span, last_month)
    scores = monthly_scores(rows, drops, horizon, len(market.codes), raw="pret" in factor.columns)
    cut = market.first_days(int(np.searchsorted(dates, horizon, "right")) + ENTRY_LAG)
    factor_MN = of_months(scores.factor, scores.month, months.month - 1)
    universe = ~np.isnan(factor_MN) if eligible is None else eligible[months.start]
    return View(cut, months, scores, universe, notes)


def measured_months(
    dates: Dates, calendar: Dates, factor_span: tuple[np.datetime64, np.datetime64], last_month: str | None
) -> tuple[ReturnMonths, np.datetime64, list[str]]:
    """The return months up to `last_month`, the last day whose factor may be seen, and notes.

    `factor_span` are the first and the last day that has a factor.
    """
    known = return_months(dates, *factor_span)
    months, horizon, notes = known, dates[-1], []
    if last_month is None:
        over = unpriced_month(dates, calendar.astype("datetime64[D]"))
        if over is not None and over <= factor_span[1].astype("datetime64[M]") + 1:
            notes = [
                f"{over} is over, but its return ends with the close of the next trading day, not yet there."
            ]
    else:
        last = parsed_month(last_month)
        months, horizon = up_to(known, last), (last + 1).astype("datetime64[D]") - 1
        if len(known) and last > known.month[-1]:
            notes = [f"The return of {last_month} is not known yet: the last month is {known.month[-1]}."]
    if len(months):
        horizon = dates[months.end[-1]]
    return months, horizon, notes


def parsed_month(text: str) -> np.datetime64:
    """A month from 'YYYY-MM'; raises EvaluationError for anything else."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise EvaluationError(f"last_month = {text!r}: expected a month as YYYY-MM, such as 2020-07")
    return np.datetime64(text, "M")


def factor_dates(scores: Scores, months: ReturnMonths) -> Dates:
    """The factor date that each return month is measured by, (M,); NaT where there is none."""
    k = np.minimum(np.searchsorted(scores.month, months.month - 1), len(scores.month) - 1)
    return np.where(scores.month[k] == months.month - 1, scores.date[k], np.datetime64("NaT"))


def industries_of(
    factor_MN: Floats, main: Measured, on: Ground, industry_MN: IndustryIndex, settings: EvaluationSettings
) -> tuple[pl.DataFrame, Drops]:
    """The industry table, and how many scored stock-months have no industry as of their factor date."""
    index, industry_names = industry_MN
    table = industry_table(
        factor_MN,
        main.returns,
        on.universe,
        index,
        industry_names,
        fraction=settings.industry_fraction,
        small=settings.small_industry,
    )
    return table, {("industry", "industry unknown"): int((~np.isnan(factor_MN) & (index < 0)).sum())}


def newest_picks(
    view: View, on: Ground, industry: IndustryIndex, names: pl.DataFrame, fraction: float
) -> pl.DataFrame:
    """The stocks of the newest factor date; `industry` as of that date."""
    scores = view.scores
    row = int(np.searchsorted(on.dates, scores.date[-1]))
    table = pick_table(
        view.market.codes,
        scores.factor[-1],
        scores.factor[-2] if len(scores.date) > 1 else None,
        buyable=~on.no_buy[row],
        fraction=fraction,
    )
    return described(table, view.market.codes, industry, names)


def drop_table(drops: Drops, factor_MN: Floats, main: Measured, on: Ground) -> pl.DataFrame:
    """All counts of what was left out or done otherwise, in the order of the stages."""
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
        ((stage, reason, count) for (stage, reason), count in counts.items()), key=lambda row: order[row[0]]
    )
    schema = {"stage": pl.String, "reason": pl.String, "count": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def gaps(
    scores: Scores, on: Ground, main: Measured, industries: pl.DataFrame, settings: EvaluationSettings
) -> list[str]:
    """A sentence for whatever is undefined, and for every departure from the usual dates."""
    notes = []
    months = len(on.months)
    defined = int((~np.isnan(main.rank_ic)).sum())
    stale = int((factor_dates(scores, on.months) < on.dates[on.months.start]).sum())
    if not months:
        notes.append("No return month is known yet: there are picks, and no figures.")
    elif defined < YEAR_MONTHS:
        notes.append(f"ic_1y and the industries' past year need {YEAR_MONTHS} months: {defined} have an IC.")
    if defined < months:
        reason = f"no factor, fewer than {settings.min_stocks} stocks or no spread"
        notes.append(f"{months - defined} of {months} months have no IC: {reason}.")
    if stale:
        notes.append(f"{stale} of {months} months are measured by a factor older than the last month-end.")
    if scores.raw is None:
        notes.append("headline_raw is undefined: the factor table has no column pret.")
    if industries.is_empty():
        notes.append(f"No industry figures: no industry of taxonomy {settings.taxonomy!r} is known.")
    return notes


def unserved(factor_MN: Floats, main: Measured, months: ReturnMonths) -> list[str]:
    """A sentence for the months without any factor, and what the portfolio does in them."""
    missed = ~scored_rows(factor_MN)
    if not missed.any():
        return []
    out = int(np.isnan(main.long.month_return).sum())
    notes = [
        f"{missed.sum()} of {len(months)} months have no factor ({spans(months.month, missed)}): they are in no IC and "
        "in no decile."
    ]
    if out < missed.sum():
        notes.append("A lone month without a factor keeps the portfolio of the month before.")
    if out:
        notes.append(
            f"In {out} months without a factor, two or more in a row, portfolio and benchmark are out of the market: "
            "net values and annual figures are of the other months, one after another, each span bought anew."
        )
    return notes


def spans(month: Dates, chosen: Bools) -> str:
    """The chosen of successive months as spans: '2019-08 to 2020-01, 2020-08'."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    pairs = zip(edges[::2], edges[1::2] - 1, strict=True)
    return ", ".join(f"{month[a]} to {month[b]}" if b > a else str(month[a]) for a, b in pairs)
