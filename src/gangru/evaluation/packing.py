"""An evaluation as bytes and back, to the last bit: a zip of one JSON object, its tables as Arrow and arrays as NumPy.

What becomes of the JSON is read from the types of the fields of `Evaluation`: no name in the bytes chooses a class.
"""

import dataclasses
import io
import json
import typing
import zipfile
from typing import Any

import numpy as np
import polars as pl

from gangru.evaluation.remark import Remark
from gangru.evaluation.result import Evaluation

OBJECT = "evaluation.json"


def packed(evaluation: Evaluation) -> bytes:
    """The evaluation as bytes. Raises TypeError for a value that is neither table, array, text nor number."""
    files: dict[str, bytes] = {}
    files[OBJECT] = json.dumps(put_in(evaluation, files)).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def put_in(value: object, files: dict[str, bytes]) -> Any:
    """A value as JSON can hold it; tables and arrays go to `files` and are named instead."""
    if isinstance(value, pl.DataFrame):
        buffer = io.BytesIO()
        value.write_ipc(buffer)
        return {"table": added(files, "arrow", buffer.getvalue())}
    if isinstance(value, np.ndarray):
        buffer = io.BytesIO()
        np.save(buffer, value, allow_pickle=False)
        return {"array": added(files, "npy", buffer.getvalue())}
    if dataclasses.is_dataclass(value):
        return {one.name: put_in(getattr(value, one.name), files) for one in dataclasses.fields(value)}
    if isinstance(value, Remark):
        return {"template": value.template, "values": dict(value.values)}
    if isinstance(value, list):
        return [put_in(item, files) for item in value]
    return value


def added(files: dict[str, bytes], suffix: str, content: bytes) -> str:
    """The name of another file."""
    name = f"{len(files)}.{suffix}"
    files[name] = content
    return name


def unpacked(content: bytes) -> Evaluation:
    """The evaluation of such bytes. Raises ValueError where they are none of this version's."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            made = taken_out(json.loads(archive.read(OBJECT)), Evaluation, archive)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"no evaluation of this version ({error})") from error
    if not isinstance(made, Evaluation):
        raise ValueError(f"no evaluation but {type(made).__name__}")
    return made


def taken_out(value: Any, kind: Any, archive: zipfile.ZipFile) -> Any:
    """A value of a field's type out of what `put_in` made of it."""
    of: Any = next((one for one in (kind, *typing.get_args(kind)) if dataclasses.is_dataclass(one)), None)
    if isinstance(value, list):
        return [taken_out(item, str, archive) for item in value]
    if not isinstance(value, dict):
        return value
    if of is not None:
        hints = typing.get_type_hints(of)
        return of(**{name: taken_out(item, hints[name], archive) for name, item in value.items()})
    if "table" in value:
        return pl.read_ipc(archive.read(value["table"]))
    if "array" in value:
        return np.load(io.BytesIO(archive.read(value["array"])), allow_pickle=False)
    return Remark(value["template"], value["values"])
