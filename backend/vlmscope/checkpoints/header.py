"""A safetensors header, read and checked without touching the tensors.

The format: 8 bytes little-endian length, that many bytes of JSON, then the tensors. Every number
in it is a claim of the file's author, so each is bounded before it is believed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from vlmscope.values.errors import CheckpointError

MAX_HEADER_BYTES = 25_000_000
MAX_DEPTH = 8

_ITEM_BITS = {
    **{name: 8 for name in ("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0")},
    **{name: 16 for name in ("U16", "I16", "F16", "BF16")},
    **{name: 32 for name in ("U32", "I32", "F32")},
    **{name: 64 for name in ("U64", "I64", "F64", "C64")},
}


@dataclass(frozen=True)
class Header:
    """Each tensor's shape and dtype, and the file's own metadata (text to text)."""

    tensors: Mapping[str, tuple[tuple[int, ...], str]]
    metadata: Mapping[str, str]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {key: shape for key, (shape, _) in self.tensors.items()}


def read_header(path: str | os.PathLike[str]) -> Header:
    """The header of a safetensors file; raises CheckpointError for anything else."""
    name = os.path.basename(os.fspath(path))
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            prefix = file.read(8)
            length = int.from_bytes(prefix, "little")
            if len(prefix) < 8 or length < 2 or length > size - 8 or length > MAX_HEADER_BYTES:
                raise CheckpointError(
                    f"{name} is no safetensors file (its header claims {length:,} bytes of "
                    f"{size:,}); give one that safetensors wrote."
                )
            text = file.read(length)
    except OSError as error:
        raise CheckpointError(
            f"{name} cannot be read ({error.strerror}); check the path."
        ) from error
    return _parse(text, size - 8 - length, name)


def _parse(text: bytes, data_bytes: int, name: str) -> Header:
    try:
        if _depth(text) > MAX_DEPTH:
            raise ValueError("nested too deep")
        entries = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
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
        if any(a[1] > b[0] for a, b in zip(spans, spans[1:], strict=False)):
            raise ValueError("tensors that overlap")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{name} has a damaged safetensors header ({error}); save it again or give another."
        ) from None
    return Header(tensors, metadata)


def _tensor(key: str, entry: Any, data_bytes: int) -> tuple[tuple[int, ...], str, tuple[int, int]]:
    if not isinstance(entry, dict):
        raise ValueError(f"{key!r} is no tensor")
    shape, dtype, offsets = entry.get("shape"), entry.get("dtype"), entry.get("data_offsets")
    if not _counts(shape) or len(shape) > 16 or not _counts(offsets) or len(offsets) != 2:
        raise ValueError(f"{key!r} has no shape or no place")
    bits = _ITEM_BITS.get(dtype) if isinstance(dtype, str) else None
    start, end = offsets
    if not 0 <= start <= end <= data_bytes:
        raise ValueError(f"{key!r} lies outside the file")
    if bits is not None and prod(shape) * bits != (end - start) * 8:
        raise ValueError(f"{key!r} claims more or less than it holds")
    return tuple(shape), str(dtype), (start, end)


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 2**48 for v in values
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a key that is there twice")
    return entries


def _depth(text: bytes) -> int:
    """How deep brackets nest outside strings, without parsing."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in text:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in (0x7B, 0x5B):
            depth += 1
            if depth > deepest:
                deepest = depth
                if deepest > MAX_DEPTH:
                    return deepest
        elif byte in (0x7D, 0x5D):
            depth -= 1
    return deepest
