"""Image tokens that collect attention whatever is being written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TIMES = 10.0
"""A sink gets so many times the mean attention of the image tokens, at every step."""
LEAST = 4
"""Steps that are needed before "every step" says anything."""


def attention_sinks(looks: Sequence[np.ndarray]) -> np.ndarray | None:
    """bool [rows, cols], true for a sink, from attention maps [rows, cols] of an answer's steps.

    Models park attention on a few tokens that say nothing (arXiv 2309.17453; in images, arXiv
    2503.03321): a token is called one here when it gets at least ten times the mean of the image
    tokens at every step. None where there are fewer than four steps. NaN is no value.
    """
    if len(looks) < LEAST:
        return None
    steps = np.stack(looks).astype(np.float64)
    known = np.isfinite(steps).all(axis=0)
    if not known.any():
        return np.zeros(known.shape, dtype=bool)
    means = steps[:, known].mean(axis=1)[:, None, None]
    with np.errstate(invalid="ignore"):
        return known & (steps >= TIMES * means).all(axis=0)
