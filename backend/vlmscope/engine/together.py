"""*Together*: the vision tower once, a prefill for each variant, all answers decoded in one batch."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
import torch

from vlmscope.engine.decode import Batch
from vlmscope.engine.evidence import lost_evidence
from vlmscope.engine.prefill import on_grid
from vlmscope.engine.row import Row
from vlmscope.engine.work import FEWER, Sight, Work, sentence
from vlmscope.values.events import Event


def together(work: Work) -> Generator[Event, None, None]:
    """The events of a comparison whose variants share what they can."""
    yield work.started
    rows = work.rows()
    if not work.asked_to_stop():
        yield from _answers(work, rows)
    for row in rows:
        if not row.ended:
            yield row.stopped()
    yield from lost_evidence(rows)


def _answers(work: Work, rows: list[Row]) -> Iterator[Event]:
    sight = Sight(work.base)
    try:
        with work.base.turn:
            sight.of(work.pixels)
    except Exception as error:  # without features there is nothing that any row could do
        said = sentence("The vision tower", error, "use a smaller image")
        for row in rows:
            yield row.failed(said)
        return
    for row in rows:
        if work.asked_to_stop():
            break
        yield from work.guarded(row, _ended(row, work.begin(row, sight)))
    yield from _decode(work, [row for row in rows if not row.ended])


def _decode(work: Work, rows: list[Row]) -> Iterator[Event]:
    """One batch of all rows that began; rows leave it as they end."""
    rows = [row for row in rows if row.prefilled is not None]
    if not rows or work.asked_to_stop():
        return
    batch: Batch | None = None
    ended: list[int] = []
    while rows and not work.asked_to_stop():
        try:
            with work.base.turn:
                if batch is None:
                    batch = Batch(work.base.model, [row.prefilled for row in rows])  # type: ignore[misc]
                    for row in rows:
                        row.prefilled = None
                elif ended:
                    batch.drop(ended)
                logits, looks = _step(work, batch, rows)
        except Exception as error:  # one fault of the device ends every row in the batch
            said = sentence("The batch of all answers", error, FEWER)
            for row in rows:
                yield row.failed(said)
            return
        for row, row_logits, look in zip(rows, logits, looks, strict=True):
            yield from work.guarded(row, _ended(row, work.take(row, row_logits, look)))
        ended = [place for place, row in enumerate(rows) if row.ended]
        rows = [row for row in rows if not row.ended]


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
