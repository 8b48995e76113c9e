"""Statistics of repeated measurements: plain functions on lists of numbers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle."""
    return float(np.median(values))


def p95(values: Sequence[float]) -> float:
    """The 95th percentile, linear between neighbours."""
    return float(np.percentile(values, 95))


def gaps(times: Sequence[float]) -> list[float]:
    """How long it was from each time to the next."""
    return [after - before for before, after in itertools.pairwise(times)]


def rotated(things: Sequence[T], by: int) -> list[T]:
    """The same things in an order that begins `by` places further on: none is always the first."""
    start = by % len(things)
    return [*things[start:], *things[:start]]
