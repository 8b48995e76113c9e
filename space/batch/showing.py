"""Updates that show a batch as it stands."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.processing_utils import save_file_to_cache

from batch.accuracy import accuracy_table
from batch.batches import Held
from batch.gallery import blank, caption
from batch.layout import Form, Shown
from batch.matrix import matrix, measures
from batch.progress import progress_bar
from batch.rows import Row
from vlmscope import Case

PAGE = 64
"""Cases that are shown at once."""
Seen = tuple[int, int] | None
"""A batch's id and how many of its cases the page shows already."""


def told(form: Form, shown: Shown, held: Held | None) -> dict[Block, Any]:
    """How far the batch is, and which buttons do something; cheap, for every second."""
    if held is None:
        return {shown.timer: gr.Timer(active=False)}
    progress = held.job.progress()
    is_running = progress.state == "running"
    return {
        shown.progress: progress_bar(held.plan.name, progress),
        shown.timer: gr.Timer(active=is_running),
        form.run: gr.update(interactive=not is_running),
        form.stop: gr.update(interactive=is_running),
        form.go_on: gr.update(visible=progress.state in ("paused", "stopped")),
    }


def results(
    shown: Shown, held: Held, page: int, measure: str | None, seen: Seen
) -> tuple[dict[Block, Any], Seen]:
    """The finished cases of a page, with what is now seen; nothing where the page shows them all."""
    plan, rows = held.plan, held.job.rows
    now = (held.id, len(rows))
    if seen == now:
        return {}, seen
    is_new = seen is None or seen[0] != held.id
    pages = max(1, ceil(len(rows) / PAGE))
    offered = measures(plan)
    if is_new:
        page, measure = 1, offered[0]
    table = accuracy_table(plan, rows)
    updates = {
        shown.accuracy: gr.update(value=table, visible=bool(table)),
        shown.page: gr.update(
            choices=[(f"page {n} of {pages}", n) for n in range(1, pages + 1)],
            value=page,
            visible=pages > 1,
        ),
        **page_of(shown, held, page, measure or offered[0]),
    }
    if is_new:
        updates[shown.measure] = gr.update(choices=offered, value=offered[0])
    return updates, now


def cleared(shown: Shown) -> dict[Block, Any]:
    """Updates after which no batch is shown."""
    return {
        shown.progress: "",
        shown.accuracy: gr.update(value="", visible=False),
        shown.page: gr.update(visible=False),
        shown.gallery: gr.update(value=[]),
        shown.matrix: None,
    }


def page_of(shown: Shown, held: Held, page: int, measure: str) -> dict[Block, Any]:
    """The gallery and the matrix of one page."""
    cases = finished(held)[PAGE * (page - 1) : PAGE * page]
    numbers = [number for number, _, _ in cases]
    pictures = [
        (_picture(shown, held, case), caption(number, case, row, held.plan))
        for number, case, row in cases
    ]
    named = measure if measure in measures(held.plan) else measures(held.plan)[0]
    drawn = matrix(numbers, [c for _, c, _ in cases], [r for _, _, r in cases], held.plan, named)
    return {
        shown.gallery: gr.update(value=pictures, selected_index=None),
        shown.matrix: drawn if cases else None,
    }


def finished(held: Held) -> Sequence[tuple[int, Case, Row]]:
    """The finished cases in the plan's order, each with its number there, from 1."""
    rows = held.job.rows
    return [
        (number, case, rows[case.id])
        for number, case in enumerate(held.plan.cases, 1)
        if case.id in rows
    ]


def _picture(shown: Shown, held: Held, case: Case) -> Any:
    small = held.small(case.image)
    if not small.is_file():
        return blank()
    copy = save_file_to_cache(small, shown.gallery.GRADIO_CACHE)
    # What the page's own gallery knows is deleted in its time.
    shown.gallery.temp_files.add(copy)
    return copy
