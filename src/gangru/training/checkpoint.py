"""Weights and training states as safetensors: written whole or not at all, read with their shapes checked.

A state holds a net, its best weights so far, its optimiser and a JSON record; a weights file holds a net and the
numbers it was built from. Neither can run code.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gangru.atomic import write_bytes
from gangru.errors import CheckpointError
from gangru.training.tensor_file import encoded, read_file

Tensors = dict[str, Tensor]


def write_tensors(path: Path, tensors: Mapping[str, Tensor], record: Mapping[str, Any]) -> None:
    """Write tensors and a JSON record as one safetensors file."""
    kept = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_bytes(path, encoded(kept, {"record": json.dumps(record)}))


def read_tensors(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """Tensors and record of a file written by `write_tensors`. Raises CheckpointError where it is not one."""
    try:
        tensors, metadata = read_file(path)
        return tensors, json.loads(metadata["record"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise CheckpointError(
            f"{path} is no weights file of gangru ({error}): delete it and train again"
        ) from error


def load_net(net: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy tensors into a net. Raises CheckpointError naming what is missing, unknown or of another shape."""
    wanted = net.state_dict()
    missing, unknown = sorted(wanted.keys() - tensors.keys()), sorted(tensors.keys() - wanted.keys())
    if missing or unknown:
        raise CheckpointError(f"{path}: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}")
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            raise CheckpointError(
                f"{path}: {name} is {tuple(tensor.shape)}, the settings make {tuple(wanted[name].shape)}"
            )
    net.load_state_dict(dict(tensors))


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The tensors under names that begin with the prefix."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def under_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The tensors whose names begin with the prefix, without it."""
    return {
        name.removeprefix(f"{prefix}."): t for name, t in tensors.items() if name.startswith(f"{prefix}.")
    }


def adam_tensors(optimiser: torch.optim.Adam) -> Tensors:
    """An Adam's moments and step counts by parameter number."""
    state = optimiser.state_dict()["state"]
    return {f"{i}.{name}": value for i, moments in state.items() for name, value in moments.items()}


def load_adam(optimiser: torch.optim.Adam, tensors: Mapping[str, Tensor]) -> None:
    """Put moments and step counts back."""
    state: dict[int, Tensors] = {}
    for name, value in tensors.items():
        number, moment = name.split(".")
        state.setdefault(int(number), {})[moment] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
