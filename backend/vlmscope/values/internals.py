"""What goes on in an ARR-COC head for one image and one question, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vlmscope.values.plan import TokenMap
from vlmscope.values.selection import chance_jaccard
from vlmscope.values.variant import Variant


@dataclass(frozen=True, eq=False)
class OtherQuery:
    """What the same head would keep of the same image for another question, at the same budget.

    `weights` are those of the three scores then, by name. `kept` bool [rows, cols]. `shared` is the
    share of the tokens kept for the asked question that are kept for this one too; `jaccard` is what
    both keep over what either keeps (1 = the same tokens, 0 = none in common).
    """

    query: str
    weights: Mapping[str, float]
    kept: np.ndarray
    shared: float
    jaccard: float


@dataclass(frozen=True, eq=False)
class Internals:
    """An ARR-COC variant explained on one image and one question.

    `weights` are what the three scores were multiplied with, by name: `head_weights`, the softmax of
    the head's balancer, unless the variant's `weights=` or `without=` says otherwise. `information`,
    `perspectival`, `participatory` and their weighted sum `balanced` are resampled to the image's
    token grid, as the selection sees them; so are `channels` float32 [C, rows, cols], the texture
    array that the scores are computed from, named by `channel_names`. `kept` bool [rows, cols] is what
    the variant keeps within its budget. `others` tells how much that changes with the question.
    """

    variant: Variant
    query: str
    weights: Mapping[str, float]
    head_weights: Mapping[str, float]
    balanced: TokenMap
    information: TokenMap
    perspectival: TokenMap
    participatory: TokenMap
    channel_names: tuple[str, ...]
    channels: np.ndarray
    kept: np.ndarray
    others: tuple[OtherQuery, ...]
    warnings: tuple[str, ...] = ()

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the image's tokens."""
        rows, cols = self.kept.shape
        return rows, cols

    @property
    def mean_jaccard(self) -> float | None:
        """The mean overlap with the other questions; None when there were none."""
        if not self.others:
            return None
        return sum(other.jaccard for other in self.others) / len(self.others)

    @property
    def chance_jaccard(self) -> float:
        """The overlap that two random choices of as many tokens have on average."""
        return chance_jaccard(self.kept.size, int(self.kept.sum()))
