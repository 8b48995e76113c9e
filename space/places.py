"""The places of the engine: comparisons that someone waits for come first, batches take what is left."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

ASKS_EVERY_SECONDS = 0.1
"""How often who waits is asked whether they still want to."""


class Places:
    """`count` places, each for one comparison or for one case of a batch; safe for many threads.

    Batches give way: they wait while any comparison does, take turns case by case, and where there
    are several places they leave one free.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._for_batches = max(1, count - 1)
        self._changed = threading.Condition()
        self._taken = {"comparison": 0, "batch": 0}
        self._waiting: dict[str, list[object]] = {"comparison": [], "batch": []}

    def comparison(self, stop: Callable[[], bool]) -> AbstractContextManager[bool]:
        """A place for a comparison; False when `stop` came true before there was one."""
        return self._place("comparison", stop)

    def case(self, stop: Callable[[], bool]) -> AbstractContextManager[bool]:
        """A place for one case of a batch; False when `stop` came true before there was one."""
        return self._place("batch", stop)

    @contextmanager
    def _place(self, kind: str, stop: Callable[[], bool]) -> Iterator[bool]:
        has_place = self._wait(kind, stop)
        try:
            yield has_place
        finally:
            if has_place:
                with self._changed:
                    self._taken[kind] -= 1
                    self._changed.notify_all()

    def _wait(self, kind: str, stop: Callable[[], bool]) -> bool:
        ticket, line = object(), self._waiting[kind]
        with self._changed:
            line.append(ticket)
            try:
                while line[0] is not ticket or not self._is_free(kind):
                    if stop():
                        return False
                    self._changed.wait(ASKS_EVERY_SECONDS)
                self._taken[kind] += 1
                return True
            finally:
                line.remove(ticket)
                self._changed.notify_all()

    def _is_free(self, kind: str) -> bool:
        if sum(self._taken.values()) >= self._count:
            return False
        if kind == "comparison":
            return True
        return not self._waiting["comparison"] and self._taken["batch"] < self._for_batches
