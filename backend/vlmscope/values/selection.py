"""Pure choices on a grid of image tokens: top K, a regular lattice, resampling of a map."""

from __future__ import annotations

from fractions import Fraction
from math import exp, floor, lgamma

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
    shares = _shares(rows, cols, k)
    chosen: list[int] = []
    for line, share in enumerate(shares):
        row = int((line + 0.5) * rows / len(shares))
        chosen += [row * cols + int((i + 0.5) * cols / share) for i in range(share)]
    return np.array(chosen, dtype=np.int64)


def blocks(rows: int, cols: int, k: int) -> np.ndarray:
    """uint16 [rows, cols]: the grid in exactly `k` rectangles, each carried by its middle cell.

    Rows are shared among bands, and each band's columns among its rectangles, as evenly as `k`
    allows; `k` is at least 1.
    """
    shares = _shares(rows, cols, max(1, k))
    assign = np.empty((rows, cols), dtype=np.uint16)
    for line, share in enumerate(shares):
        top, bottom = line * rows // len(shares), (line + 1) * rows // len(shares)
        for i in range(share):
            left, right = i * cols // share, (i + 1) * cols // share
            middle = (top + bottom - 1) // 2 * cols + (left + right - 1) // 2
            assign[top:bottom, left:right] = middle
    return assign


def _shares(rows: int, cols: int, k: int) -> list[int]:
    """How many of `k` cells each evenly spaced line of a grid has."""
    k = max(0, min(k, rows * cols))
    if k == 0:
        return []
    lines = min(rows, k, max(1, round((k * rows / cols) ** 0.5)))
    lines = max(lines, -(-k // cols))
    return [(line + 1) * k // lines - line * k // lines for line in range(lines)]


def shrunk(rows: int, cols: int, most: int) -> tuple[int, int]:
    """The largest grid of nearly the same shape, as a smaller image has it, of at most `most` cells.

    Each side is the same share of what it was, rounded half up, and at least 1.
    """

    def at(share: Fraction) -> tuple[int, int]:
        half = Fraction(1, 2)
        return max(1, floor(rows * share + half)), max(1, floor(cols * share + half))

    # A side grows by one where its share of it passes a half: no other share makes another grid.
    steps = {Fraction(2 * i + 1, 2 * side) for side in (rows, cols) for i in range(side)}
    grids = [(rows, cols), *(at(share) for share in sorted(steps, reverse=True)), (1, 1)]
    return next(grid for grid in grids if grid[0] * grid[1] <= max(1, most))


def assignment(rows: int, cols: int, kept: np.ndarray) -> np.ndarray:
    """uint16 [rows, cols]: each kept cell carries itself, every other is DROPPED."""
    assign = np.full(rows * cols, DROPPED, dtype=np.uint16)
    assign[kept] = kept
    return assign.reshape(rows, cols)


def carriers(assign: np.ndarray) -> np.ndarray:
    """Flat indices, ascending, of the tokens that carry at least one cell."""
    return np.unique(assign[assign != DROPPED]).astype(np.int64)


def jaccard(kept: np.ndarray, other: np.ndarray) -> float:
    """What two selections (flat indices, each once) share over what either has; 1 for two empty ones."""
    common = len(np.intersect1d(kept, other))
    either = len(kept) + len(other) - common
    return common / either if either else 1.0


def chance_jaccard(total: int, k: int) -> float:
    """The mean Jaccard overlap of two selections of `k` out of `total`, each drawn at random.

    How many they have in common is hypergeometric.
    """
    if k == 0:
        return 1.0

    def log_choose(n: int, r: int) -> float:
        return lgamma(n + 1) - lgamma(r + 1) - lgamma(n - r + 1)

    every = log_choose(total, k)
    return sum(
        common
        / (2 * k - common)
        * exp(log_choose(k, common) + log_choose(total - k, k - common) - every)
        for common in range(max(0, 2 * k - total), k + 1)
    )


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
