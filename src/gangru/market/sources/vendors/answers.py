"""A vendor's answer, a pandas table, as a Polars one with the columns that were expected."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import polars as pl

from gangru.errors import InputError


class PandasTable(Protocol):
    """As much of a pandas table as is used here; pandas itself comes with the vendor's package."""

    @property
    def columns(self) -> Iterable[object]:
        """The names of the columns."""
        ...

    def __getitem__(self, name: str, /) -> Any:
        """One column."""
        ...


def shaped(answer: PandasTable, columns: Mapping[str, pl.DataType], call: str) -> pl.DataFrame:
    """The expected columns of an answer in their types, others left out; NaN is null.

    A column with a value that its type does not hold stays text as a whole: whether a row is any good is decided
    later. Raises InputError naming the call, the columns expected and those found.
    """
    found = [str(name) for name in answer.columns]
    missing = [name for name in columns if name not in found]
    if missing:
        raise InputError(
            f"{call} came without {', '.join(missing)}; expected {', '.join(columns)}, "
            f"found {', '.join(found) or 'nothing'}. The vendor has changed its table: "
            "another version of its package or of gangru is needed"
        )
    return pl.DataFrame([read(name, answer[name].tolist(), dtype) for name, dtype in columns.items()])


def read(name: str, values: list[object], dtype: pl.DataType) -> pl.Series:
    """One column in its type where every value allows it, else as text; missing values of pandas are null."""
    known = [None if is_missing(value) else value for value in values]
    if not any(value is not None for value in known):
        return pl.Series(name, known, dtype=dtype)
    kinds = {type(value) for value in known if value is not None}
    mixed = len(kinds - {int, float}) > 0 and len(kinds) > 1
    plain = [None if value is None else str(value) for value in known] if mixed else known
    came = pl.Series(name, plain, strict=False)
    if came.dtype == pl.String and dtype.is_temporal():
        return came  # days are read from text later, in the spellings that files have
    typed = came.cast(dtype, strict=False)
    return typed if typed.null_count() == came.null_count() else came.cast(pl.String)


def is_missing(value: object) -> bool:
    """Whether a value of a pandas column stands for none: None, NaN, NaT or NA."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in {"NaT", "<NA>"}
