"""Features, windows and labels on a year of the real market, against facts known about it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gangru.features.catalogue import chosen_features
from gangru.features.labels import LabelSettings, build_labels
from gangru.features.panel import build_panel
from gangru.features.settings import NAMES, FeatureSettings
from gangru.features.windows import windows_of_date
from gangru.market.calendar import trading_days
from gangru.market.daily import DailyMarket
from gangru.market.ingest import ingest
from gangru.market.loading import daily_market
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
from gangru.market.universe import UniverseSettings, universe

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def year(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> DailyMarket:
    """The bars of 2020, read as a user's files would be."""
    store = Store.open(tmp_path_factory.mktemp("real") / "store")
    paths = [real_data / "bars" / "2020.parquet", real_data / "securities.csv", real_data / "calendar.csv"]
    ingest(paths, store, DataSettings())
    return daily_market(store.read("bars"), store.read("securities"), trading_days(store))


def test_the_mean_return_of_the_day_the_market_reopened(year: DailyMarket) -> None:
    panel = build_panel(year, chosen_features(("return_1d",)))
    row = year.date_index(np.datetime64("2020-02-03"))
    assert np.nanmean(panel.values[row, :, 0]) == pytest.approx(-0.088, abs=0.001)


def test_no_stock_moves_beyond_its_limit_but_new_ones(year: DailyMarket) -> None:
    panel = build_panel(year, chosen_features(("return_1d",)))
    eligible = universe(year, year.dates, UniverseSettings()).eligible
    moves = np.abs(panel.values[:, :, 0][eligible])
    assert np.mean(moves > 0.21) < 1e-5


def test_windows_of_the_whole_market_are_finite_and_standardised(year: DailyMarket) -> None:
    panel = build_panel(year, chosen_features(NAMES))
    row = year.date_index(np.datetime64("2020-12-31"))
    eligible = universe(year, year.dates, UniverseSettings()).eligible[row]
    x = windows_of_date(panel, row, eligible, FeatureSettings()).x_NTF
    assert len(x) > 3400
    assert np.isfinite(x).all()
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-3)


def test_a_label_is_the_return_of_the_closes(year: DailyMarket, real_data: Path) -> None:
    row = year.date_index(np.datetime64("2020-06-01"))
    n = int(np.flatnonzero(year.codes == "600519.SH")[0])
    bars = (
        pl.read_parquet(real_data / "bars" / "2020.parquet").filter(pl.col("code") == "SH600519").sort("date")
    )
    adjusted = (bars["close"].cast(pl.Float64) * bars["factor"].cast(pl.Float64)).to_numpy()
    expected = adjusted[row + 21] / adjusted[row + 1] - 1
    assert build_labels(year, LabelSettings())[row, n] == pytest.approx(expected, rel=1e-5)
