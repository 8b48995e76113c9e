"""Pure choices on a grid of image tokens: top K, a regular lattice, resampling of a map."""

from __future__ import annotations

import numpy as np

DROPPED = 65535
"""In an assignment: no token carries this cell."""


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Flat indices of the `k` highest scores, ascending; ties go to the lower index.

    Scores that are not numbers come last.
    """
    flat = np.asarray(scores, dtype=np.float64).ravel()
    order = np.argsort(-np.where(np.isnan(flat), -np.inf, flat), kind="stable")
    return np.sort(order[:k])


def lattice(rows: int, cols: int, k: int) -> np.ndarray:
    """Flat indices, ascending, of exactly `k` cells spread evenly over a grid of rows × cols.

    The `k` cells are shared among evenly spaced rows as evenly as `k` allows (Bresenham's rule),
    and each row's share is centred and evenly spaced in it.
    """
    k = max(0, min(k, rows * cols))
    if k == 0:
        return np.empty(0, dtype=np.int64)
    lines = min(rows, k, max(1, round((k * rows / cols) ** 0.5)))
    lines = max(lines, -(-k // cols))
    chosen: list[int] = []
    for line in range(lines):
        row = int((line + 0.5) * rows / lines)
        share = (line + 1) * k // lines - line * k // lines
        chosen += [row * cols + int((i + 0.5) * cols / share) for i in range(share)]
    return np.array(chosen, dtype=np.int64)


def assignment(rows: int, cols: int, kept: np.ndarray) -> np.ndarray:
    """uint16 [rows, cols]: each kept cell carries itself, every other is DROPPED."""
    assign = np.full(rows * cols, DROPPED, dtype=np.uint16)
    assign[kept] = kept
    return assign.reshape(rows, cols)


def carriers(assign: np.ndarray) -> np.ndarray:
    """Flat indices, ascending, of the tokens that carry at least one cell."""
    return np.unique(assign[assign != DROPPED]).astype(np.int64)


def merges(assign: np.ndarray) -> bool:
    """Whether any cell is carried by another cell's token."""
    flat = assign.ravel()
    return bool(np.any((flat != DROPPED) & (flat != np.arange(flat.size))))


def resample(values: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """A map [h, w] on another grid: adaptive average when an axis shrinks, bilinear when it grows.

    Each axis is treated by itself; bilinear is that of `align_corners=False`.
    """
    out = np.asarray(values, dtype=np.float64)
    return (_axis(out.shape[0], rows) @ out @ _axis(out.shape[1], cols).T).astype(np.float32)


def _axis(size: int, wanted: int) -> np.ndarray:
    """Weights [wanted, size] of a resampling along one axis."""
    weights = np.zeros((wanted, size))
    if wanted < size:
        for i in range(wanted):
            start, end = i * size // wanted, -(-(i + 1) * size // wanted)
            weights[i, start:end] = 1 / (end - start)
        return weights
    centres = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
    low = np.floor(centres).astype(int)
    high = np.minimum(low + 1, size - 1)
    weights[np.arange(wanted), low] += 1 - (centres - low)
    weights[np.arange(wanted), high] += centres - low
    return weights
