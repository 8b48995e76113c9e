"""A `.pt` file: its tensors' names, shapes and places from a peek, and their bytes without a pickle run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from vlmscope.checkpoints.archive import Archive, is_archive
from vlmscope.checkpoints.blob import Blob
from vlmscope.checkpoints.header import BITS, Header, is_countable
from vlmscope.checkpoints.places import PICKLES
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.values.errors import CheckpointError, shown

PICKLE = "data.pkl"
MAX_PICKLE_BYTES = 4_000_000
MAX_REPEATED = 2**26
"""Bytes of a tensor that shows the numbers of its record several times, as `expand` does."""


@dataclass(frozen=True)
class Place:
    """Where a tensor's numbers are: a view, in numbers of `dtype`, of a record's bytes."""

    record: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * BITS[self.dtype] // 8

    @property
    def span(self) -> tuple[int, int]:
        """Where in the record the bytes of its first and its last number begin and end."""
        if not prod(self.shape):
            return 0, 0
        steps = zip(self.shape, self.stride, strict=True)
        numbers = 1 + sum((size - 1) * step for size, step in steps)
        size = BITS[self.dtype] // 8
        return self.offset * size, (self.offset + numbers) * size


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
    """Whether it is such an archive, by its name and its first bytes, which must say the same.

    Raises CheckpointError for an archive by another name, which would pass where no pickle may, and for
    a pickle that lies bare in the file.
    """
    is_named = blob.name.endswith(PICKLES)
    if is_archive(blob.read(0, min(4, blob.size))):
        if not is_named:
            raise CheckpointError(
                f"{blob.name} is an archive of torch.save by another name; call it .pt, or save its "
                "tensors as .safetensors."
            )
        return True
    if is_named:
        raise CheckpointError(
            f"{blob.name} is a bare pickle or an older file of torch.save, which cannot be looked into "
            "without running it; save it again with torch.save, or as .safetensors."
        )
    return False


def read_torch_file(blob: Blob, reader: PickleReader) -> TorchFile:
    """Directory and pickle of an archive, held against each other; raises CheckpointError.

    No tensor is read. A view may not reach beyond its storage, nor make much of little, and a storage
    has exactly its record's bytes.
    """
    archive = Archive(blob)
    said = reader.outline(archive.read(PICKLE, MAX_PICKLE_BYTES), blob.name)
    try:
        places = {
            str(key): _checked(blob.name, str(key), place, archive)
            for key, place in said["tensors"].items()
        }
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(
            f"{blob.name} claims what it does not hold ({error}); save it again, or give another."
        ) from None
    return TorchFile(archive, places, said["facts"], bool(said["is_training"]))


def _checked(file: str, key: str, said: list[Any], archive: Archive) -> Place:
    name, numel, storage_dtype, offset, shape, stride, dtype = said
    record = archive.records.get(name)
    label = shown(key)
    if record is None:
        raise ValueError(f"{label} has no record")
    if numel * BITS[storage_dtype] != record.size * 8:
        raise ValueError(
            f"{label} claims {numel:,} numbers and its record has {record.size:,} bytes"
        )
    place = Place(name, offset, tuple(shape), tuple(stride), dtype)
    if not is_countable(place.shape) or place.span[1] > record.size:
        raise ValueError(f"{label} of shape {shown(shape)} is larger than its record")
    if place.nbytes > max(record.size, MAX_REPEATED):
        raise CheckpointError(
            f"{file} holds {label} as a view that shows each number many times, {place.nbytes:,} bytes "
            f"of a record's {record.size:,}; call contiguous() on it before saving."
        )
    return place
