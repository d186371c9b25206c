"""The reversal score against a slow loop over stocks and days, and what it says it lacks."""

import numpy as np
import pytest

from gangru.errors import MarketError, SettingsError
from gangru.factor.reversal import reversal
from gangru.features.catalogue import chosen_features
from gangru.features.panel import Panel

NAN = np.nan
DAYS, STOCKS = 60, 30


def panel(names: tuple[str, ...] = ("open", "turnover", "close")) -> Panel:
    """Random closes and turnovers with days without trading and, for some, without known shares."""
    rng = np.random.default_rng(5)
    values = np.exp(rng.normal(size=(DAYS, STOCKS, len(names)))).astype(np.float32)
    traded = rng.random((DAYS, STOCKS)) > 0.1
    traded[-1] = True
    traded[35:41, 3] = False  # not on the first day of the 20, but before
    traded[:45, 4] = False  # listed within the 20 days
    values[~traded] = NAN
    if "turnover" in names:
        values[50, 5, names.index("turnover")] = NAN
        traded[50, 5] = True
    days = np.busday_offset("2018-01-01", np.arange(DAYS), roll="forward").astype("datetime64[D]")
    codes = np.array([f"{600000 + n}.SH" for n in range(STOCKS)])
    return Panel(days, codes, chosen_features(names), values, traded)


def slowly(p: Panel, row: int, stocks: np.ndarray) -> list[float]:
    """One stock and one day at a time."""
    names = [feature.name for feature in p.features]
    returns, turnovers = [], []
    for n in stocks:
        past = NAN
        for day in range(max(row - 40, 0), row - 19):
            if p.traded[day, n]:
                past = float(p.values[day, n, names.index("close")])
        returns.append(float(p.values[row, n, names.index("close")]) / past - 1)
        total = 0.0
        for day in range(row - 19, row + 1):
            total += float(p.values[day, n, names.index("turnover")]) if p.traded[day, n] else 0.0
        turnovers.append(total / 20)

    def z(values: list[float]) -> list[float]:
        known = [v for v in values if v == v]
        mean = sum(known) / len(known)
        spread = (sum((v - mean) ** 2 for v in known) / len(known)) ** 0.5
        return [(v - mean) / spread for v in values]

    return [-(a + b) / 2 for a, b in zip(z(returns), z(turnovers), strict=True)]


@pytest.mark.parametrize("row", [59, 30, 20])
def test_the_score_is_that_of_a_slow_loop(row: int) -> None:
    p = panel()
    stocks = np.flatnonzero(p.traded[row])
    found = reversal(p, row, stocks)
    np.testing.assert_allclose(found, slowly(p, row, stocks), rtol=1e-9)
    if row == 59:
        assert np.isnan(found[[4, 5]]).all()  # no close to begin with; a turnover that is not known
        assert np.isfinite(np.delete(found, [4, 5])).all()


def test_nothing_after_the_date_and_nobody_else_is_seen() -> None:
    p, stocks = panel(), np.arange(0, STOCKS, 2)
    before = reversal(p, 40, stocks)
    p.values[41:] = 7
    p.values[:, 1::2] = 9
    assert np.array_equal(reversal(p, 40, stocks), before, equal_nan=True)


def test_what_it_lacks_is_named() -> None:
    with pytest.raises(SettingsError, match=r"needs turnover in features\.names, which has open, close"):
        reversal(panel(("open", "close")), 59, np.arange(3))
    with pytest.raises(MarketError, match="has 19 of the 20 days"):
        reversal(panel(), 19, np.arange(3))
