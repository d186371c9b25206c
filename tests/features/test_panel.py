"""The panel is made some stocks at a time, and is the same as made at once."""

import numpy as np
import pytest

from gangru.features import panel as panel_module
from gangru.features.catalogue import CATALOGUE, Bars, Feature
from gangru.features.panel import build_panel

from markets import random_market


def whole_panel(features: tuple[Feature, ...], seed: int) -> np.ndarray:
    """Every formula on the whole market at once."""
    bars = Bars(random_market(days=50, stocks=23, seed=seed))
    with np.errstate(divide="ignore", invalid="ignore"):
        series = [np.asarray(feature.compute(bars), dtype=np.float32) for feature in features]
    stacked = np.stack(series, axis=2)
    return np.where(np.isfinite(stacked), stacked, np.float32(np.nan))


@pytest.mark.parametrize("stocks", [1, 7, 23, 100])
def test_any_number_of_stocks_at_a_time_gives_the_same_bytes(
    stocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_module, "STOCKS", stocks)
    features = tuple(CATALOGUE.values())
    made = build_panel(random_market(days=50, stocks=23, seed=stocks), features).values
    np.testing.assert_array_equal(made, whole_panel(features, seed=stocks))


def test_a_formula_that_needs_all_stocks_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_module, "STOCKS", 5)

    def rank(bars: Bars) -> np.ndarray:
        return np.argsort(np.argsort(bars.close, axis=1), axis=1).astype(float)

    feature = Feature("rank", "rank of close", "places", ("close",), "carry", rank, across=True)
    made = build_panel(random_market(days=20, stocks=12, gaps=0.0), (feature,)).values[:, :, 0]
    assert sorted(made[3]) == list(range(12))
