"""Comparisons that are replayed: the first is computed and kept, the others give its events again."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vlmscope import Event, Finished, Maps, Started, Token

Timed = tuple[float, Event]
"""An event, and the seconds after the start at which it came."""
TEXT = "the star stands left of a circle, and "
"""A letter a token: answers stay as short as an answer is, however long they are watched."""


@dataclass
class Stored:
    """Stands in for `vlmscope.compare`; `change` makes the events that are replayed of those kept."""

    compare: Callable[..., Iterable[Event]]
    change: Callable[[list[Timed]], list[Timed]] = list
    kept: list[Timed] = field(default_factory=list)

    def __call__(self, *arguments: Any, **options: Any) -> Generator[Event, None, None]:
        return self._replayed() if self.kept else self._computed(*arguments, **options)

    def _computed(self, *arguments: Any, **options: Any) -> Generator[Event, None, None]:
        begun, kept = time.perf_counter(), []
        for event in self.compare(*arguments, **options):
            kept.append((time.perf_counter() - begun, event))
            yield event
        self.kept = self.change(kept)

    def _replayed(self) -> Generator[Event, None, None]:
        begun = time.perf_counter()
        for at, event in self.kept:
            time.sleep(max(0.0, begun + at - time.perf_counter()))
            yield event


def talkative(kept: list[Timed], seconds: float, steps_per_second: float) -> list[Timed]:
    """The same comparison with answers that go on for so long, a token of each variant in every step."""
    events = [event for _, event in kept]
    started = [event for event in events if isinstance(event, Started)]
    maps = [event for event in events if isinstance(event, Maps)]
    ends = [event for event in events if isinstance(event, Finished)]
    steps = round(seconds * steps_per_second)
    return [
        *((0.0, event) for event in (*started, *maps)),
        *_tokens(maps, steps, steps_per_second),
        *((seconds, event) for event in ends),
    ]


def _tokens(maps: list[Maps], steps: int, steps_per_second: float) -> Iterator[Timed]:
    length = 0
    rows = {event.index: event.id for event in maps}
    for step in range(steps):
        text = TEXT[step % len(TEXT)]
        for index, id in rows.items():
            at = step / steps_per_second
            yield at, Token(index, id, step, text, length, length + len(text))
        length += len(text)
