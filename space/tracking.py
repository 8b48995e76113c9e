"""Figures of comparisons and batches told to a tracker, when one is set; nobody waits for it."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from settings import Settings
from tracking_rows import Row, accuracy_row, case_row, comparison_row, config
from tracking_sinks import Begin, SinkRun, asks_who, sink, where
from tracking_writer import Writer
from vlmscope import Run, Variant
from vlmscope.evidence.accuracy import Accuracies
from vlmscope.evidence.cases import CaseRun

CLOSING_SECONDS = 10.0


class Batch(Protocol):
    """What of a batch's plan is told."""

    @property
    def variants(self) -> Sequence[Variant]: ...

    @property
    def options(self) -> Mapping[str, Any]: ...


class Tracker:
    """Told of every comparison and batch; this one keeps nothing.

    None of its methods raises or waits, whatever becomes of what it is told.
    """

    @property
    def trouble(self) -> str:
        """What is wrong with the tracker, in sentences; empty when nothing is."""
        return ""

    def comparison(self, run: Run, expected: str | None = None) -> None:
        """A comparison has ended."""

    def batch(self, plan: Batch) -> "TrackedBatch":
        """A batch begins, or goes on."""
        return TrackedBatch()

    def close(self) -> None:
        """The app ends."""


class TrackedBatch:
    """Told of one batch; this one keeps nothing."""

    def case(self, done: CaseRun) -> None:
        """A case has ended."""

    def done(self, found: Accuracies | None = None) -> None:
        """The batch has ended, with these shares of right answers; or stopped before."""


def tracker_of(settings: Settings, stamp: Mapping[str, Any]) -> Tracker:
    """The tracker that is set, if any; `stamp` has the conditions of all its runs.

    Raises BadSetting when it is not installed.
    """
    if settings.track is None:
        return Tracker()
    begin = sink(settings.track, settings.track_project)
    return Tracking(begin, settings.track, config(stamp), settings.track_questions)


def what_is_tracked(settings: Settings, environment: Mapping[str, str] = os.environ) -> str:
    """What leaves the machine for a tracker, in a sentence; empty when nothing does."""
    if settings.track is None:
        return ""
    if place := where(settings.track, environment):
        told = "questions, answers and figures" if settings.track_questions else "figures"
        return f"The {told} of every comparison and batch go to {place} (TRACK={settings.track})."
    return asks_who(settings.track)


class Tracking(Tracker):
    """A row for each comparison in one run of this app's start, and a run for each batch."""

    def __init__(
        self,
        begin: Begin,
        name: str,
        conditions: Row,
        has_texts: bool = False,
        writer: Writer | None = None,
    ) -> None:
        self._begin, self._conditions, self._has_texts = begin, conditions, has_texts
        self._writer = writer or Writer(name)
        self._comparisons = _Rows(self._writer, self._opened("comparisons"))
        self._open: set[_Rows] = set()

    @property
    def trouble(self) -> str:
        return self._writer.trouble

    def comparison(self, run: Run, expected: str | None = None) -> None:
        self._comparisons.add(lambda: comparison_row(run, expected, self._has_texts))

    def batch(self, plan: Batch) -> TrackedBatch:
        known = config(self._conditions, plan.variants) | dict(plan.options)
        rows = _Rows(self._writer, self._opened("batch", known))
        self._open.add(rows)
        return _Batch(rows, self._has_texts, self._open.discard)

    def close(self) -> None:
        for rows in (self._comparisons, *self._open.copy()):
            rows.finish()
        self._writer.close(CLOSING_SECONDS)

    def _opened(self, kind: str, known: Row | None = None) -> Callable[[], SinkRun]:
        def begin() -> SinkRun:
            return self._begin(name, known or self._conditions)

        name = f"{kind} {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        return begin


class _Batch(TrackedBatch):
    def __init__(self, rows: "_Rows", has_texts: bool, forget: Callable[["_Rows"], None]) -> None:
        self._rows, self._has_texts, self._forget = rows, has_texts, forget

    def case(self, done: CaseRun) -> None:
        self._rows.add(lambda: case_row(done, self._has_texts))

    def done(self, found: Accuracies | None = None) -> None:
        if found is not None:
            self._rows.add(lambda: accuracy_row(found))
        self._rows.finish()
        self._forget(self._rows)


class _Rows:
    """The rows of one run, which begins with the first of them."""

    def __init__(self, writer: Writer, begin: Callable[[], SinkRun]) -> None:
        self._writer, self._begin = writer, begin
        self._run: SinkRun | None = None
        self._step = 0

    def add(self, make: Callable[[], Row]) -> None:
        try:
            row = make()  # now, so that no run with its maps waits
        except Exception as problem:
            self._writer.fail(problem)
            return
        self._writer.do(lambda: self._log(row))

    def finish(self) -> None:
        self._writer.do(self._finish)

    def _log(self, row: Row) -> None:
        if self._run is None:
            self._run = self._begin()
        self._run.log(row, step=self._step)
        self._step += 1

    def _finish(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.finish()
