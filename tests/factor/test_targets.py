"""What trainings learn from: the labels themselves, or their ranks and residuals within a date's eligible stocks."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import rankdata

from gangru.factor.exposures import Exposures
from gangru.factor.targets import build_targets
from gangru.features.labels import LabelSettings

DAYS, STOCKS = 6, 40
Case = tuple[NDArray[np.float64], NDArray[np.bool_], Exposures]


def case(seed: int) -> Case:
    """Labels with gaps, who is eligible, and exposures of which some are unknown."""
    random = np.random.default_rng(seed)
    labels = random.standard_t(3, (DAYS, STOCKS)) / 10
    labels[random.random(labels.shape) < 0.1] = np.nan
    industry = random.integers(-1, 5, labels.shape).astype(np.int16)
    value = np.exp(random.normal(22, 1, labels.shape))
    value[random.random(labels.shape) < 0.05] = np.nan
    return labels, random.random(labels.shape) < 0.8, Exposures(industry, value)


def test_the_default_is_the_label_itself() -> None:
    labels, eligible, exposures = case(0)
    assert build_targets(labels, eligible, exposures, LabelSettings()) is labels


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_rank_is_scipys_among_the_eligible_from_minus_one_to_one(seed: int) -> None:
    labels, eligible, exposures = case(seed)
    targets = build_targets(labels, eligible, exposures, LabelSettings(ranked=True))
    for target, label, who in zip(targets, labels, eligible, strict=True):
        known = who & np.isfinite(label)
        place = rankdata(label[known]) - 1
        np.testing.assert_allclose(target[known], 2 * place / (known.sum() - 1) - 1, atol=1e-12)
        assert np.isnan(target[~known]).all()


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_residual_is_that_of_least_squares_on_dummies_and_size(seed: int) -> None:
    labels, eligible, exposures = case(seed)
    targets = build_targets(labels, eligible, exposures, LabelSettings(neutralise="industry_size"))
    industry, value = exposures.industry, exposures.value
    for t in range(DAYS):
        kept = eligible[t] & np.isfinite(labels[t]) & (industry[t] >= 0) & np.isfinite(value[t])
        assert (np.isfinite(targets[t]) == kept).all()
        x = np.column_stack([industry[t, kept] == i for i in range(5)] + [np.log(value[t, kept])])
        y = labels[t, kept]
        rest = y - x @ np.linalg.lstsq(x.astype(float), y, rcond=None)[0]
        np.testing.assert_allclose(targets[t, kept], (rest - rest.mean()) / rest.std(), atol=1e-8)


def test_only_the_exposure_asked_for_goes_out() -> None:
    labels, eligible, exposures = case(5)
    targets = build_targets(labels, eligible, exposures, LabelSettings(neutralise="industry"))
    for t in range(DAYS):
        kept = eligible[t] & np.isfinite(labels[t]) & (exposures.industry[t] >= 0)
        assert (np.isfinite(targets[t]) == kept).all()  # those of unknown size too
        for i in range(5):
            assert abs(targets[t, kept & (exposures.industry[t] == i)].mean()) < 1e-9


def test_exposures_of_other_days_are_refused() -> None:
    labels, eligible, exposures = case(6)
    fewer = Exposures(exposures.industry[1:], exposures.value[1:])
    with pytest.raises(ValueError, match="shorter"):
        build_targets(labels, eligible, fewer, LabelSettings(neutralise="size"))


@pytest.mark.parametrize("by", ["industry_size", "size", "none"])
def test_a_date_is_made_of_nothing_but_itself(by: str) -> None:
    labels, eligible, exposures = case(3)
    form = dataclasses.replace(LabelSettings(ranked=True), neutralise=by)
    whole = build_targets(labels, eligible, exposures, form)
    alone = build_targets(
        labels[2:3], eligible[2:3], Exposures(exposures.industry[2:3], exposures.value[2:3]), form
    )
    np.testing.assert_array_equal(alone, whole[2:3])


def test_ranks_do_not_move_with_the_size_of_the_largest_return() -> None:
    labels, eligible, exposures = case(4)
    form = LabelSettings(ranked=True)
    before = build_targets(labels, eligible, exposures, form)
    largest = np.nanargmax(np.where(eligible[1], labels[1], -np.inf))
    labels = labels.copy()
    labels[1, largest] = 1000.0
    np.testing.assert_array_equal(build_targets(labels, eligible, exposures, form), before)
