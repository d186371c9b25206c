"""The generator: an LSTM that turns a window into a regenerated window.

Published: LSTM, because it keeps the order in time; input and output (40, 18). Its size is decided here.
Legend: N windows, T days, F features, H hidden, Z channels of what the generator reads.
"""

import torch
from torch import Tensor, nn

from gangru.models.recurrent.lstm import LSTM


class Generator(nn.Module):
    """LSTM over the days, then one linear map to the features at every step, without squashing.

    A bare LSTM's output lies within (−1, 1), which real standardised windows do not; the linear map lets it reach them.
    `residual` makes it G(z) = x + map(LSTM(z)), x being the first F channels of z, and starts at G(z) = x: what is
    learned is a change of the window, not the window.
    """

    def __init__(
        self, inputs: int, features: int, hidden: int = 64, layers: int = 2, *, residual: bool = False
    ) -> None:
        super().__init__()
        self.lstm = LSTM(inputs, hidden, layers)
        self.out = nn.Linear(hidden, features)
        self.residual = residual
        if residual:
            nn.init.zeros_(self.out.weight)
            nn.init.zeros_(self.out.bias)

    def forward(self, z_NTZ: Tensor) -> Tensor:
        """Regenerated windows, (N, T, F)."""
        h_NTH = self.lstm.states(z_NTZ)
        with torch.autocast(z_NTZ.device.type, enabled=False):
            x_NTF: Tensor = self.out(h_NTH.float())
        return z_NTZ[..., : x_NTF.shape[2]] + x_NTF if self.residual else x_NTF


def latent(x_NTF: Tensor, mode: str, noise_channels: int, random: torch.Generator) -> Tensor:
    """What the generator reads: the real window, the window beside noise channels, or noise alone, (N, T, ·)."""
    if mode == "window":
        return x_NTF
    noise = torch.randn(*x_NTF.shape[:2], noise_channels, generator=random).to(x_NTF.device)
    return noise if mode == "noise" else torch.cat([x_NTF, noise], dim=2)


def latent_channels(features: int, mode: str, noise_channels: int) -> int:
    """Width of what `latent` gives."""
    return {"window": features, "window+noise": features + noise_channels, "noise": noise_channels}[mode]
