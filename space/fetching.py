"""A download as it goes on, for a page that shows its bytes and may stop it."""

import threading
from collections import deque
from collections.abc import Callable, Iterator

from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_find import fetched

SECONDS = 0.2
"""How often the page is told at most."""


def fetching(
    hub: Hub, source: str, pickles: bool, stop: Callable[[], bool]
) -> Iterator[tuple[int, int]]:
    """The bytes that are there and all, a few times a second; raises what went wrong at the end.

    Closed early, the download stops too, and the next one goes on from there.
    """
    told: deque[tuple[int, int]] = deque(maxlen=1)
    faults: list[Exception] = []
    closed = threading.Event()

    def work() -> None:
        try:
            fetched(
                hub,
                source,
                pickles,
                progress=lambda have, whole: told.append((have, whole)),
                stop=lambda: closed.is_set() or stop(),
            )
        except Exception as error:
            faults.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(SECONDS)
            if told:
                yield told.pop()
    finally:
        closed.set()
    if faults:
        raise faults[0]
