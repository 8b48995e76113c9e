"""Run a comparison and hand out the grid's value as it grows."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from typing import Any

from convert import Context, advanced, finished
from gradio_comparisongrid import Comparison
from vlmscope import Event, Token

UPDATES_PER_SECOND = 30
BEAT = 1 / UPDATES_PER_SECOND
LASTING = 300
"""The share of the time so far, one in so many, that words wait at least."""


class StopSignal:
    """One person's wish to stop what runs, or waits to run, for them.

    A deep copy is a signal of its own: Gradio copies a state's first value for every session.
    """

    def __init__(self) -> None:
        self._wish = threading.Event()
        self._in_use = threading.Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> "StopSignal":
        return StopSignal()

    def is_set(self) -> bool:
        return self._wish.is_set()

    def set(self) -> None:
        self._wish.set()

    @property
    def is_in_use(self) -> bool:
        """Whether something runs, or waits to run."""
        return self._in_use.locked()

    def begin(self) -> bool:
        """Forget an old wish, for a comparison that begins; false when one is under way already."""
        if not self._in_use.acquire(blocking=False):
            return False
        self._wish.clear()
        return True

    def end(self) -> None:
        """Ready for the next comparison."""
        self._wish.clear()
        with suppress(RuntimeError):  # it had not begun, or ended already
            self._in_use.release()


def watch(
    events: Generator[Event, None, None],
    context: Context,
    clock: Callable[[], float] = time.monotonic,
    hear: Callable[[Event], None] = lambda event: None,
) -> Generator[Comparison, None, None]:
    """The grid's value after every change, at most `UPDATES_PER_SECOND` while words stream.

    Of long answers it comes less often the longer they last (every 0.2 s after a minute): a value
    grows with its words, and a page that cannot keep up could not be stopped either. `hear` is told
    of every event. Closes `events`, which stops the engine, when nobody takes the values any more.
    """
    value = Comparison()
    began, due = clock(), float("-inf")
    with closing(events):
        for event in events:
            hear(event)
            value = advanced(value, event, context)
            now = clock()
            # Words may wait for the next picture; a change of status never does.
            if not isinstance(event, Token) or now >= due:
                # On a beat: a picture that is a little late does not make the next one late.
                beat = max(BEAT, (now - began) / LASTING)
                due = (due if due <= now < due + beat else now) + beat
                yield value
    yield finished(value)
