"""Wishes to stop that reach a process which was forked before they were wished.

Each is a byte of memory that both processes share. A wish is pickled as its place alone.
"""

import mmap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

COUNT = 1024
"""So many at the same time; more than an app has places for comparisons."""
ASKS_EVERY_SECONDS = 0.05

_shared = mmap.mmap(-1, COUNT)
_free = list(range(COUNT))
_lock = threading.Lock()


@dataclass(frozen=True)
class Wish:
    """Whether someone wishes that a piece of work stops; asked by whoever does the work."""

    place: int

    def __call__(self) -> bool:
        return _shared[self.place] != 0

    def set(self) -> None:
        _shared[self.place] = 1


@contextmanager
def wish() -> Iterator[Wish]:
    """A wish that is not set, for as long as this lasts."""
    with _lock:
        place = _free.pop()
    _shared[place] = 0
    try:
        yield Wish(place)
    finally:
        with _lock:
            _free.append(place)


@contextmanager
def following(stop: Callable[[], bool]) -> Iterator[Wish]:
    """A wish that is set once `stop` is true; asked many times a second, by a thread of its own."""
    ended = threading.Event()
    with wish() as told:

        def follow() -> None:
            while not ended.wait(ASKS_EVERY_SECONDS):
                if stop():
                    told.set()
                    return

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            ended.set()
            thread.join()
