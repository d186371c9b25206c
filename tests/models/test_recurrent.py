"""GRU and LSTM against PyTorch's own: the same numbers and gradients, whoever works and whatever was computed before."""

import copy
import itertools
from collections.abc import Callable

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gangru.models.crew import crew_of, in_slices, slices_of
from gangru.models.discriminator import Discriminator
from gangru.models.recurrent.gru import GRU
from gangru.models.recurrent.lstm import LSTM
from gangru.models.side_by_side import side_by_side

Net = GRU | LSTM
CLOSE = 1e-5  # of the largest entry
FLOOR = 3e-5  # of 1, the size of a state, or of the largest of all gradients: where all of one gradient nearly cancels
AS_FAR = 4  # times as far from double precision as the plain form, whose sums are rounded too
SATURATED = 1e-4  # the same for gates near 0 or 1, where 1 − y² loses its digits in either form


def made(kind: type[Net], inputs: int, hidden: int, layers: int, scale: float = 1.0) -> Net:
    """A net whose weights are PyTorch's first draw times `scale`."""
    torch.manual_seed(1)
    net = kind(inputs, hidden, layers)
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(scale)
    return net


def ours(net: Net, x: Tensor) -> Tensor:
    """What this package computes: a GRU's last state, an LSTM's states."""
    return net.last(x) if isinstance(net, GRU) else net.states(x)


def plain(net: Net, x: Tensor) -> Tensor:
    """The same out of PyTorch's own form."""
    h, _ = net(x)
    return h[:, -1] if isinstance(net, GRU) else h


def gradients(f: Callable[[Net, Tensor], Tensor], net: Net, x: Tensor) -> tuple[Tensor, ...]:
    """The output, and the gradients of input and weights of a sum of it with drawn weights."""
    x = x.clone().requires_grad_()
    out = f(net, x)
    drawn = torch.randn(out.shape, generator=torch.Generator().manual_seed(5))
    return (out.detach(), *torch.autograd.grad(out, [x, *net.parameters()], drawn))


def windows(stocks: int, days: int, features: int) -> Tensor:
    return torch.randn(stocks, days, features, generator=torch.Generator().manual_seed(stocks))


def apart(one: Tensor, other: Tensor) -> float:
    """Largest difference over the largest entry."""
    return float((one - other).detach().abs().max() / other.detach().abs().max().clamp_min(1e-12))


@pytest.mark.parametrize("kind", [GRU, LSTM])
@given(
    stocks=st.integers(1, 300),
    days=st.integers(1, 12),
    features=st.integers(1, 33),
    hidden=st.integers(1, 40),
    layers=st.integers(1, 3),
    scale=st.sampled_from([0.5, 1.0, 4.0]),
)
@example(stocks=1, days=9, features=25, hidden=1, layers=3, scale=1.0).via(
    "a gradient of 3e-4 beside states of 0.2"
)
@example(stocks=230, days=8, features=1, hidden=1, layers=3, scale=0.5).via(
    "a sum of 1,840 terms that cancel"
)
@example(stocks=1, days=2, features=19, hidden=1, layers=1, scale=4.0).via(
    "every gate saturated, a state of 2e-4"
)
@settings(max_examples=25, deadline=None)
def test_states_and_gradients_are_as_near_to_double_precision_as_those_of_the_plain_form(
    kind: type[Net], stocks: int, days: int, features: int, hidden: int, layers: int, scale: float
) -> None:
    net, x = made(kind, features, hidden, layers, scale), windows(stocks, days, features)
    exact = gradients(plain, copy.deepcopy(net).double(), x.double())
    floor = (SATURATED if scale > 1 else FLOOR) * max(1.0, *(float(true.abs().max()) for true in exact))
    for mine, its, true in zip(gradients(ours, net, x), gradients(plain, net, x), exact, strict=True):
        assert mine.shape == its.shape
        near = max(CLOSE * float(true.abs().max()), floor, AS_FAR * float((its - true).abs().max()))
        assert float((mine - true).abs().max()) < near


