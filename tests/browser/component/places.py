"""The grid in the places where apps put things: rows, later tabs, rendered parts, examples."""

from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from gradio_comparisongrid import Cell, Comparison, ComparisonGrid, Layer

HERE = Path(__file__).parent


def value(*ids: str) -> Comparison:
    """Small cells on a ramp."""
    scores = np.arange(6).reshape(2, 3)
    photo = Image.fromarray(np.tile(np.linspace(0, 255, 90, dtype=np.uint8), (60, 1)))
    return Comparison(
        image=photo,
        query=f"Which of {len(ids)}?",
        cells=[Cell(id, layers=[Layer.from_array("relevance", scores)]) for id in ids],
    )


with gr.Blocks() as demo:
    with gr.Tab("First"):
        with gr.Row():
            ComparisonGrid(value("a", "b"), label="Left", elem_id="left")
            ComparisonGrid(value("c", "d"), label="Right", elem_id="right")
        gr.Markdown("\n\n".join("more" for _ in range(60)))
    with gr.Tab("Later"):
        ComparisonGrid(value("e", "f"), elem_id="later")
    with gr.Tab("Rendered"):
        count = gr.Number(1, label="Count")

        @gr.render(inputs=count)
        def rendered(count: float) -> None:
            gr.Markdown(f"rendered for {count:g}", elem_id="rendered-for")
            ComparisonGrid(value("g", "h"), key="kept", elem_id="kept")

    with gr.Tab("Examples"):
        shown = ComparisonGrid(elem_id="shown")
        told = gr.Textbox(label="Cells")
        gr.Examples(
            [[value("i", "j").model_dump()], [value("k", "l", "m").model_dump()]],
            shown,
            told,
            lambda given: " ".join(cell.id for cell in given.cells),
            cache_examples=True,
        )

if __name__ == "__main__":
    demo.launch()
