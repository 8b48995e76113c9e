"""The least an app needs: an image, an array, a grid."""

import gradio as gr
import numpy as np

from gradio_comparisongrid import Cell, Comparison, ComparisonGrid, Layer, Tokens

photo = np.tile(np.linspace(0, 255, 320, dtype=np.uint8), (240, 1))
scores = np.random.default_rng(0).random((9, 12))
layer = Layer.from_array("relevance", scores)
all_tokens = Cell("all", "All tokens", answer="A grey ramp.", layers=[layer])
half = Cell("half", "Half", answer="Grey.", layers=[layer], tokens=Tokens.from_mask(scores > 0.5))
with gr.Blocks() as demo:
    ComparisonGrid(Comparison(image=photo, cells=[all_tokens, half]))

if __name__ == "__main__":
    demo.launch()
