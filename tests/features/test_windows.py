"""Windows against a slow, obvious loop, and what must hold for any of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import MarketError, SettingsError
from gangru.features import windows as module
from gangru.features.catalogue import CATALOGUE, chosen_features
from gangru.features.panel import Panel, build_panel
from gangru.features.scaling import fill_gaps, middle_distance, scale_days
from gangru.features.settings import NAMES, FeatureSettings
from gangru.features.windows import scaled_days, stock_scale, windows_of_date

from markets import random_market

SETTINGS = FeatureSettings()


def scaled_series(x_CT: np.ndarray, chosen: FeatureSettings = SETTINGS) -> np.ndarray:
    """Series scaled over their own days, (C, T), each as a stock's only feature, which is carried over gaps."""
    x_TNF = np.ascontiguousarray(x_CT.T[:, :, None], dtype=np.float32)
    out_NTF = np.empty((*x_CT.shape, 1), dtype=np.float32)
    scale_days(x_TNF, np.array([True]), chosen, out_NTF)
    return out_NTF[:, :, 0]


def slow_windows(panel: Panel, row: int, stocks: np.ndarray, chosen: FeatureSettings) -> np.ndarray:
    """Gap filling, clipping and both z-scores, a stock and a feature at a time."""
    days, clip = chosen.window, chosen.clip
    out = np.zeros((len(stocks), days, len(panel.features)))
    for n, stock in enumerate(stocks):
        for f, feature in enumerate(panel.features):
            x = list(panel.values[row - days + 1 : row + 1, stock, f].astype(float))
            known = [v for v in x if not np.isnan(v)]
            for t in range(days):
                if np.isnan(x[t]):
                    x[t] = (
                        (x[t - 1] if t and not np.isnan(x[t - 1]) else known[0])
                        if feature.gap == "carry"
                        else 0.0
                    )
            x = np.array(x)
            if clip == "mad":
                centre = np.median(x)
                mad = 1.4826 * np.median(np.abs(x - centre))
                if mad > 1e-6 * abs(centre):
                    x = np.clip(x, centre - 3 * mad, centre + 3 * mad)
                else:
                    x = np.clip(x, x.mean() - 3 * x.std(), x.mean() + 3 * x.std())
            elif clip == "sigma":
                x = np.clip(x, x.mean() - 3 * x.std(), x.mean() + 3 * x.std())
            out[n, :, f] = (
                0 if x.std() < 1e-6 * abs(np.median(x)) or x.std() == 0 else (x - x.mean()) / x.std()
            )
    spread = out.std(axis=0)
    return (out - out.mean(axis=0)) / np.where(spread > 1e-6, spread, np.inf)


@pytest.mark.parametrize("clip", ["mad", "sigma", "none"])
@pytest.mark.parametrize("window", [40, 21])
def test_windows_are_those_of_a_slow_loop(clip: str, window: int) -> None:
    panel = build_panel(random_market(gaps=0.04), chosen_features(NAMES))
    chosen = FeatureSettings(clip=clip, window=window, min_bars=window - 5)
    windows = windows_of_date(panel, 100, np.ones(30, dtype=bool), chosen)
    assert windows.filled > 10
    np.testing.assert_allclose(windows.x_NTF, slow_windows(panel, 100, windows.stocks, chosen), atol=2e-3)


def test_cross_section_has_mean_zero_and_unit_spread() -> None:
    panel = build_panel(random_market(), chosen_features(NAMES))
    x = windows_of_date(panel, 80, np.ones(30, dtype=bool), SETTINGS).x_NTF
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-4)


def test_a_constant_series_gives_zero_and_never_nan() -> None:
    assert (scaled_series(np.full((2, 40), 7.3)) == 0).all()


def test_an_outlier_is_clipped_at_three_mads() -> None:
    x = np.where(np.arange(40) % 2, 1.0, -1.0)
    x[0] = 1000  # median 1; deviations 0 (20), 2 (19) and 999: MAD 1
    expected = np.minimum(x, 1 + 3 * 1.4826)
    expected = (expected - expected.mean()) / expected.std()
    z = scaled_series(x[None, :])[0]
    np.testing.assert_allclose(z, expected, rtol=1e-4)


def test_a_series_of_zeros_gives_zero_and_never_nan() -> None:
    for clip in ("mad", "sigma", "none"):
        assert (scaled_series(np.zeros((2, 40)), replace(SETTINGS, clip=clip)) == 0).all()


