"""`baseline`: the base as it is, with every image token."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from vlmscope.values.plan import Plan
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context


class Baseline:
    """Every image token, unchanged."""

    summary: ClassVar[str] = "The base as it is: every image token."
    options: ClassVar[frozenset[str]] = frozenset()
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        return Plan.keeping(context.grid, np.arange(context.total))
