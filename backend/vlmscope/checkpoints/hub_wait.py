"""`Wait`: how long a person is let wait for the Hub, and whether they still do."""

from __future__ import annotations

import time
from collections.abc import Callable

from vlmscope.checkpoints.hub_errors import Interrupted, Late
from vlmscope.checkpoints.hub_place import HubPlace

STEP = 0.1
"""Seconds after which it is asked again whether the person still waits."""

Stop = Callable[[], bool]


class Wait:
    """Ends `seconds` after it was made or last renewed, or when `stop` says so."""

    def __init__(self, seconds: float, stop: Stop | None = None) -> None:
        self.seconds = seconds
        self._stop = stop
        self.renew()

    def renew(self) -> None:
        """Something moved: the seconds begin anew."""
        self._ends = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        return max(0.0, self._ends - time.monotonic())

    @property
    def step(self) -> float:
        return min(STEP, self.left)

    def check(self, place: HubPlace, late: str | None = None) -> None:
        """Raise `Interrupted` or `Late` when it is over; `late` says what did not come in time."""
        if self._stop is not None and self._stop():
            raise Interrupted(f"{place} was stopped; ask for it again when it is wanted.")
        if self.left <= 0:
            why = "did not answer in time; try again, or use what is in the cache by its commit"
            raise Late(f"{place} {late or why}.")

    def pause(self, place: HubPlace, late: str | None = None) -> None:
        """As `check`, and a step later."""
        self.check(place, late)
        time.sleep(self.step)
