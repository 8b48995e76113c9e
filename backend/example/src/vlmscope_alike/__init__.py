"""`alike`: an example of a kind of one's own: image tokens that are alike become one.

K tokens on a regular lattice carry the others: each of those goes to the one that it is most alike,
by the cosine of the vision tower's output, and weighs as much as it is alike. In the manner of
VisionZip's contextual tokens (arXiv 2412.04467), without its dominant ones.
"""

from typing import ClassVar

import numpy as np
import torch

from vlmscope import InputError, Plan, TokenMap, Variant
from vlmscope.values.selection import lattice
from vlmscope.variants.context import Context


class Alike:
    """Every image token is carried by one of K, the one that it is most alike."""

    summary: ClassVar[str] = "Image tokens that are alike become one."
    options: ClassVar[frozenset[str]] = frozenset({"keep", "least"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        try:
            self.least = float(variant.options.get("least", "-1"))
        except ValueError:
            self.least = np.nan
        if not -1 <= self.least <= 1:
            raise InputError(
                f"least={variant.options['least']} is no cosine; give a number from -1 to 1."
            )

    @torch.inference_mode()
    def plan(self, context: Context) -> Plan:
        rows, cols = context.grid
        carriers = lattice(rows, cols, self.variant.keep.of(context.total))
        unit = torch.nn.functional.normalize(context.features.float(), dim=-1)
        cosine = (unit @ unit[torch.from_numpy(carriers).to(unit.device)].T).cpu().numpy()
        nearest, alike = carriers[cosine.argmax(axis=1)], cosine.max(axis=1)
        nearest[carriers], alike[carriers] = carriers, 1.0
        # What is too unlike every carrier is dropped.
        assign = np.where(alike >= self.least, nearest, 65535).astype(np.uint16)
        weights = np.clip(alike, 1e-3, 1).astype(np.float32)
        scored = TokenMap(
            "alike",
            "Alike its carrier",
            alike.reshape(rows, cols).astype(np.float32),
            "cosine of the vision tower's merged output with the token that carries this one",
            low=-1.0,
        )
        return Plan(
            assign=assign.reshape(rows, cols), weights=weights.reshape(rows, cols), maps=(scored,)
        )
