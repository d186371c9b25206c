"""What GRU and LSTM share: layers run day by day over slices of stocks, and the gradient back through them.

All layers of a day are run one after another, on slices of stocks whose day stays in a core's cache. The sums of the
weights' gradients are added up day by day, so that what a day's gates need is never written out. A cell says what one
layer does with one day.

Legend: N stocks, T days, F inputs, H hidden; x ‖ h are an input beside a state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gangru.models.crew import in_slices, slices_of
from gangru.models.recurrent.buffers import Pool

MINUS_ONE = torch.tensor(-1.0)
sigmoid_back = torch.ops.aten.sigmoid_backward.grad_input
tanh_back = torch.ops.aten.tanh_backward.grad_input


class Weights(Protocol):
    """One layer's weights as the products want them."""

    @property
    def inputs(self) -> int:
        """F."""

    @property
    def padded(self) -> int:
        """F, up to a multiple of 16."""

    @property
    def hidden(self) -> int:
        """H."""


class Gradient(Protocol):
    """Sums of a layer's gradients over a slice's days, and the room that one day's need."""

    sums: tuple[Tensor, ...]
    taken: tuple[Tensor, ...]  # of the pool
    dh: Tensor  # of h at the end of the day at hand; 0 before the last
    dx: Tensor  # of its input

    def of_weights(self, inputs: int) -> list[Tensor]:
        """PyTorch's four: input weights, state weights, input bias, state bias."""


@dataclass(frozen=True)
class Cell:
    """What one layer does with one day, `Any` standing for the cell's own weights, days and gradients.

    `packed` makes a layer's weights from PyTorch's four. `widths` of H are those of what a day leaves for the gradient,
    and of the states beside h that it hands on; `day` gives a day's views of x ‖ h, of h at its end, of what it leaves
    and of each further state before and after. `run` goes from x ‖ h to h at the day's end; `gradient` makes sums at 0
    for so many stocks, `back` goes from g.dh at a day's end to g.dh at its beginning and to g.dx.
    """

    packed: Callable[[Tensor, Tensor, Tensor, Tensor], Any]
    widths: Callable[[int], tuple[tuple[int, ...], tuple[int, ...]]]
    day: Callable[..., Any]
    run: Callable[[Any, Any], None]
    gradient: Callable[[Any, Pool, int], Any]
    back: Callable[[Any, Any, Any], None]


