"""*Together*: the vision tower once, a prefill for each variant, all answers decoded in one batch.

Variants with an adapter are a batch for each adapter, one after the other: its weights are others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
import torch

from vlmscope.engine.admission import have_room
from vlmscope.engine.decode import Batch
from vlmscope.engine.evidence import lost_evidence
from vlmscope.engine.prefill import on_grid
from vlmscope.engine.row import Row
from vlmscope.engine.work import FEWER, Sight, Work, batch_of, ran_out_of_memory, sentence
from vlmscope.values.events import Event

log = logging.getLogger(__name__)


def together(work: Work) -> Generator[Event, None, None]:
    """The events of a comparison whose variants share what they can."""
    yield work.started
    rows = work.rows()
    if not work.asked_to_stop():
        yield from _answers(work, rows)
    for row in rows:
        if not row.ended:
            yield work.stopped(row)
    yield from lost_evidence(rows)


def _answers(work: Work, rows: list[Row]) -> Iterator[Event]:
    sight = Sight(work.base)

    def look() -> None:
        with work.base.turn:
            sight.of(work.pixels, work.base.plain)

    try:
        work.roomily(look)
    except Exception as error:  # without features there is nothing that any row could do
        said = sentence("The vision tower", error, "use a smaller image")
        for row in rows:
            yield row.failed(said)
        return
    waiting: list[Row] = []
    for row in rows:
        if work.asked_to_stop():
            break
        yield from work.guarded(row, _ended(row, _begun(work, row, sight, waiting)))
        if row.prefilled is not None:
            waiting.append(row)
    yield from _decode(work, waiting, sight)


def _begun(work: Work, row: Row, sight: Sight, waiting: list[Row]) -> Iterator[Event]:
    """Plan and prefill one row, and say its first token.

    Where there is no room for it beside those that wait to be decoded, they are answered first.
    """
    yield from _with_room(work, lambda: work.choose(row, sight), waiting, sight)
    if row.plan is None:  # asked to stop while others were answered
        return
    yield row.maps_event()
    if waiting and not have_room(work.base, [*waiting, row], work.options.max_new_tokens):
        yield from _decode(work, waiting, sight)
    yield from _with_room(work, lambda: work.prefill(row, sight), waiting, sight)
    if row.prefilled is not None:
        yield from work.first(row)


def _with_room(
    work: Work, step: Callable[[], None], waiting: list[Row], sight: Sight
) -> Iterator[Event]:
    """Take a step; when memory runs out, once more after all that waits has been answered."""
    if not waiting:
        return work.roomily(step)
    try:
        return step()
    except Exception as error:
        if not ran_out_of_memory(error):
            raise
    yield from _decode(work, waiting, sight)
    if not work.asked_to_stop():
        work.roomily(step)


def _decode(work: Work, waiting: list[Row], sight: Sight) -> Iterator[Event]:
    """The rows of each model in one batch; when memory runs out, its halves one after the other.

    None waits afterwards.
    """
    rows, waiting[:] = waiting[:], []
    alike: dict[int, list[Row]] = {}
    for row in rows:
        alike.setdefault(id(row.model), []).append(row)
    groups: list[tuple[list[Row], Batch | None]] = [(group, None) for group in alike.values()]
    overflown: list[Row] = []
    while groups and not work.asked_to_stop():
        group, batch = groups.pop(0)
        groups[:0] = yield from _group(work, group, batch, overflown)
    for row in overflown:
        if not work.asked_to_stop():
            yield from work.guarded(row, _again(work, row, sight))


def _again(work: Work, row: Row, sight: Sight) -> Iterator[Event]:
    batch = work.redo(row, sight)
    if batch is not None:
        yield from _group(work, [row], batch, [])


def _group(
    work: Work, rows: list[Row], batch: Batch | None, overflown: list[Row]
) -> Generator[Event, None, list[tuple[list[Row], Batch | None]]]:
    """Decode one batch; rows leave it as they end or overflow. Gives what is left in smaller ones."""
    left: list[int] = []
    while rows and not work.asked_to_stop():
        try:
            with work.base.turn:
                if batch is None:
                    batch = batch_of(rows)
                elif left:
                    batch.drop(left)
                    left = []
                logits, looks = _step(work, batch, rows)
        except Exception as error:  # one fault of the device ends every row in the batch
            if ran_out_of_memory(error) and len(rows) > 1 and not left:
                log.warning("Memory ran out with %d answers in a batch: halved.", len(rows))
                middle = len(rows) // 2
                first, second = batch.halves() if batch else (None, None)
                return [(rows[:middle], first), (rows[middle:], second)]
            said = sentence("The batch of all answers", error, FEWER)
            for row in rows:
                yield row.failed(_alone(row, error) if len(rows) == 1 else said)
            return []
        staying = []
        for row, row_logits, look in zip(rows, logits, looks, strict=True):
            if work.overflows(row, row_logits):
                overflown.append(row)
                continue
            yield from work.guarded(row, _ended(row, work.take(row, row_logits, look)))
            if not row.ended:
                staying.append(row)
        left = [place for place, row in enumerate(rows) if row not in staying]
        rows = staying
    return []


def _alone(row: Row, error: Exception) -> str:
    """What is said of a row that failed although nothing else was in its batch."""
    if not ran_out_of_memory(error):
        return sentence(row.variant.title, error, FEWER)
    log.error("%s ran out of memory by itself", row.variant.title, exc_info=error)
    kept = (
        f"{row.metrics['image_tokens']:.0f} image tokens, {row.metrics['kv_mib']:.0f} MiB of keys "
    )
    return (
        f"{row.variant.title} ran out of memory even by itself, with {kept}and values; "
        "a smaller keep= or a smaller image would fit."
    )


def _step(
    work: Work, batch: Batch, rows: list[Row]
) -> tuple[torch.Tensor, Sequence[np.ndarray | None]]:
    """The logits of one step, and where each row looked, when that was asked for."""
    tokens = [row.last_token for row in rows]
    if not work.options.word_maps:
        return batch.step(tokens), [None] * len(rows)
    logits, attention = batch.watched_step(tokens)
    return logits, [
        on_grid(values, row.plan.assign)  # type: ignore[union-attr]
        for values, row in zip(attention, rows, strict=True)
    ]


def _ended(row: Row, events: Iterator[Event]) -> Iterator[Event]:
    """The events of a row, and that it has finished when its answer ended."""
    yield from events
    if row.ended:
        yield row.finished()
