"""Memory for the activations of a slice, used again: fresh memory costs as much as the arithmetic done in it."""

from typing import Any

import torch
from torch import Tensor


class Pool:
    """Tensors that were given back, by shape. A copy of a net starts with an empty one."""

    def __init__(self) -> None:
        self.free: dict[tuple[int, ...], list[Tensor]] = {}

    def take(self, *shape: int) -> Tensor:
        """A float32 tensor of this shape; what is in it is what its last user left."""
        kept = self.free.get(shape)
        try:
            if kept:
                return kept.pop()
        except IndexError:  # another thread took the last one
            pass
        with torch.inference_mode(mode=False):  # else a training could not use it again
            return torch.empty(shape)

    def give(self, *tensors: Tensor) -> None:
        """Take tensors back that nobody reads any more."""
        for tensor in tensors:
            self.free.setdefault(tuple(tensor.shape), []).append(tensor)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Pool":
        return Pool()

    def __reduce__(self) -> tuple[type["Pool"], tuple[()]]:
        return Pool, ()
