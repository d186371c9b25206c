"""A GRU whose day is a few passes over memory that stays in cache, with the gradient written out.

Formulas: Cho et al. 2014 in PyTorch's form, r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = tanh(W_n x + r ∘ (U_n h)),
h' = n + z ∘ (h − n), biases left out. Against PyTorch's own on a CPU: all layers of a day one after another; r and z of
input and state out of one product; tanh a = 2 σ(2a) − 1, whose factor 2 is put into the weights, since PyTorch's tanh
takes six times as long as its σ; the weights' gradients added up day by day, so that what a day's gates need is never
written out.

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

MINUS_ONE = torch.tensor(-1.0)
sigmoid_back = torch.ops.aten.sigmoid_backward.grad_input
tanh_back = torch.ops.aten.tanh_backward.grad_input


@dataclass(frozen=True)
class Weights:
    """One layer's weights as the products want them; those of n doubled for the forward pass, not for the gradient."""

    inputs: int
    padded: int  # inputs, up to a multiple of 16
    hidden: int
    rz: Tensor  # (padded + H, 2H)
    rz_bias: Tensor
    xn: Tensor  # (padded, H), doubled
    xn_bias: Tensor  # doubled
    hn: Tensor  # (H, H)
    hn_bias: Tensor
    back_rz: Tensor  # (2H, padded + H)
    back_xn: Tensor  # (H, padded)
    back_hn: Tensor  # (H, H)


