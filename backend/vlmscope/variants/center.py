"""`center`: the image tokens nearest to the middle, where photographers put what they mean."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.selection import top_k
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context


class Center:
    """The K image tokens nearest to the middle of the image; of two as near, the upper left."""

    summary: ClassVar[str] = "The image tokens nearest to the middle (a control)."
    options: ClassVar[frozenset[str]] = frozenset({"keep"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        rows, cols = context.grid
        down = np.arange(rows)[:, None] - (rows - 1) / 2
        right = np.arange(cols)[None, :] - (cols - 1) / 2
        # Squared: distances that are equal are then equal numbers.
        squared = down**2 + right**2
        kept = top_k(-squared, self.variant.keep.of(context.total))
        distance = np.sqrt(squared).astype(np.float32)
        scored = TokenMap(
            "distance",
            "Distance to the middle",
            distance,
            "Euclidean distance of an image token's middle to the image's",
            unit="tokens",
            high=float(distance.max()) or 1.0,
        )
        return Plan.keeping(context.grid, kept, maps=(scored,))
