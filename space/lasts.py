"""The comparisons that stand in people's grids, held for as long as there is room for them."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from states import Handle, Last

MOST_BYTES = 512 * 2**20
"""Of all images and maps together; an image of sixteen megapixels takes 48 MB."""
GONE = "This comparison was put away to make room for others; open it from the History, or press Compare."


class Lasts:
    """What each page's grid shows, found by the handle that the page's state has; safe for many threads.

    Gradio keeps a page's state for long after the page is gone, and anybody can make it do so for a
    page that never was: so the state has the handle alone. What was not asked for longest goes first.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: WeakKeyDictionary[Handle, tuple[Last, int]] = WeakKeyDictionary()
        self._numbers = count()
        self._lock = threading.Lock()

    def keep(self, last: Last) -> Handle:
        """The handle of a comparison, which lives no longer than that; the newest is always held."""
        handle = Handle(next(self._numbers))
        with self._lock:
            self._held[handle] = last, size_of(last)
            while len(self._held) > 1 and self.bytes > self._most_bytes:
                # In the order in which they were kept or asked for.
                del self._held[next(iter(self._held))]
        return handle

    def find(self, handle: Handle | None) -> Last | None:
        """The comparison of a handle; None without one, and where it had to make room."""
        if handle is None:
            return None
        with self._lock:
            held = self._held.pop(handle, None)
            if held is None:
                return None
            self._held[handle] = held
            return held[0]

    @property
    def bytes(self) -> int:
        """What is held, about; one run is counted once, such as the one that every page begins with."""
        return sum({id(last.run): size for last, size in list(self._held.values())}.values())


def size_of(value: Any) -> int:
    """The bytes of the pixels and numbers in a value of dataclasses, tuples and mappings."""
    if isinstance(value, Image.Image):
        return value.width * value.height * len(value.getbands())
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, str | int | float):  # most of what there is
        return 0
    return sum(map(size_of, _parts(value)))


def _parts(value: Any) -> Iterator[Any]:
    if is_dataclass(value):
        yield from (getattr(value, field.name) for field in fields(value))
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, tuple | list):
        yield from value
