"""Two evaluations held against each other to the last bit."""

import dataclasses
from typing import Any

import numpy as np
import polars as pl

from gangru.evaluation.remark import Remark


def assert_same(one: Any, other: Any, where: str) -> None:
    """Both are of one type and the same to the last bit."""
    assert type(one) is type(other), where
    if isinstance(one, pl.DataFrame):
        assert one.schema == other.schema, where
        assert one.equals(other), where
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        assert one.tobytes() == other.tobytes(), where
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for i, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            assert_same(mine, theirs, f"{where}[{i}]")
    else:
        assert one == other or (one != one and other != other), where
    if isinstance(one, Remark):
        assert (one.template, one.values) == (other.template, other.values), where
