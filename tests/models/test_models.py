"""The nets are the published ones, and the loss is the IC."""

import numpy as np
import pytest
import torch

from gangru.models.discriminator import Discriminator
from gangru.models.gan_losses import gan_loss, gradient_penalty
from gangru.models.generator import Generator, latent, latent_channels
from gangru.models.joint import Joint
from gangru.models.losses import ic_loss, pearson
from gangru.models.predictor import Predictor


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


def test_the_standard_gan_losses_are_the_published_ones_through_logits() -> None:
    loss = gan_loss("standard")
    real, fake = torch.tensor([0.3, -1.2]), torch.tensor([0.5, 2.0])
    d_real, d_fake = torch.sigmoid(real), torch.sigmoid(fake)
    expected = -(d_real.log().mean()) - (1 - d_fake).log().mean()
    assert float(loss.discriminator(real, fake)) == pytest.approx(float(expected), abs=1e-6)
    assert float(loss.generator(fake)) == pytest.approx(float(-d_fake.log().mean()), abs=1e-6)
    assert torch.isfinite(loss.discriminator(torch.tensor([-500.0]), torch.tensor([500.0])))


def test_smoothing_is_one_sided() -> None:
    loss = gan_loss("standard")
    real, fake = torch.tensor([0.3, -1.2]), torch.tensor([0.5, 2.0])
    d_real, d_fake = torch.sigmoid(real), torch.sigmoid(fake)
    smooth = -(0.9 * d_real.log() + 0.1 * (1 - d_real).log()).mean() - (1 - d_fake).log().mean()
    assert float(loss.discriminator(real, fake, 0.1)) == pytest.approx(float(smooth), abs=1e-6)


def test_hinge_losses_by_hand() -> None:
    loss = gan_loss("hinge")
    real, fake = torch.tensor([0.5, 2.0]), torch.tensor([-2.0, 0.25])
    assert float(loss.discriminator(real, fake)) == pytest.approx((0.5 + 0) / 2 + (0 + 1.25) / 2)
    assert float(loss.generator(fake)) == pytest.approx(0.875)


def test_the_wasserstein_critic_and_its_penalty_by_hand() -> None:
    loss = gan_loss("wgan-gp")
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0])
    assert float(loss.discriminator(real, fake)) == pytest.approx(0.5 - 2.0)
    assert float(loss.generator(fake)) == pytest.approx(-0.5)
    x = torch.randn(6, 3, 2, generator=torch.Generator().manual_seed(0))
    weight = torch.full(
        (3, 2), 2.0, requires_grad=True
    )  # a linear critic: its gradient is the weight everywhere
    penalty = gradient_penalty(
        lambda w: (w * weight).sum(dim=(1, 2)), x, x + 1, torch.Generator().manual_seed(1)
    )
    assert float(penalty.detach()) == pytest.approx((np.sqrt(6 * 4) - 1) ** 2, rel=1e-5)
    penalty.backward()
    assert torch.isfinite(weight.grad).all()


@pytest.mark.parametrize("name", ["standard", "hinge"])
def test_a_discriminator_that_knows_nothing_has_the_loss_of_a_coin_toss(name: str) -> None:
    loss = gan_loss(name)
    assert float(loss.discriminator(torch.zeros(4), torch.zeros(4))) == pytest.approx(loss.coin_toss)


def test_a_coin_toss_of_the_published_form_is_two_log_two() -> None:
    assert gan_loss("standard").coin_toss == pytest.approx(2 * np.log(2))
    assert gan_loss("wgan-gp").coin_toss is None


def test_a_residual_generator_begins_as_the_identity_and_can_learn() -> None:
    x = torch.randn(5, 40, 18, generator=torch.Generator().manual_seed(0))
    net = Generator(20, 18, residual=True)
    z = torch.cat([x, torch.randn(5, 40, 2)], dim=2)
    assert torch.equal(net(z), x)
    net(z).square().mean().backward()
    assert float(net.out.weight.grad.abs().sum()) > 0


def test_spectral_normalisation_keeps_every_layers_largest_singular_value_near_one() -> None:
    net = Discriminator(40, 18, spectral=True)
    for layer in (net.net[0], net.net[2], net.net[5]):
        for _ in range(30):  # each look at the weight is a step of the power iteration
            weight = layer.weight
        assert float(torch.linalg.matrix_norm(weight.flatten(1), ord=2)) == pytest.approx(1, abs=0.02)


def test_the_joint_net_carries_the_predictors_gradient_to_the_generator() -> None:
    x = torch.randn(7, 10, 4, generator=torch.Generator().manual_seed(0))
    for beside in (False, True):
        joint = Joint(  # wide enough that no drawing of weights leaves every ReLU shut
            Generator(4, 4, hidden=6), Predictor(8 if beside else 4, hidden=6, mlp=(64,)), beside=beside
        )
        ic_loss(joint(x), torch.arange(7.0)).backward()
        assert float(joint.generator.lstm.weight_ih_l0.grad.abs().sum()) > 0


def test_slices_give_the_output_of_the_whole() -> None:
    net = Predictor(4, hidden=8, mlp=(8,))
    x = torch.randn(230, 6, 4, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(net(x), torch.cat([net(part) for part in x.split(50)]), atol=1e-6)
