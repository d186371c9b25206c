"""What an ablation comes to: a line a variant, its differences from the plain GRU, and the state of its GANs.

Every figure of a trial is one of its evaluation. A variant's monthly IC is the mean over its seeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from gangru.evaluation.headline import icir
from gangru.evaluation.ic import mean_of_defined
from gangru.evaluation.result import Evaluation
from gangru.evaluation.significance import newey_west_t
from gangru.market.daily import Floats
from gangru.study.ablation_plan import Plan
from gangru.study.settings import StudySettings
from gangru.study.variants import Trial, Variant

REFERENCE = "gru"


@dataclass(frozen=True)
class Skipped:
    """A study that was not compared, and why."""

    study: str
    reason: str


@dataclass(frozen=True)
class FoldHealth:
    """The generator of one training at the epoch that was kept; None where the training does not measure it."""

    study: str
    fold: str
    collapsed: bool
    restarted: bool
    best_epoch: int
    epochs: int
    correlation: float | None
    dispersion_ratio: float | None
    variance_ratio: float | None
    d_loss: float | None

    @classmethod
    def of(cls, study: str, fold: str, gan: Mapping[str, Any]) -> "FoldHealth":
        """From the part `gan` of a training's metrics."""
        names = ("correlation", "dispersion_ratio", "variance_ratio", "d_loss")
        kept = {name: gan["at_best"].get(name) for name in names}
        return cls(study, fold, gan["collapsed"], gan["restarted"], gan["best_epoch"], gan["epochs"], **kept)


@dataclass(frozen=True)
class MeasuredTrial:
    """A trial, its settings and evaluation, the fold behind each return month, its minutes and its generators."""

    trial: Trial
    settings: StudySettings
    evaluation: Evaluation
    fold_of_month: Mapping[str, str]
    minutes: float
    health: tuple[FoldHealth, ...]


@dataclass(frozen=True)
class VariantFigures:
    """One line of the comparison; rates are fractions, what is not defined is None.

    `rank_ic` mean monthly rank IC of the neutral factor from t+1; `seed_spread` standard deviation (n − 1) of it over
    the seeds; `raw_rank_ic` that of raw pRet; `icir` and `t` (Newey–West) of the monthly mean over seeds;
    `decile_spread` mean monthly return of the highest less the lowest group; `long_excess` annualised excess of the
    long portfolio before costs; `minutes` of the generators' and predictors' trainings, all folds; these three are
    means over the seeds. `collapsed` of `generators` trained collapsed; `correlation` and `dispersion_ratio` are
    their means.
    """

    variant: Variant
    studies: tuple[str, ...]
    seeds: tuple[int, ...]
    months: int
    rank_ic: float | None
    seed_rank_ics: tuple[float | None, ...]
    seed_spread: float | None
    raw_rank_ic: float | None
    icir: float | None
    t: float | None
    decile_spread: float | None
    long_excess: float | None
    minutes: float
    generators: int
    collapsed: int
    correlation: float | None
    dispersion_ratio: float | None
    monthly: tuple[float | None, ...]
    by_fold: Mapping[str, float | None]
    health: tuple[FoldHealth, ...]


@dataclass(frozen=True)
class Difference:
    """Monthly rank IC of a variant less that of the reference, month by month: its mean and Newey–West t."""

    variant: str
    reference: str
    months: int
    mean: float | None
    t: float | None
    positive: float | None  # share of months in which the variant is ahead


