"""`arr-coc`: the image tokens that a trained ARR-COC head finds worth keeping for the question.

The head of djwar42/arr-coc-0-1 (v0.1) scores a 32×32 grid. Here its balanced map is resampled to
the image's own token grid (adaptive average when shrinking, bilinear when enlarging) and the top K
kept, at the positions they had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import torch

from vlmscope.arr_coc.head import ArrCoc, Scores
from vlmscope.values.errors import CheckpointError, InputError, shortened
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.selection import resample, top_k
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context

_SCORES = (
    ("information", "Information", "entropy of the softmax over 13 texture channels, min-max"),
    ("perspectival", "Perspectival", "Sobel magnitude of the grey image, min-max"),
    ("participatory", "Participatory", "cosine of projected texture and query embedding, to 0..1"),
)

NAMES = tuple(name for name, _, _ in _SCORES)
_LISTED = ", ".join(NAMES)
MAX_WEIGHT = 1e6

PROBES = (
    "What colour is it?",
    "How many are there?",
    "What is written at the bottom right?",
)
"""Other questions, to see whether a head hears the one that is asked."""
DEAD = 0.95
"""The share of kept tokens in common from which a head counts as deaf to the question: an untrained one
shares 96 to 99 %."""
FEW = 8
"""Of fewer tokens than these an overlap says little."""


class ArrCocHead:
    """The top K of an ARR-COC head's balanced map.

    `without=` leaves a score out (information, perspectival or participatory); `weights=` are equal,
    the head's own (head, as when it is not given), or three numbers in that order, such as 0/0/1.
    """

    summary: ClassVar[str] = "The image tokens a trained ARR-COC head keeps for the question."
    options: ClassVar[frozenset[str]] = frozenset({"keep", "weights", "without"})
    source: ClassVar[bool] = True

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.given = _given_weights(variant.options.get("weights", "head"))
        self.without = variant.options.get("without")
        if self.without is not None and self.without not in NAMES:
            raise InputError(
                f"without={shortened(self.without)} is no score of ARR-COC; use {_LISTED}."
            )
        if self.given is not None and not any(self._left(self.given)):
            raise InputError(
                f"weights={self.variant.options['weights']} leaves no score to choose by; "
                "give one of them a weight above 0."
            )

    def plan(self, context: Context) -> Plan:
        loaded = context.load_head(self.variant.source or "")
        scores = loaded.head.score(context.image, context.query_embeddings.mean(dim=0))
        texture, scores = scores.texture, self._weighed(scores)
        if not bool(torch.isfinite(scores.balanced).all()):
            raise CheckpointError(
                f"{self.variant.title} gives scores that are no numbers for this image, its weights "
                "are too large; give another checkpoint."
            )
        maps = tuple(_maps(scores, context.grid, self._whose))
        kept = top_k(maps[0].values, self.variant.keep.of(context.total))
        with context.aside():
            warnings = (*loaded.warnings, *self._dead(context, loaded.head, texture, kept))
        return Plan.keeping(context.grid, kept, maps=maps, warnings=warnings)

    def _weighed(self, scores: Scores) -> Scores:
        if self.given is None and self.without is None:
            return scores
        weights = self._left(self.given or scores.weights.tolist())
        return scores.weighed(torch.tensor(weights, device=scores.weights.device))

    def _dead(
        self, context: Context, head: ArrCoc, texture: torch.Tensor, kept: np.ndarray
    ) -> Iterator[str]:
        """A sentence where the head keeps nearly the same tokens whatever it is asked."""
        others = [probe for probe in PROBES if probe != context.query]
        if context.embed is None or not FEW <= len(kept) < context.total:
            return
        shared = []
        for probe in others:
            scores = self._weighed(head.score_texture(texture, context.embed(probe).mean(dim=0)))
            values = resample(scores.balanced.cpu().numpy(), *context.grid)
            shared.append(len(np.intersect1d(kept, top_k(values, len(kept)))) / len(kept))
        overlap = sum(shared) / len(shared)
        if overlap >= DEAD:
            yield (
                f"This head hardly looks at the question: {overlap:.0%} of the {len(kept)} tokens that it "
                f"keeps of this image it keeps for {len(others)} other questions too, on average."
            )

    def _left(self, weights: Sequence[float]) -> list[float]:
        """The weights, 0 for the score that is left out."""
        return [
            0.0 if name == self.without else weight
            for name, weight in zip(NAMES, weights, strict=True)
        ]

    @property
    def _whose(self) -> str:
        whose = "the head's own weights" if self.given is None else "given weights"
        return whose if self.without is None else f"{whose}, without {self.without}"


def _given_weights(text: str) -> list[float] | None:
    """Three weights as they were given; None for the head's own."""
    if text == "head":
        return None
    if text == "equal":
        return [1 / 3] * 3
    try:
        weights = [float(part) for part in text.split("/")]
    except ValueError:
        weights = []
    if len(weights) != 3 or not all(0 <= weight <= MAX_WEIGHT for weight in weights):
        raise InputError(
            f"weights={shortened(text)} cannot be used; give head, equal, or three numbers from 0 "
            f"to {MAX_WEIGHT} for {_LISTED}, such as 0.2/0.3/0.5."
        )
    return weights


def _maps(scores: Scores, grid: tuple[int, int], whose: str) -> list[TokenMap]:
    def on_grid(values: torch.Tensor):
        return resample(values.cpu().numpy(), *grid)

    weights = "/".join(f"{weight:.3f}" for weight in scores.weights.tolist())
    balanced = (
        "ARR-COC balanced map: information, perspectival, participatory weighed "
        f"{weights} ({whose}), min-max; query as the mean of its bare tokens' input embeddings"
    )
    return [
        TokenMap("relevance", "Relevance", on_grid(scores.balanced), balanced),
        *(
            TokenMap(key, label, on_grid(getattr(scores, key)), f"ARR-COC: {method}")
            for key, label, method in _SCORES
        ),
    ]
