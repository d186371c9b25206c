"""The nets are the published ones, and the loss is the IC."""

import numpy as np
import pytest
import torch

from gangru.models.discriminator import Discriminator
from gangru.models.generator import Generator, latent, latent_channels
from gangru.models.losses import discriminator_loss, generator_loss, ic_loss, pearson
from gangru.models.predictor import Predictor, in_slices


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_the_predictor_has_the_published_layers() -> None:
    net = Predictor(features=18)
    gru = 3 * 128 * (18 + 128 + 2) + 3 * 128 * (128 + 128 + 2)
    mlp = 128 * 256 + 256 + 256 * 64 + 64 + 64 * 64 + 64 + 64 + 1
    assert parameters(net) == gru + mlp
    assert net(torch.zeros(5, 40, 18)).shape == (5,)


def test_the_generator_keeps_the_shape_of_a_window_and_is_not_squashed() -> None:
    net = Generator(18, 18)
    assert net(torch.zeros(3, 40, 18)).shape == (3, 40, 18)
    torch.nn.init.constant_(net.out.bias, 7.0)
    assert net(torch.zeros(3, 40, 18)).max() > 1


def test_the_discriminator_gives_one_logit_a_window() -> None:
    net = Discriminator(40, 18)
    assert net(torch.zeros(3, 40, 18)).shape == (3,)
    assert parameters(net) == 16 * 9 + 16 + 32 * 16 * 9 + 32 + 32 * 10 * 5 + 1


@pytest.mark.parametrize("mode", ["window", "window+noise", "noise"])
def test_the_generator_reads_windows_or_noise(mode: str) -> None:
    x = torch.randn(2, 40, 18, generator=torch.Generator().manual_seed(0))
    z = latent(x, mode, 6, torch.Generator().manual_seed(1))
    assert z.shape == (2, 40, latent_channels(18, mode, 6))
    assert torch.equal(z, latent(x, mode, 6, torch.Generator().manual_seed(1)))


def test_ic_loss_is_minus_numpys_correlation() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=50), random.normal(size=50)
    loss = ic_loss(torch.tensor(a), torch.tensor(b))
    assert float(loss) == pytest.approx(-np.corrcoef(a, b)[0, 1], abs=1e-9)


def test_ic_of_a_constant_prediction_is_zero_with_a_finite_gradient() -> None:
    a = torch.full((10,), 0.3, requires_grad=True)
    loss = ic_loss(a, torch.arange(10.0))
    loss.backward()
    assert float(loss.detach()) == 0
    assert torch.isfinite(a.grad).all()


def test_pearson_ignores_scale_and_shift() -> None:
    a, b = torch.arange(10.0) ** 2, torch.arange(10.0)
    assert float(pearson(a, b)) == pytest.approx(float(pearson(5 * a - 3, 0.01 * b + 7)), abs=1e-5)


def test_gan_losses_are_the_published_ones_through_logits() -> None:
    real, fake = torch.tensor([0.3, -1.2]), torch.tensor([0.5, 2.0])
    d_real, d_fake = torch.sigmoid(real), torch.sigmoid(fake)
    expected = -(d_real.log().mean()) - (1 - d_fake).log().mean()
    assert float(discriminator_loss(real, fake)) == pytest.approx(float(expected), abs=1e-6)
    assert float(generator_loss(fake)) == pytest.approx(float(-d_fake.log().mean()), abs=1e-6)
    assert torch.isfinite(discriminator_loss(torch.tensor([-500.0]), torch.tensor([500.0])))


def test_a_discriminator_that_knows_nothing_loses_two_log_two() -> None:
    assert float(discriminator_loss(torch.zeros(4), torch.zeros(4))) == pytest.approx(2 * np.log(2), abs=1e-6)


def test_slices_give_the_output_of_the_whole() -> None:
    net = Predictor(4, hidden=8, mlp=(8,))
    x = torch.randn(23, 6, 4, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(net(x), in_slices(net, x, 5), atol=1e-6)
