"""What share of a cell's relevance and of its kept tokens lies inside a box on the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .cell import Cell
from .errors import InvalidComparison
from .maps import Layer, decode
from .view import as_box


@dataclass(frozen=True)
class Shares:
    """Shares of what lies inside a box, 0 to 1; None where there is nothing to have a share of.

    `relevance` is of a layer's values, `kept` of the kept tokens, `area` of the image: what the
    other two would be by chance.
    """

    relevance: float | None
    kept: float | None
    area: float


def shares(cell: Cell, region: Sequence[float], layer: str | None = None) -> Shares:
    """What lies inside `region` (x0, y0, x1, y1, each 0 to 1) of a cell: the figures the grid shows.

    `layer` is a key, the cell's first layer when None. Each token counts by the part of its area
    that is inside. Of a layer count its values above zero, of one marked diverging the sizes of all;
    tokens without a value and sinks are left out. A token that others merge into is kept, those
    merged into it are not.

    Raises InvalidComparison for a region that is no box, and for a layer that the cell does not
    have although it has others.
    """
    x0, y0, x1, y1 = as_box(region)
    found = _layer(cell, layer)
    return Shares(
        relevance=None if found is None else _inside(_weights(found), (x0, y0, x1, y1)),
        kept=None if cell.tokens is None else _inside(cell.tokens.to_mask(), (x0, y0, x1, y1)),
        area=(x1 - x0) * (y1 - y0),
    )


def _layer(cell: Cell, key: str | None) -> Layer | None:
    if key is None or not cell.layers:
        return cell.layers[0] if cell.layers else None
    found = cell.layer(key)
    if found is None:
        keys = ", ".join(layer.key for layer in cell.layers)
        raise InvalidComparison(f"Cell {cell.id!r} has no layer {key!r} ({keys})")
    return found


def _weights(layer: Layer) -> np.ndarray:
    """How much each token counts, `[rows, cols]`."""
    values = layer.to_array().astype(np.float64)
    weights = np.abs(values) if layer.diverging else np.maximum(values, 0)
    weights[np.isnan(values)] = 0
    if layer.sinks is not None:
        sinks = decode(layer.sinks, np.dtype("u1"), *layer.shape, f"Layer {layer.key!r}.sinks")
        weights[sinks != 0] = 0
    return weights


def _inside(weights: np.ndarray, box: tuple[float, float, float, float]) -> float | None:
    """The share of the weights `[rows, cols]` inside a box, by area; None when they sum to 0."""
    total = weights.sum()
    if not total > 0:
        return None
    x0, y0, x1, y1 = box
    rows, cols = weights.shape
    return float(_parts(rows, y0, y1) @ weights @ _parts(cols, x0, x1) / total)


def _parts(count: int, low: float, high: float) -> np.ndarray:
    """Of each of `count` equal pieces of a line, the part that lies between two places, 0 to 1."""
    at = np.arange(count)
    return np.clip(np.minimum(at + 1, high * count) - np.maximum(at, low * count), 0, None)
