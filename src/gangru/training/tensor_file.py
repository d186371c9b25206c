"""The safetensors file format: eight bytes of length, a JSON header, then the tensors' bytes. It cannot run code.

The safetensors library writes and reads it where it is installed; a machine that has NumPy and PyTorch alone uses
`dumped` and `loaded`, for the same bytes. Source of the format: the library's documentation.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
NAMES = {name: dtype for dtype, name in DTYPES.items()}
LONGEST_HEADER = 100_000_000  # bytes, as in the library


def encoded(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Contiguous CPU tensors and texts as one file."""
    try:
        from safetensors.torch import save
    except ImportError:
        return dumped(tensors, metadata)
    return save(dict(tensors), metadata=dict(metadata))


def read_file(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and texts of a file, copied out of it: Windows replaces no file that is still mapped into memory.

    Raises ValueError where it is not of this format, OSError where it is not there.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        return loaded(path.read_bytes())
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (no mapping)
            return tensors, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def dumped(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Contiguous CPU tensors and texts as one file, the widest numbers first and by name."""
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), rank(tensors[name]), name))
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    parts, end = [], 0
    for name in order:
        tensor = tensors[name]
        content = bytes_of(tensor)
        span = [end, end + len(content)]
        header[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": span,
        }
        parts.append(content)
        end += len(content)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(parts)


def rank(tensor: Tensor) -> int:
    """Where a dtype stands among those of its width, as the library sorts them."""
    return -list(DTYPES).index(tensor.dtype) if tensor.dtype in (torch.int64, torch.int32) else 0


def bytes_of(tensor: Tensor) -> bytes:
    """A tensor's bytes, little-endian as every machine that PyTorch runs on."""
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def loaded(content: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and texts of a file. Raises ValueError where the bytes are not of this format."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(len(content) - 8, LONGEST_HEADER):
        raise ValueError("it is cut short")
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = memoryview(content)[8 + length :]
    tensors, end = {}, 0
    for name, told in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, stop = told["data_offsets"]
        dtype, shape = NAMES[told["dtype"]], [int(size) for size in told["shape"]]
        size = int(np.prod(shape, dtype=np.int64)) * torch.empty(0, dtype=dtype).element_size()
        if begin != end or stop - begin != size or stop > len(body) or min(shape, default=0) < 0:
            raise ValueError(f"the bytes of {name} are not where its header says")
        raw = torch.frombuffer(bytearray(body[begin:stop]), dtype=torch.uint8) if size else torch.empty(0)
        tensors[name] = raw.view(dtype).reshape(shape) if size else torch.empty(shape, dtype=dtype)
        end = stop
    if end != len(body):
        raise ValueError("bytes belong to no tensor")
    return tensors, metadata