def packed(w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Weights:
    """A layer's weights from PyTorch's."""
    hidden, inputs = w_hh.shape[1], w_ih.shape[1]
    padded = -(-inputs // 16) * 16
    wide = torch.zeros(3 * hidden, padded)
    wide[:, :inputs] = w_ih
    back_rz = torch.cat([wide[: 2 * hidden], w_hh[: 2 * hidden]], dim=1)
    return Weights(
        inputs=inputs,
        padded=padded,
        hidden=hidden,
        rz=back_rz.T.contiguous(),
        rz_bias=(b_ih + b_hh)[: 2 * hidden],
        xn=(2 * wide[2 * hidden :]).T.contiguous(),
        xn_bias=2 * b_ih[2 * hidden :],
        hn=w_hh[2 * hidden :].T.contiguous(),
        hn_bias=b_hh[2 * hidden :],
        back_rz=back_rz,
        back_xn=wide[2 * hidden :].contiguous(),
        back_hn=w_hh[2 * hidden :].contiguous(),
    )


class Day:
    """One layer's views of one day: what it reads and what it leaves for the gradient; `after` is h at its end."""

    __slots__ = ("after", "h", "hn", "n", "r", "rz", "x", "xh", "z")

    def __init__(self, w: Weights, xh: Tensor, rz: Tensor, n: Tensor, hn: Tensor, after: Tensor) -> None:
        self.xh, self.x, self.h = xh, xh[:, : w.padded], xh[:, w.padded :]
        self.rz, self.r, self.z = rz, rz[:, : w.hidden], rz[:, w.hidden :]
        self.n, self.hn, self.after = n, hn, after


class Layer:
    """One layer's activations over a slice: of all days where a gradient will be asked for, else of the newest two."""

    def __init__(self, w: Weights, pool: Pool, days: int, rows: int, *, kept: bool) -> None:
        room, width = -(-rows // 64) * 64, w.padded + w.hidden
        steps, states = (days, days + 1) if kept else (1, 2)
        self.taken = (
            pool.take(states, room, width),
            pool.take(steps, room, 2 * w.hidden),
            pool.take(steps, room, w.hidden),
            pool.take(steps, room, w.hidden),
        )
        xh, rz, n, hn = (tensor[:, :rows] for tensor in self.taken)
        xh[0, :, w.padded :] = 0
        if w.padded > w.inputs:
            xh[:, :, w.inputs : w.padded] = 0
        self.inputs = [xh[t % states, :, : w.inputs] for t in range(days)]
        self.days = [
            Day(
                w,
                xh[t % states],
                rz[t % steps],
                n[t % steps],
                hn[t % steps],
                xh[(t + 1) % states, :, w.padded :],
            )
            for t in range(days)
        ]


def run_day(w: Weights, day: Day) -> None:
    """From x ‖ h of a day to h of its end."""
    torch.addmm(w.rz_bias, day.xh, w.rz, out=day.rz)
    torch.addmm(w.xn_bias, day.x, w.xn, out=day.n)
    torch.addmm(w.hn_bias, day.h, w.hn, out=day.hn)
    day.rz.sigmoid_()
    day.n.addcmul_(day.r, day.hn, value=2).sigmoid_()
    torch.add(MINUS_ONE, day.n, alpha=2, out=day.n)
    torch.lerp(day.n, day.h, day.z, out=day.after)


def run_slice(
    weights: Sequence[Weights], pool: Pool, x_NTF: Tensor, *, kept: bool
) -> tuple[list[Layer], Tensor]:
    """The layers after a slice's last day, and the top one's state then, (N, H)."""
    rows, days = x_NTF.shape[:2]
    layers = [Layer(w, pool, days, rows, kept=kept) for w in weights]
    for t in range(days):
        layers[0].inputs[t].copy_(x_NTF[:, t])
        for i, (w, layer) in enumerate(zip(weights, layers, strict=True)):
            run_day(w, layer.days[t])
            if i + 1 < len(layers):
                layers[i + 1].inputs[t].copy_(layer.days[t].after)
    return layers, layers[-1].days[-1].after


class Gradient:
    """Sums of a layer's gradients over a slice's days, and the room that one day's need."""

    def __init__(self, w: Weights, pool: Pool, rows: int) -> None:
        h, width, room = w.hidden, w.padded + w.hidden, -(-rows // 64) * 64
        self.sums = tuple(
            torch.zeros(shape) for shape in ((2 * h, width), (2 * h,), (h, w.padded), (h,), (h, h), (h,))
        )
        widths = (2 * h, h, h, h, h, h, width)
        self.taken = tuple(pool.take(room, width) for width in widths)
        self.drz, self.dn, self.dhn, self.dh, self.carried, self.spare, self.dxh = (
            tensor[:rows] for tensor in self.taken
        )
        self.ones = torch.ones(rows)
        self.dr, self.dz = self.drz[:, :h], self.drz[:, h:]
        self.dx, self.dx_padded = self.dxh[:, : w.inputs], self.dxh[:, : w.padded]
        self.dh_before = self.dxh[:, w.padded :]

    def of_weights(self, inputs: int) -> list[Tensor]:
        """PyTorch's four: input weights, state weights, input bias, state bias."""
        rz, rz_bias, xn, xn_bias, hn, hn_bias = self.sums
        padded = xn.shape[1]
        return [
            torch.cat([rz[:, :inputs], xn[:, :inputs]]),
            torch.cat([rz[:, padded:], hn]),
            torch.cat([rz_bias, xn_bias]),
            torch.cat([rz_bias, hn_bias]),
        ]


def back_day(w: Weights, day: Day, g: Gradient) -> None:
    """From the gradient of h at a day's end, g.dh, to that of its beginning, g.dh, and of its input, g.dx."""
    torch.sub(day.h, day.n, out=g.spare)
    torch.mul(g.dh, g.spare, out=g.dz)
    torch.mul(g.dh, day.z, out=g.carried)
    torch.sub(g.dh, g.carried, out=g.spare)
    tanh_back(g.spare, day.n, grad_input=g.dn)
    torch.mul(g.dn, day.r, out=g.dhn)
    torch.mul(g.dn, day.hn, out=g.dr)
    sigmoid_back(g.drz, day.rz, grad_input=g.drz)
    rz, rz_bias, xn, xn_bias, hn, hn_bias = g.sums
    rz.addmm_(g.drz.T, day.xh)
    rz_bias.addmv_(g.drz.T, g.ones)
    xn.addmm_(g.dn.T, day.x)
    xn_bias.addmv_(g.dn.T, g.ones)
    hn.addmm_(g.dhn.T, day.h)
    hn_bias.addmv_(g.dhn.T, g.ones)
    torch.mm(g.drz, w.back_rz, out=g.dxh)
    g.dx_padded.addmm_(g.dn, w.back_xn)
    g.dh_before.addmm_(g.dhn, w.back_hn)
    torch.add(g.carried, g.dh_before, out=g.dh)


def back_slice(
    weights: Sequence[Weights], pool: Pool, layers: list[Layer], grad_NH: Tensor, dx_NTF: Tensor | None
) -> list[Gradient]:
    """Every layer's gradients of one slice; that of the input goes to `dx_NTF` where it is asked for."""
    made = [Gradient(w, pool, len(grad_NH)) for w in weights]
    for g in made[:-1]:
        g.dh.zero_()
    made[-1].dh.copy_(grad_NH)
    for t in reversed(range(len(layers[0].days))):
        for i in reversed(range(len(weights))):
            back_day(weights[i], layers[i].days[t], made[i])
            if i:
                made[i - 1].dh.add_(made[i].dx)
        if dx_NTF is not None:
            dx_NTF[:, t] = made[0].dx
    for layer, g in zip(layers, made, strict=True):
        pool.give(*layer.taken, *g.taken)
    return made


class LastState(torch.autograd.Function):
    """The top layer's last state, (N, H), of windows (N, T, F); its gradient holds for one pass, not for a second."""

    @staticmethod
    def forward(ctx: Any, x_NTF: Tensor, pool: Pool, *flat: Tensor) -> Tensor:
        """`flat` are PyTorch's four weights of each layer."""
        ctx.pool, ctx.x_shape, ctx.slices = pool, x_NTF.shape, slices_of(len(x_NTF))
        ctx.weights = [packed(*flat[i : i + 4]) for i in range(0, len(flat), 4)]
        made = in_slices(
            lambda i: run_slice(ctx.weights, pool, x_NTF[ctx.slices[i]], kept=True), len(ctx.slices)
        )
        ctx.layers = [layers for layers, _ in made]
        return torch.cat([state for _, state in made])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_NH: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the input, where it is asked for, and of the weights."""
        dx = torch.empty(ctx.x_shape) if ctx.needs_input_grad[0] else None

        def of(i: int) -> list[Gradient]:
            part = ctx.slices[i]
            return back_slice(
                ctx.weights, ctx.pool, ctx.layers[i], grad_NH[part], None if dx is None else dx[part]
            )

        made = in_slices(of, len(ctx.slices))
        del ctx.layers
        grads: list[Tensor] = []
        for layer, w in enumerate(ctx.weights):
            total = made[0][layer]
            for other in made[1:]:
                for mine, its in zip(total.sums, other[layer].sums, strict=True):
                    mine.add_(its)
            grads += total.of_weights(w.inputs)
        return (dx, None, *grads)


class GRU(nn.GRU):
    """torch.nn.GRU of one direction with biases, batch first: the same weights by the same names.

    On a CPU in float32 the functions of this file run, elsewhere PyTorch's own.
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1) -> None:
        super().__init__(inputs, hidden, layers, batch_first=True)
        self.pool = Pool()

    def last(self, x_NTF: Tensor) -> Tensor:
        """The top layer's state after the last day, (N, H)."""
        if not runs_here(x_NTF) or len(x_NTF) == 0:
            h_NTH, _ = self(x_NTF)
            return h_NTH[:, -1]  # type: ignore[no-any-return]
        flat = [weight for layer in self.all_weights for weight in layer]
        if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x_NTF, *flat)):
            return LastState.apply(x_NTF, self.pool, *flat)  # type: ignore[no-any-return, no-untyped-call]
        with torch.no_grad():
            return last_state([packed(*layer) for layer in self.all_weights], self.pool, x_NTF)


def last_state(weights: Sequence[Weights], pool: Pool, x_NTF: Tensor) -> Tensor:
    """`LastState` where no gradient will be asked for: nothing is kept of the days before."""
    slices = slices_of(len(x_NTF))

    def of(i: int) -> Tensor:
        layers, state = run_slice(weights, pool, x_NTF[slices[i]], kept=False)
        state = state.clone()
        for layer in layers:
            pool.give(*layer.taken)
        return state

    return torch.cat(in_slices(of, len(slices)))


def runs_here(x: Tensor) -> bool:
    """Whether a tensor is one that this package computes with: float32 on the CPU, no other precision asked for."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
