"""An LSTM by the same means as the GRU beside it: a day's work stays in cache, and the gradient is written out.

Formulas: Hochreiter and Schmidhuber 1997 in PyTorch's form, i, f, o = σ(·), g = tanh(·), c' = f ∘ c + i ∘ g,
h' = o ∘ tanh(c'), each gate of W x + U h and a bias. The gates lie in the order i, f, o, g, out of one product, and
tanh a = 2 σ(2a) − 1.

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
    full = padded(inputs)
    wide = torch.zeros(4 * hidden, full + hidden)
    wide[:, :inputs], wide[:, full:] = w_ih, w_hh
    back, bias = reordered(wide), reordered(b_ih + b_hh)
    doubled = torch.ones(4 * hidden, 1)
    doubled[3 * hidden :] = 2
    return Weights(inputs, full, hidden, (back * doubled).T.contiguous(), bias * doubled[:, 0], back)


class Day:
    """One layer's views of one day; `after` and `c_after` are h and c at its end, `bent` is tanh of the latter."""

    __slots__ = ("after", "bent", "c", "c_after", "f", "g", "gates", "i", "ifo", "o", "xh")

    def __init__(
        self, w: Weights, xh: Tensor, after: Tensor, gates: Tensor, bent: Tensor, c: Tensor, c_after: Tensor
    ) -> None:
        self.xh, self.gates, self.ifo = xh, gates, gates[:, : 3 * w.hidden]
        self.i, self.f, self.o, self.g = gates.chunk(4, dim=1)
        self.c, self.c_after, self.bent, self.after = c, c_after, bent, after


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


class Gradient:
    """Sums of a layer's gradients over a slice's days, and the room that one day's need."""

    def __init__(self, w: Weights, pool: Pool, rows: int) -> None:
        h, width, space = w.hidden, w.padded + w.hidden, room(rows)
        self.sums = (torch.zeros(4 * h, width), torch.zeros(4 * h))
        self.taken = (
            pool.take(space, 4 * h),
            pool.take(space, h),
            pool.take(space, h),
            pool.take(space, width),
        )
        self.gates, self.dc, self.spare, self.dxh = (tensor[:rows] for tensor in self.taken)
        self.di, self.df, self.do, self.dg = self.gates.chunk(4, dim=1)
        self.difo = self.gates[:, : 3 * h]
        self.ones = torch.ones(rows)
        self.dx, self.dh = self.dxh[:, : w.inputs], self.dxh[:, w.padded :]
        self.dc.zero_()
        self.dh.zero_()

    def of_weights(self, inputs: int) -> list[Tensor]:
        """PyTorch's four: input weights, state weights, input bias, state bias."""
        weights, bias = (reordered(total) for total in self.sums)
        width = weights.shape[1] - len(weights) // 4
        return [weights[:, :inputs].contiguous(), weights[:, width:].contiguous(), bias, bias.clone()]


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
    weights, bias = g.sums
    weights.addmm_(g.gates.T, day.xh)
    bias.addmv_(g.gates.T, g.ones)
    torch.mm(g.gates, w.back, out=g.dxh)


def widths(hidden: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The gates and tanh of c; c is handed on."""
    return (4 * hidden, hidden), (hidden,)


CELL = Cell(packed, widths, Day, run_day, Gradient, back_day)


class LSTM(nn.LSTM):
    """torch.nn.LSTM of one direction with biases, batch first: the same weights by the same names.

    On a CPU in float32 the functions of this file run, elsewhere PyTorch's own.
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1) -> None:
        super().__init__(inputs, hidden, layers, batch_first=True)
        self.pool = Pool()

    def states(self, x_NTF: Tensor) -> Tensor:
        """The top layer's state after each day, (N, T, H)."""
        if runs_here(x_NTF):
            return states(CELL, self.pool, self.all_weights, x_NTF, every_day=True)
        h_NTH, _ = self(x_NTF)
        return h_NTH  # type: ignore[no-any-return]
