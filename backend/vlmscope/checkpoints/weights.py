"""A file of weights opened: its header, and single tensors, whichever of the two formats it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlmscope.checkpoints.blob import Blob, LocalBlob
from vlmscope.checkpoints.header import Header, read_header
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.torch_file import TorchFile, is_torch_file, read_torch_file
from vlmscope.values.errors import CheckpointError

if TYPE_CHECKING:
    import torch

_TORCH_NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


@dataclass(frozen=True, eq=False)
class Weights:
    """`header` of a file, and `get`, which reads one tensor of it into memory."""

    header: Header
    get: Callable[[str], torch.Tensor]


@contextmanager
def open_weights(path: Path, name: str | None = None) -> Iterator[Weights]:
    """The file's tensors while this lasts; raises CheckpointError for what is neither format."""
    with LocalBlob(path, name) as blob:
        if is_torch_file(blob):
            with PickleReader() as reader:
                file = read_torch_file(blob, reader)
            check_byte_order(blob, file)
            yield Weights(file.header, lambda key: _from_archive(file, key))
        else:
            yield from _safetensors(path, blob)


def header_of(path: Path) -> Header:
    """The names, shapes and dtypes of a file's tensors; raises CheckpointError. No tensor is read."""
    with LocalBlob(path) as blob:
        if is_torch_file(blob):
            with PickleReader() as reader:
                return read_torch_file(blob, reader).header
        return read_header(blob)


def _safetensors(path: Path, blob: Blob) -> Iterator[Weights]:
    from safetensors import SafetensorError, safe_open

    header = read_header(blob)
    try:
        with safe_open(path, framework="pt") as file:
            yield Weights(header, file.get_tensor)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{blob.name} cannot be loaded ({error}); save it again.") from error


def check_byte_order(blob: Blob, file: TorchFile) -> None:
    """Raise CheckpointError for numbers that were written on another kind of machine."""
    if "byteorder" in file.archive.records:
        order = file.archive.read("byteorder", 16)
        if order != b"little":
            raise CheckpointError(
                f"{blob.name} was written with the byte order {order[:16]!r}, and only b'little' is "
                "read here; save it again as .safetensors."
            )


def _from_archive(file: TorchFile, key: str) -> torch.Tensor:
    import torch

    place = file.places[key]
    dtype: Any = getattr(torch, _TORCH_NAMES.get(place.dtype, ""), None)
    if dtype is None:
        raise CheckpointError(
            f"{key} has {place.dtype} numbers, which are not read from a .pt file; save it as float32."
        )
    data = bytearray(file.archive.read(place.record))
    numbers = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    return numbers.as_strided(place.shape, place.stride, place.offset).clone()
