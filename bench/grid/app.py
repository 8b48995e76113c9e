"""The Gradio apps that are measured: python -m bench.grid.app shown|hatched|empty|images.

`shown` has the eight cells from the start and streams on a click, `hatched` has half of the tokens
dropped, `empty` gets the cells on a click, `images` is the same with Gradio's own image components.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator

import gradio as gr
import numpy as np
from PIL import Image

from gradio_comparisongrid import Comparison, ComparisonGrid

from . import scene

RATE = 30
"""Updates a second."""
ROUND, ROUNDS = 600, 3
"""Updates of a round, in which every answer grows from nothing; rounds of a stream: a minute."""
PIECE = 3
"""Characters that every update adds to every answer."""
PAUSE = 3.0
"""Seconds after each round, for a look at the page in the state in which each round ends."""

COLOURS = {
    "viridis": ("440154", "3b528b", "21908c", "5dc963", "fde725"),
    "magma": ("000004", "51127c", "b63779", "fb8861", "fcfdbf"),
}


def stream() -> Iterator[Comparison]:
    """Text grows in all eight cells; nothing else changes. The pace is the clock's."""
    value = scene.comparison(status="running")
    for _ in range(ROUNDS):
        due = time.monotonic()
        for step in range(1, ROUND + 1):
            for cell in value.cells:
                cell.answer = scene.text(PIECE * step)
            yield value
            due += 1 / RATE
            time.sleep(max(0.0, due - time.monotonic()))
        time.sleep(PAUSE)


def grid_app(value: Comparison | None, *, streams: bool = False) -> None:
    grid = ComparisonGrid(value, show_label=False)
    if streams:
        gr.Button("Stream").click(stream, None, grid, show_progress="hidden")
    if value is None:
        ready = scene.comparison()
        gr.Button("Fill").click(lambda: ready, None, grid, show_progress="hidden")


def coloured(colours: str) -> list[np.ndarray]:
    """The image under each map in these colours, uint8 `[HEIGHT, WIDTH, 3]`, as the grid shows it."""
    stops = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in COLOURS[colours]])
    places = np.linspace(0, 1, len(stops))
    table = np.stack(
        [np.interp(np.linspace(0, 1, 256), places, channel) for channel in stops.T], axis=-1
    ).astype(np.uint8)
    base = Image.fromarray(scene.image())
    blended = []
    for scores in scene.maps():
        small = Image.fromarray(table[np.rint(255 * scores).astype(np.uint8)])
        large = small.resize(base.size, Image.Resampling.NEAREST)
        blended.append(np.asarray(Image.blend(base, large, 0.6)))
    return blended


def images_app() -> None:
    """Colours change at the server, as they must where a component only shows pictures."""
    colours = itertools.cycle(COLOURS)
    with gr.Row():
        pictures = [gr.Image(show_label=False, min_width=380) for _ in range(scene.CELLS)]
    gr.Button("Fill").click(lambda: coloured(next(colours)), None, pictures, show_progress="hidden")


APPS: dict[str, Callable[[], None]] = {
    "shown": lambda: grid_app(scene.comparison(), streams=True),
    "hatched": lambda: grid_app(scene.comparison(tokens=True)),
    "empty": lambda: grid_app(None),
    "images": images_app,
}


def main(name: str) -> None:
    with gr.Blocks(title=name, fill_width=True) as app:
        APPS[name]()
    app.launch()


if __name__ == "__main__":
    main(sys.argv[1])
