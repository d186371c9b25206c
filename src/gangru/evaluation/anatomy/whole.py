"""All that is asked of a factor beyond its monthly IC, in one object of plain tables.

M return months × N stocks; D trading days; every factor date of the table counts where it is said so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gangru.evaluation.anatomy.breakdown import breakdown_table, membership, thirds
from gangru.evaluation.anatomy.correlations import correlation_table
from gangru.evaluation.anatomy.dated_ic import HORIZONS_DAYS, DatedIcs, dated_ics, horizon_table, ic_table
from gangru.evaluation.anatomy.monotonicity import Monotonicity, Spread, monotonicity, top_minus_bottom
from gangru.evaluation.anatomy.persistence import (
    autocorrelation_table,
    coverage_table,
    half_life,
    turnover_table,
)
from gangru.evaluation.anatomy.purified import purified_table
from gangru.evaluation.anatomy.styles import NO_VALUE, exposure_table, style_ic_table, style_matrices
from gangru.evaluation.conventions import Ground, Measured
from gangru.evaluation.groups import group_means, group_numbers
from gangru.evaluation.months import ENTRY_LAG, Rows
from gangru.evaluation.settings import EvaluationSettings
from gangru.market.daily import Bools, DailyMarket, Floats

THIRDS = ("low", "middle", "high")


@dataclass(frozen=True)
class DatedScores:
    """Every factor date of a table: `rows` (K,) of the market's axis, ascending, and `scores` (K, N)."""

    rows: Rows
    scores: Floats


@dataclass(frozen=True)
class Anatomy:
    """A factor taken apart; columns are those of the functions that make the tables.

    `horizons` and `dated` are of every factor date: figures by horizon of 1 to 60 days, and the ICs of each date over
    the settings' horizon. All else is monthly: `autocorrelation`, `half_life` in months, `coverage`, `group_turnover`;
    `monotonicity` and `spread` of the deciles; `by_size`, `by_liquidity` (thirds) and `by_index` (inside and outside);
    `exposures` to styles, `style_ics` and `purified`, what is left of the IC without them; `correlations` with others.
    """

    horizons: pl.DataFrame
    dated: pl.DataFrame
    autocorrelation: pl.DataFrame
    half_life: float | None
    coverage: pl.DataFrame
    group_turnover: pl.DataFrame
    monotonicity: Monotonicity
    spread: Spread
    by_size: pl.DataFrame
    by_liquidity: pl.DataFrame
    by_index: pl.DataFrame
    exposures: pl.DataFrame
    style_ics: pl.DataFrame
    purified: pl.DataFrame
    correlations: pl.DataFrame
    notes: list[str] = field(default_factory=list)


def anatomy(
    scores_MN: Floats,
    main: Measured,
    on: Ground,
    market: DailyMarket,
    settings: EvaluationSettings,
    *,
    dated: DatedScores,
    members: Mapping[str, Bools],
    others: Mapping[str, Floats],
) -> Anatomy:
    """Take apart the scores that `main` measured on `on`; `market` is cut to what may be seen.

    `members` (M, N) of each index and `others`, other factors (M, N), as of each factor date.
    """
    styles = style_matrices(market, on.months.start)
    at_least, groups = settings.min_stocks, settings.groups
    number = group_numbers(scores_MN, groups)
    means, _ = group_means(number, main.returns, groups)
    ics = ics_of(dated, on, settings)
    by_lag = autocorrelation_table(scores_MN, at_least)
    return Anatomy(
        horizons=horizon_table(ics),
        dated=ic_table(on.dates, ics, settings.horizon),
        autocorrelation=by_lag,
        half_life=half_life(by_lag),
        coverage=coverage_table(on.dates[on.months.start], scores_MN, on.universe),
        group_turnover=turnover_table(number, groups),
        monotonicity=monotonicity(
            means,
            samples=settings.bootstrap_samples,
            block=settings.bootstrap_block,
            seed=settings.bootstrap_seed,
        ),
        spread=top_minus_bottom(means, settings.newey_west_lag),
        by_size=thirds_table(styles["size"], scores_MN, main, on, settings),
        by_liquidity=thirds_table(styles["liquidity"], scores_MN, main, on, settings),
        by_index=index_table(members, scores_MN, main, on, settings),
        exposures=exposure_table(scores_MN, styles, at_least),
        style_ics=style_ic_table(styles, scores_MN, main.returns, at_least),
        purified=purified_table(scores_MN, styles, main.returns, at_least),
        correlations=correlation_table(scores_MN, others, main.returns, at_least),
        notes=[NO_VALUE],
    )


def ics_of(dated: DatedScores, on: Ground, settings: EvaluationSettings) -> DatedIcs:
    """The ICs of every factor date over each horizon, the settings' own among them."""
    return dated_ics(
        dated.scores,
        dated.rows,
        on.prices,
        on.traded,
        lag=ENTRY_LAG,
        min_stocks=settings.min_stocks,
        horizons=tuple(sorted({*HORIZONS_DAYS, settings.horizon})),
    )


def broken(
    labels: np.ndarray,
    names: tuple[str, ...],
    scores_MN: Floats,
    main: Measured,
    on: Ground,
    settings: EvaluationSettings,
) -> pl.DataFrame:
    """The breakdown by these labels, (M, N), under the settings."""
    return breakdown_table(
        scores_MN,
        main.returns,
        on.universe,
        labels,
        names,
        fraction=settings.industry_fraction,
        min_stocks=settings.min_stocks,
    )


def thirds_table(
    style_MN: Floats, scores_MN: Floats, main: Measured, on: Ground, settings: EvaluationSettings
) -> pl.DataFrame:
    """The thirds of the scored stocks by a style: the columns of a breakdown."""
    return broken(thirds(style_MN, scores_MN), THIRDS, scores_MN, main, on, settings)


def index_table(
    members: Mapping[str, Bools], scores_MN: Floats, main: Measured, on: Ground, settings: EvaluationSettings
) -> pl.DataFrame:
    """Inside and outside of each index, two rows an index: column index, then those of a breakdown."""
    tables = [
        broken(membership(inside), ("outside", "inside"), scores_MN, main, on, settings).select(
            pl.lit(name).alias("index"), pl.all()
        )
        for name, inside in members.items()
    ]
    empty = broken(np.zeros(scores_MN.shape, dtype=np.int64), (), scores_MN, main, on, settings)
    return pl.concat(tables) if tables else empty.select(pl.lit("").alias("index"), pl.all())
