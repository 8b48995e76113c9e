"""ZeroGPU: a GPU that a process is given for one task at a time, taken from a pool for that long.

What runs there is one function, in a process that is forked from the app when it is first needed: it finds
the base as it was placed at start, is told all else by value (pickled), and answers by value. Nothing that it
writes comes back, and nothing that the app does later reaches it, but a wish to stop (`wishes`).
"""

import logging
import math
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import gradio as gr
from PIL import Image

import vlmscope
from environment import on_zero_gpu
from vlmscope import SharedBase, Variant, VlmscopeError
from vlmscope.engine.options import MAX_SECONDS, Options
from vlmscope.engine.ready import Found
from vlmscope.values.errors import plain
from wishes import Wish, following

Call = Literal["compare", "select", "internals"]

IS_ON = on_zero_gpu(os.environ)

MOST_SECONDS = 120
"""The longest task that is asked for: ZeroGPU refuses those of most visitors beyond that."""
START_S = 10.0
"""The weights' way to the GPU in a new process, and the first of everything."""
LOOK_S = 0.6
"""The vision tower and a prefill, of a large image: 0.2 s on the card of bench/results/t4.json."""
TOKEN_S = 0.08
"""A step of the decode, of one row or of many: 0.04 s there, and 0.06 s through an adapter."""

log = logging.getLogger(__name__)


class GpuRefused(VlmscopeError):
    """ZeroGPU gave no GPU, or took it away."""


@dataclass(frozen=True)
class Task:
    """What is to be computed, as plain values: `found` says where its checkpoints lie on this machine."""

    call: Call
    image: Image.Image
    query: str
    variants: tuple[Variant, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    found: Found = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What went wrong on the GPU; an exception would arrive as its name alone."""

    error: Exception


def _internals(base: SharedBase, image: Any, query: str, variants: Any, **options: Any) -> Any:
    (variant,) = variants
    return vlmscope.internals(base, image, query, variant, **options)


CALLS: Mapping[Call, Callable[..., Any]] = {
    "compare": vlmscope.compare,
    "select": vlmscope.select,
    "internals": _internals,
}


def seconds(task: Task) -> int:
    """How long a task has the GPU at most, from 11 to `MOST_SECONDS`.

    `START_S`, and for each look at the image `LOOK_S`: one for every variant, or where they are measured one
    for each of its runs. Each token of the longest answer takes `TOKEN_S`: once for all variants without
    an adapter, whose answers are made together, and once for each adapter; measured ones for each run.
    """
    needed = len(task.variants) * LOOK_S
    if task.call == "compare":
        options = Options.of(task.options)
        answer = options.max_new_tokens * TOKEN_S
        if options.mode == "measured":
            needed = len(task.variants) * (1 + options.times) * (LOOK_S + answer)
        else:
            needed += len({variant.loras for variant in task.variants}) * answer
    return min(MOST_SECONDS, math.ceil(START_S + needed))


def place(base: SharedBase) -> None:
    """The base for every task from now on; a process that was forked before does not hear of it."""
    global _placed
    _placed = base


def call(task: Task, stop: Callable[[], bool]) -> Generator[Any, None, None]:
    """The values of a task as they come, for a compare its events; raises GpuRefused, and what went wrong.

    Closed, or when `stop` comes true, the task ends after the step in progress.
    """
    most = float(task.options.get("max_seconds", MAX_SECONDS))
    # What is not finished when the GPU is taken away says so itself, instead of being cut off.
    options = {**task.options, "max_seconds": min(most, seconds(task) - START_S / 2)}
    options.pop("stop", None)
    with following(stop) as wish:
        try:
            with closing(_on_device(replace(task, options=options), wish)) as values:
                try:
                    for value in values:
                        if isinstance(value, Fault):
                            raise value.error
                        yield value
                finally:
                    wish.set()
        except gr.Error as refused:
            raise GpuRefused(_sentence(str(refused.message), seconds(task))) from refused


def _sentence(said: str, asked: int) -> str:
    """What a person is told in the place of what `spaces` says."""
    text = " ".join(plain(str(said)).split()).rstrip(". ")
    if text == "GPU task aborted":
        return (
            f"ZeroGPU ended the task, which may have {asked} s, before it was finished; ask fewer "
            "variants, or for shorter answers."
        )
    return f"ZeroGPU gives no GPU now: {text}."


def _work(task: Task, stop: Wish) -> Generator[Any, None, None]:
    """The task, in the process that has the GPU; each value can be pickled."""
    assert _placed is not None, "no base was placed at start"
    base = _placed.knowing(task.found)
    arguments = (base, task.image, task.query, task.variants)
    try:
        if task.call == "compare":
            yield from vlmscope.compare(*arguments, **task.options, stop=stop)
        else:
            yield CALLS[task.call](*arguments, **task.options, stop=stop)
    except VlmscopeError as refused:
        yield Fault(refused)
    except Exception as error:
        log.exception("a task failed on the GPU")
        yield Fault(RuntimeError(f"{type(error).__name__} on the GPU: {plain(str(error))}"))


_placed: SharedBase | None = None
_on_device: Callable[[Task, Wish], Generator[Any, None, None]] = _work
if IS_ON:
    import spaces  # where ZeroGPU is, it is there

    _on_device = spaces.GPU(_work, duration=lambda task, stop: seconds(task))
