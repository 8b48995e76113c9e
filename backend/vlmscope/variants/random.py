"""`random`: a random choice of image tokens, the control that many methods do not beat."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from vlmscope.values.errors import InputError, shortened
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.selection import top_k
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context


class Random:
    """The top K of independent uniform numbers, which depend on the seed and the grid alone.

    A smaller budget with the same seed keeps a subset of what a larger one keeps.
    """

    summary: ClassVar[str] = "A random choice of image tokens (a control)."
    options: ClassVar[frozenset[str]] = frozenset({"keep", "seed"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        text = variant.options.get("seed", "0")
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise InputError(f"seed={shortened(text)} is no seed; give a whole number from 0 up.")
        self.seed = int(text)

    def plan(self, context: Context) -> Plan:
        scores = np.random.Generator(np.random.PCG64(self.seed)).random(context.grid, np.float32)
        kept = top_k(scores, self.variant.keep.of(context.total))
        scored = TokenMap(
            # Not "relevance": noise would set the scale that scores are seen on.
            "draw",
            "Random draw",
            scores,
            f"independent uniform random numbers, seed {self.seed}",
        )
        return Plan.keeping(context.grid, kept, maps=(scored,))