@pytest.mark.parametrize(("kind", "hidden"), [(GRU, 128), (LSTM, 64)])
def test_the_published_sizes_agree_with_the_plain_form_on_a_whole_cross_section(
    kind: type[Net], hidden: int
) -> None:
    net, x = made(kind, 18, hidden, 2), windows(1100, 40, 18)
    with crew_of(2):
        both = zip(gradients(ours, net, x), gradients(plain, net, x), strict=True)
    assert max(apart(mine, its) for mine, its in both) < CLOSE


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_gradients_are_those_of_differences_in_double_precision(kind: type[Net]) -> None:
    net, x = made(kind, 3, 5, 2), windows(6, 4, 3)
    mine = gradients(ours, net, x)
    exact = copy.deepcopy(net).double()
    wide = x.double().requires_grad_()
    out = plain(exact, wide)
    drawn = torch.randn(out.shape, generator=torch.Generator().manual_seed(5)).double()
    step, weight = 1e-6, next(exact.parameters())
    for row, column in ((0, 0), (4, 2)):
        with torch.no_grad():
            weight[row, column] += step
            above = (plain(exact, wide) * drawn).sum()
            weight[row, column] -= 2 * step
            below = (plain(exact, wide) * drawn).sum()
            weight[row, column] += step
        assert float(mine[2][row, column]) == pytest.approx(
            float((above - below) / (2 * step)), rel=1e-3, abs=1e-4
        )


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_one_thread_and_three_give_the_same_bytes(kind: type[Net]) -> None:
    net, x = made(kind, 18, 24, 2), windows(900, 10, 18)
    with crew_of(1):
        alone = gradients(ours, net, x)
    with crew_of(3):
        together = gradients(ours, net, x)
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_what_is_computed_without_a_gradient_is_the_same_bytes(kind: type[Net]) -> None:
    net, x = made(kind, 18, 24, 2), windows(300, 10, 18)
    learned = gradients(ours, net, x)[0]
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            assert torch.equal(ours(net, x), learned)


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_memory_that_was_used_before_leaves_no_trace(kind: type[Net]) -> None:
    net, x = made(kind, 5, 12, 2), windows(140, 6, 5)
    fresh = gradients(ours, net, x)
    with torch.inference_mode():
        ours(net, windows(140, 6, 5) * 1e6)
    gradients(ours, net, torch.full((200, 6, 5), float("nan")))
    gradients(ours, net, windows(130, 9, 5) * 1e6)
    again = gradients(ours, net, x)
    assert all(torch.equal(one, other) for one, other in zip(fresh, again, strict=True))


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_two_graphs_of_one_net_may_be_open_at_once(kind: type[Net]) -> None:
    net, one, other = made(kind, 5, 12, 1), windows(140, 6, 5), windows(150, 6, 5)
    first, second = ours(net, one), ours(net, other)
    grads = [torch.autograd.grad(out.sum(), list(net.parameters())) for out in (first, second)]
    for x, mine in zip((one, other), grads, strict=True):
        its = torch.autograd.grad(plain(net, x).sum(), list(net.parameters()))
        assert max(apart(a, b) for a, b in zip(mine, its, strict=True)) < CLOSE


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_no_stocks_and_another_precision_go_to_the_plain_form(kind: type[Net]) -> None:
    net = made(kind, 5, 12, 2)
    assert len(ours(net, torch.zeros(0, 6, 5))) == 0
    wide = copy.deepcopy(net).double()
    assert torch.equal(ours(wide, windows(9, 6, 5).double()), plain(wide, windows(9, 6, 5).double()))


@pytest.mark.parametrize(("kind", "its"), [(GRU, nn.GRU), (LSTM, nn.LSTM)])
def test_weights_have_the_names_and_first_draws_of_the_plain_form(
    kind: type[Net], its: type[nn.Module]
) -> None:
    net = made(kind, 5, 12, 2)
    torch.manual_seed(1)
    other = its(5, 12, 2, batch_first=True).state_dict()
    assert net.state_dict().keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in net.state_dict().items())


def test_a_second_gradient_is_refused_rather_than_wrong() -> None:
    net, x = made(GRU, 3, 4, 1), windows(5, 4, 3).requires_grad_()
    (slope,) = torch.autograd.grad((net.last(x) ** 2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@given(stocks=st.integers(1, 12_000))
def test_slices_cover_every_stock_once_and_are_nearly_equal(stocks: int) -> None:
    slices = slices_of(stocks)
    sizes = [part.stop - part.start for part in slices]
    assert slices[0].start == 0
    assert slices[-1].stop == stocks
    assert all(one.stop == other.start for one, other in itertools.pairwise(slices))
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= 512
    assert len(slices) == 1 or len(slices) % 2 == 0


def test_a_crew_leaves_threads_and_gradients_as_they_were() -> None:
    before = torch.get_num_threads()
    with crew_of(3):
        assert torch.get_num_threads() == 1
        with crew_of(2):  # the crew at work stays
            assert in_slices(lambda i: i, 5) == [0, 1, 2, 3, 4]
        assert in_slices(lambda i: in_slices(lambda j: i * j, 3), 3) == [[0, 0, 0], [0, 1, 2], [0, 2, 4]]
        assert torch.is_grad_enabled()
    assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), crew_of(2):
        in_slices(lambda i: 1 // i, 2)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("threads", [1, 3])
def test_a_discriminator_in_slices_gives_output_and_gradients_of_the_whole(threads: int) -> None:
    torch.manual_seed(2)
    net, x = Discriminator(10, 6, (3, 4)), windows(300, 10, 6).requires_grad_()
    whole = net(x)
    expected = torch.autograd.grad((whole**2).sum(), [x, *net.parameters()])
    with crew_of(threads):
        out = side_by_side(net, x)
        found = torch.autograd.grad((out**2).sum(), [x, *net.parameters()])
        net.requires_grad_(requires_grad=False)
        (alone,) = torch.autograd.grad((side_by_side(net, x) ** 2).sum(), x)
        assert not side_by_side(net, x.detach()).requires_grad
    assert apart(out, whole) < CLOSE
    assert max(apart(a, b) for a, b in zip(found, expected, strict=True)) < CLOSE
    assert apart(alone, expected[0]) < CLOSE