def test_a_series_that_is_mostly_zero_keeps_its_other_values() -> None:
    x = np.zeros(40)  # like a shadow of candles: median and MAD are 0
    x[[3, 9, 20]] = 1, 2, 3
    limit = x.mean() + 3 * x.std()
    expected = np.minimum(x, limit)
    expected = (expected - expected.mean()) / expected.std()
    np.testing.assert_allclose(scaled_series(x[None, :])[0], expected, rtol=1e-4)


def test_no_mad_but_a_spread_is_clipped_at_three_sigma() -> None:
    x = np.full(40, 5.0)
    x[3] = 500.0
    limit = x.mean() + 3 * x.std()
    expected = np.minimum(x, limit)
    expected = (expected - expected.mean()) / expected.std()
    z = scaled_series(x[None, :])[0]
    np.testing.assert_allclose(z, expected, rtol=1e-4)


def test_gaps_carry_prices_and_leave_nothing_else() -> None:
    nan = np.nan
    x = np.array([[[nan, 2, nan, 4], [nan, 2, nan, 4]]], dtype=np.float32)
    fill_gaps(x, np.array([True, False]))
    assert x[0, 0].tolist() == [2, 2, 2, 4]
    assert x[0, 1].tolist() == [0, 2, 0, 4]


def test_stocks_with_too_few_bars_or_not_the_last_are_left_out_and_counted() -> None:
    market = random_market(gaps=0)
    for gap in (market.close, market.open, market.high, market.low, market.volume):
        gap[75:81, 0] = np.nan  # 34 bars, and not the last
        gap[70:76, 1] = np.nan  # 34 bars
        gap[70:75, 2] = np.nan  # 35 bars
    panel = build_panel(market, chosen_features(NAMES))
    windows = windows_of_date(panel, 80, np.ones(30, dtype=bool), SETTINGS)
    assert set(range(30)) - set(windows.stocks) == {0, 1}
    assert windows.short == 2


def test_the_last_day_alone_decides_who_traded_last() -> None:
    market = random_market(gaps=0)
    for gap in (market.close, market.open, market.high, market.low, market.volume):
        gap[80, 0] = np.nan  # not the last
        gap[79, 1] = np.nan  # the last, not the one before
        gap[42, 2] = np.nan  # the last, not the second of the window
    panel = build_panel(market, chosen_features(NAMES))
    windows = windows_of_date(panel, 80, np.ones(30, dtype=bool), SETTINGS)
    assert windows.date == panel.dates[80]
    assert set(range(30)) - set(windows.stocks) == {0}


def test_a_stock_with_gaps_in_many_series_is_filled_once() -> None:
    panel = build_panel(random_market(gaps=0), chosen_features(NAMES))
    eligible = np.ones(30, dtype=bool)
    assert windows_of_date(panel, 80, eligible, SETTINGS).filled == 0
    values = panel.values.copy()
    values[60, 4] = np.nan  # every series of a day
    values[[50, 70], 7, :2] = np.nan
    assert windows_of_date(replace(panel, values=values), 80, eligible, SETTINGS).filled == 2


def test_the_first_date_with_a_whole_window_has_one() -> None:
    panel = build_panel(random_market(gaps=0), chosen_features(NAMES))
    assert len(windows_of_date(panel, 39, np.ones(30, dtype=bool), SETTINGS).stocks) > 0
    with pytest.raises(MarketError, match="39 of the 40 days"):
        windows_of_date(panel, 38, np.ones(30, dtype=bool), SETTINGS)


def test_too_little_history_is_an_error_that_counts() -> None:
    panel = build_panel(random_market(), chosen_features(NAMES))
    with pytest.raises(MarketError, match="31 of the 40 days"):
        windows_of_date(panel, 30, np.ones(30, dtype=bool), SETTINGS)


def test_the_catalogue_has_the_eighteen_with_formula_unit_and_needs() -> None:
    assert len(NAMES) == 18
    assert tuple(CATALOGUE) == NAMES
    assert all(f.formula and f.unit and f.needs for f in CATALOGUE.values())
    with pytest.raises(SettingsError, match="momentum"):
        chosen_features(("close", "momentum"))


