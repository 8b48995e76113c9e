"""`arr-coc`: the image tokens that a trained ARR-COC head finds worth keeping for the question.

The head of djwar42/arr-coc-0-1 (v0.1) scores a 32×32 grid. Here its balanced map is resampled to
the image's own token grid (adaptive average when shrinking, bilinear when enlarging) and the top K
kept, at the positions they had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from vlmscope.arr_coc.head import Scores
from vlmscope.arr_coc.texture import CHANNELS
from vlmscope.checkpoints.head import LoadedHead
from vlmscope.values.errors import CheckpointError, InputError, shortened
from vlmscope.values.internals import Internals, OtherQuery
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.selection import DROPPED, assignment, jaccard, resample, top_k
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


@dataclass(frozen=True, eq=False)
class Seen:
    """What a head makes of one image and question: its `own` scores, those that were `scores` weighed
    as the variant says, their `maps` on the token grid, and the flat indices `kept`."""

    loaded: LoadedHead
    own: Scores
    scores: Scores
    maps: tuple[TokenMap, ...]
    kept: np.ndarray

    @property
    def grid(self) -> tuple[int, int]:
        return self.maps[0].rows, self.maps[0].cols


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
        seen = self.look(context)
        with context.aside():
            probed = self._probed(context, seen) if _is_telling(seen) else ()
            warnings = (*seen.loaded.warnings, *deaf(seen, probed))
        return Plan.keeping(context.grid, seen.kept, maps=seen.maps, warnings=warnings)

    def look(self, context: Context) -> Seen:
        """Score the image for the context's question, and choose."""
        loaded = context.load_head(self.variant.source or "")
        own = loaded.head.score(context.image, context.query_embeddings.mean(dim=0))
        scores = self._weighed(own)
        if not bool(torch.isfinite(scores.balanced).all()):
            raise CheckpointError(
                f"{self.variant.title} gives scores that are no numbers for this image, its weights "
                "are too large; give another checkpoint."
            )
        maps = tuple(_maps(scores, context.grid, self._whose))
        kept = top_k(maps[0].values, self.variant.keep.of(context.total))
        return Seen(loaded, own, scores, maps, kept)

    def ask(self, context: Context, seen: Seen, query: str) -> OtherQuery:
        """What the head would keep for another question."""
        assert context.embed is not None
        own = seen.loaded.head.score_texture(seen.own.texture, context.embed(query).mean(dim=0))
        scores = self._weighed(own)
        values = resample(scores.balanced.cpu().numpy(), *context.grid)
        other = top_k(values, len(seen.kept))
        return OtherQuery(
            query,
            _by_name(scores),
            _mask(context.grid, other),
            len(np.intersect1d(seen.kept, other)) / len(seen.kept),
            jaccard(seen.kept, other),
        )

    def explained(self, query: str, seen: Seen, others: Sequence[OtherQuery]) -> Internals:
        """What was seen for a question, and what would be for others, as plain data."""
        balanced, information, perspectival, participatory = seen.maps
        texture = seen.own.texture.cpu().numpy()
        return Internals(
            variant=self.variant,
            query=query,
            weights=_by_name(seen.scores),
            head_weights=_by_name(seen.own),
            balanced=balanced,
            information=information,
            perspectival=perspectival,
            participatory=participatory,
            channel_names=CHANNELS,
            channels=np.stack([resample(channel, *seen.grid) for channel in texture]),
            kept=_mask(seen.grid, seen.kept),
            others=tuple(others),
            warnings=(*seen.loaded.warnings, *deaf(seen, others), *_untelling(seen, others)),
        )

    def _probed(self, context: Context, seen: Seen) -> Sequence[OtherQuery]:
        if context.embed is None:
            return ()
        return [self.ask(context, seen, probe) for probe in PROBES if probe != context.query]

    def _weighed(self, scores: Scores) -> Scores:
        if self.given is None and self.without is None:
            return scores
        weights = self._left(self.given or scores.weights.tolist())
        return scores.weighed(torch.tensor(weights, device=scores.weights.device))

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


def deaf(seen: Seen, others: Sequence[OtherQuery]) -> Iterator[str]:
    """A sentence where the head keeps nearly the same tokens whatever it is asked."""
    if not others or not _is_telling(seen):
        return
    overlap = sum(other.shared for other in others) / len(others)
    if overlap >= DEAD:
        yield (
            f"This head hardly looks at the question: {overlap:.0%} of the {len(seen.kept)} tokens that it "
            f"keeps of this image it keeps for {len(others)} other questions too, on average."
        )


def _is_telling(seen: Seen) -> bool:
    """Whether the number of kept tokens lets an overlap say anything."""
    rows, cols = seen.grid
    return FEW <= len(seen.kept) < rows * cols


def _untelling(seen: Seen, others: Sequence[OtherQuery]) -> Iterator[str]:
    """A sentence where an overlap says nothing of the head."""
    if not others or _is_telling(seen):
        return
    if len(seen.kept) < FEW:
        yield f"Only {len(seen.kept)} tokens are kept; the overlap of so few says little of the head."
    else:
        yield "Every token is kept, so no question can change which; choose a smaller keep=."


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


def _by_name(scores: Scores) -> dict[str, float]:
    return dict(zip(NAMES, scores.weights.tolist(), strict=True))


def _mask(grid: tuple[int, int], kept: np.ndarray) -> np.ndarray:
    return assignment(*grid, kept) != DROPPED
