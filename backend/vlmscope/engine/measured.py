"""*Measured*: each variant by itself, warmed up, in rotated order, repeated.

A variant's run is everything that it needs: vision, selection, prefill, and its decode alone. Between
two of its steps others may have the device; what they take is not in its seconds, which are those of
its own steps, with the device waited for before and after each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from statistics import median

from vlmscope.engine.peak import Peak
from vlmscope.engine.row import Row
from vlmscope.engine.work import Sight, Work, batch_of
from vlmscope.values.events import Event, Maps
from vlmscope.values.metrics import UNTIMED
from vlmscope.values.result import Spread


def measured(work: Work) -> Generator[Event, None, None]:
    """The events of a comparison whose variants are measured: answers first, from warming up."""
    yield work.started
    rows = work.rows()
    for row in rows:
        if not work.asked_to_stop():
            yield from work.guarded(row, _warm_up(work, row))
    answered = [row for row in rows if row.ended and not row.has_failed]
    runs: dict[int, list[dict[str, float]]] = defaultdict(list)
    for turn in range(work.options.times if answered else 0):
        for row in answered[turn % len(answered) :] + answered[: turn % len(answered)]:
            if work.asked_to_stop() or row.has_failed:
                continue
            yield from work.guarded(row, _measure(work, row, runs[row.index]))
    for row in rows:
        if row.has_failed:
            continue
        complete = row.ended and len(runs[row.index]) == work.options.times
        if complete:
            _summarise(row, runs[row.index])
        yield row.finished() if complete else work.stopped(row)


def _warm_up(work: Work, row: Row) -> Iterator[Event]:
    """The variant's answer, and its maps; its seconds are not told."""
    for event in _alone(work, row, Sight(work.base)):
        if isinstance(event, Maps):
            event = replace(event, metrics=_untimed(event.metrics))
        yield event
    row.metrics = _untimed(row.metrics)


def _measure(work: Work, row: Row, runs: list[dict[str, float]]) -> Iterator[Event]:
    """Run the variant once more, with everything anew, and keep its figures. Says nothing."""
    again = work.row(row.index, row.variant)
    again.is_wide = row.is_wide
    peak = Peak(work.base.device)
    for _ in _alone(work, again, Sight(work.base, anew=True)):
        pass
    if not again.ended:
        return
    if peak.mib is not None:
        again.metrics["peak_mib"] = peak.mib
    if again.answer.token_ids != row.answer.token_ids and not row.varies:
        row.varies = True
        row.warnings.append("The answer was another one when the variant was run again.")
    runs.append(again.metrics)
    yield from ()


def _alone(work: Work, row: Row, sight: Sight) -> Iterator[Event]:
    """A variant from its image to the end of its answer, each step timed by itself."""
    work.roomily(lambda: work.choose(row, sight))
    yield row.maps_event()
    work.roomily(lambda: work.prefill(row, sight))
    yield from work.first(row)
    figures, batch, steps = row.metrics, None, 0
    decode = 0.0
    while not row.ended:
        if work.asked_to_stop():
            return
        with work.base.turn:
            clock = work.clock()
            batch = batch or batch_of([row])
            logits = batch.step([row.last_token])[0]
            work.base.synchronize()
            decode += clock.seconds
        if work.overflows(row, logits):
            batch = work.redo(row, sight)
            if batch is None:
                return
            continue
        steps += 1
        yield from work.take(row, logits)
    row.prefilled = None
    figures["decode_s"] = decode
    if steps:
        figures["decode_s_per_token"] = decode / steps
    if "ttft_s" in figures:
        figures["total_s"] = figures["ttft_s"] + decode
        figures["tokens_per_s"] = len(row.answer.token_ids) / figures["total_s"]


def _summarise(row: Row, runs: list[dict[str, float]]) -> None:
    """The median of every figure, and its spread from the least to the largest."""
    for key in runs[0]:
        values = [run[key] for run in runs if key in run]
        row.metrics[key] = median(values)
        if key not in UNTIMED:
            row.spreads[key] = Spread(min(values), max(values), len(values))


def _untimed(metrics: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in metrics.items() if key in UNTIMED}