def test_features_of_one_stock_by_hand() -> None:
    market = random_market(gaps=0)
    panel = build_panel(market, chosen_features(NAMES))
    t, n = 50, 4
    value = {f.name: float(panel.values[t, n, k]) for k, f in enumerate(panel.features)}
    o, h, low, c, v, a, s = (
        getattr(market, name)[t, n]
        for name in ("open", "high", "low", "close", "volume", "amount", "float_shares")
    )
    f, before = market.factor[t, n], market.close[t - 1, n] * market.factor[t - 1, n]
    day = market.close[t] * market.factor[t] / (market.close[t - 1] * market.factor[t - 1]) - 1
    expected = {
        "open": o * f,
        "high": h * f,
        "low": low * f,
        "close": c * f,
        "vwap": a / v * f,
        "volume": v / f,
        "amount": a,
        "turnover": v / s,
        "return_1d": c * f / before - 1,
        "overnight_gap": o * f / before - 1,
        "intraday_return": c / o - 1,
        "amplitude": (h - low) * f / before,
        "upper_shadow": (h - max(o, c)) * f / before,
        "lower_shadow": (min(o, c) - low) * f / before,
        "close_position": (c - low) / (h - low),
        "excess_return": c * f / before - 1 - day.mean(),
        "amihud": abs(c * f / before - 1) / a * 1e8,
        "close_over_vwap": c / (a / v) - 1,
    }
    for name, number in expected.items():
        assert value[name] == pytest.approx(number, rel=1e-4, abs=1e-7), name


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 20))
def test_windows_do_not_depend_on_the_level_of_prices(seed: int, scale: float) -> None:
    x = np.random.default_rng(seed).standard_t(3, (6, 40)).astype(np.float32)
    np.testing.assert_allclose(scaled_series(x), scaled_series(x * np.float32(scale)), atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 45))
def test_the_mad_needs_no_second_sort(seed: int, days: int) -> None:
    x = np.sort(np.random.default_rng(seed).integers(-9, 9, (20, days)).astype(np.float32), axis=1)
    x_TC, centre_C = np.ascontiguousarray(x.T), np.median(x, axis=1)
    found = middle_distance(x_TC, centre_C, np.empty_like(x_TC))
    assert found.tolist() == np.median(np.abs(x - centre_C[:, None]), axis=1).tolist()


def test_gaps_at_both_ends_and_a_series_without_any_value() -> None:
    nan = np.nan
    x = np.array([[[nan, nan, 5, nan], [nan] * 4, [1, nan, nan, 2]], [[1, 2, 3, 4]] * 3], dtype=np.float32)
    filled = fill_gaps(x, np.array([True, True, False]))
    assert x.tolist() == [[[5, 5, 5, 5], [0, 0, 0, 0], [1, 0, 0, 2]], [[1, 2, 3, 4]] * 3]
    assert filled.tolist() == [0, 1, 3, 4, 5, 6, 7, 9, 10]


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = build_panel(random_market(stocks=300, gaps=0.02), chosen_features(NAMES))
    eligible = np.ones(300, dtype=bool)
    one = windows_of_date(panel, 100, eligible, SETTINGS, threads=1)
    monkeypatch.setattr(module, "VALUES", 40 * 18 * 7)  # many blocks, the last one of another size
    for threads in (1, 2, 3):
        other = windows_of_date(panel, 100, eligible, SETTINGS, threads=threads)
        assert other.x_NTF.tobytes() == one.x_NTF.tobytes()
        assert (other.filled, other.short) == (one.filled, one.short)


def test_a_stocks_days_are_scaled_alike_alone_and_among_others() -> None:
    panel = build_panel(random_market(stocks=90, gaps=0.05), chosen_features(NAMES))
    together, _ = scaled_days(panel, 100, np.arange(90), SETTINGS)
    for stock in (0, 41, 89):
        alone, _ = scaled_days(panel, 100, np.array([stock]), SETTINGS)
        assert alone[0].tobytes() == together[stock].tobytes()


def test_a_date_without_a_stock_has_no_windows() -> None:
    panel = build_panel(random_market(), chosen_features(NAMES))
    assert windows_of_date(panel, 80, np.zeros(30, dtype=bool), SETTINGS).x_NTF.shape == (0, 40, 18)


def test_the_scale_of_a_date_is_by_hand_and_zero_where_nothing_differs() -> None:
    x = np.array([[[1, 5]], [[3, 5]], [[8, 5]]], dtype=np.float32)
    mean, scale = stock_scale(x)
    np.testing.assert_allclose(mean, [[4, 5]])
    np.testing.assert_allclose(scale, [[1 / np.sqrt(26 / 3), 0]], rtol=1e-6)
    nothing = stock_scale(np.empty((0, 40, 18), dtype=np.float32))
    for found in (mean, scale, *nothing):
        assert found.dtype == np.float32
    assert all(found.shape == (40, 18) and not found.any() for found in nothing)


def test_all_stocks_alike_give_zero() -> None:
    panel = build_panel(random_market(gaps=0), chosen_features(NAMES))
    alike = replace(panel, values=np.repeat(panel.values[:, :1], 30, axis=1))
    assert (windows_of_date(alike, 80, np.ones(30, dtype=bool), SETTINGS).x_NTF == 0).all()
