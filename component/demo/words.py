"""A map for each word of an answer, from the picture's own pixels."""

from __future__ import annotations

import re

import numpy as np
from picture import (  # pyright: ignore[reportMissingImports] (it lies beside this file)
    COLOURS,
    edges,
    likeness,
)
from PIL import Image

from gradio_comparisongrid import Word

SHAPES = {"star": "red", "circle": "blue", "square": "green", "triangle": "yellow"}
"""What colour each thing of the picture has."""


def words_of(answer: str, image: Image.Image) -> list[Word]:
    """Where the picture has what a word names; for any other word, where it has edges.

    The weights of a word add up to 1, as attention does.
    """
    found = []
    for match in re.finditer(r"\w+", answer):
        word = match[0].lower()
        colour = COLOURS.get(SHAPES.get(word, word))
        scores = edges(image) if colour is None else likeness(image, colour) ** 0.5
        share = scores + 0.02 * scores.max() + 1e-6
        found.append(Word(match.start(), match.end(), map=np.asarray(share / share.sum())))
    return found
