"""Scaled windows of one date made by PyTorch where the panel lies: the form of `windows` for a GPU.

The same steps in the same order, so that both agree but for the rounding of sums. Legend: D days, N stocks, T days of a
window, F features. Windows of a date see the bars of that date and of the T − 1 before.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangru.features.scaling import FLAT, MAD_TO_SIGMA
from gangru.features.settings import FeatureSettings
from gangru.features.windows import Bools, PanelLike, check_history, window_stocks


@dataclass(frozen=True)
class PanelOnDevice:
    """Some days of a panel on a device: unscaled features (D, N, F), which of them are carried over a gap (F,).

    `first` is the row of the first of these days in the whole panel.
    """

    values_DNF: Tensor
    carry_F: Tensor
    first: int


@dataclass(frozen=True)
class DeviceWindows:
    """One date's scaled windows, (N, T, F) float32 on the device; the rest as in `windows.Windows`."""

    date: np.datetime64
    stocks: NDArray[np.int64]
    x_NTF: Tensor
    short: int
    filled: int


def on_device(panel: PanelLike, first: int, last: int, device: torch.device) -> PanelOnDevice:
    """The panel's days from row `first` to row `last` on the device: what windows that lie in them are made from."""
    days = panel.values[first : last + 1]
    values_DNF = torch.empty(days.shape, dtype=torch.float32)
    values_DNF.numpy()[...] = days  # a copy: the panel may be memory that nobody may write to
    return PanelOnDevice(values_DNF.to(device), torch.from_numpy(panel.carry.copy()).to(device), first)


def device_windows_of_date(
    held: PanelOnDevice, panel: PanelLike, row: int, eligible: Bools, settings: FeatureSettings
) -> DeviceWindows:
    """Gather and scale on the device the windows of every eligible stock on the date at `row` of `panel`.

    `held` has the window's days. Raises MarketError where the panel does not reach back far enough.
    """
    check_history(panel, row, settings)
    stocks = window_stocks(panel, row, eligible, settings)
    x_NTF, filled = device_windows(held, row, stocks, settings)
    return DeviceWindows(
        panel.dates[row], stocks, x_NTF, int(np.count_nonzero(eligible)) - len(stocks), filled
    )


def device_windows(
    held: PanelOnDevice, row: int, stocks: NDArray[np.int64], settings: FeatureSettings
) -> tuple[Tensor, int]:
    """Scaled windows of these stocks ending on `row` of the whole panel, (N, T, F); how many had gaps."""
    end = row + 1 - held.first
    raw_TNF = held.values_DNF[end - settings.window : end]
    raw_NFT = raw_TNF[:, torch.from_numpy(stocks).to(raw_TNF.device)].permute(1, 2, 0).contiguous()
    missing = raw_NFT.isnan()
    filled_NFT = without_gaps(raw_NFT, missing, held.carry_F)
    x_NFT = scale_days(filled_NFT, settings)
    if settings.ranked:
        x_NFT[:, -len(settings.ranked) :] = filled_NFT[:, -len(settings.ranked) :]
    x_NTF = scale_stocks(x_NFT.transpose(1, 2).contiguous())
    return x_NTF, int(missing.flatten(1).any(dim=1).sum())


def without_gaps(x_NFT: Tensor, missing: Tensor, carry_F: Tensor) -> Tensor:
    """Carried features keep their last value, or take their first; others, and series without any, get 0."""
    days = x_NFT.shape[2]
    day = torch.arange(days, device=x_NFT.device).expand_as(x_NFT)
    last = torch.where(missing, -1, day).cummax(dim=2).values
    first = torch.where(missing, days - 1, day).amin(dim=2, keepdim=True)
    carried = torch.take_along_dim(x_NFT, torch.where(last >= 0, last, first), dim=2)
    kept = torch.where(missing & ~carry_F[:, None], 0, carried)
    return torch.where(kept.isnan(), 0, kept)


def scale_days(x_NFT: Tensor, settings: FeatureSettings) -> Tensor:
    """Clip outliers of each window and feature, then z-score over its T days; a constant series gives 0."""
    centre = middle(x_NFT)
    level = centre.abs()
    x = x_NFT - centre  # centred first: float32 keeps the small movements of a large price
    if settings.clip != "none":
        mean = x.mean(dim=2, keepdim=True)
        reach = settings.clip_width * (x - mean).square().mean(dim=2, keepdim=True).sqrt()
        if settings.clip == "mad":
            mad = middle(x.abs()) * MAD_TO_SIGMA
            flat = mad <= FLAT * level
            mean = torch.where(flat, mean, 0)
            reach = torch.where(flat, reach, settings.clip_width * mad)
        x = x.clamp(mean - reach, mean + reach)
    x = x - x.mean(dim=2, keepdim=True)
    spread = x.square().mean(dim=2, keepdim=True).sqrt()
    return x / torch.where(spread > FLAT * level, spread, torch.inf)


def middle(x_NFT: Tensor) -> Tensor:
    """Median over the days, kept as an axis."""
    half = x_NFT.shape[2] // 2
    ordered = x_NFT.sort(dim=2).values
    if x_NFT.shape[2] % 2:
        return ordered[:, :, half : half + 1]
    return (ordered[:, :, half - 1 : half] + ordered[:, :, half : half + 1]) / 2


def scale_stocks(x_NTF: Tensor) -> Tensor:
    """z-score across the stocks for each day of the window and feature; 0 where all stocks agree."""
    if len(x_NTF) == 0:
        return x_NTF
    exact = x_NTF.double()
    mean = exact.mean(dim=0)
    spread = (exact - mean).square().mean(dim=0).sqrt()
    scale = torch.where(spread > FLAT, 1 / spread, 0)
    return (x_NTF - mean.float()) * scale.float()
