"""Work that may be slow or fail, done aside: nobody waits for it, and nothing else breaks with it."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from vlmscope.values.errors import plain

log = logging.getLogger(__name__)

MOST_WAITING = 256


class Writer:
    """Does jobs one after the other in a thread of its own, which the first one starts.

    `trouble` is one sentence when one failed, or had to be left out because too many wait; empty when all
    is well.
    """

    def __init__(self, name: str, most_waiting: int = MOST_WAITING) -> None:
        self._name = name
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(most_waiting)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._left_out = 0
        self._failed = ""

    @property
    def trouble(self) -> str:
        told = []
        if self._failed:
            told.append(f"{self._name} failed ({self._failed}).")
        if self._left_out:
            told.append(
                f"{self._left_out:,} rows were left out: {self._name} does not keep up with them."
            )
        return " ".join(told)

    def do(self, job: Callable[[], None]) -> None:
        """Have a job done soon; left out when too many wait already."""
        with self._lock:
            if self._is_closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self._left_out += 1

    def fail(self, problem: Exception) -> None:
        """Note what went wrong, for `trouble`."""
        log.warning("%s failed", self._name, exc_info=problem)
        reason = plain(str(problem) or type(problem).__name__, 200)
        self._failed = f"{reason}, at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"

    def close(self, seconds: float) -> None:
        """Take no more; what waits is done first, as far as that goes in so many seconds."""
        with self._lock:
            self._is_closed, thread = True, self._thread
        if thread is None:
            return
        until = time.monotonic() + seconds
        try:
            self._jobs.put(None, timeout=seconds)
        except queue.Full:
            return
        thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as problem:
                self.fail(problem)
