"""`uniform`: image tokens on a regular lattice, whatever the image shows."""

from __future__ import annotations

from typing import ClassVar

from vlmscope.values.plan import Plan
from vlmscope.values.selection import lattice
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context


class Uniform:
    """Exactly K tokens, as evenly spread over the grid as K allows."""

    summary: ClassVar[str] = "Image tokens on a regular lattice (a control)."
    options: ClassVar[frozenset[str]] = frozenset({"keep"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        rows, cols = context.grid
        return Plan.keeping(context.grid, lattice(rows, cols, self.variant.keep.of(rows * cols)))
