"""An LSTM by the same means as the GRU beside it: a day's work stays in cache, and the gradient is written out.

Formulas: Hochreiter and Schmidhuber 1997 in PyTorch's form, i, f, o = σ(·), g = tanh(·), c' = f ∘ c + i ∘ g,
h' = o ∘ tanh(c'), each gate of W x + U h and a bias. The gates lie in the order i, f, o, g, out of one product, and
tanh a = 2 σ(2a) − 1.

Legend: N stocks, T days, F inputs, H hidden, L layers; x ‖ h are an input beside a state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from gangru.models.crew import in_slices, slices_of
from gangru.models.recurrent.buffers import Pool
from gangru.models.recurrent.gru import MINUS_ONE, runs_here, sigmoid_back, tanh_back


@dataclass(frozen=True)
class Weights:
    """One layer's weights as the products want them; those of g doubled for the forward pass, not for the gradient."""

    inputs: int
    padded: int  # inputs, up to a multiple of 16
    hidden: int
    gates: Tensor  # (padded + H, 4H)
    bias: Tensor  # (4H,)
    back: Tensor  # (4H, padded + H)


def reordered(of_gates: Tensor) -> Tensor:
    """Rows in PyTorch's order i, f, g, o as i, f, o, g; and the other way."""
    i, f, g, o = of_gates.chunk(4)
    return torch.cat([i, f, o, g])


