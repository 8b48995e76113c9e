"""Every call of the engine, in the same way on a CPU, a GPU of one's own, and ZeroGPU.

First what needs the Hub and the disk, in the thread that asks; then one function on the device, which is
told where the files lie. On ZeroGPU that function runs in a process of its own (`zero_gpu`); elsewhere it
is the engine itself, which takes its steps in turns.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import vlmscope
import zero_gpu
from allocator import give_back
from vlmscope import (
    Case,
    Event,
    Failed,
    Finished,
    Gathering,
    Internals,
    Maps,
    Run,
    SharedBase,
    Started,
    Stopped,
    Variant,
)
from vlmscope.engine.compare import gathered, parse_variants, prepared
from vlmscope.engine.options import MAX_SECONDS
from vlmscope.engine.ready import ready
from vlmscope.evidence import cases
from vlmscope.evidence.cases import CaseRun


def compare(
    base: SharedBase, image: Any, query: str, variants: Sequence[Variant | str], **options: Any
) -> Generator[Event, None, None]:
    """`vlmscope.compare`, which takes the same and raises the same; checkpoints are fetched before it.

    On ZeroGPU it raises GpuRefused, before any event, where there is no GPU to be had; when the GPU is taken
    away, what has not ended fails, with what there is of it.
    """
    if zero_gpu.IS_ON:
        started = prepared(base, image, query, variants, options).started
        return _on_zero_gpu(base, started.image.pixels, query, started.variants, options)
    found: dict[str, Any] = {}
    events = vlmscope.compare(base.knowing(found), image, query, variants, **options)
    return _after_fetching(base, events, found, options)


def select(
    base: SharedBase, image: Any, query: str, variants: Sequence[Variant | str], **options: Any
) -> list[Maps | Failed | Stopped]:
    """`vlmscope.select`, which takes the same and raises the same, or GpuRefused."""
    return _whole("select", base, image, query, variants, options)


def internals(
    base: SharedBase, image: Any, query: str, variant: Variant | str, **options: Any
) -> Internals:
    """`vlmscope.internals`, which takes the same and raises the same, or GpuRefused."""
    return _whole("internals", base, image, query, [variant], options)


def run_cases(
    base: SharedBase, asked: Sequence[Case], variants: Sequence[Variant | str], **options: Any
) -> Iterator[CaseRun]:
    """`vlmscope.evidence.cases.run_cases`, which takes the same and raises the same, or GpuRefused."""
    return cases.run_cases(base, asked, variants, using=run, **options)


def run(
    base: SharedBase, image: Any, query: str, variants: Sequence[Variant | str], **options: Any
) -> Run:
    """`compare`, gathered."""
    return gathered(compare(base, image, query, variants, **options))


def _after_fetching(
    base: SharedBase,
    events: Generator[Event, None, None],
    found: dict[str, Any],
    options: Mapping[str, Any],
) -> Generator[Event, None, None]:
    """The events of a comparison, of which `found` is told where its checkpoints are after the first."""
    with closing(events):
        started = next(events)
        yield started
        assert isinstance(started, Started)
        with ready(base, started.variants, _late(options)) as places:
            found |= places
            try:
                yield from events
            finally:
                give_back()


def _on_zero_gpu(
    base: SharedBase,
    image: Any,
    query: str,
    variants: tuple[Variant, ...],
    options: Mapping[str, Any],
) -> Generator[Event, None, None]:
    """The events of a comparison on ZeroGPU; nobody waits for a GPU only to be stopped there."""
    stop = _late(options)
    gathering, ended = Gathering(), set[int]()
    with ready(base, variants, stop) as found:
        if stop():
            yield from vlmscope.compare(base, image, query, variants, **{**options, "stop": stop})
            return
        task = zero_gpu.Task("compare", image, query, variants, options, found)
        with closing(zero_gpu.call(task, stop)) as events:
            try:
                for event in events:
                    gathering.add(event)
                    if isinstance(event, Finished | Failed | Stopped):
                        ended.add(event.index)
                    yield event
            except zero_gpu.GpuRefused as refused:
                run = gathering.to_run()
                if run is None:
                    raise
                for index, result in enumerate(run.results):
                    if index not in ended:
                        lost = replace(result, status="failed", error=str(refused))
                        yield Failed(index, result.id, lost)


def _whole(
    call: zero_gpu.Call,
    base: SharedBase,
    image: Any,
    query: str,
    variants: Sequence[Variant | str],
    options: Mapping[str, Any],
) -> Any:
    """What comes as a whole."""
    parsed, stop = tuple(parse_variants(variants)), _late(options)
    with ready(base, parsed, stop) as found:
        if not zero_gpu.IS_ON:
            return zero_gpu.CALLS[call](base.knowing(found), image, query, parsed, **options)
        task = zero_gpu.Task(call, image, query, parsed, options, found)
        with closing(zero_gpu.call(task, stop)) as values:
            return next(values)


def _late(options: Mapping[str, Any]) -> Callable[[], bool]:
    """Whether it is to stop, or has taken as long as it may."""
    stop: Callable[[], bool] | None = options.get("stop")
    began, most = time.monotonic(), options.get("max_seconds", MAX_SECONDS)
    return lambda: (stop is not None and bool(stop())) or time.monotonic() - began > most
