"""The evaluation of a factor: any table of date, code and factor against the market that followed.

M return months × N stocks; D days of the market's axis.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from gangru.evaluation.anatomy.whole import Anatomy, DatedScores, anatomy
from gangru.evaluation.columns import TABLE
from gangru.evaluation.conventions import Ground, Measured, ground, measure
from gangru.evaluation.groups import decile_table
from gangru.evaluation.headline import EMPTY, headline
from gangru.evaluation.ic import decay
from gangru.evaluation.industry import industry_months, industry_table, lost, row_means
from gangru.evaluation.months import ENTRY_LAG, Rows
from gangru.evaluation.outcome import OUTCOME, Outcome, outcome, outcome_table
from gangru.evaluation.picks import SCHEMA as PICKS
from gangru.evaluation.picks import IndustryIndex, NamesOn, described, pick_table
from gangru.evaluation.portfolio.terms import ExecutionRule
from gangru.evaluation.remarks import drop_table, factor_dates, gaps, unserved
from gangru.evaluation.result import Evaluation
from gangru.evaluation.scores import Drops, dated_scores, factor_rows, monthly_scores, of_months
from gangru.evaluation.series import month_table, net_value_table, yearly_table
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.evaluation.trading import trading
from gangru.evaluation.view import View, look
from gangru.market.daily import Bools, DailyMarket, Dates, Floats
from gangru.market.intervals import industry_matrix, member_matrices
from gangru.market.rules import can_buy
from gangru.market.universe import listed_days


@dataclass(frozen=True)
class Beyond:
    """What a whole evaluation needs beyond the market: intervals of index members, and other factors by name."""

    members: pl.DataFrame
    others: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def evaluate_factor(
    factor: pl.DataFrame,
    market: DailyMarket,
    *,
    calendar: Dates,
    industry: pl.DataFrame,
    names: NamesOn,
    eligible: Bools | None,
    settings: EvaluationSettings,
    portfolio: PortfolioSettings,
    study: str = "main",
    last_month: str | None = None,
    index: pl.DataFrame | None = None,
    beyond: Beyond | None = None,
    source: str = TABLE,
    execution: ExecutionRule | None = None,
) -> Evaluation:
    """Measure a factor month by month up to a return month, and list what it likes at that month's end.

    `factor` has columns date, code, factor and perhaps pret (the raw prediction); rows that cannot be used
    are counted in `drops`. `calendar` are trading days that may go beyond the data: they tell whether the
    data's last month is over. `industry` are the intervals code, start, end, taxonomy, industry; `names` gives
    code and name as of a factor date. `eligible` (D, N) is the benchmark's universe, asked at each factor date; None
    takes the stocks with a factor. `index` are the daily bars (date, close) of the index that is the benchmark; None
    takes the universe. With `beyond` the factor is taken apart and its trading looked at as well. `execution` fills the
    portfolio's orders in place of the settings' price and the market's rules. Looks at nothing after the
    trading day that follows `last_month` (YYYY-MM, or a day that cuts its month short; default: the last month whose
    return is known), and at no factor after that month's end. Raises EvaluationError naming `source` where no row of
    the factor can be used.
    """
    view = look(factor, market, calendar, eligible, last_month, source)
    others, other_drops = other_factors(beyond, view, market)
    months, scores = view.months, view.scores
    codes, taxonomy = market.codes, settings.taxonomy
    in_months = industry_matrix(industry, taxonomy, view.market.dates[months.start], codes)
    level = None if index is None else index_level(index, view.market.dates)
    on = ground(view.market, months, view.universe, in_months[0], portfolio, level, execution)
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
    month_names = months.names()
    by_month, unknown = industries_of(factor_MN, main, on, in_months, month_names, settings.industry_fraction)
    industries = industry_table(by_month, month_names, small=settings.small_industry)
    last_picks, became = last_list(view, factor_MN, main, on, in_months, calendar, names, portfolio)
    evaluation = Evaluation(
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
        industry_months=by_month,
        picks=newest_picks(view, on_pick_date, calendar, names, portfolio),
        last_picks=last_picks,
        last_picks_outcome=became,
        drops=drop_table(scores.drops | unknown | other_drops, factor_MN, main, on),
        monotonicity=monotonicity,
        industries_lost=lost(industries, "excess_month"),
        industries_lost_1y=lost(industries, "excess_year"),
        notes=[
            *view.notes,
            *gaps(scores, on, main, industries, settings),
            *unserved(factor_MN, main, months),
        ],
    )
    if beyond is None:
        return evaluation
    # Two halves that need nothing of each other, and NumPy computes outside the interpreter's lock.
    with ThreadPoolExecutor(max_workers=1) as other:
        apart = other.submit(taken_apart, factor_MN, main, on, view, beyond, others, settings)
        traded = trading(factor_MN, main, on, view.market, settings, portfolio)
        return replace(evaluation, anatomy=apart.result(), trading=traded)


def other_factors(beyond: Beyond | None, view: View, market: DailyMarket) -> tuple[dict[str, Floats], Drops]:
    """The other factors of each month's factor date by name, (M, N), and which of their rows are not used.

    Sees no factor after the view's horizon. Raises EvaluationError naming the one of which no row can be used.
    """
    found: dict[str, Floats] = {}
    drops: Drops = {}
    for name, table in () if beyond is None else beyond.others.items():
        source = f"the other factor {name}"
        rows, counts = factor_rows(table, market.dates, market.codes, source)
        own = monthly_scores(rows, counts, view.horizon, len(market.codes), raw=False, source=source)
        found[name] = of_months(own.factor, own.month, view.months.month - 1)
        drops |= {(f"other {name}", reason): count for (_, reason), count in own.drops.items()}
    return found, drops


def taken_apart(
    factor_MN: Floats,
    main: Measured,
    on: Ground,
    view: View,
    beyond: Beyond,
    others: Mapping[str, Floats],
    settings: EvaluationSettings,
) -> Anatomy:
    """The anatomy of the monthly factor, with the members and the other factors of each month's factor date."""
    codes, months = view.market.codes, view.months
    days = on.dates[months.start]
    return anatomy(
        factor_MN,
        main,
        on,
        view.market,
        settings,
        dated=DatedScores(*dated_scores(view.rows, on.dates, view.horizon, len(codes))),
        members=member_matrices(beyond.members, days, codes),
        others=others,
    )


