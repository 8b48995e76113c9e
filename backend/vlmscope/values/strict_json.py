"""JSON without NaN or infinities, and with a bound on how deep what is read may nest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A text, also one that never ends: if it were no match, every quote in it would be tried anew."""
_BRACKET = re.compile(rb"[\[\]{}]")


def loads(text: str | bytes, max_depth: int = 32) -> Any:
    """Parse JSON; raises ValueError for NaN, a key given twice, or nesting beyond `max_depth`."""
    raw = text.encode("utf-8") if isinstance(text, str) else text
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            raise ValueError("nested too deep")
    return json.loads(raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)


def dumps(value: Any, indent: int | None = None) -> str:
    """Strict JSON of plain values, numpy's included; a number that is not finite becomes null."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a key that is there twice")
    return entries
