"""Who is here: a person is the signed-in user, else a browser; each page they have open is a visit."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import gradio as gr

from comparing import StopSignal

log = logging.getLogger(__name__)

ABSENT_SECONDS = 3600
"""So long after their last page closed, a person is gone: a reload, or a train's tunnel, is neither."""

MOST_OPEN = 1000
"""Pages that are known at once, as many as Gradio keeps the states of; the oldest has to leave, since anybody
can open them."""
LONGEST_NAME = 64


@dataclass(frozen=True)
class Visit:
    """One open page of a person; `stop` ends what is compared for it."""

    person: str
    stop: StopSignal = field(default_factory=StopSignal)


def new_browser() -> str:
    """A name for a browser that was never here; nobody can guess another's."""
    return secrets.token_urlsafe(24)


def is_browser(name: object) -> bool:
    """Whether a page gives back what may be the name of its browser."""
    return isinstance(name, str) and 0 < len(name) <= LONGEST_NAME


def person_of(browser: str, user: str | None) -> str:
    """The key of a person: of the signed-in user wherever they sit, else of the browser."""
    return f"user:{user}" if user else f"browser:{browser}"


def counted_as(visit: Visit, request: gr.Request) -> str:
    """Whose share of the places something takes: a person's, else everyone's at one address.

    A client of the API is no person; those behind one address are one to the line.
    """
    client = request.client
    return visit.person or f"address:{client.host if client else 'unknown'}"


def is_signed_in(person: str) -> bool:
    """Whether a person's key is that of a user."""
    return person.startswith("user:")


class Visits:
    """The pages that are open now, by Gradio's session; safe for many threads.

    `when_left` is told of a person whose last page closed, `when_gone` of one who did not come back
    for `absent_seconds`.
    """

    def __init__(
        self,
        absent_seconds: float = ABSENT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        most_open: int = MOST_OPEN,
    ) -> None:
        self._open: dict[str, Visit] = {}
        self._left: dict[str, float] = {}
        self._absent_seconds = absent_seconds
        self._clock = clock
        self._most_open = most_open
        self._lock = threading.Lock()
        self._is_waiting = False
        self._when_left: list[Callable[[str], None]] = []
        self._when_gone: list[Callable[[str], None]] = []

    def when_left(self, tell: Callable[[str], None]) -> None:
        self._when_left.append(tell)

    def when_gone(self, tell: Callable[[str], None]) -> None:
        self._when_gone.append(tell)

    def arrive(self, session: str, person: str) -> Visit:
        """The visit of a session, which begins if it has not; another person's there ends."""
        with self._lock:
            before = self._open.get(session)
        if before is not None and before.person != person:
            self.leave(session)
        with self._lock:
            visit = self._open.get(session)
            if visit is None or visit.person != person:
                visit = self._open[session] = Visit(person)
            self._left.pop(person, None)
            # A client that never says that it leaves would stay for good.
            oldest = next(iter(self._open)) if len(self._open) > self._most_open else None
        if oldest is not None:
            self.leave(oldest)
        self._sweep()
        return visit

    def leave(self, session: str) -> None:
        """The page of a session was closed: what is compared for it stops."""
        with self._lock:
            visit = self._open.pop(session, None)
            if visit is None:
                return
            visit.stop.set()
            is_last = all(other.person != visit.person for other in self._open.values())
            if is_last:
                self._left[visit.person] = self._clock()
        if is_last:
            _tell(self._when_left, visit.person)
        self._sweep()
        self._wait()

    def is_here(self, person: str) -> bool:
        with self._lock:
            return any(visit.person == person for visit in self._open.values())

    def _sweep(self) -> None:
        with self._lock:
            now = self._clock()
            gone = [p for p, since in self._left.items() if now - since >= self._absent_seconds]
            for person in gone:
                del self._left[person]
        for person in gone:
            _tell(self._when_gone, person)

    def _wait(self) -> None:
        """Sweep when the time of those who left is over, also when nobody comes or goes by then."""
        with self._lock:
            if self._is_waiting or not self._left:
                return
            self._is_waiting = True
        threading.Thread(target=self._sweep_in_time, name="visits", daemon=True).start()

    def _sweep_in_time(self) -> None:
        while True:
            with self._lock:
                first = min(self._left.values(), default=None)
                if first is None:
                    self._is_waiting = False
                    return
            time.sleep(max(0.0, first + self._absent_seconds - self._clock()))
            self._sweep()


def _tell(listeners: Sequence[Callable[[str], None]], person: str) -> None:
    """Tell all of them; what one of them cannot do hinders neither the others nor who just came."""
    for tell in listeners:
        try:
            tell(person)
        except Exception:
            log.exception("somebody left, and not all was tidied up")
