"""Generator and predictor as one net, so that the predictor's IC gradient reaches the generator.

Legend: N stocks, T days, F features.
"""

import torch
from torch import Tensor, nn

from gangru.models.generator import Generator
from gangru.models.predictor import Predictor


class Joint(nn.Module):
    """pRet of real windows by way of the generator: G(x), or x beside G(x), read by the predictor."""

    def __init__(self, generator: Generator, predictor: Predictor, *, beside: bool) -> None:
        super().__init__()
        self.generator = generator
        self.predictor = predictor
        self.beside = beside

    def forward(self, x_NTF: Tensor) -> Tensor:
        """pRet, (N,)."""
        made_NTF = self.generator(x_NTF)
        pret_N: Tensor = self.predictor(torch.cat([x_NTF, made_NTF], dim=2) if self.beside else made_NTF)
        return pret_N