def padded(inputs: int) -> int:
    """So many inputs up to a multiple of 16, which products are fastest with."""
    return -(-inputs // 16) * 16


def room(rows: int) -> int:
    """So many stocks up to a multiple of 64: slices of nearly equal size use the same memory."""
    return -(-rows // 64) * 64


class Layer:
    """One layer's activations over a slice: of all days where a gradient will be asked for, else of the newest two."""

    def __init__(self, cell: Cell, w: Weights, pool: Pool, days: int, rows: int, *, kept: bool) -> None:
        steps, states = (days, days + 1) if kept else (1, 2)
        of_steps, of_states = cell.widths(w.hidden)
        shapes = [(states, w.padded + w.hidden)]
        shapes += [(steps, width) for width in of_steps] + [(states, width) for width in of_states]
        self.taken = tuple(pool.take(count, room(rows), width) for count, width in shapes)
        xh, *rest = (tensor[:, :rows] for tensor in self.taken)
        left, further = rest[: len(of_steps)], rest[len(of_steps) :]
        xh[0, :, w.padded :] = 0
        if w.padded > w.inputs:
            xh[:, :, w.inputs : w.padded] = 0
        for state in further:
            state[0] = 0
        self.inputs = [xh[t % states, :, : w.inputs] for t in range(days)]
        self.days = []
        for t in range(days):
            now, then = t % states, (t + 1) % states
            views = [tensor[t % steps] for tensor in left]
            views += [state[at] for state in further for at in (now, then)]
            self.days.append(cell.day(w, xh[now], xh[then, :, w.padded :], *views))


def run_slice(
    cell: Cell, weights: Sequence[Weights], pool: Pool, x_NTF: Tensor, h_NTH: Tensor | None, *, kept: bool
) -> list[Layer]:
    """The layers after a slice's last day; every day's state of the top one goes to `h_NTH` where that is given."""
    rows, days = x_NTF.shape[:2]
    layers = [Layer(cell, w, pool, days, rows, kept=kept) for w in weights]
    for t in range(days):
        layers[0].inputs[t].copy_(x_NTF[:, t])
        for i, (w, layer) in enumerate(zip(weights, layers, strict=True)):
            cell.run(w, layer.days[t])
            if i + 1 < len(layers):
                layers[i + 1].inputs[t].copy_(layer.days[t].after)
        if h_NTH is not None:
            h_NTH[:, t] = layers[-1].days[t].after
    return layers


def back_slice(
    cell: Cell,
    weights: Sequence[Weights],
    pool: Pool,
    layers: list[Layer],
    grad: Tensor,
    dx_NTF: Tensor | None,
) -> list[Gradient]:
    """Every layer's gradients of one slice; that of the input goes to `dx_NTF` where it is asked for.

    `grad` is that of the top layer's last state, (N, H), or of every day's, (N, T, H).
    """
    made = [cell.gradient(w, pool, len(grad)) for w in weights]
    if grad.dim() == 2:
        made[-1].dh.add_(grad)
    for t in reversed(range(len(layers[0].days))):
        if grad.dim() == 3:
            made[-1].dh.add_(grad[:, t])
        for i in reversed(range(len(weights))):
            cell.back(weights[i], layers[i].days[t], made[i])
            if i:
                made[i - 1].dh.add_(made[i].dx)
        if dx_NTF is not None:
            dx_NTF[:, t] = made[0].dx
    for layer, g in zip(layers, made, strict=True):
        pool.give(*layer.taken, *g.taken)
    return made


def run(
    cell: Cell, weights: Sequence[Weights], pool: Pool, x_NTF: Tensor, *, every_day: bool, kept: bool
) -> tuple[Tensor, list[list[Layer]]]:
    """The top layer's last state, or with `every_day` all, and each slice's layers where a gradient will be asked."""
    slices, shape = slices_of(len(x_NTF)), x_NTF.shape[: 1 + every_day]
    with torch.inference_mode(mode=False):  # else the crew could not write to it
        out = torch.empty(*shape, weights[-1].hidden)

    def of(i: int) -> list[Layer]:
        part = slices[i]
        layers = run_slice(cell, weights, pool, x_NTF[part], out[part] if every_day else None, kept=kept)
        if not every_day:
            out[part] = layers[-1].days[-1].after
        if kept:
            return layers
        for layer in layers:
            pool.give(*layer.taken)
        return []

    return out, in_slices(of, len(slices))


class States(torch.autograd.Function):
    """The top layer's last state, or all; its gradient holds for one pass, not for a second."""

    @staticmethod
    def forward(ctx: Any, x_NTF: Tensor, cell: Cell, pool: Pool, every_day: bool, *flat: Tensor) -> Tensor:
        """`flat` are PyTorch's four weights of each layer."""
        ctx.cell, ctx.pool, ctx.x_shape = cell, pool, x_NTF.shape
        ctx.weights = [cell.packed(*flat[i : i + 4]) for i in range(0, len(flat), 4)]
        out, ctx.layers = run(cell, ctx.weights, pool, x_NTF, every_day=every_day, kept=True)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the input, where it is asked for, and of the weights."""
        slices = slices_of(len(grad))
        dx = torch.empty(ctx.x_shape) if ctx.needs_input_grad[0] else None

        def of(i: int) -> list[Gradient]:
            part = slices[i]
            own = None if dx is None else dx[part]
            return back_slice(ctx.cell, ctx.weights, ctx.pool, ctx.layers[i], grad[part], own)

        made = in_slices(of, len(slices))
        del ctx.layers
        grads: list[Tensor] = []
        for layer, w in enumerate(ctx.weights):
            total = made[0][layer]
            for other in made[1:]:
                for mine, its in zip(total.sums, other[layer].sums, strict=True):
                    mine.add_(its)
            grads += total.of_weights(w.inputs)
        return (dx, None, None, None, *grads)


def states(
    cell: Cell, pool: Pool, layers: Sequence[Sequence[Tensor]], x_NTF: Tensor, *, every_day: bool
) -> Tensor:
    """The top layer's last state, (N, H), or with `every_day` all, (N, T, H); `layers` are PyTorch's four of each."""
    flat = [weight for layer in layers for weight in layer]
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x_NTF, *flat)):
        made: Tensor = States.apply(x_NTF, cell, pool, every_day, *flat)  # type: ignore[no-untyped-call]
        return made
    with torch.no_grad():
        weights = [cell.packed(*layer) for layer in layers]
        return run(cell, weights, pool, x_NTF, every_day=every_day, kept=False)[0]


def runs_here(x: Tensor) -> bool:
    """Whether this package computes with a tensor: float32 on the CPU, not empty, no other precision asked for."""
    on_cpu = x.device.type == "cpu" and x.dtype == torch.float32 and len(x) > 0
    return on_cpu and not torch.is_autocast_enabled("cpu")
