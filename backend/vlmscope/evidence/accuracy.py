"""Accuracy by variant and by type of question, with the interval that few cases leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

TYPES = ("specific", "vague", "detail", "counting")
"""Types of question by which compression is judged, in this order before any other."""
OTHER = "other"
Z95 = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""


@dataclass(frozen=True)
class Accuracy:
    """Of `total` answers, `judged` had an expected one and `correct` of these were right.

    `type` is None for all types. `share`, `low` and `high` are of the judged, None when there are none.
    """

    variant: str
    type: str | None
    correct: int
    judged: int
    total: int

    @property
    def share(self) -> float | None:
        return self.correct / self.judged if self.judged else None

    @property
    def low(self) -> float | None:
        return wilson(self.correct, self.judged)[0] if self.judged else None

    @property
    def high(self) -> float | None:
        return wilson(self.correct, self.judged)[1] if self.judged else None


@dataclass(frozen=True)
class Accuracies:
    """Variants in the order they came, `types` in that of `in_order`, and a figure for each pair."""

    variants: tuple[str, ...]
    types: tuple[str, ...]
    by_type: Mapping[tuple[str, str], Accuracy]
    overall: Mapping[str, Accuracy]


def accuracies(rows: Iterable[tuple[str, str, bool | None]]) -> Accuracies:
    """Accuracy from rows of variant id, type of question, and right, wrong or None (not judged)."""
    counted = Counter(rows)
    variants = tuple(dict.fromkeys(variant for variant, _, _ in counted))
    types = in_order(kind for _, kind, _ in counted)

    def of(variant: str, kinds: tuple[str, ...], named: str | None) -> Accuracy:
        right, wrong, open_ = (
            sum(counted[variant, kind, verdict] for kind in kinds)
            for verdict in (True, False, None)
        )
        return Accuracy(variant, named, right, right + wrong, right + wrong + open_)

    return Accuracies(
        variants,
        types,
        {(variant, kind): of(variant, (kind,), kind) for variant in variants for kind in types},
        {variant: of(variant, types, None) for variant in variants},
    )


def in_order(types: Iterable[str]) -> tuple[str, ...]:
    """Each type once: those of `TYPES`, then others as they come, "other" last."""
    found = tuple(dict.fromkeys(types))
    known = (*TYPES, OTHER)
    between = tuple(kind for kind in found if kind not in known)
    return tuple(kind for kind in (*TYPES, *between, OTHER) if kind in found)


def wilson(correct: int, judged: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a share, 95 % unless told otherwise, for `judged` above 0.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), Wilson, JASA 22 (1927) 209-212; also near 0
    and 1, and for few cases, it holds about what it says (Brown, Cai, DasGupta 2001).
    """
    p, n = correct / judged, judged
    middle = p + z * z / (2 * n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if correct == 0 else (middle - half) / scale
    high = 1.0 if correct == judged else (middle + half) / scale
    return low, high
