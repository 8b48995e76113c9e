"""What every measurement looks at: one image and eight maps, all made up and the same each time."""

from __future__ import annotations

from functools import cache

import numpy as np

from gradio_comparisongrid import Cell, Comparison, Layer, Metric, Tokens

CELLS = 8
WIDTH, HEIGHT = 1216, 832
"""A megapixel: 1,011,712 pixels."""
SIDE = 32
"""Rows and columns of a map."""
SENTENCE = (
    "The image shows a grey field with patches of green and blue that fade into each other near "
    "the left edge, while a darker band runs from the lower corner to the middle, where it ends. "
)


def field(height: int, width: int, seed: int) -> np.ndarray:
    """Noise `[height, width]` from 0 to 1 with the spectrum of a photograph, 1/f in amplitude."""
    down = np.fft.fftfreq(height)[:, None] * height
    right = np.fft.fftfreq(width)[None, :] * width
    frequency = np.hypot(down, right)
    frequency[0, 0] = 1
    white = np.random.default_rng(seed).standard_normal((height, width))
    noise = np.fft.ifft2(np.fft.fft2(white) / frequency).real
    return (noise - noise.min()) / np.ptp(noise)


@cache
def image() -> np.ndarray:
    """The image of every cell, uint8 `[HEIGHT, WIDTH, 3]`."""
    channels = [field(HEIGHT, WIDTH, seed) for seed in (1, 2, 3)]
    return np.rint(255 * np.stack(channels, axis=-1)).astype(np.uint8)


@cache
def maps() -> list[np.ndarray]:
    """A map for each cell, `[SIDE, SIDE]` from 0 to 1."""
    return [field(SIDE, SIDE, 10 + number) for number in range(CELLS)]


def text(length: int) -> str:
    """The first `length` characters of an answer that goes on and on."""
    return (SENTENCE * (length // len(SENTENCE) + 1))[:length]


def comparison(*, tokens: bool = False, status: str = "done") -> Comparison:
    """Eight cells on the image; with `tokens` half of each cell's are dropped."""
    cells = [
        Cell(
            f"variant-{number}",
            f"Variant {number}",
            subtitle="made up",
            status=status,
            answer=text(120),
            layers=[Layer.from_array("relevance", scores, label="relevance")],
            tokens=Tokens.from_mask(scores > np.median(scores)) if tokens else None,
            metrics={"total_s": 0.5 + number / 10, "tokens": 1024 - 100 * number},
        )
        for number, scores in enumerate(maps(), start=1)
    ]
    return Comparison(
        image=image(),
        query="What does the image show?",
        metrics=[
            Metric("total_s", "total", unit="s", better="lower", digits=2),
            Metric("tokens", "image tokens", better="lower", digits=0),
        ],
        cells=cells,
    )
