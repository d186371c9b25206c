"""A GRU whose day is a few passes over memory that stays in cache, with the gradient written out.

Formulas: Cho et al. 2014 in PyTorch's form, r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = tanh(W_n x + r ∘ (U_n h)),
h' = n + z ∘ (h − n), biases left out. r and z of input and state come out of one product; tanh a = 2 σ(2a) − 1, whose
factor 2 is put into the weights, since PyTorch's tanh takes six times as long as its σ.

Legend: N stocks, T days, F inputs, H hidden; x ‖ h are an input beside a state.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gangru.models.recurrent.buffers import Pool
from gangru.models.recurrent.stacked import (
    MINUS_ONE,
    Cell,
    padded,
    room,
    runs_here,
    sigmoid_back,
    states,
    tanh_back,
)


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
    full = padded(inputs)
    wide = torch.zeros(3 * hidden, full)
    wide[:, :inputs] = w_ih
    back_rz = torch.cat([wide[: 2 * hidden], w_hh[: 2 * hidden]], dim=1)
    return Weights(
        inputs=inputs,
        padded=full,
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

    def __init__(self, w: Weights, xh: Tensor, after: Tensor, rz: Tensor, n: Tensor, hn: Tensor) -> None:
        self.xh, self.x, self.h = xh, xh[:, : w.padded], xh[:, w.padded :]
        self.rz, self.r, self.z = rz, rz[:, : w.hidden], rz[:, w.hidden :]
        self.n, self.hn, self.after = n, hn, after


def run_day(w: Weights, day: Day) -> None:
    """From x ‖ h of a day to h of its end."""
    torch.addmm(w.rz_bias, day.xh, w.rz, out=day.rz)
    torch.addmm(w.xn_bias, day.x, w.xn, out=day.n)
    torch.addmm(w.hn_bias, day.h, w.hn, out=day.hn)
    day.rz.sigmoid_()
    day.n.addcmul_(day.r, day.hn, value=2).sigmoid_()
    torch.add(MINUS_ONE, day.n, alpha=2, out=day.n)
    torch.lerp(day.n, day.h, day.z, out=day.after)


class Gradient:
    """Sums of a layer's gradients over a slice's days, and the room that one day's need."""

    def __init__(self, w: Weights, pool: Pool, rows: int) -> None:
        h, width = w.hidden, w.padded + w.hidden
        self.sums = tuple(
            torch.zeros(shape) for shape in ((2 * h, width), (2 * h,), (h, w.padded), (h,), (h, h), (h,))
        )
        widths = (2 * h, h, h, h, h, h, width)
        self.taken = tuple(pool.take(room(rows), width) for width in widths)
        self.drz, self.dn, self.dhn, self.dh, self.carried, self.spare, self.dxh = (
            tensor[:rows] for tensor in self.taken
        )
        self.ones = torch.ones(rows)
        self.dr, self.dz = self.drz[:, :h], self.drz[:, h:]
        self.dx, self.dx_padded = self.dxh[:, : w.inputs], self.dxh[:, : w.padded]
        self.dh_before = self.dxh[:, w.padded :]
        self.dh.zero_()

    def of_weights(self, inputs: int) -> list[Tensor]:
        """PyTorch's four: input weights, state weights, input bias, state bias."""
        rz, rz_bias, xn, xn_bias, hn, hn_bias = self.sums
        width = xn.shape[1]
        return [
            torch.cat([rz[:, :inputs], xn[:, :inputs]]),
            torch.cat([rz[:, width:], hn]),
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


def widths(hidden: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """r ‖ z, n and what the state puts into n."""
    return (2 * hidden, hidden, hidden), ()


CELL = Cell(packed, widths, Day, run_day, Gradient, back_day)


class GRU(nn.GRU):
    """torch.nn.GRU of one direction with biases, batch first: the same weights by the same names.

    On a CPU in float32 the functions of this file run, elsewhere PyTorch's own.
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1) -> None:
        super().__init__(inputs, hidden, layers, batch_first=True)
        self.pool = Pool()

    def last(self, x_NTF: Tensor) -> Tensor:
        """The top layer's state after the last day, (N, H)."""
        if runs_here(x_NTF):
            return states(CELL, self.pool, self.all_weights, x_NTF, every_day=False)
        h_NTH, _ = self(x_NTF)
        return h_NTH[:, -1]  # type: ignore[no-any-return]