def packed(w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Weights:
    """A layer's weights from PyTorch's."""
    hidden, inputs = w_hh.shape[1], w_ih.shape[1]
    padded = -(-inputs // 16) * 16
    wide = torch.zeros(4 * hidden, padded + hidden)
    wide[:, :inputs], wide[:, padded:] = w_ih, w_hh
    back, bias = reordered(wide), reordered(b_ih + b_hh)
    doubled = torch.ones(4 * hidden, 1)
    doubled[3 * hidden :] = 2
    return Weights(inputs, padded, hidden, (back * doubled).T.contiguous(), bias * doubled[:, 0], back)


class Day:
    """One layer's views of one day; `after` and `c_after` are h and c at its end, `bent` is tanh of the latter."""

    __slots__ = ("after", "bent", "c", "c_after", "f", "g", "gates", "i", "ifo", "o", "xh")

    def __init__(
        self, w: Weights, xh: Tensor, gates: Tensor, c: Tensor, c_after: Tensor, bent: Tensor, after: Tensor
    ) -> None:
        self.xh, self.gates, self.ifo = xh, gates, gates[:, : 3 * w.hidden]
        self.i, self.f, self.o, self.g = gates.chunk(4, dim=1)
        self.c, self.c_after, self.bent, self.after = c, c_after, bent, after


class Layer:
    """One layer's activations over a slice: of all days where a gradient will be asked for, else of the newest two."""

    def __init__(self, w: Weights, pool: Pool, days: int, rows: int, *, kept: bool) -> None:
        room, width = -(-rows // 64) * 64, w.padded + w.hidden
        steps, states = (days, days + 1) if kept else (1, 2)
        self.taken = (
            pool.take(states, room, width),
            pool.take(steps, room, 4 * w.hidden),
            pool.take(states, room, w.hidden),
            pool.take(steps, room, w.hidden),
        )
        xh, gates, c, bent = (tensor[:, :rows] for tensor in self.taken)
        xh[0, :, w.padded :] = 0
        c[0] = 0
        if w.padded > w.inputs:
            xh[:, :, w.inputs : w.padded] = 0
        self.inputs = [xh[t % states, :, : w.inputs] for t in range(days)]
        self.days = []
        for t in range(days):
            now, then = t % states, (t + 1) % states
            after = xh[then, :, w.padded :]
            self.days.append(Day(w, xh[now], gates[t % steps], c[now], c[then], bent[t % steps], after))


def run_day(w: Weights, day: Day) -> None:
    """From x ‖ h and c of a day to those of its end."""
    torch.addmm(w.bias, day.xh, w.gates, out=day.gates)
    day.gates.sigmoid_()
    torch.add(MINUS_ONE, day.g, alpha=2, out=day.g)
    torch.mul(day.f, day.c, out=day.c_after)
    day.c_after.addcmul_(day.i, day.g)
    torch.mul(day.c_after, 2, out=day.bent)
    day.bent.sigmoid_()
    torch.add(MINUS_ONE, day.bent, alpha=2, out=day.bent)
    torch.mul(day.o, day.bent, out=day.after)


def run_slice(
    weights: Sequence[Weights], pool: Pool, x_NTF: Tensor, h_NTH: Tensor, *, kept: bool
) -> list[Layer]:
    """The layers after a slice's last day; every day's state of the top one goes to `h_NTH`."""
    rows, days = x_NTF.shape[:2]
    layers = [Layer(w, pool, days, rows, kept=kept) for w in weights]
    for t in range(days):
        layers[0].inputs[t].copy_(x_NTF[:, t])
        for i, (w, layer) in enumerate(zip(weights, layers, strict=True)):
            run_day(w, layer.days[t])
            if i + 1 < len(layers):
                layers[i + 1].inputs[t].copy_(layer.days[t].after)
        h_NTH[:, t] = layers[-1].days[t].after
    return layers


class Gradient:
    """Sums of a layer's gradients over a slice's days, and the room that one day's need."""

    def __init__(self, w: Weights, pool: Pool, rows: int) -> None:
        h, width, room = w.hidden, w.padded + w.hidden, -(-rows // 64) * 64
        self.weights, self.bias = torch.zeros(4 * h, width), torch.zeros(4 * h)
        self.taken = (pool.take(room, 4 * h), pool.take(room, h), pool.take(room, h), pool.take(room, width))
        self.gates, self.dc, self.spare, self.dxh = (tensor[:rows] for tensor in self.taken)
        self.di, self.df, self.do, self.dg = self.gates.chunk(4, dim=1)
        self.difo = self.gates[:, : 3 * h]
        self.ones = torch.ones(rows)
        self.dx, self.dh = self.dxh[:, : w.inputs], self.dxh[:, w.padded :]
        self.dc.zero_()
        self.dh.zero_()

    def of_weights(self, inputs: int) -> list[Tensor]:
        """PyTorch's four: input weights, state weights, input bias, state bias."""
        weights, bias = reordered(self.weights), reordered(self.bias)
        padded = weights.shape[1] - len(weights) // 4
        return [weights[:, :inputs].contiguous(), weights[:, padded:].contiguous(), bias, bias.clone()]


def back_day(w: Weights, day: Day, g: Gradient) -> None:
    """From the gradients of h and c at a day's end to those of its beginning, and of its input, g.dx."""
    torch.mul(g.dh, day.bent, out=g.do)
    torch.mul(g.dh, day.o, out=g.spare)
    tanh_back(g.spare, day.bent, grad_input=g.spare)
    g.dc.add_(g.spare)
    torch.mul(g.dc, day.g, out=g.di)
    torch.mul(g.dc, day.c, out=g.df)
    torch.mul(g.dc, day.i, out=g.dg)
    g.dc.mul_(day.f)
    sigmoid_back(g.difo, day.ifo, grad_input=g.difo)
    tanh_back(g.dg, day.g, grad_input=g.dg)
    g.weights.addmm_(g.gates.T, day.xh)
    g.bias.addmv_(g.gates.T, g.ones)
    torch.mm(g.gates, w.back, out=g.dxh)


def back_slice(
    weights: Sequence[Weights], pool: Pool, layers: list[Layer], grad_NTH: Tensor, dx_NTF: Tensor | None
) -> list[Gradient]:
    """Every layer's gradients of one slice; that of the input goes to `dx_NTF` where it is asked for."""
    made = [Gradient(w, pool, len(grad_NTH)) for w in weights]
    for t in reversed(range(len(layers[0].days))):
        made[-1].dh.add_(grad_NTH[:, t])
        for i in reversed(range(len(weights))):
            back_day(weights[i], layers[i].days[t], made[i])
            if i:
                made[i - 1].dh.add_(made[i].dx)
        if dx_NTF is not None:
            dx_NTF[:, t] = made[0].dx
    for layer, g in zip(layers, made, strict=True):
        pool.give(*layer.taken, *g.taken)
    return made


class AllStates(torch.autograd.Function):
    """The top layer's state after each day, (N, T, H); its gradient holds for one pass, not for a second."""

    @staticmethod
    def forward(ctx: Any, x_NTF: Tensor, pool: Pool, *flat: Tensor) -> Tensor:
        """`flat` are PyTorch's four weights of each layer."""
        ctx.pool, ctx.x_shape, ctx.slices = pool, x_NTF.shape, slices_of(len(x_NTF))
        ctx.weights = [packed(*flat[i : i + 4]) for i in range(0, len(flat), 4)]
        h_NTH, ctx.layers = all_states(ctx.weights, pool, x_NTF, kept=True)
        return h_NTH

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_NTH: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the input, where it is asked for, and of the weights."""
        dx = torch.empty(ctx.x_shape) if ctx.needs_input_grad[0] else None

        def of(i: int) -> list[Gradient]:
            part = ctx.slices[i]
            own = None if dx is None else dx[part]
            return back_slice(ctx.weights, ctx.pool, ctx.layers[i], grad_NTH[part], own)

        made = in_slices(of, len(ctx.slices))
        del ctx.layers
        grads: list[Tensor] = []
        for layer, w in enumerate(ctx.weights):
            total = made[0][layer]
            for other in made[1:]:
                total.weights += other[layer].weights
                total.bias += other[layer].bias
            grads += total.of_weights(w.inputs)
        return (dx, None, *grads)


def all_states(
    weights: Sequence[Weights], pool: Pool, x_NTF: Tensor, *, kept: bool
) -> tuple[Tensor, list[list[Layer]]]:
    """The top layer's states, (N, T, H), and each slice's layers where a gradient will be asked for."""
    slices = slices_of(len(x_NTF))
    with torch.inference_mode(mode=False):  # else the crew could not write to it
        h_NTH = torch.empty(*x_NTF.shape[:2], weights[-1].hidden)

    def of(i: int) -> list[Layer]:
        layers = run_slice(weights, pool, x_NTF[slices[i]], h_NTH[slices[i]], kept=kept)
        if kept:
            return layers
        for layer in layers:
            pool.give(*layer.taken)
        return []

    return h_NTH, in_slices(of, len(slices))


class LSTM(nn.LSTM):
    """torch.nn.LSTM of one direction with biases, batch first: the same weights by the same names.

    On a CPU in float32 the functions of this file run, elsewhere PyTorch's own.
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1) -> None:
        super().__init__(inputs, hidden, layers, batch_first=True)
        self.pool = Pool()

    def states(self, x_NTF: Tensor) -> Tensor:
        """The top layer's state after each day, (N, T, H)."""
        if not runs_here(x_NTF) or len(x_NTF) == 0:
            h_NTH, _ = self(x_NTF)
            return h_NTH  # type: ignore[no-any-return]
        flat = [weight for layer in self.all_weights for weight in layer]
        if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x_NTF, *flat)):
            return AllStates.apply(x_NTF, self.pool, *flat)  # type: ignore[no-any-return, no-untyped-call]
        with torch.no_grad():
            weights = [packed(*layer) for layer in self.all_weights]
            return all_states(weights, self.pool, x_NTF, kept=False)[0]
