"""Labels by hand: from a price that could be paid to a price a holder would have."""

import numpy as np
import pytest

from gangru.features.labels import LabelSettings, build_labels

from markets import random_market


def test_label_is_close_of_the_next_day_to_close_twenty_days_later() -> None:
    market = random_market(gaps=0)
    adjusted = market.close * market.factor
    labels = build_labels(market, LabelSettings())
    np.testing.assert_allclose(labels[10], adjusted[31] / adjusted[11] - 1)
    assert np.isfinite(labels[98]).all()
    assert np.isnan(labels[99:]).all()


def test_a_market_as_long_as_the_label_has_one_and_a_shorter_one_none() -> None:
    market = random_market(days=22, gaps=0)
    adjusted = market.close * market.factor
    labels = build_labels(market, LabelSettings())
    np.testing.assert_allclose(labels[0], adjusted[21] / adjusted[1] - 1)
    assert np.isnan(labels[1:]).all()
    for days in (1, 21):
        assert np.isnan(build_labels(random_market(days=days, gaps=0), LabelSettings())).all()


def test_entry_lag_zero_starts_on_the_day_itself() -> None:
    market = random_market(gaps=0)
    adjusted = market.close * market.factor
    labels = build_labels(market, LabelSettings(entry_lag=0, horizon=5))
    np.testing.assert_allclose(labels[10], adjusted[15] / adjusted[10] - 1)


@pytest.mark.parametrize("price", ["open", "vwap"])
def test_other_prices_enter_and_leave_at_that_price(price: str) -> None:
    market = random_market(gaps=0)
    adjusted = market.adjusted(price)
    labels = build_labels(market, LabelSettings(price=price))
    np.testing.assert_allclose(labels[10], adjusted[31] / adjusted[11] - 1)


def test_no_trade_on_the_day_of_entry_leaves_the_label_empty() -> None:
    market = random_market(gaps=0)
    market.close[11, 3] = np.nan
    labels = build_labels(market, LabelSettings())
    assert np.isnan(labels[10, 3])
    assert np.isfinite(labels[10, 2])


def test_a_stock_that_stops_trading_keeps_its_last_price() -> None:
    market = random_market(gaps=0)
    adjusted = market.close * market.factor
    market.close[20:, 3] = np.nan
    labels = build_labels(market, LabelSettings())
    assert labels[10, 3] == pytest.approx(adjusted[19, 3] / adjusted[11, 3] - 1)
