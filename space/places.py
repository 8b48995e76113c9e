"""The places of the engine, and the one line of those who wait for them: who comes first is served first."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pace import Pace, Work, wait
from vlmscope import VlmscopeError

ASKS_EVERY_SECONDS = 0.1
"""How often who waits is asked whether they still want to."""
TELLS_AFTER_SECONDS = 0.5
TELLS_EVERY_SECONDS = 1.0
TURNS = 4
"""After so many comparisons it is a waiting batch's turn, for one case."""
PATIENCE = 10
"""Nobody waits longer than so many times what one comparison may take."""


class Busy(VlmscopeError):
    """There is no place in the line; the sentence says why, and when to come back."""


@dataclass(frozen=True)
class Bounds:
    """None is no bound. `waiting` in the line at most, `each` running or waiting for one person, and
    `seconds` that one comparison may take."""

    waiting: int | None = None
    each: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Standing:
    """Where one is in the line: `place` 1 is next. `seconds` to go is None where it is not known, and 0
    where what runs takes longer than expected; it is estimated from `measured` comparisons at least."""

    place: int
    seconds: float | None
    measured: int


class Ticket:
    """A place in the line, and then one of the engine's; made by `Places`."""

    def __init__(self, places: "Places", kind: str, who: str, work: Work, now: float) -> None:
        self.kind, self.who, self.work = kind, who, work
        self.has_place = False
        self.waited = 0.0
        """Seconds until it had a place, or gave up."""
        self.since = now
        """When it came, then when it had a place."""
        self.took: float | None = None
        """Seconds for which it had a place, once it gave that back."""
        self._places = places

    def waits(self, stop: Callable[[], bool]) -> Iterator[Standing]:
        """Returns with a place, or without one when `stop` comes true; tells of a wait that lasts about
        every second. Raises Busy for one that lasts too long."""
        seconds = TELLS_AFTER_SECONDS
        while not self._places._over(self, stop, seconds):
            yield self._places.standing(self)
            seconds = TELLS_EVERY_SECONDS

    def take(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Wait without a word; whether there is a place."""
        for _ in self.waits(stop):
            pass
        return self.has_place


class Places:
    """`count` places, each for one comparison or for one case of a batch; safe for many threads.

    Batches give way: they wait while any comparison does, but never behind more than `TURNS`, take
    turns case by case, and where there are several places they leave one free.
    """

    def __init__(
        self,
        count: int,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._for_batches = max(1, count - 1)
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._pace = Pace(self._bounds.seconds)
        self._changed = threading.Condition()
        self._running: list[Ticket] = []
        self._lines: dict[str, list[Ticket]] = {"comparison": [], "batch": []}
        self._held: Counter[str] = Counter()
        self._since_batch = 0

    @contextmanager
    def comparison(self, who: str, work: Work) -> Iterator[Ticket]:
        """The last place in the line, for somebody who may have a few; what it becomes is given back
        at the end. Raises Busy where the line, or what they may have, is full."""
        ticket = self._join(Ticket(self, "comparison", who, work, self._clock()))
        try:
            yield ticket
        finally:
            self._leave(ticket)

    @contextmanager
    def case(self, work: Work, stop: Callable[[], bool]) -> Iterator[Ticket]:
        """A place for one case of a batch; `has_place` is False when `stop` came true before there
        was one."""
        ticket = self._join(Ticket(self, "batch", "", work, self._clock()))
        try:
            ticket.take(stop)
            yield ticket
        finally:
            self._leave(ticket)

    def standing(self, ticket: Ticket) -> Standing:
        """Where a ticket that waits is in its line."""
        with self._changed:
            line = self._lines[ticket.kind]
            before = line[: line.index(ticket)]
            works = [each.work for each in (*self._running, *before)]
            measured = min((self._pace.count(work.kind) for work in works), default=0)
            seconds = self._wait_after(before) if measured else None
            return Standing(len(before) + 1, seconds, measured)

    def _wait_after(self, before: list[Ticket]) -> float | None:
        """Seconds until there is a place for who comes after these; the lock is held."""
        now = self._clock()
        left = [self._expected(each.work) - (now - each.since) for each in self._running]
        free = [0.0] * (self._count - len(left))
        return wait([*(max(0.0, each) for each in left), *free], self._ahead(before))

    def _ahead(self, before: list[Ticket]) -> Iterator[float]:
        """How long those before take, and the cases of a batch whose turn comes among them."""
        passed, batches = self._since_batch, self._lines["batch"]
        for each in (*before, None):
            if batches and passed >= TURNS:
                passed = 0
                yield self._expected(batches[0].work)
            if each is not None:
                passed += 1
                yield self._expected(each.work)

    def _expected(self, work: Work) -> float:
        return self._pace.expected(work) or 0.0

    def _join(self, ticket: Ticket) -> Ticket:
        line, bounds = self._lines[ticket.kind], self._bounds
        with self._changed:
            if ticket.kind == "comparison":
                if bounds.each is not None and self._held[ticket.who] >= bounds.each:
                    raise Busy(_too_many(bounds.each))
                if bounds.waiting is not None and len(line) >= bounds.waiting:
                    raise Busy(
                        f"{len(line)} comparisons wait already, the most that may here; "
                        "come back in a while, nothing of the form is lost."
                    )
                self._held[ticket.who] += 1
            line.append(ticket)
        return ticket

    def _leave(self, ticket: Ticket) -> None:
        with self._changed:
            if ticket.has_place:
                self._running.remove(ticket)
                ticket.took = self._clock() - ticket.since
                self._pace.add(ticket.work, ticket.took)
            elif ticket in self._lines[ticket.kind]:
                self._lines[ticket.kind].remove(ticket)
            if ticket.kind == "comparison":
                self._held -= Counter([ticket.who])
            self._changed.notify_all()

    def _over(self, ticket: Ticket, stop: Callable[[], bool], seconds: float) -> bool:
        """Whether a wait ended within so many seconds, with a place or because of `stop`."""
        until = self._clock() + seconds
        with self._changed:
            while not self._is_turn(ticket):
                now = self._clock()
                ticket.waited = now - ticket.since
                if stop():
                    self._lines[ticket.kind].remove(ticket)
                    self._changed.notify_all()
                    return True
                self._end_patience(ticket)
                if now >= until:
                    return False
                self._changed.wait(ASKS_EVERY_SECONDS)
            self._take(ticket)
            return True

    def _take(self, ticket: Ticket) -> None:
        now = self._clock()
        self._lines[ticket.kind].remove(ticket)
        ticket.has_place, ticket.waited, ticket.since = True, now - ticket.since, now
        self._running.append(ticket)
        is_passed = ticket.kind == "comparison" and bool(self._lines["batch"])
        self._since_batch = self._since_batch + 1 if is_passed else 0
        self._changed.notify_all()

    def _end_patience(self, ticket: Ticket) -> None:
        seconds = self._bounds.seconds
        if ticket.kind == "comparison" and seconds and ticket.waited > PATIENCE * seconds:
            raise Busy(
                f"There was no free place in {PATIENCE * seconds:g} s, the longest wait here; "
                "compare again, nothing of the form is lost."
            )

    def _is_turn(self, ticket: Ticket) -> bool:
        if self._lines[ticket.kind][0] is not ticket or len(self._running) >= self._count:
            return False
        batch_is_due = self._lines["batch"] and self._since_batch >= TURNS and self._may_batch
        if ticket.kind == "comparison":
            return not batch_is_due
        return self._may_batch and bool(batch_is_due or not self._lines["comparison"])

    @property
    def _may_batch(self) -> bool:
        return sum(each.kind == "batch" for each in self._running) < self._for_batches


def _too_many(most: int) -> str:
    has = "1 comparison of yours runs or waits" if most == 1 else f"{most} of yours run or wait"
    return f"{has} already, the most for one person here; stop one, or wait until it ends."
