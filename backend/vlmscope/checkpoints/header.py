"""A safetensors header, read and checked without touching the tensors.

The format: 8 bytes little-endian length, that many bytes of JSON, then the tensors. Every number
in it is a claim of the file's author, so each is bounded before it is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

from vlmscope.checkpoints.blob import Blob
from vlmscope.values import strict_json
from vlmscope.values.errors import CheckpointError

MAX_HEADER_BYTES = 8_000_000
FIRST = 100_000
"""Bytes read at first: the whole header of some 800 tensors in one piece."""
MAX_DEPTH = 8

_DTYPES_OF_BITS = {
    8: ("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"),
    16: ("U16", "I16", "F16", "BF16"),
    32: ("U32", "I32", "F32"),
    64: ("U64", "I64", "F64", "C64"),
}
BITS = {dtype: bits for bits, dtypes in _DTYPES_OF_BITS.items() for dtype in dtypes}


@dataclass(frozen=True)
class Header:
    """Each tensor's shape and dtype, and the file's own metadata (text to text)."""

    tensors: Mapping[str, tuple[tuple[int, ...], str]]
    metadata: Mapping[str, str]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {key: shape for key, (shape, _) in self.tensors.items()}


def read_header(blob: Blob) -> Header:
    """The header of a safetensors file; raises CheckpointError for anything else."""
    start = blob.read(0, min(FIRST, blob.size))
    length = int.from_bytes(start[:8], "little")
    if len(start) < 8 or length < 2 or length > blob.size - 8 or length > MAX_HEADER_BYTES:
        raise CheckpointError(
            f"{blob.name} is no safetensors file (its header claims {length:,} bytes of "
            f"{blob.size:,}); give one that safetensors wrote."
        )
    text = start[8 : 8 + length]
    if len(text) < length:
        text += blob.read(len(start), 8 + length - len(start))
    return _parse(text, blob.size - 8 - length, blob.name)


def _parse(text: bytes, data_bytes: int, name: str) -> Header:
    try:
        entries = strict_json.loads(text, MAX_DEPTH)
        if not isinstance(entries, dict):
            raise ValueError("not an object")
        metadata = entries.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise ValueError("metadata that is not text")
        spans = []
        tensors = {}
        for key, entry in entries.items():
            shape, dtype, span = _tensor(key, entry, data_bytes)
            tensors[key] = (shape, dtype)
            spans.append(span)
        spans.sort()
        if any(a[1] > b[0] for a, b in pairwise(spans)):
            raise ValueError("tensors that overlap")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{name} has a damaged safetensors header ({error}); save it again or give another."
        ) from None
    return Header(tensors, metadata)


def _tensor(key: str, entry: Any, data_bytes: int) -> tuple[tuple[int, ...], str, tuple[int, int]]:
    if not isinstance(entry, dict):
        raise ValueError(f"{key!r} is no tensor")
    shape, span = _counts(entry.get("shape")), _counts(entry.get("data_offsets"))
    dtype = entry.get("dtype")
    if shape is None or len(shape) > 16 or span is None or len(span) != 2:
        raise ValueError(f"{key!r} has no shape or no place")
    start, end = span
    if not start <= end <= data_bytes:
        raise ValueError(f"{key!r} lies outside the file")
    bits = BITS.get(dtype) if isinstance(dtype, str) else None
    if bits is not None and prod(shape) * bits != (end - start) * 8:
        raise ValueError(f"{key!r} claims more or less than it holds")
    return shape, str(dtype), (start, end)


def _counts(values: Any) -> tuple[int, ...] | None:
    if not isinstance(values, list):
        return None
    usable = (type(value) is int and 0 <= value < 2**48 for value in values)
    return tuple(values) if all(usable) else None
