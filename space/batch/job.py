"""One person's batch as it runs: a thread of the server, one case after the other."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from batch.plan import Plan
from batch.rows import Row, row_of
from engine import run_cases
from journal import Journal
from pace import Work
from places import Places
from request import picture_size
from vlmscope import Case, SharedBase, VlmscopeError
from vlmscope.evidence.cases import CaseRun

log = logging.getLogger(__name__)

State = Literal["running", "paused", "stopped", "done"]
FAILED = "The batch failed unexpectedly; the server's log says where. What is finished is kept."


@dataclass(frozen=True)
class Progress:
    """How far a batch is: `seconds` it ran, pauses left out, and the `left` ones, None when not known.

    `is_waiting` says that others have every place now, and `note` why it does not run.
    """

    state: State
    done: int
    total: int
    seconds: float
    left: float | None
    is_waiting: bool
    note: str


class Job:
    """A batch that runs, pauses after a case, stops within one, and goes on where it was.

    `keep` takes each case as it ends; raises VlmscopeError or OSError where it cannot: then the batch
    stops, and asks that case again when it goes on. `tell` hears of every change of the state,
    with the finished cases by id. `limits` are options of the engine that hold for every batch. The `journal`
    has a line for each case of `who`.
    """

    def __init__(
        self,
        base: SharedBase,
        plan: Plan,
        places: Places,
        keep: Callable[[CaseRun], None],
        tell: Callable[[State, Mapping[str, Row]], None],
        limits: Mapping[str, Any] | None = None,
        journal: Journal | None = None,
        who: str = "",
    ) -> None:
        self.plan = plan
        self._base, self._places, self._keep, self._tell = base, places, keep, tell
        self._limits, self._journal, self._who = limits or {}, journal or Journal(), who
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._state: State = "stopped"
        self._note = ""
        self._is_waiting = False
        self._stop, self._pause = threading.Event(), threading.Event()
        self._why_paused = ""
        self._thread: threading.Thread | None = None
        self._ran = 0.0
        self._since: float | None = None

    def restore(self, rows: Iterable[Row], note: str) -> None:
        """Take over what is finished, before anything runs; `note` says why the rest is not."""
        self._rows = {row.case: row for row in rows}
        self._ran = sum(row.seconds for row in self._rows.values())
        if len(self._rows) == len(self.plan.cases):
            self._state = "done"
        else:
            self._note = note

    @property
    def rows(self) -> Mapping[str, Row]:
        """The finished cases by id."""
        with self._lock:
            return dict(self._rows)

    @property
    def is_running(self) -> bool:
        return self._state == "running"

    def progress(self) -> Progress:
        """How far it is; what is left is as long as the median of the finished cases says."""
        with self._lock:
            done, total = len(self._rows), len(self.plan.cases)
            running = 0.0 if self._since is None else time.monotonic() - self._since
            times = [row.seconds for row in self._rows.values()]
            left = median(times) * (total - done) if times and done < total else None
            return Progress(
                self._state, done, total, self._ran + running, left, self._is_waiting, self._note
            )

    def go_on(self) -> None:
        """Run what is not finished; a batch that was about to end does not."""
        with self._lock:
            self._stop.clear()
            self._pause.clear()
            if self._state in ("running", "done"):
                return
            self._since = time.monotonic()
            # In the context of the request that began it: on ZeroGPU the GPU's time is the visitor's.
            self._thread = threading.Thread(
                target=copy_context().run, args=(self._work,), daemon=True
            )
            self._set("running")
            self._thread.start()

    def stop(self) -> None:
        """End within the case that runs."""
        self._stop.set()

    def pause(self, why: str = "") -> None:
        """End after the case that runs, with a note that says why."""
        self._why_paused = why
        self._pause.set()

    def end_pause(self) -> None:
        """Go on where it paused, or is about to; what was stopped stays so."""
        if self._state in ("running", "paused") and not self._stop.is_set():
            self.go_on()

    def wait(self, seconds: float | None = None) -> None:
        """Return when the batch does not run, or after so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        try:
            while (case := self._next()) is not None:
                self._ask(case)
        except (VlmscopeError, OSError) as problem:
            self._end("stopped", f"{_why(problem)} What is finished is kept.")
        except Exception:
            log.exception("a batch failed")
            self._end("stopped", FAILED)

    def _next(self) -> Case | None:
        """The first case that is not finished; None, and the new state, where nothing more is to run."""
        with self._lock:
            case = next((each for each in self.plan.cases if each.id not in self._rows), None)
            if case is not None and not self._is_ending():
                return case
            if case is None:
                self._set("done")
            elif self._stop.is_set():
                self._set("stopped")
            else:
                self._set("paused", self._why_paused)
            return None

    def _is_ending(self) -> bool:
        return self._stop.is_set() or self._pause.is_set()

    def _ask(self, case: Case) -> None:
        self._is_waiting = True
        plan = self.plan
        work = Work("measured" if plan.is_measured else "together", len(plan.variants))
        with self._places.case(work, self._is_ending) as ticket:
            self._is_waiting = False
            if not ticket.has_place:
                return
            with self._journal.entry("batch", self._who, work.kind) as entry:
                entry.ticket = ticket
                entry.asks(plan.variants, picture_size(str(case.image)) or (0, 0), case.query)
                found = self._run(case)
                entry.run = found[0].run if found else None
                entry.outcome = "refused" if found and found[0].error else None
        for each in found:
            self._keep(each)
            with self._lock:
                self._rows[case.id] = row_of(each)

    def _run(self, case: Case) -> list[CaseRun]:
        """The case's outcome; none where it was stopped before its end."""
        options = {**self.plan.options, **self._limits}
        stop = self._stop.is_set
        return list(run_cases(self._base, [case], self.plan.variants, stop=stop, **options))

    def _end(self, state: State, note: str) -> None:
        with self._lock:
            self._set(state, note)

    def _set(self, state: State, note: str = "") -> None:
        """The new state; the lock is held, so that nobody hears of two in the wrong order."""
        if state != "running" and self._since is not None:
            self._ran += time.monotonic() - self._since
            self._since = None
        self._state, self._note, self._is_waiting = state, note, False
        try:
            self._tell(state, self._rows)
        except (VlmscopeError, OSError) as problem:
            self._note = self._note or _why(problem)


def _why(problem: VlmscopeError | OSError) -> str:
    """What hinders a batch, without where its files lie."""
    if isinstance(problem, OSError):
        reason = problem.strerror or type(problem).__name__
        return f"The disk refuses what is to be kept ({reason}); make room there, then go on."
    return str(problem)
