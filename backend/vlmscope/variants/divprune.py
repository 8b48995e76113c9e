"""`divprune`: the image tokens that differ most from each other, whatever is asked.

DivPrune (Alvar et al., CVPR 2025, arXiv 2503.02175): of all sets of K tokens one whose least
distance between two is large, found greedily (max-min). Distances are those of the vision tower's
merged output, as the language model gets it at its first layer; DeepStack features have no say.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context

_BLOCK = 1024
"""Rows of the table of distances that are computed at once: all of it could be large."""


class DivPrune:
    """Greedy max-min: first the token farthest from its nearest other, then always the farthest."""

    summary: ClassVar[str] = "The image tokens that differ most from each other (DivPrune)."
    options: ClassVar[frozenset[str]] = frozenset({"keep"})
    source: ClassVar[bool] = False

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        picked, distance = max_min(context.features, self.variant.keep.of(context.total))
        values = distance.reshape(context.grid)
        scored = TokenMap(
            "distance",
            "Distance to kept",
            values,
            "DivPrune: 1 − cosine of the vision tower's merged output to the nearest token that was "
            "picked; of a kept token, to the nearest that was picked before it, and of the first to "
            "its nearest other",
            high=float(values.max()) or 1.0,
        )
        return Plan.keeping(context.grid, np.sort(picked), maps=(scored,))


@torch.inference_mode()
def max_min(features: torch.Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Flat indices [k] in the order they are picked, and each token's distance [N], float32.

    Distance d(i, j) = 1 − cos(x_i, x_j) of features [N, D]. Ties go to the lower index. A single
    token has the distance 0.
    """
    directions = torch.nn.functional.normalize(features.float(), dim=-1)
    count = directions.shape[0]
    distance = torch.zeros(count)
    nearest = _to_nearest_other(directions)
    picked = [int(nearest.argmax())]
    distance[picked[0]] = nearest[picked[0]]
    left = _distances(directions, picked[0])
    taken = torch.zeros(count, dtype=torch.bool)
    taken[picked[0]] = True
    for _ in range(min(k, count) - 1):
        chosen = int(left.masked_fill(taken, -torch.inf).argmax())
        distance[chosen] = left[chosen]
        taken[chosen] = True
        picked.append(chosen)
        left = torch.minimum(left, _distances(directions, chosen))
    distance[~taken] = left[~taken]
    return np.array(picked, dtype=np.int64), distance.numpy()


def _distances(directions: torch.Tensor, index: int) -> torch.Tensor:
    # On the CPU, where the choice is made: one wait for the device a pick, not three.
    return (1 - directions @ directions[index]).clamp(min=0).cpu()


def _to_nearest_other(directions: torch.Tensor) -> torch.Tensor:
    count = directions.shape[0]
    if count == 1:
        return torch.zeros(1)
    nearest = torch.empty(count)
    for start in range(0, count, _BLOCK):
        block = 1 - directions[start : start + _BLOCK] @ directions.T
        own = torch.arange(block.shape[0], device=block.device)
        block[own, start + own] = torch.inf
        nearest[start : start + _BLOCK] = block.min(dim=1).values.clamp(min=0).cpu()
    return nearest
