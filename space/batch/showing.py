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
Finished = tuple[int, Case, Row]
"""A finished case with its number in the plan, from 1."""


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
    offered = measures(plan)
    if is_new:
        page, measure = 1, offered[0]
    table = accuracy_table(plan, rows)
    updates = {
        shown.accuracy: gr.update(value=table, visible=bool(table)),
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
    """The gallery, the matrix and the number of one page, which change together; of one that is not
    there any more, those of the last."""
    every = finished(held)
    pages, page = _pages(every), _there(every, page)
    cases = on_page(every, page)
    numbers = [number for number, _, _ in cases]
    pictures = [
        (_picture(shown, held, case), caption(number, case, row, held.plan))
        for number, case, row in cases
    ]
    named = measure if measure in measures(held.plan) else measures(held.plan)[0]
    drawn = matrix(numbers, [c for _, c, _ in cases], [r for _, _, r in cases], held.plan, named)
    return {
        shown.page: gr.update(
            choices=[(f"page {n} of {pages}", n) for n in range(1, pages + 1)],
            value=page,
            visible=pages > 1,
        ),
        shown.gallery: gr.update(value=pictures, selected_index=None),
        shown.matrix: drawn if cases else None,
    }


def on_page(cases: Sequence[Finished], page: int) -> Sequence[Finished]:
    """The cases that stand on a page, from 1; those of the last for one that is not there."""
    last = PAGE * _there(cases, page)
    return cases[last - PAGE : last]


def _pages(cases: Sequence[Finished]) -> int:
    return max(1, ceil(len(cases) / PAGE))


def _there(cases: Sequence[Finished], page: int) -> int:
    return min(max(1, page), _pages(cases))


def finished(held: Held) -> Sequence[Finished]:
    """The finished cases in the plan's order."""
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
