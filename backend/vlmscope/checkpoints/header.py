"""A safetensors header, read and checked without touching the tensors.

The format: 8 bytes little-endian length, that many bytes of JSON, then the tensors. Every number
in it is a claim of the file's author, so each is bounded before it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from vlmscope.checkpoints.blob import Blob
from vlmscope.values import strict_json
from vlmscope.values.errors import CheckpointError, shown

MAX_HEADER_BYTES = 4_000_000
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
_DTYPE = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
"""Also one of a later release: its tensors can be listed, and not loaded."""


@dataclass(frozen=True)
class Header:
    """Each tensor's shape and dtype, and the file's own metadata (text to text).

    `spans`, of a safetensors file: where each tensor's bytes begin and end in it.
    """

    tensors: Mapping[str, tuple[tuple[int, ...], str]]
    metadata: Mapping[str, str]
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {key: shape for key, (shape, _) in self.tensors.items()}


def read_header(blob: Blob) -> Header:
    """The header of a safetensors file; raises CheckpointError for anything else.

    The rules are those of safetensors itself: no key twice, and tensors that follow one another from the
    header to the end of the file without a gap.
    """
    start = blob.read(0, min(FIRST, blob.size))
    length = int.from_bytes(start[:8], "little")
    if len(start) < 8 or length < 2 or length > blob.size - 8:
        raise CheckpointError(
            f"{blob.name} is no safetensors file (its header claims {length:,} bytes of "
            f"{blob.size:,}); give one that safetensors wrote."
        )
    if length > MAX_HEADER_BYTES:
        raise CheckpointError(
            f"{blob.name} has a header of {length:,} bytes, and at most {MAX_HEADER_BYTES:,} are read; "
            "save its tensors in several files."
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
        for each in (*entries, *metadata, *metadata.values()):
            each.encode()  # half a character is no text to safetensors
        tensors, places = {}, {}
        for key, entry in entries.items():
            tensors[key], places[key] = _tensor(key, entry, data_bytes)
        _check_gapless(places.values(), data_bytes)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{name} has a damaged safetensors header ({error}); save it again or give another."
        ) from None
    first = 8 + len(text)
    spans = {key: (first + start, first + end) for key, (start, end) in places.items()}
    return Header(tensors, metadata, spans)


def _check_gapless(places: Iterable[tuple[int, int]], data_bytes: int) -> None:
    at = 0
    for start, end in sorted(places):
        if start != at:
            raise ValueError("tensors that overlap" if start < at else "a gap between tensors")
        at = end
    if at != data_bytes:
        raise ValueError(f"{data_bytes - at:,} bytes after the last tensor")


def _tensor(
    key: str, entry: Any, data_bytes: int
) -> tuple[tuple[tuple[int, ...], str], tuple[int, int]]:
    if not isinstance(entry, dict):
        raise ValueError(f"{shown(key)} is no tensor")
    shape, span = _counts(entry.get("shape")), _counts(entry.get("data_offsets"))
    dtype = entry.get("dtype")
    if shape is None or len(shape) > 16 or span is None or len(span) != 2:
        raise ValueError(f"{shown(key)} has no shape or no place")
    if not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
        raise ValueError(f"{shown(key)} has no dtype")
    start, end = span
    if not start <= end <= data_bytes:
        raise ValueError(f"{shown(key)} lies outside the file")
    bits = BITS.get(dtype)
    if not is_countable(shape) or (bits is not None and prod(shape) * bits != (end - start) * 8):
        raise ValueError(f"{shown(key)} claims more or less than it holds")
    return (shape, dtype), (start, end)


def is_countable(shape: tuple[int, ...]) -> bool:
    """Whether the sides of a tensor, without those of 0, multiply to a number that PyTorch can count to."""
    return prod(side or 1 for side in shape) < 2**63


def _counts(values: Any) -> tuple[int, ...] | None:
    if not isinstance(values, list):
        return None
    usable = (type(value) is int and 0 <= value < 2**48 for value in values)
    return tuple(values) if all(usable) else None
