"""A mapping bounded by count, and by bytes, that forgets what was used longest ago."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Keeps the `limit` values used last, of at most `limit_bytes` in all; safe for several threads.

    What somebody else still holds is pinned: to forget it would free nothing, and asking for it again
    would make it twice. The value used last is always kept.
    """

    def __init__(
        self,
        limit: int,
        limit_bytes: int | None = None,
        size: Callable[[V], int] = lambda value: 0,
    ) -> None:
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._size = size
        self._items: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """The value for `key`, made outside the lock when it is not there."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
        value = make()
        with self._lock:
            value = self._items.setdefault(key, value)
            self._items.move_to_end(key)
            self._forget(self._is_over)
        return value

    def clear(self) -> None:
        """Forget whatever nobody holds."""
        with self._lock:
            self._forget(lambda: True)

    def _forget(self, is_due: Callable[[], bool]) -> None:
        for key in list(self._items):
            if not is_due():
                return
            value = self._items.pop(key)
            left = weakref.ref(value)
            del value  # the last reference, unless somebody holds it
            held = left()
            if held is not None:
                self._items[key] = held

    def _is_over(self) -> bool:
        if len(self._items) > self._limit:
            return True
        held = sum(self._size(value) for value in self._items.values())
        return self._limit_bytes is not None and held > self._limit_bytes

    def __len__(self) -> int:
        return len(self._items)