@dataclass(frozen=True)
class Ablation:
    """The whole comparison, on the same months for all."""

    months: tuple[str, ...]
    folds: tuple[str, ...]
    until: str | None
    variants: tuple[VariantFigures, ...]
    differences: tuple[Difference, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    versions: Mapping[str, int | None]


def ablation_of(
    plan: Plan,
    trials: list[MeasuredTrial],
    skipped: list[Skipped],
    notes: list[str],
    *,
    months: tuple[str, ...],
    versions: Mapping[str, int | None],
) -> Ablation:
    """Put the trials' evaluations, already of the same months, side by side."""
    groups = [
        own
        for variant in plan.variants
        if (own := [t for t in trials if t.trial.variant.name == variant.name])
    ]
    folds = tuple(sorted({fold for trial in trials for fold in trial.fold_of_month.values()}))
    figures = tuple(variant_figures(own, months, folds) for own in groups)
    reference = next((line for line in figures if line.variant.name == REFERENCE), figures[0])
    lag = groups[0][0].settings.evaluation.newey_west_lag
    differences = tuple(difference(line, reference, lag) for line in figures if line is not reference)
    return Ablation(months, folds, plan.until, figures, differences, tuple(skipped), tuple(notes), versions)


def variant_figures(
    trials: list[MeasuredTrial], months: tuple[str, ...], folds: tuple[str, ...]
) -> VariantFigures:
    """One variant's line from its trials, one a seed."""
    ics = np.array([monthly(t.evaluation, "rank_ic", months) for t in trials])
    monthly_ic = ics.mean(axis=0)
    seed_ics = [t.evaluation.headline.ic_mean for t in trials]
    fold_of_month = trials[0].fold_of_month
    health = tuple(one for trial in trials for one in trial.health)
    return VariantFigures(
        variant=trials[0].trial.variant,
        studies=tuple(t.trial.study for t in trials),
        seeds=tuple(t.trial.seed for t in trials),
        months=int((~np.isnan(monthly_ic)).sum()),
        rank_ic=mean_of_known(seed_ics),
        seed_rank_ics=tuple(seed_ics),
        seed_spread=spread(seed_ics),
        raw_rank_ic=mean_of_known([t.evaluation.headline_raw.ic_mean for t in trials]),
        icir=icir(monthly_ic),
        t=newey_west_t(monthly_ic, trials[0].settings.evaluation.newey_west_lag),
        decile_spread=mean_of_known([decile_spread(t.evaluation.deciles) for t in trials]),
        long_excess=mean_of_known([t.evaluation.headline.annual_excess for t in trials]),
        minutes=float(np.mean([t.minutes for t in trials])),
        generators=len(health),
        collapsed=sum(one.collapsed for one in health),
        correlation=mean_of_known([one.correlation for one in health]),
        dispersion_ratio=mean_of_known([one.dispersion_ratio for one in health]),
        monthly=tuple(None if np.isnan(ic) else float(ic) for ic in monthly_ic),
        by_fold={
            fold: mean_of_defined(monthly_ic[[fold_of_month.get(month) == fold for month in months]])
            for fold in folds
        },
        health=health,
    )


def monthly(evaluation: Evaluation, column: str, months: tuple[str, ...]) -> Floats:
    """A column of the monthly series at these months, NaN where it has none."""
    wanted = pl.DataFrame({"month": months}, schema={"month": pl.String})
    found = wanted.join(evaluation.series, on="month", how="left", maintain_order="left")[column]
    return np.asarray(found.fill_null(float("nan")).to_numpy(), dtype=np.float64)


def decile_spread(deciles: pl.DataFrame) -> float | None:
    """Mean monthly return of the highest group less that of the lowest."""
    by_group = deciles.sort("decile")["monthly_return"]
    if by_group.is_empty() or by_group[0] is None or by_group[-1] is None:
        return None
    return float(by_group[-1] - by_group[0])


def difference(line: VariantFigures, reference: VariantFigures, lag: int | None) -> Difference:
    """The paired difference of two variants' monthly ICs."""
    paired = known_array(line.monthly) - known_array(reference.monthly)
    defined = paired[~np.isnan(paired)]
    return Difference(
        line.variant.name,
        reference.variant.name,
        len(defined),
        mean_of_defined(paired),
        newey_west_t(paired, lag),
        mean_of_defined((defined > 0).astype(float)),
    )


def known_array(values: tuple[float | None, ...] | list[float | None]) -> Floats:
    """Values as an array, NaN for None."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def mean_of_known(values: list[float | None]) -> float | None:
    """Mean of what is known, None where nothing is."""
    return mean_of_defined(known_array(values))


def spread(values: list[float | None]) -> float | None:
    """Standard deviation (n − 1) of what is known; None with fewer than 2."""
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None
