"""Every feature of the grid on made-up data: no model is involved.

The maps are computed from the picture's own pixels; the answers and the seconds are invented.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import gradio as gr
from scenes import (  # pyright: ignore[reportMissingImports] (it lies beside this file)
    SCENES,
    comparison,
)

from gradio_comparisongrid import Cell, Comparison, ComparisonGrid, Vote


def stream(count: int, shown: Comparison | None) -> Iterator[Comparison]:
    """The same, word by word: first all cells wait, then each answers at its own pace.

    The view that was told is given back: it moves nothing, whatever the person does meanwhile.
    """
    finished = comparison(count)
    finished.view = shown.view if shown else None
    value = finished.model_copy(
        update={
            "cells": [
                Cell(cell.id, cell.title, subtitle=cell.subtitle, status="waiting")
                for cell in finished.cells
            ]
        }
    )
    yield value
    time.sleep(0.4)
    for cell, final in zip(value.cells, finished.cells, strict=True):
        cell.layers, cell.tokens = final.layers, final.tokens
        cell.status = "failed" if final.error else "running"
        cell.error = final.error
        yield value
    words = [final.answer.split(" ") for final in finished.cells]
    for step in range(max(len(answer) for answer in words)):
        for i, cell in enumerate(value.cells):
            if cell.status == "running":
                cell.answer = " ".join(words[i][: step + 1])
                cell.words = [
                    word for word in finished.cells[i].words if word.end <= len(cell.answer)
                ]
                if step + 1 >= len(words[i]):
                    value.cells[i] = finished.cells[i]
            yield value
            time.sleep(0.03)
    yield finished


def tell_click(event: gr.SelectData) -> str:
    """What a click on the grid says in Python."""
    chosen = event._data
    return f"{chosen['cell']}: row {chosen['row']}, col {chosen['col']}, value {event.value}"


def tell_vote(vote: Vote) -> str:
    """What a vote says in Python."""
    chosen = ", ".join(vote.chosen) or vote.verdict
    return f"{chosen}; shown as {', '.join(vote.order)}; {'blind' if vote.blind else 'open'}"


def tell_view(value: Comparison) -> dict:
    """How the grid is looked at now: Python asks by taking the grid."""
    view = value.view.model_dump(exclude_none=True) if value.view else {}
    return {"reference": value.reference, **view}


def ask(voting: bool, blind: bool) -> ComparisonGrid:
    """Every argument of the grid can be changed from an event."""
    return ComparisonGrid(voting=voting, blind=blind)


with gr.Blocks(title="Comparison grid") as demo:
    gr.Markdown("## Comparison grid\nMade-up data: the maps come from the picture's own pixels.")
    with gr.Row():
        scene = gr.Dropdown(list(SCENES), value="Tokens and words", label="Scene")
        count = gr.Slider(1, 8, value=4, step=1, label="Cells")
        with gr.Column(min_width=120):
            voting = gr.Checkbox(label="Ask for a vote")
            blind = gr.Checkbox(label="Blind until the vote")
        go = gr.Button("Stream the answers", variant="primary")
    grid = ComparisonGrid(comparison(4), show_label=False)
    with gr.Row():
        clicked = gr.Textbox(label="Last click", interactive=False)
        voted = gr.Textbox(label="Last vote", interactive=False)
    with gr.Row():
        look = gr.Button("Ask how the grid is looked at")
        looked = gr.JSON(label="The view, as Python has it")
    scene.change(lambda name: SCENES[name](), scene, grid, show_progress="hidden")
    count.change(comparison, count, grid, show_progress="hidden")
    go.click(stream, [count, grid], grid, show_progress="hidden")
    gr.on([voting.change, blind.change], ask, [voting, blind], grid, show_progress="hidden")
    grid.select(tell_click, None, clicked, show_progress="hidden")
    grid.vote(tell_vote, None, voted, show_progress="hidden")
    look.click(tell_view, grid, looked, show_progress="hidden")

if __name__ == "__main__":
    demo.launch()
