"""A `.pt` file: its tensors' names, shapes and places from a peek, and their bytes without a pickle run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from vlmscope.checkpoints.archive import Archive, is_archive
from vlmscope.checkpoints.blob import Blob
from vlmscope.checkpoints.header import BITS, Header
from vlmscope.checkpoints.places import PICKLES
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.values.errors import CheckpointError, shortened

PICKLE = "data.pkl"
MAX_PICKLE_BYTES = 16_000_000


@dataclass(frozen=True)
class Place:
    """Where a tensor's numbers are: a view, in numbers of `dtype`, of a record's bytes."""

    record: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, eq=False)
class TorchFile:
    """Tensors' places by key, what the file says of itself, and whether it is a trainer's state."""

    archive: Archive
    places: Mapping[str, Place]
    facts: Mapping[str, Any]
    is_training: bool

    @property
    def header(self) -> Header:
        return Header({key: (each.shape, each.dtype) for key, each in self.places.items()}, {})


def is_torch_file(blob: Blob) -> bool:
    """Whether it is such an archive; raises CheckpointError for a pickle that lies bare in the file."""
    if is_archive(blob.read(0, min(4, blob.size))):
        return True
    if blob.name.endswith(PICKLES):
        raise CheckpointError(
            f"{blob.name} is a bare pickle or an older file of torch.save, which cannot be looked into "
            "without running it; save it again with torch.save, or as .safetensors."
        )
    return False


def read_torch_file(blob: Blob, reader: PickleReader) -> TorchFile:
    """Directory and pickle of an archive, held against each other; raises CheckpointError.

    No tensor is read. A view may not reach beyond its storage, nor claim more numbers than it has, and
    a storage has exactly its record's bytes.
    """
    archive = Archive(blob)
    said = reader.outline(archive.read(PICKLE, MAX_PICKLE_BYTES), blob.name)
    try:
        places = {
            str(key): _checked(str(key), place, archive) for key, place in said["tensors"].items()
        }
    except ValueError as error:
        raise CheckpointError(
            f"{blob.name} claims what it does not hold ({error}); save it again, or give another."
        ) from None
    return TorchFile(archive, places, said["facts"], bool(said["is_training"]))


def _checked(key: str, said: list[Any], archive: Archive) -> Place:
    name, numel, storage_dtype, offset, shape, stride, dtype = said
    record = archive.records.get(name)
    label = shortened(key)
    if record is None:
        raise ValueError(f"{label!r} has no record")
    if numel * BITS[storage_dtype] != record.size * 8:
        raise ValueError(
            f"{label!r} claims {numel:,} numbers and its record has {record.size:,} bytes"
        )
    count = prod(shape)
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    room = record.size * 8 // BITS[dtype]
    if count and (last >= room or count > room):
        raise ValueError(f"{label!r} of shape {shape} is larger than its record")
    return Place(name, offset, tuple(shape), tuple(stride), dtype)
