"""Any net of which each stock's output depends on its own window alone, worked on in slices side by side."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from gangru.models.crew import in_slices, slices_of


def side_by_side(net: nn.Module, x_NTF: Tensor) -> Tensor:
    """net(x), slice by slice; gradients reach its parameters and x exactly, once.

    The sums over slices are taken in their order: the same bytes whoever works. On a card, or where there is one slice,
    the net is called as it is.
    """
    if x_NTF.device.type != "cpu" or len(slices_of(len(x_NTF))) == 1:
        out: Tensor = net(x_NTF)
        return out
    learned = [p for p in net.parameters() if p.requires_grad]
    made: Tensor = _Slices.apply(x_NTF, net, *learned)  # type: ignore[no-untyped-call]
    return made


class _Slices(torch.autograd.Function):
    """A graph a slice, kept apart until the gradient of the whole is known."""

    @staticmethod
    def forward(ctx: Any, x_NTF: Tensor, net: nn.Module, *learned: Tensor) -> Tensor:
        slices = slices_of(len(x_NTF))
        wanted = any(ctx.needs_input_grad)

        def of(i: int) -> tuple[Tensor, Tensor]:
            with torch.set_grad_enabled(wanted):
                part = x_NTF[slices[i]].detach().requires_grad_(ctx.needs_input_grad[0])
                return part, net(part)

        graphs = in_slices(of, len(slices))
        ctx.graphs, ctx.slices, ctx.learned = graphs, slices, learned
        return torch.cat([out.detach() for _, out in graphs])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        first = 1 if ctx.needs_input_grad[0] else 0

        def of(i: int) -> tuple[Tensor, ...]:
            part, out = ctx.graphs[i]
            sources = [part, *ctx.learned] if first else list(ctx.learned)
            return torch.autograd.grad(out, sources, grad[ctx.slices[i]])

        made = in_slices(of, len(ctx.slices))
        del ctx.graphs
        dx = torch.cat([grads[0] for grads in made]) if first else None
        sums = [sum(grads[1:], start=grads[0]) for grads in zip(*(g[first:] for g in made), strict=True)]
        return (dx, None, *sums)
