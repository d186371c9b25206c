"""The safetensors format without its library: the same bytes, and files that are broken are refused."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import Tensor

from gangru.training.tensor_file import DTYPES, dumped, encoded, loaded, read_file

shapes = st.lists(st.integers(0, 4), max_size=3)
names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8).filter(
    lambda name: name != "__metadata__"
)
FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
files = st.dictionaries(
    names, st.tuples(shapes, st.sampled_from([*FLOATS, torch.int64, torch.uint8])), max_size=6
)


def drawn(file: dict[str, tuple[list[int], torch.dtype]]) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(len(file))
    return {
        name: (100 * torch.rand(shape, generator=random)).to(dtype) for name, (shape, dtype) in file.items()
    }


@given(file=files, text=st.text(max_size=20))
def test_tensors_and_texts_come_back_and_the_library_reads_them(
    file: dict[str, tuple[list[int], torch.dtype]], text: str
) -> None:
    tensors = drawn(file)
    content = dumped(tensors, {"record": text})
    mine, metadata = loaded(content)
    its = load(content)
    assert metadata == {"record": text}
    for found in (mine, its):
        assert found.keys() == tensors.keys()
        for name, tensor in tensors.items():
            assert found[name].dtype == tensor.dtype
            assert torch.equal(found[name], tensor)


def test_a_state_is_the_bytes_that_the_library_writes() -> None:
    random = torch.Generator().manual_seed(1)
    tensors = {
        "net.gru.weight_ih_l0": torch.randn(12, 3, generator=random),
        "adam.0.step": torch.tensor(3.0),
        "adam.0.exp_avg": torch.randn(12, 3, generator=random),
        "net.bias": torch.zeros(0),
    }
    record = {"record": json.dumps({"curve": [{"epoch": 1}], "words": "é 日"})}
    assert dumped(tensors, record) == save(tensors, metadata=record)


def test_every_kind_of_number_goes_through() -> None:
    tensors = {str(dtype): torch.ones(2, 3).to(dtype) for dtype in DTYPES}
    found, _ = loaded(dumped(tensors, {}))
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


CONTENT = dumped({"a": torch.arange(6.0).reshape(2, 3), "b": torch.arange(2)}, {"record": "{}"})


@given(cut=st.integers(0, len(CONTENT) - 1))
def test_a_file_that_is_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        loaded(CONTENT[:cut])


def with_header(change: str, by: str) -> bytes:
    length = int.from_bytes(CONTENT[:8], "little")
    header = CONTENT[8 : 8 + length].decode()
    assert change in header
    changed = header.replace(change, by).encode()
    return len(changed).to_bytes(8, "little") + changed + CONTENT[8 + length :]


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ('"shape":[2,3]', '"shape":[2,4]'),
        ('"shape":[2,3]', '"shape":[-2,-3]'),
        ('"data_offsets":[16,40]', '"data_offsets":[0,24]'),
        ('"data_offsets":[16,40]', '"data_offsets":[16,4000]'),
        ('"dtype":"F32"', '"dtype":"I32X"'),
        ("{", "["),
    ],
)
def test_a_header_that_lies_is_refused(change: str, by: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        loaded(with_header(change, by))


def test_bytes_of_no_tensor_are_refused() -> None:
    with pytest.raises(ValueError, match="no tensor"):
        loaded(CONTENT + b"more")


def test_a_header_longer_than_the_file_asks_for_no_memory(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cut short"):
        loaded((2**62).to_bytes(8, "little") + b"{}")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the system does not tell what is mapped")
def test_tensors_that_were_read_keep_no_part_of_the_file_mapped(tmp_path: Path) -> None:
    """Windows refuses to replace a file that is, and a resumed training replaces its state at every epoch."""
    path = tmp_path / "state.safetensors"
    tensors = {"a": torch.arange(10_000.0), "b": torch.zeros(0), "step": torch.tensor(3)}
    path.write_bytes(encoded(tensors, {"record": "{}"}))
    found, metadata = read_file(path)
    assert str(path) not in Path("/proc/self/maps").read_text()
    assert metadata == {"record": "{}"}
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
