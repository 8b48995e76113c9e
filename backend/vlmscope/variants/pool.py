"""`pool`: neighbouring image tokens averaged into one, a control that drops nothing outright."""

from __future__ import annotations

from typing import ClassVar

from vlmscope.values.plan import Plan
from vlmscope.values.selection import blocks
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context


class Pool:
    """K rectangles of tokens, as alike as K allows, each averaged into the token in its middle.

    DeepStack features are averaged alike; the mean has the position of the token that carries it.
    """

    summary: ClassVar[str] = "Neighbouring image tokens averaged into one (a control)."
    options: ClassVar[frozenset[str]] = frozenset({"keep"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        rows, cols = context.grid
        return Plan(assign=blocks(rows, cols, self.variant.keep.of(rows * cols)))
