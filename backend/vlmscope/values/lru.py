"""A mapping bounded by count, and by bytes, that forgets what was used longest ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Keeps the `limit` values used last, of at most `limit_bytes` in all; safe for several threads.

    What is forgotten lives on for whoever still holds it, and the value used last is always kept.
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
            while len(self._items) > 1 and self._is_over():
                self._items.popitem(last=False)
        return value

    def _is_over(self) -> bool:
        if len(self._items) > self._limit:
            return True
        held = sum(self._size(value) for value in self._items.values())
        return self._limit_bytes is not None and held > self._limit_bytes

    def __len__(self) -> int:
        return len(self._items)
