"""A file of weights opened: its header, and its tensors, whichever of the two formats it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlmscope.checkpoints.blob import Blob, LocalBlob
from vlmscope.checkpoints.gather import gathered
from vlmscope.checkpoints.header import Header, read_header
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.torch_file import TorchFile, is_torch_file, read_torch_file
from vlmscope.values.errors import CheckpointError, shown

if TYPE_CHECKING:
    import torch

_TORCH_NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
    "C64": "complex64",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}


@dataclass(frozen=True, eq=False)
class Weights:
    """`header` of a file, and `read`, which reads the tensors of some keys into memory of their own.

    What becomes of the file afterwards does not change them.
    """

    header: Header
    read: Callable[[Iterable[str]], dict[str, torch.Tensor]]

    def get(self, key: str) -> torch.Tensor:
        return self.read([key])[key]


@contextmanager
def open_weights(path: Path, name: str | None = None) -> Iterator[Weights]:
    """The file's tensors while this lasts; raises CheckpointError for what is neither format.

    And, at the end, for a file that was written to in between.
    """
    with LocalBlob(path, name) as blob:
        if is_torch_file(blob):
            file = _torch_file(blob)
            yield Weights(file.header, lambda keys: _from_archive(blob, file, keys))
        else:
            header = read_header(blob)
            yield Weights(header, lambda keys: _from_safetensors(blob, header, keys))
        blob.check_unchanged()


def header_of(path: Path) -> Header:
    """The names, shapes and dtypes of a file's tensors; raises CheckpointError. No tensor is read.

    What it gives, `open_weights` opens.
    """
    with LocalBlob(path) as blob:
        return _torch_file(blob).header if is_torch_file(blob) else read_header(blob)


def _torch_file(blob: Blob) -> TorchFile:
    with PickleReader() as reader:
        file = read_torch_file(blob, reader)
    check_byte_order(blob, file)
    return file


def _from_safetensors(
    blob: LocalBlob, header: Header, keys: Iterable[str]
) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for key in keys:
        shape, dtype = header.tensors[key]
        start, end = header.spans[key]
        data = bytearray(end - start)
        blob.fill(start, memoryview(data))
        found[key] = _numbers(blob, key, dtype, data).reshape(shape)
    return found


def _from_archive(blob: Blob, file: TorchFile, keys: Iterable[str]) -> dict[str, torch.Tensor]:
    """Each record is read once, whatever number of tensors are views of it."""
    import torch

    places = {key: file.places[key] for key in keys}
    found: dict[str, torch.Tensor] = {}
    for key, data in gathered(blob.name, file.archive, places):
        place = places[key]
        view = _numbers(blob, key, place.dtype, data).as_strided(place.shape, place.stride)
        is_all = view.is_contiguous() and view.nbytes == len(data)
        found[key] = view if is_all else view.clone(memory_format=torch.contiguous_format)
    return found


def _numbers(blob: Blob, key: str, dtype: str, data: bytearray) -> torch.Tensor:
    """Bytes as numbers, without a copy."""
    import torch

    kind: Any = getattr(torch, _TORCH_NAMES.get(dtype, ""), None)
    if kind is None:
        raise CheckpointError(
            f"{blob.name} has {dtype} numbers in {shown(key)}, which are not read; save it as float32."
        )
    return (
        torch.frombuffer(data, dtype=torch.uint8).view(kind) if data else torch.empty(0, dtype=kind)
    )


def check_byte_order(blob: Blob, file: TorchFile) -> None:
    """Raise CheckpointError for numbers that were written on another kind of machine."""
    if "byteorder" in file.archive.records:
        order = file.archive.read("byteorder", 16)
        if order != b"little":
            raise CheckpointError(
                f"{blob.name} was written with the byte order {order[:16]!r}, and only b'little' is "
                "read here; save it again as .safetensors."
            )
