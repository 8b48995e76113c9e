"""Processor time of the app's Python in a comparison of eight variants, replayed at the engine's pace.

The app's own: the form is read (its image decoded), each of the engine's events turned into the grid's
value, and the figures into a table. Beside it, without a limit, what Gradio's `process_api` does around
that for the page's event: every value that is shown is validated, written as plain data, its files looked
up, and compared with the last one. Not counted: the engine, and what the web server does with the bytes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, cast

import gradio as gr
import torch
from gradio import state_holder
from gradio.data_classes import FileData

from bench.app.page import ASSETS, built
from bench.app.stored import Stored
from bench.figure import Figure
from bench.stats import median
from vlmscope import Token, compare

EVENT = "compare_form"
QUESTION = "Describe the image."
VARIANTS, ROUNDS = 8, 9
MOST_MS = 50.0


@dataclass
class Own:
    """Processor milliseconds within the app's own generator, and the values that it gave."""

    spent: float = 0.0
    values: int = 0


def measure() -> list[Figure]:
    torch.set_num_threads(1)
    engine = Stored(compare)
    page, _ = built(engine)
    event = next(each for each in page.fns.values() if each.fn and each.api_name == EVENT)
    own = Own()
    event.fn = watched(cast(Callable[..., Any], event.fn), own)
    image = next((ASSETS / "examples").glob("*.png"))
    asyncio.run(compared(page, event, image))  # computed, kept, and not counted
    if not engine.kept:
        raise RuntimeError("The comparison did not begin; the page says why.")
    totals, owns, values = [], [], []
    for _ in range(ROUNDS):
        own.spent, own.values = 0.0, 0
        before = time.process_time()
        asyncio.run(compared(page, event, image))
        totals.append(1000 * (time.process_time() - before))
        owns.append(own.spent)
        values.append(own.values)
    tokens = sum(isinstance(one, Token) for _, one in engine.kept)
    seconds = engine.kept[-1][0]
    gradios = [total - own for total, own in zip(totals, owns, strict=True)]
    shown = f"{median(values):.0f} values shown of {tokens} tokens in {seconds:.1f} s"
    return [
        Figure(
            f"{VARIANTS} variants: processor time of the app's own Python",
            median(owns),
            "ms",
            MOST_MS,
            runs=owns,
            note=shown,
        ),
        Figure(
            f"{VARIANTS} variants: Gradio's around it, without the web server",
            median(gradios),
            "ms",
            runs=gradios,
            note=f"{len(event.outputs)} outputs for each value",
        ),
    ]


def watched(fn: Callable[..., Any], own: Own) -> Callable[..., Iterator[Any]]:
    """The event's function, whose own processor time is noted."""

    @wraps(fn)  # by whose annotations Gradio adds arguments
    def run(*arguments: Any) -> Iterator[Any]:
        values = fn(*arguments)
        while True:
            before = time.thread_time()
            value = next(values, None)
            own.spent += 1000 * (time.thread_time() - before)
            if value is None:
                return
            own.values += 1
            yield value

    return run


async def compared(page: gr.Blocks, event: Any, image: Path) -> None:
    """One comparison, as Gradio runs it for a page."""
    state = state_holder.SessionState(page)  # the app's own, which it has put there
    iterator: Any = None
    inputs = [asked(block, image) for block in event.inputs]
    request = gr.Request(client=None)
    while True:
        told = await page.process_api(
            event, inputs, state, request, iterator=iterator, session_hash="bench"
        )
        iterator = told["iterator"]
        if not told["is_generating"]:
            return


def asked(block: Any, image: Path) -> Any:
    """What the page sends of a field: the image, the question, eight ticked variants."""
    if isinstance(block, gr.Image):
        return FileData(path=str(image)).model_dump()
    if isinstance(block, gr.CheckboxGroup):
        return [value for _, value in block.choices[:VARIANTS]]
    if isinstance(block, gr.State):
        return None  # Gradio has it
    if block.elem_id == "question":
        return QUESTION
    return "" if isinstance(block, gr.Textbox) else block.value
