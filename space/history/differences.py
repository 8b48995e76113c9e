"""What is not the same between two comparisons' conditions, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from titles import base_name
from vlmscope.values.errors import plain

MAX_VALUE = 80


def differences(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """`dtype was float16, is float32` for every fact that differs; groups are told by their parts."""
    return list(_differing("", stored, now))


def sentence(differs: list[str]) -> str:
    if not differs:
        return "Under the same conditions."
    return f"Not under the same conditions: {'; '.join(differs)}."


def _differing(name: str, stored: Any, now: Any) -> Iterator[str]:
    if isinstance(stored, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*stored, *now)):
            yield from _differing(str(key), stored.get(key), now.get(key))
    elif stored != now:
        yield f"{plain(name, MAX_VALUE)} was {_said(name, stored)}, is {_said(name, now)}"


def _said(name: str, value: Any) -> str:
    if value is None:
        return "unknown"
    return plain(base_name(str(value)) if name == "base" else str(value), MAX_VALUE)
