"""What visitors saw: each comparison that they asked for, how it went, and how long they waited."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Literal

Outcome = Literal["answered", "refused", "left", "stopped", "error", "unfinished"]
MARK = re.compile(r"V\d+-[0-9a-f]{12}")
OWN_REFUSALS = re.compile(
    r"comparisons wait already|of yours runs? or waits?|of yours run or wait|no free place in|Queue is full"
)
"""What the line itself says when there is no place."""
TELLS_EVERY = 1.0


@dataclass(frozen=True)
class Wait:
    """Seconds that were foretold at some moment, and those that it took from then on."""

    foretold: float
    took: float

    @property
    def error(self) -> float:
        """How far off it was, as a share of what it took."""
        return abs(self.foretold - self.took) / self.took


@dataclass
class Asked:
    """A comparison; no two have the same `mark`, which stands in its question."""

    visitor: int
    client: str
    mark: str
    outcome: Outcome = "unfinished"
    said: str = ""
    waits: list[Wait] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    """Marks of others in what came back."""

    def reads(self, text: str) -> None:
        """Look through something that came back."""
        self.strangers += [mark for mark in set(MARK.findall(text)) if mark != self.mark]


class Seen:
    """What all of them saw; safe for many threads."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends

    def asks(self, visitor: int, client: str) -> Asked:
        one = Asked(visitor, client, f"V{visitor}-{token_hex(6)}")
        with self._lock:
            self.asked.append(one)
        return one

    def latest(self, visitor: int) -> Asked | None:
        """What a visitor asked last, unless that has ended."""
        own = [one for one in self.asked if one.visitor == visitor]
        return own[-1] if own and own[-1].outcome == "unfinished" else None


def refused_or_error(said: str) -> Outcome:
    """Whether a sentence is the line's own."""
    return "refused" if OWN_REFUSALS.search(said) else "error"


def told(standings: Sequence[tuple[float, float | None]], answered: float) -> list[Wait]:
    """The first wait that was foretold, from moments and seconds to go.

    Where one stands is told every second, and that one begins is not: it is taken to be half a second
    after the last time, and no later than the first answer.
    """
    if not standings:
        return []
    begun = min(standings[-1][0] + TELLS_EVERY / 2, answered)
    known = [(at, seconds) for at, seconds in standings if seconds]
    return [Wait(seconds, begun - at) for at, seconds in known[:1] if begun > at]
