"""Every feature of the grid on made-up data: no model is involved.

The maps are computed from the picture's own pixels; the answers and the seconds are invented.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import gradio as gr
import numpy as np
from picture import (  # pyright: ignore[reportMissingImports] (it lies beside this file)
    COLS,
    ROWS,
    best,
    colourfulness,
    draw_picture,
    edges,
    redness,
)

from gradio_comparisongrid import Cell, Comparison, ComparisonGrid, Layer, Metric, Tokens

PICTURE = draw_picture()
EDGES, COLOUR, RED = edges(PICTURE), colourfulness(PICTURE), redness(PICTURE)
METRICS = [
    Metric("image_tokens", "image tokens", better="lower", digits=0),
    Metric("total_s", "total", unit="s", better="lower", digits=2),
    Metric("confidence", "confidence", unit="%", better="higher", digits=0),
]


def layers(own: np.ndarray) -> list[Layer]:
    """The score that chose the tokens, then every map, the same in each cell."""
    return [
        Layer.from_array("score", own, label="score", method="what this cell keeps tokens by"),
        Layer.from_array("edges", EDGES, label="edges", unit="levels/px"),
        Layer.from_array("red", RED, label="redness", diverging=True),
    ]


def chosen_by(
    id: str, title: str, scores: np.ndarray, keep: int, answer: str, correct: bool | None
) -> Cell:
    """A finished cell that keeps the `keep` best tokens by `scores`, scaled to 0 to 1."""
    span = scores.max() - scores.min()
    own = (scores - scores.min()) / (span or 1)
    return Cell(
        id,
        title,
        subtitle=f"keep {keep} of {ROWS * COLS}",
        answer=answer,
        correct=correct,
        metrics={
            "image_tokens": keep,
            "total_s": 0.17 + 0.0022 * keep,
            "confidence": 96 if correct else 41,
        },
        layers=layers(own),
        tokens=Tokens.from_mask(best(own, keep)),
    )


def cells() -> list[Cell]:
    """Eight cells: two ways to fail among them."""
    random = np.random.default_rng(3).random((ROWS, COLS))
    centre = -np.hypot(*np.meshgrid(np.linspace(-1, 1, COLS), np.linspace(-1, 1, ROWS)))
    half, quarter, all_of_it = ROWS * COLS // 2, ROWS * COLS // 4, ROWS * COLS
    gaps = np.where(RED > 0, RED, np.nan)
    return [
        # The root spreads the low values: most tokens of the picture have hardly an edge.
        chosen_by("baseline", "Baseline", EDGES**0.5, all_of_it, "The star is red.", True),
        chosen_by("edges", "Edges", EDGES**0.5, half, "The star is red.", True),
        chosen_by("colour", "Colourfulness", COLOUR, half, "The star is red orange.", False),
        chosen_by("random", "Random", random, half, "There is no star.", False),
        chosen_by("colour-25", "Colourfulness, quarter", COLOUR, quarter, "It is red.", True),
        chosen_by("centre", "Centre", centre, quarter, "I see the number 27 and a K.", False),
        Cell(
            "gaps",
            "Redness, gaps",
            subtitle="no value where nothing is red",
            answer="Red, as far as one can tell from the tokens that are left.",
            layers=[Layer.from_array("score", gaps, label="score")],
            tokens=Tokens.from_mask(RED > 0),
            metrics={"image_tokens": int((RED > 0).sum())},
            warnings=["Fewer tokens than asked for: the rest has no value."],
        ),
        Cell(
            "broken",
            "Checkpoint 900",
            subtitle="never loads",
            error="checkpoint-900.safetensors lacks the tensor `score.weight`: it fits no known kind.",
        ),
    ]


def comparison(count: int = 4) -> Comparison:
    """The first `count` cells on the picture."""
    return Comparison(
        image=PICTURE,
        query="What colour is the star?",
        expected="red",
        metrics=METRICS,
        cells=cells()[: int(count)],
        stamp={"data": "made up", "picture": "960 × 720"},
    )


def stream(count: int) -> Iterator[Comparison]:
    """The same, word by word: first all cells wait, then each answers at its own pace."""
    finished = comparison(count)
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
                if step + 1 >= len(words[i]):
                    value.cells[i] = finished.cells[i]
            yield value
            time.sleep(0.03)
    yield finished


def tell(event: gr.SelectData, value: Comparison) -> str:
    """What a click on the grid says in Python."""
    chosen = event._data
    return f"{chosen['cell']}: row {chosen['row']}, col {chosen['col']}, value {event.value}"


with gr.Blocks(title="Comparison grid") as demo:
    gr.Markdown("## Comparison grid\nMade-up data: the maps come from the picture's own pixels.")
    with gr.Row():
        count = gr.Slider(1, 8, value=4, step=1, label="Cells")
        go = gr.Button("Stream the answers", variant="primary")
    grid = ComparisonGrid(comparison(4), show_label=False)
    clicked = gr.Textbox(label="Last click", interactive=False)
    count.change(comparison, count, grid, show_progress="hidden")
    go.click(stream, count, grid, show_progress="hidden")
    grid.select(tell, grid, clicked, show_progress="hidden")

if __name__ == "__main__":
    demo.launch()
