"""The predictor: a GRU over the window and an MLP on its last hidden state.

Published: GRU of two layers, 128 and 128; MLP 256, 64, 64; one output, pRet.
Legend: N stocks, T days, F features, H hidden.
"""

import itertools

import torch
from torch import Tensor, nn

from gangru.models.recurrent.gru import GRU


class Predictor(nn.Module):
    """GRU(128, 128) → last hidden state → 256 → 64 → 64 → pRet, ReLU between, no dropout."""

    def __init__(
        self, features: int, hidden: int = 128, layers: int = 2, mlp: tuple[int, ...] = (256, 64, 64)
    ) -> None:
        super().__init__()
        self.gru = GRU(features, hidden, layers)
        widths = (hidden, *mlp)
        blocks: list[nn.Module] = []
        for width_in, width_out in itertools.pairwise(widths):
            blocks += [nn.Linear(width_in, width_out), nn.ReLU()]
        self.mlp = nn.Sequential(*blocks, nn.Linear(widths[-1], 1))

    def forward(self, x_NTF: Tensor) -> Tensor:
        """pRet, (N,); a stock's prediction depends on its own window alone."""
        h_NH = self.gru.last(x_NTF)
        with torch.autocast(x_NTF.device.type, enabled=False):  # pRet of 8 bits would tie stocks
            pret_N: Tensor = self.mlp(h_NH.float()).squeeze(1)
        return pret_N
