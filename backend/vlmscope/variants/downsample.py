"""`downsample`: a smaller image, the plainest way to fewer image tokens."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from PIL import Image

from vlmscope.values.plan import Plan
from vlmscope.values.selection import shrunk
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context

_SIDE = 32
"""Pixels of an image token's side."""


class Downsample:
    """The largest image of the same shape whose tokens are within the budget.

    The vision tower runs on it anew. Its tokens are whole rows and columns, so there are often fewer
    than K; where the base enlarges an image as small as that, there are more, and a warning says so.
    """

    summary: ClassVar[str] = "A smaller image within the budget (a control)."
    options: ClassVar[frozenset[str]] = frozenset({"keep"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        budget = self.variant.keep.of(context.total)
        rows, cols = shrunk(*context.grid, budget)
        size = (cols * _SIDE, rows * _SIDE)
        small = np.asarray(
            Image.fromarray(context.image).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
        )
        grid = context.grid_of(small)
        warnings = ()
        if grid[0] * grid[1] > budget:
            warnings = (
                f"This base enlarges an image of {size[0]}×{size[1]} pixels: it has "
                f"{grid[0] * grid[1]} image tokens, more than the budget of {budget}.",
            )
        every = np.arange(grid[0] * grid[1])
        return Plan.keeping(grid, every, warnings=warnings, image=small)
