"""Chromium's trace of a page's main thread: what it did in each frame, and for how long.

A frame is counted from one `requestAnimationFrame` callback of the page to the next, with every task
of the main thread in between (`RunTask`): the events and the scripts that they run, styles, layout,
paint, the commit to the compositor, timers and garbage collection. The time is the thread's own
(`tdur`, its time on a processor): while it waits for the compositor to take a frame, or for another
program to leave the processor, the page does no work. The wall time is kept beside it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

CATEGORIES = [
    "-*",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "blink.user_timing",
    "v8.execute",
]
MARK = "bench"
SCRIPT = {
    "EventDispatch",
    "FunctionCall",
    "EvaluateScript",
    "RunMicrotasks",
    "FireAnimationFrame",
    "TimerFire",
}
KINDS = {
    **dict.fromkeys(SCRIPT, "script"),
    "UpdateLayoutTree": "style",
    "Layout": "layout",
    "PrePaint": "paint",
    "Paint": "paint",
    "Layerize": "paint",
    "Commit": "commit",
    "MinorGC": "garbage",
    "MajorGC": "garbage",
    "RunTask": "browser",
}
"""What a slice counts as where the time is told by kind; a task's own time is the browser's."""


@dataclass(frozen=True)
class Slice:
    """Something that the main thread did; times in milliseconds, `cpu` on a processor."""

    name: str
    start: float
    wall: float
    cpu: float
    about: str = ""

    @property
    def end(self) -> float:
        return self.start + self.wall


class Recording:
    """A trace of a page, filled when its context ends."""

    def __init__(self) -> None:
        self.slices: list[Slice] = []


@contextmanager
def recorded(page: Page) -> Iterator[Recording]:
    """Trace a page's main thread while the context lasts."""
    browser = page.context.browser
    assert browser
    recording = Recording()
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.evaluate("(name) => void performance.mark(name)", MARK)
    yield recording
    raw = json.loads(browser.stop_tracing())
    recording.slices = main_thread(raw["traceEvents"])


def main_thread(events: Iterable[dict[str, Any]]) -> list[Slice]:
    """What the thread that was marked has done since then, in order, outer slices before inner."""
    events = list(events)
    mark = next(event for event in events if event["name"] == MARK and "tid" in event)
    own = [
        event
        for event in events
        if event.get("ph") == "X"
        and (event["pid"], event["tid"]) == (mark["pid"], mark["tid"])
        and event["ts"] >= mark["ts"]
    ]
    own.sort(key=lambda event: (event["ts"], -event.get("dur", 0)))
    return [
        Slice(
            event["name"],
            event["ts"] / 1000,
            event.get("dur", 0) / 1000,
            event.get("tdur", 0) / 1000,
            str(event.get("args", {}).get("data", {}).get("type", "")),
        )
        for event in own
    ]


def tasks(slices: list[Slice]) -> list[Slice]:
    """The tasks of the main thread, none within another."""
    return list(_outermost(one for one in slices if one.name == "RunTask"))


def frames(slices: list[Slice]) -> list[list[Slice]]:
    """The tasks of each frame: from one that runs animation callbacks to the next.

    What comes before the first frame is left out, and so is the last, which is not over.
    """
    begun = [one.start for one in slices if one.name == "FireAnimationFrame"]
    found: list[list[Slice]] = []
    for task in tasks(slices):
        while begun and begun[0] < task.start:
            begun.pop(0)
        if begun and begun[0] <= task.end:
            found.append([])
        if found:
            found[-1].append(task)
    return found[:-1]


def by_task(slices: list[Slice]) -> list[list[Slice]]:
    """Each task with all that lies within it."""
    found: list[list[Slice]] = []
    end = float("-inf")
    for one in slices:
        if one.name == "RunTask" and one.start >= end:
            end = one.end
            found.append([])
        if found and one.start < end:
            found[-1].append(one)
    return found


def because_of(slices: list[Slice], events: Sequence[str]) -> list[list[Slice]]:
    """The scripts that a key, or anything else, has caused, each time that it came.

    `events` are those that it causes, the first of them first. Their listeners are counted with the
    microtasks that follow within the same task, which is where Svelte brings the page up to date.
    """
    found: list[list[Slice]] = []
    for task in by_task(slices):
        told = [one.about for one in task if one.name == "EventDispatch"]
        if events[0] in told:
            found.append([])
        if found and not set(events).isdisjoint(told):
            found[-1] += script(task)
    return found


def script(slices: list[Slice]) -> list[Slice]:
    """The scripts among them: event listeners, callbacks and microtasks, none within another."""
    return list(_outermost(one for one in slices if one.name in SCRIPT))


def by_kind(slices: list[Slice]) -> dict[str, float]:
    """Processor time by kind, in milliseconds; each slice counts less what lies within it."""
    total: dict[str, float] = defaultdict(float)
    around: list[Slice] = []
    for one in slices:
        if one.name not in KINDS:
            continue
        while around and around[-1].end <= one.start:
            around.pop()
        if around:
            total[KINDS[around[-1].name]] -= one.cpu
        total[KINDS[one.name]] += one.cpu
        around.append(one)
    return dict(total)


def _outermost(slices: Iterable[Slice]) -> Iterator[Slice]:
    end = float("-inf")
    for one in slices:
        if one.start >= end:
            end = one.end
            yield one
