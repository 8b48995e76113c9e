"""`saliency`: the image tokens with the strongest edges, whatever is asked.

A control that trained selectors do not always beat: on plain backgrounds the objects are the only
edges. Sobel's operator: I. Sobel, G. Feldman, "A 3×3 isotropic gradient operator" (1968).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PIL import Image

from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.selection import resample, top_k
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context

_SIDE = 32
"""Pixels of an image token's side, after the base's own resizing."""


class Saliency:
    """The top K of the mean Sobel magnitude within each image token."""

    summary: ClassVar[str] = "The image tokens with the strongest edges (a control)."
    options: ClassVar[frozenset[str]] = frozenset({"keep"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        rows, cols = context.grid
        size = (cols * _SIDE, rows * _SIDE)
        grey = Image.fromarray(context.image).convert("L").resize(size, Image.Resampling.BICUBIC)
        edges = resample(sobel(np.asarray(grey, np.float64) / 255), rows, cols)
        kept = top_k(edges, self.variant.keep.of(context.total))
        method = (
            "mean Sobel magnitude (grey, 0 to 1, divided by 8) of the pixels of each image token, "
            f"{_SIDE}×{_SIDE} of them after resizing"
        )
        scored = TokenMap("saliency", "Edges", edges, method, high=float(edges.max()) or 1.0)
        return Plan.keeping(context.grid, kept, maps=(scored,))


def sobel(grey: np.ndarray) -> np.ndarray:
    """Gradient magnitude [H, W] of a grey image; the edge pixels are repeated outwards.

    Divided by 8, so that a ramp of one grey level a pixel has the magnitude 1.
    """
    padded = np.pad(grey, 1, mode="edge")
    up, middle, down = padded[:-2], padded[1:-1], padded[2:]
    right = (up + 2 * middle + down)[:, 2:] - (up + 2 * middle + down)[:, :-2]
    across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    below = across[2:] - across[:-2]
    return np.hypot(right, below) / 8
