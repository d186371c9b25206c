"""What every stage's settings share: frozen dataclasses whose fields carry a sentence, a unit and a range.

The standard library alone: the light rooms (models, training) define settings too and run where nothing but NumPy
and PyTorch is installed. Reading them from `study.toml` is `gangru.study.settings`.
"""

import dataclasses
import math
import tomllib
import typing
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin

from gangru.errors import SettingsError

T = TypeVar("T")


def setting(
    default: T | Callable[[], T],
    doc: str,
    *,
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
) -> T:
    """Declare one setting: its default (or a factory for containers), a sentence, a unit and an inclusive range."""
    metadata = {"doc": doc, "unit": unit, "ge": ge, "gt": gt, "le": le}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Settings:
    """Base of every stage's settings; checks ranges and choices when made, whoever makes it.

    Raises SettingsError naming the field, what was expected and what came.
    """

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            check_choice(field.name, hints[field.name], value)
            check_range(field.name, field.metadata, value)


def check_choice(name: str, hint: Any, value: Any) -> None:
    """Raise SettingsError where a Literal field holds something else than its choices."""
    if get_origin(hint) is typing.Literal and value not in get_args(hint):
        choices = ", ".join(repr(choice) for choice in get_args(hint))
        raise SettingsError(f"{name} = {value!r}: expected one of {choices}")


def check_range(name: str, metadata: typing.Mapping[str, Any], value: Any) -> None:
    """Raise SettingsError where a number lies outside the range that its field declares."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if not math.isfinite(value):
        raise SettingsError(f"{name} = {value!r}: expected a number")
    ge, gt, le = metadata.get("ge"), metadata.get("gt"), metadata.get("le")
    if ge is not None and value < ge:
        raise SettingsError(f"{name} = {value!r}: expected at least {ge}")
    if gt is not None and value <= gt:
        raise SettingsError(f"{name} = {value!r}: expected more than {gt}")
    if le is not None and value > le:
        raise SettingsError(f"{name} = {value!r}: expected at most {le}")


def flat(sections: typing.Mapping[str, typing.Mapping[str, Any]]) -> dict[str, Any]:
    """SECTION.KEY → value."""
    return {f"{name}.{key}": value for name, content in sections.items() for key, value in content.items()}


def flat_toml(text: str) -> dict[str, Any]:
    """SECTION.KEY → value of a TOML text of sections."""
    return flat(tomllib.loads(text))
