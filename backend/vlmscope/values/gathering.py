"""The events of a comparison, gathered into its `Run` as they come."""

from __future__ import annotations

from dataclasses import dataclass, field

from vlmscope.values.events import Event, Maps, Started, Token
from vlmscope.values.looks import Look, with_sinks, word_maps
from vlmscope.values.result import Result
from vlmscope.values.run import Run
from vlmscope.values.variant import Variant


class Gathering:
    """Gives the `Run` of a comparison at any time, also of one that goes on or was given up.

    `add` each event of `compare` in its order; `to_run` gives what there is then. A variant that has not
    ended is in it as stopped there: with its maps, its figures and its answer so far, but for a last
    character that is not complete.
    """

    def __init__(self) -> None:
        self._started: Started | None = None
        self._ended: dict[int, Result] = {}
        self._going: dict[int, _Going] = {}

    def add(self, event: Event) -> None:
        """Take in one more event; a `Started` begins anew."""
        if isinstance(event, Started):
            self._started, self._ended = event, {}
            self._going = {i: _Going(variant) for i, variant in enumerate(event.variants)}
        elif isinstance(event, Maps):
            self._going[event.index].maps = event
        elif isinstance(event, Token):
            self._going[event.index].add(event)
        else:
            self._ended[event.index] = event.result

    def to_run(self) -> Run | None:
        """The comparison as far as it has come, results in the variants' order; None before `Started`."""
        started = self._started
        if started is None:
            return None
        return Run(
            base=started.base,
            stamp=started.stamp,
            image=started.image,
            query=started.query,
            results=tuple(
                self._ended.get(index) or going.result() for index, going in self._going.items()
            ),
            options=started.options,
        )


@dataclass(eq=False)
class _Going:
    """What was said of a variant so far."""

    variant: Variant
    maps: Maps | None = None
    answer: str = ""
    token_ids: list[int] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    def add(self, event: Token) -> None:
        self.answer = self.answer[: event.start] + event.text
        self.token_ids.append(event.token_id)
        if event.attention is not None:
            self.looks.append((event.start, event.end, event.attention))

    def result(self) -> Result:
        if self.maps is None:
            return Result(self.variant.id, self.variant, "stopped")
        return Result(
            id=self.variant.id,
            variant=self.variant,
            status="stopped",
            answer=self.answer,
            token_ids=tuple(self.token_ids),
            grid=self.maps.grid,
            assign=self.maps.assign,
            maps=with_sinks(self.maps.maps, self.looks),
            metrics=dict(self.maps.metrics),
            warnings=self.maps.warnings,
            image=self.maps.image,
            words=word_maps(self.looks, len(self.answer)),
        )
