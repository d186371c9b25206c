"""The discriminator: a small convolutional net that reads a window as a picture.

Published: CNN, because a window is a 2-D picture. Its size is decided here. Legend: N windows, T days, F features.
"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class Discriminator(nn.Module):
    """Conv2d 1 → 16 → 32, 3 × 3, stride 2, LeakyReLU 0.2, then one logit: above 0 means "real".

    `spectral` divides each layer's weights by their largest singular value (Miyato et al. 2018).
    """

    def __init__(
        self, days: int, features: int, channels: tuple[int, int] = (16, 32), *, spectral: bool = False
    ) -> None:
        super().__init__()
        first, second = channels
        height, width = ((days + 1) // 2 + 1) // 2, ((features + 1) // 2 + 1) // 2
        layers = (
            nn.Conv2d(1, first, 3, stride=2, padding=1),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.Linear(second * height * width, 1),
        )
        one, two, last = (spectral_norm(layer) for layer in layers) if spectral else layers
        self.net = nn.Sequential(one, nn.LeakyReLU(0.2), two, nn.LeakyReLU(0.2), nn.Flatten(), last)

    def forward(self, x_NTF: Tensor) -> Tensor:
        """Logits, (N,)."""
        logits: Tensor = self.net(x_NTF[:, None]).squeeze(1)
        return logits
