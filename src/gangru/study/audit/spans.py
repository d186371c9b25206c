"""The spans of labels: no training label ends late, none meets a validation label, purged dates stay out.

A label's span is measured on the labels themselves: which later days' prices move it.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import DailyMarket
from gangru.study.audit.result import Check, Verdict
from gangru.study.inputs import Inputs
from gangru.study.jobs import fold_jobs
from gangru.training.batches import FoldData
from gangru.training.folds import Fold

STOCKS = 40
PRICES = ("open", "high", "low", "close", "amount")
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class FoldSpans:
    """A fold's sample dates as rows of the date axis, those it says are purged, and its training day's row."""

    fold: Fold
    trained: int
    train: Rows
    valid: Rows
    purged: Rows


def measured_reach(inputs: Inputs) -> int:
    """Trading days from a label's date to the last day whose prices it looks at, found by moving them day by day."""
    settled = inputs.workspace.settings.label.reach
    ahead = min(2 * settled + 10, len(inputs.market.dates) - 2)
    market = well_traded(inputs.market, ahead)
    row = len(market.dates) - ahead - 1
    before = replace(inputs, market=market).labels[row]
    reach = 0
    for offset in range(ahead + 1):
        moved = replace(inputs, market=with_moved_day(market, row + offset)).labels[row]
        if not np.array_equal(before, moved, equal_nan=True):
            reach = offset
    return reach


def well_traded(market: DailyMarket, ahead: int) -> DailyMarket:
    """A few stocks of the latest days, those with most of their bars, on twice `ahead` days."""
    start = max(0, len(market.dates) - 2 * ahead)
    bars = np.isfinite(market.close[start:]).sum(axis=0)
    best = np.sort(np.argsort(-bars, kind="stable")[:STOCKS])
    by_day = {
        name: value[start:][:, best]
        for name, value in vars(market).items()
        if isinstance(value, np.ndarray) and value.shape == market.close.shape
    }
    return replace(
        market,
        dates=market.dates[start:],
        codes=market.codes[best],
        list_date=market.list_date[best],
        relisted=market.relisted[:, best],
        **by_day,
    )


def with_moved_day(market: DailyMarket, row: int) -> DailyMarket:
    """The market with other prices on one day, stock by stock."""
    if row >= len(market.dates):
        return market
    scale = np.random.default_rng(row).uniform(1.01, 1.1, len(market.codes))
    moved = {}
    for name in PRICES:
        values = getattr(market, name).copy()
        values[row] *= scale
        moved[name] = values
    return replace(market, **moved)


def spans_of(inputs: Inputs, folds: list[Fold]) -> list[FoldSpans]:
    """The sample dates that the folds' jobs say they use."""

    def rows(days: list[str]) -> Rows:
        return np.searchsorted(inputs.market.dates, np.array(days, dtype="datetime64[D]"))

    return [
        FoldSpans(
            fold,
            inputs.market.date_index(fold.trained_on),
            *(rows(job.manifest[name]) for name in ("train_dates", "valid_dates", "purged_dates")),
        )
        for fold, job in zip(folds, fold_jobs(inputs, folds), strict=True)
    ]


def spans_in(inputs: Inputs, fold: Fold, data: FoldData, told: FoldSpans) -> FoldSpans:
    """The sample dates that a fold's data really have; purged are those that either side says are."""

    def rows(days: list[np.datetime64]) -> Rows:
        return np.searchsorted(inputs.market.dates, np.array(days, dtype="datetime64[D]"))

    purged = np.union1d(rows(list(data.purged)), told.purged)
    train, valid = rows([s.date for s in data.train]), rows([s.date for s in data.valid])
    return FoldSpans(fold, told.trained, train, valid, purged)


def span_checks(inputs: Inputs, spans: list[FoldSpans], reach: int, what: str) -> list[Check]:
    """The three rules over all folds: ends, overlaps, purged dates."""
    days = inputs.market.dates
    ends, overlaps, purged = [], [], []
    for own in spans:
        samples = np.union1d(own.train, own.valid)
        ends += [f"{own.fold.name}: the label of {days[t]}" for t in samples if t + reach > own.trained]
        overlaps += [
            f"{own.fold.name}: the training label of {days[t]} meets a validation label"
            for t in own.train
            if (np.abs(own.valid - t) <= reach).any()
        ]
        purged += [
            f"{own.fold.name}: the purged date {days[t]}"
            for t in np.intersect1d(own.purged, np.union1d(own.train, own.valid))
        ]
    every = sum(len(own.train) + len(own.valid) for own in spans)
    scope = f"{what}; labels reach {reach} days"
    return [
        span_check("labels end by the training day", ends, every, "labels", scope),
        span_check(
            "no training label meets a validation label",
            overlaps,
            sum(len(s.train) for s in spans),
            "labels",
            scope,
        ),
        span_check("purged dates are absent", purged, sum(len(s.purged) for s in spans), "dates", scope),
    ]


def span_check(name: str, broken: list[str], count: int, unit: str, scope: str) -> Check:
    """One rule over spans as a row of the result."""
    verdict: Verdict = "LEAK" if broken else "holds"
    finding = f"{len(broken):,} of {count:,} {unit}, first {broken[0]}" if broken else ""
    day: date | None = None
    return Check(name, day, f"nothing ({scope})", 0, count, unit, count * 8, verdict, finding)
