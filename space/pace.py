"""How long comparisons take here, from the latest that were made, and how long a wait that makes."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heapreplace

LATEST = 20
"""So many comparisons of a kind say how long the next one takes."""


@dataclass(frozen=True)
class Work:
    """What a place is wanted for: `kind` is the mode of a comparison or another name for what is alike,
    `variants` how many run in it."""

    kind: str
    variants: int = 1


class Pace:
    """Mean seconds of a variant, by the kind of work; `most` bounds what one comparison may take.

    Whatever had a place counts, also what was stopped there: so long it was taken.
    """

    def __init__(self, most: float | None = None) -> None:
        self._most = most
        self._took: dict[str, deque[tuple[int, float]]] = {}

    def add(self, work: Work, seconds: float) -> None:
        """Such work had a place for so long."""
        took = self._took.setdefault(work.kind, deque(maxlen=LATEST))
        took.append((work.variants, seconds))

    def count(self, kind: str) -> int:
        """How many of the kind were measured lately."""
        return len(self._took.get(kind, ()))

    def expected(self, work: Work) -> float | None:
        """Seconds that such work takes; None before any of its kind was measured."""
        took = self._took.get(work.kind)
        if not took:
            return None
        seconds = sum(s for _, s in took) / sum(n for n, _ in took) * work.variants
        return seconds if self._most is None else min(seconds, self._most)


def wait(left: Iterable[float], ahead: Iterable[float]) -> float:
    """Seconds until a place is free for whoever comes after `ahead`, each of which takes so long.

    `left` has for every place the seconds until it is free. Whoever is first takes the first free one.
    """
    free = list(left)
    heapify(free)
    for seconds in ahead:
        heapreplace(free, free[0] + seconds)
    return free[0]
