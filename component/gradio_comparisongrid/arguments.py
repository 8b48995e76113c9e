"""Checks of the component's arguments: each names the argument, its value and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from .model import LARGEST

T = TypeVar("T")


def one_of(name: str, value: T, allowed: Sequence[str]) -> T:
    """`value`, when it is one of these names."""
    if not isinstance(value, str) or value not in allowed:
        raise _refusal(name, value, f"one of {', '.join(map(repr, allowed))}")
    return value


def within(name: str, value: float, low: float, high: float) -> float:
    """`value`, when it is a number from `low` to `high`."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise _refusal(name, value, f"a number from {low:g} to {high:g}")
    return value


def whole(name: str, value: int | None, least: int = -LARGEST) -> int | None:
    """`value`, when it is a whole number, at least `least`, that a page keeps exactly, or None."""
    if value is None:
        return None
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or not least <= value <= LARGEST:
        low = "-2^53" if least == -LARGEST else least
        raise _refusal(name, value, f"a whole number from {low} to 2^53, or None")
    return int(value)


def size(name: str, value: int | float | str | None) -> int | float | str | None:
    """`value`, when it is a number of pixels above 0, a CSS length, or None."""
    if isinstance(value, str):
        fits = bool(value.strip())
    else:
        fits = value is None or (not isinstance(value, bool) and value > 0)
    if not fits:
        raise _refusal(name, value, "a number of pixels above 0, a CSS length, or None")
    return value


def name(name: str, value: str | None) -> str | None:
    """`value`, when it is a text or None."""
    if not (value is None or isinstance(value, str)):
        raise _refusal(name, value, "a text, or None")
    return value


def switch(name: str, value: bool) -> bool:
    """`value`, when it is true or false."""
    if not isinstance(value, bool):
        raise _refusal(name, value, "True or False")
    return value


def _refusal(name: str, value: Any, needs: str) -> ValueError:
    return ValueError(f"ComparisonGrid: {name} is {value!r:.60}, but it needs {needs}")