def index_level(index: pl.DataFrame, days: Dates) -> Floats:
    """The index's close on each trading day, (D,), the last finite one carried; NaN before the first."""
    known = index.filter(pl.col("close").is_finite().fill_null(value=False)).sort("date")
    at = np.searchsorted(known["date"].to_numpy().astype("datetime64[D]"), days, side="right") - 1
    closes = np.append(known["close"].cast(pl.Float64).to_numpy(), np.nan)
    return np.where(at >= 0, closes[at], np.nan)


def industries_of(
    factor_MN: Floats,
    main: Measured,
    on: Ground,
    industry_MN: IndustryIndex,
    month_names: list[str],
    fraction: float,
) -> tuple[pl.DataFrame, Drops]:
    """Each industry month by month, and how many scored stock-months have no industry as of their factor date."""
    index, industry_names = industry_MN
    table = industry_months(
        factor_MN, main.returns, on.universe, index, industry_names, month_names, fraction=fraction
    )
    return table, {("industry", "industry unknown"): int((~np.isnan(factor_MN) & (index < 0)).sum())}


def newest_picks(
    view: View, industry: IndustryIndex, calendar: Dates, names: NamesOn, portfolio: PortfolioSettings
) -> pl.DataFrame:
    """The stocks of the newest factor date; `industry` as of that date."""
    scores = view.scores
    row = np.searchsorted(view.market.dates, scores.date[-1:])
    previous = scores.factor[-2] if len(scores.date) > 1 else None
    return picks_of(view, row, (scores.factor[-1], previous), industry, calendar, names, portfolio)


def picks_of(
    view: View,
    row: Rows,
    scores: tuple[Floats, Floats | None],
    industry: IndustryIndex,
    calendar: Dates,
    names: NamesOn,
    portfolio: PortfolioSettings,
) -> pl.DataFrame:
    """The stocks of a factor date at `row` (1,) of the market; `scores` (N,) of it and of the date before."""
    table = pick_table(
        view.market.codes,
        *scores,
        buyable=can_buy(view.market, rows=row)[0],
        portfolio=portfolio,
        listed=listed_days(view.market, calendar, rows=row)[0],
    )
    return described(table, view.market.codes, industry, names(view.market.dates[row[0]].item()))


def last_list(
    view: View,
    factor_MN: Floats,
    main: Measured,
    on: Ground,
    industry_MN: IndustryIndex,
    calendar: Dates,
    names: NamesOn,
    portfolio: PortfolioSettings,
) -> tuple[pl.DataFrame, Outcome]:
    """The long list of the last return month's factor date, and what became of it by the month's exit close."""
    if not len(factor_MN):
        empty = pl.DataFrame(schema=PICKS | OUTCOME)
        return empty, Outcome()
    index, industry_names = industry_MN
    before = factor_MN[-2] if len(factor_MN) > 1 else None
    picks = picks_of(
        view,
        view.months.start[-1:],
        (factor_MN[-1], before),
        (index[-1:], industry_names),
        calendar,
        names,
        portfolio,
    )
    usual = float(row_means(np.where(on.universe[-1:], main.returns[-1:], np.nan))[0])
    table = outcome_table(picks, view.market.codes, main.returns[-1], usual)
    return table, outcome(table, usual)
