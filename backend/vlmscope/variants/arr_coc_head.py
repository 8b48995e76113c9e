"""`arr-coc`: the image tokens that a trained ARR-COC head finds worth keeping for the question.

The head of djwar42/arr-coc-0-1 (v0.1) scores a 32×32 grid. Here its balanced map is resampled to
the image's own token grid (adaptive average when shrinking, bilinear when enlarging) and the top K
kept, at the positions they had.
"""

from __future__ import annotations

from typing import ClassVar

import torch

from vlmscope.arr_coc.head import Scores
from vlmscope.values.errors import CheckpointError
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.selection import resample, top_k
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context

_SCORES = (
    ("information", "Information", "entropy of the softmax over 13 texture channels, min-max"),
    ("perspectival", "Perspectival", "Sobel magnitude of the grey image, min-max"),
    ("participatory", "Participatory", "cosine of projected texture and query embedding, to 0..1"),
)


class ArrCocHead:
    """The top K of an ARR-COC head's balanced map."""

    summary: ClassVar[str] = "The image tokens a trained ARR-COC head keeps for the question."
    options: ClassVar[frozenset[str]] = frozenset({"keep"})
    source: ClassVar[bool] = True

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def plan(self, context: Context) -> Plan:
        loaded = context.load_head(self.variant.source or "")
        scores = loaded.head.score(context.image, context.query_embeddings.mean(dim=0))
        if not bool(torch.isfinite(scores.balanced).all()):
            raise CheckpointError(
                f"{self.variant.title} gives scores that are no numbers for this image, its weights "
                "are too large; give another checkpoint."
            )
        maps = tuple(_maps(scores, context.grid))
        kept = top_k(maps[0].values, self.variant.keep.of(context.total))
        return Plan.keeping(context.grid, kept, maps=maps, warnings=loaded.warnings)


def _maps(scores: Scores, grid: tuple[int, int]) -> list[TokenMap]:
    def on_grid(values: torch.Tensor):
        return resample(values.cpu().numpy(), *grid)

    weights = "/".join(f"{weight:.3f}" for weight in scores.weights.tolist())
    balanced = (
        "ARR-COC balanced map: information, perspectival, participatory weighed "
        f"{weights}, min-max; query as the mean of its bare tokens' input embeddings"
    )
    return [
        TokenMap("relevance", "Relevance", on_grid(scores.balanced), balanced),
        *(
            TokenMap(key, label, on_grid(getattr(scores, key)), f"ARR-COC: {method}")
            for key, label, method in _SCORES
        ),
    ]
