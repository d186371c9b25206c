"""Two small nets that judge generated windows: one tells them from real ones, one learns from them.

Legend: N windows, T days, F features, H hidden.
"""

from torch import Tensor, nn


class WindowClassifier(nn.Module):
    """A GRU over the window and one logit from its last state: above 0 means "real"."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x_NTF: Tensor) -> Tensor:
        """Logits, (N,)."""
        h_NTH, _ = self.gru(x_NTF)
        logits: Tensor = self.out(h_NTH[:, -1]).squeeze(1)
        return logits


class NextDay(nn.Module):
    """A GRU over the days; after each it says the next day's features."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.out = nn.Linear(hidden, features)

    def forward(self, x_NTF: Tensor) -> Tensor:
        """Predictions, (N, T, F): entry t, made from days 0 … t, is of day t + 1."""
        h_NTH, _ = self.gru(x_NTF)
        next_NTF: Tensor = self.out(h_NTH)
        return next_NTF
