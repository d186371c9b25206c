"""The device's windows against NumPy's, on PyTorch's CPU."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gangru.errors import MarketError
from gangru.features.catalogue import chosen_features
from gangru.features.panel import Panel, build_panel
from gangru.features.settings import NAMES, FeatureSettings
from gangru.features.windows import windows_of_date
from gangru.features.windows_on_device import device_windows_of_date, on_device, without_gaps

from markets import random_market

CPU = torch.device("cpu")
N = 60


def hard_panel() -> Panel:
    """Gaps, constant series, series that mostly stand still, outliers, and a feature in which all stocks agree."""
    panel = build_panel(random_market(stocks=N, gaps=0.04), chosen_features(NAMES))
    values, random = panel.values.copy(), np.random.default_rng(2)
    values[:, ::5, 3] = 7.3
    values[:, ::3, 6] = np.where(random.random((120, 20)) < 0.7, 1e8, values[:, ::3, 6])
    values[random.random(values.shape) < 0.002] *= 50
    values[:, :, 9] = values[:, :1, 9]
    values[:, 11, 2] = np.nan  # a carried feature without any value
    values[~panel.traded] = np.nan
    return replace(panel, values=values)


@pytest.mark.parametrize("clip", ["mad", "sigma", "none"])
@pytest.mark.parametrize("window", [40, 21])
def test_a_devices_windows_are_those_of_numpy(clip: str, window: int) -> None:
    panel, eligible = hard_panel(), np.arange(N) % 4 > 0
    chosen = FeatureSettings(clip=clip, window=window, min_bars=window - 6)
    expected = windows_of_date(panel, 90, eligible, chosen)
    held = on_device(panel, 45, 95, CPU)
    made = device_windows_of_date(held, panel, 90, eligible, chosen)
    assert made.stocks.tolist() == expected.stocks.tolist()
    assert (made.date, made.short, made.filled) == (expected.date, expected.short, expected.filled)
    assert made.filled > 10
    assert made.x_NTF.dtype == torch.float32
    assert made.x_NTF.is_contiguous()
    np.testing.assert_allclose(made.x_NTF.numpy(), expected.x_NTF, rtol=0, atol=1e-5)


def test_gaps_are_filled_as_numpy_fills_them() -> None:
    nan = np.nan
    x = torch.tensor([[[nan, nan, 5, nan], [nan] * 4, [1, nan, nan, 2]], [[1, 2, 3, 4]] * 3])
    filled = without_gaps(x, x.isnan(), torch.tensor([True, True, False]))
    assert filled.tolist() == [[[5, 5, 5, 5], [0, 0, 0, 0], [1, 0, 0, 2]], [[1, 2, 3, 4]] * 3]


def test_a_date_without_a_stock_has_no_windows() -> None:
    panel, nobody = hard_panel(), np.zeros(N, dtype=bool)
    held = on_device(panel, 0, 119, CPU)
    assert device_windows_of_date(held, panel, 90, nobody, FeatureSettings()).x_NTF.shape == (0, 40, 18)


def test_a_panel_that_nobody_may_write_to_is_read() -> None:
    panel = hard_panel()
    panel.values.flags.writeable = False
    held = on_device(panel, 0, 119, CPU)
    assert held.values_DNF.data_ptr() != panel.values.ctypes.data
    assert np.array_equal(held.values_DNF.numpy(), panel.values, equal_nan=True)


def test_too_little_history_is_an_error_that_counts() -> None:
    panel = hard_panel()
    with pytest.raises(MarketError, match="31 of the 40 days"):
        device_windows_of_date(
            on_device(panel, 0, 30, CPU), panel, 30, np.ones(N, dtype=bool), FeatureSettings()
        )
