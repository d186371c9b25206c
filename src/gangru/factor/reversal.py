"""The baseline that nothing is trained for: what rose and was traded much is expected to fall, on each date alone.

Legend: N stocks. A date sees its own bars and those of the days before.
"""

import numpy as np
from numpy.typing import NDArray

from gangru.errors import MarketError, SettingsError
from gangru.factor.neutralise import known_z
from gangru.features.panel import Panel
from gangru.market.daily import Floats

DAYS = 20  # trading days of the return and of the mean turnover
CARRIED = 20  # days before that a close may be taken from, where the stock did not trade on the first one
REACH = CARRIED + DAYS + 1  # rows of the panel that a date looks at


def reversal(panel: Panel, row: int, stocks: NDArray[np.int64]) -> Floats:
    """−(z of the 20-day return + z of the 20-day mean turnover) / 2 of the stocks at these positions, (N,).

    A day without trading has the turnover 0 and the last close; NaN where a stock has no close to begin with, or a
    day's turnover is not known. Raises SettingsError where the panel lacks close or turnover, MarketError where it
    does not reach back 20 days.
    """
    names = [feature.name for feature in panel.features]
    missing = [name for name in ("close", "turnover") if name not in names]
    if missing:
        raise SettingsError(
            f'predictor.kind = "reversal" needs {" and ".join(missing)} in features.names, which has {", ".join(names)}'
        )
    if row < DAYS:
        raise MarketError(f"{panel.dates[row]} has {row} of the {DAYS} days before it that a return needs")
    close = panel.values[max(row - DAYS - CARRIED, 0) : row + 1, stocks, names.index("close")]
    past, last = close[: len(close) - DAYS].astype(np.float64), close[-1].astype(np.float64)
    days = slice(row - DAYS + 1, row + 1)
    turnover = panel.values[days, stocks, names.index("turnover")].astype(np.float64)
    turnover = np.where(panel.traded[days, stocks], turnover, 0.0)
    return -(known_z(last / newest(past) - 1) + known_z(turnover.mean(axis=0))) / 2


def newest(series: Floats) -> Floats:
    """The newest known value of each column, (N,); NaN where there is none."""
    known = np.isfinite(series)
    position = len(series) - 1 - known[::-1].argmax(axis=0)
    return np.asarray(series[position, np.arange(series.shape[1])])
