"""A wish to stop that comes at the same step each time."""

from __future__ import annotations

from collections.abc import Callable


def after(steps: int) -> Callable[[], bool]:
    """A `stop` that is asked so often before it says yes."""
    left = iter(range(steps))
    return lambda: next(left, None) is None
