"""From a trained fold and the panel to pRet of every eligible stock on the dates the fold serves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from gangru.factor.exposures import Exposures
from gangru.factor.neutralise import neutralise
from gangru.factor.reversal import reversal
from gangru.factor.settings import FactorSettings
from gangru.features.panel import Panel
from gangru.features.settings import FeatureSettings
from gangru.features.windows import Windows, window_stocks, windows_of_date
from gangru.features.windows_on_device import DeviceWindows, device_windows_of_date, on_device
from gangru.market.daily import Bools, Floats
from gangru.models.predictor import Predictor
from gangru.training.batches import Sample
from gangru.training.feeding import fed
from gangru.training.gradient_boosting import BoostedTrees
from gangru.training.predictor import predict
from gangru.training.settings import GanSettings, TrainingSettings
from gangru.training.trained_fold import TrainedFold


@dataclass(frozen=True)
class DateFactor:
    """One date's table (date, code, pret, factor, fold) and its counts of what was dropped."""

    table: pl.DataFrame
    dropped: dict[str, int]


def predict_date(
    fold: TrainedFold,
    panel: Panel,
    row: int,
    eligible: Bools,
    features: FeatureSettings,
    gan: GanSettings,
    training: TrainingSettings,
    windows_on: Callable[[torch.device], Windows | DeviceWindows],
) -> tuple[NDArray[np.int64], Floats, dict[str, int]]:
    """Positions, pRet and counts of what was left out or filled, on the date at `row`; sees bars up to it alone.

    `windows_on` gives the date's windows on a device, as `date_windows` makes them. No label and nothing after the
    date enters: a stock that stops trading tomorrow is predicted like any other.
    """
    if fold.predictor is None:
        stocks = window_stocks(panel, row, eligible, features)
        short = int(np.count_nonzero(eligible)) - len(stocks)
        return stocks, reversal(panel, row, stocks), {"too few bars in the window": short}
    windows = windows_on(fold.device)
    x_NTF = torch.as_tensor(windows.x_NTF)
    sample = Sample(windows.date, x_NTF, np.zeros(len(windows.stocks)), panel.codes[windows.stocks])
    sample = fed(fold.generator, sample, gan, training)
    match fold.predictor:
        case BoostedTrees():
            pret = fold.predictor.predict(sample.x_NTF)
        case Predictor():
            pret = predict(fold.predictor, sample.x_NTF).cpu().numpy().astype(np.float64)
    counts = {
        "too few bars in the window": windows.short,
        "kept, with gaps in the window filled": windows.filled,
    }
    return windows.stocks, pret, counts


def date_windows(
    panel: Panel, row: int, eligible: Bools, features: FeatureSettings, device: torch.device, threads: int
) -> Windows | DeviceWindows:
    """The date's scaled windows, made on the device that the nets lie on; `threads` are those of the CPU."""
    if device.type == "cpu":
        return windows_of_date(panel, row, eligible, features, threads)
    held = on_device(panel, max(row - features.window + 1, 0), row, device)
    return device_windows_of_date(held, panel, row, eligible, features)


def factor_of_date(
    panel: Panel,
    row: int,
    stocks: NDArray[np.int64],
    pret: Floats,
    exposures: Exposures,
    settings: FactorSettings,
    fold: str,
) -> DateFactor:
    """The neutralised, standardised factor of one date beside its pRet."""
    made = neutralise(pret, exposures.industry[row, stocks], exposures.value[row, stocks], settings)
    table = pl.DataFrame(
        {"code": panel.codes[stocks], "pret": pret, "factor": made.factor},
    ).with_columns(
        pl.lit(panel.dates[row].astype("datetime64[D]").item()).alias("date"),
        pl.col("factor").fill_nan(None),
        pl.lit(fold).alias("fold"),
    )
    return DateFactor(table.select("date", "code", "pret", "factor", "fold"), made.dropped)
