"""Ranked series: what they are, that they keep their level in a window, and that the device agrees."""

import numpy as np
import pytest
import torch

from gangru.errors import SettingsError
from gangru.features.catalogue import features_of, ranks_across
from gangru.features.panel import build_panel
from gangru.features.settings import NAMES, FeatureSettings
from gangru.features.windows import windows_of_date
from gangru.features.windows_on_device import device_windows_of_date, on_device

from markets import random_market

NAN = np.nan
CHOSEN = FeatureSettings(ranked=("turnover", "amihud"), window=20, min_bars=15)
N, ROW = 60, 90


def test_ranks_lie_evenly_from_the_lowest_to_the_highest() -> None:
    series = np.array(
        [[3.0, 1.0, NAN, 2.0, 9.0], [5.0, 5.0, 1.0, 7.0, NAN], [NAN, NAN, 4.0, NAN, NAN], [NAN] * 5]
    )
    expected = [[1 / 3, -1, NAN, -1 / 3, 1], [0, 0, -1, 1, NAN], [NAN, NAN, 0, NAN, NAN], [NAN] * 5]
    np.testing.assert_allclose(ranks_across(series), expected, atol=1e-15)


def test_a_monotone_change_of_the_series_leaves_the_ranks() -> None:
    series = np.random.default_rng(0).lognormal(0, 3, (7, 200))
    np.testing.assert_array_equal(ranks_across(series), ranks_across(np.log(series)))


def test_names_of_a_windows_series_end_with_the_ranked_ones() -> None:
    assert CHOSEN.series == (*NAMES, "turnover_rank", "amihud_rank")
    assert [feature.name for feature in features_of(CHOSEN)] == list(CHOSEN.series)
    with pytest.raises(SettingsError, match="nonsense"):
        features_of(FeatureSettings(ranked=("nonsense",)))


def test_a_ranked_series_keeps_its_level_and_the_others_do_not_notice() -> None:
    market, eligible = random_market(stocks=N, gaps=0.04), np.arange(N) % 4 > 0
    panel = build_panel(market, features_of(CHOSEN))
    made = windows_of_date(panel, ROW, eligible, CHOSEN)
    without = FeatureSettings(window=20, min_bars=15)
    plain = windows_of_date(build_panel(market, features_of(without)), ROW, eligible, without)
    np.testing.assert_array_equal(made.x_NTF[:, :, : len(NAMES)], plain.x_NTF)
    rank_TN = panel.values[ROW - 19 : ROW + 1, made.stocks, -2].copy()
    for column in rank_TN.T:  # the last rank stands, a leading gap takes the first
        known = np.flatnonzero(~np.isnan(column))
        column[:] = column[known[np.maximum(np.searchsorted(known, np.arange(20), "right") - 1, 0)]]
    expected = (rank_TN - rank_TN.mean(axis=1, keepdims=True)) / rank_TN.std(axis=1, keepdims=True)
    np.testing.assert_allclose(made.x_NTF[:, :, -2], expected.T, atol=1e-5)
    assert (
        np.abs(made.x_NTF[:, :, -2].mean(axis=1)).max() > 0.5
    )  # a level, which scaling over days would take


def test_the_device_makes_the_same_ranked_windows() -> None:
    panel = build_panel(random_market(stocks=N, gaps=0.04), features_of(CHOSEN))
    everybody = np.ones(N, dtype=bool)
    held = on_device(panel, 0, 119, torch.device("cpu"))
    made = device_windows_of_date(held, panel, ROW, everybody, CHOSEN)
    expected = windows_of_date(panel, ROW, everybody, CHOSEN)
    np.testing.assert_allclose(made.x_NTF.numpy(), expected.x_NTF, rtol=0, atol=1e-5)
