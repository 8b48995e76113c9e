"""What a kind decides for one image and one question, and the maps that explain it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from vlmscope.values.selection import assignment


@dataclass(frozen=True, eq=False)
class TokenMap:
    """A scalar for each cell of a token grid: float32 `values` [rows, cols].

    NaN is *no value*. `method` says where the values come from, in words a reader can check. `low`
    and `high` are the bounds of the scale the values live on, not of these values; one that is not
    finite is taken from the values. `sinks` bool [rows, cols] are tokens to leave out of the scale.
    """

    key: str
    label: str
    values: np.ndarray
    method: str
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    sinks: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high)):
            known = self.values[np.isfinite(self.values)]
            low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
            object.__setattr__(self, "low", float(self.low if isfinite(self.low) else low))
            object.__setattr__(self, "high", float(self.high if isfinite(self.high) else high))

    @property
    def rows(self) -> int:
        return self.values.shape[0]

    @property
    def cols(self) -> int:
        return self.values.shape[1]


@dataclass(frozen=True, eq=False)
class Plan:
    """Which image token carries which cell of the grid, and why.

    `assign` uint16 [rows, cols]: each cell's flat index of the token that carries it; itself is
    kept, another is merged into that one, 65535 is dropped. `weights` float [rows, cols]: each
    cell's share in its carrier (equal when None); a carrier's features and DeepStack features are
    the weighted mean of its cells. `image`: another input image, uint8 [H, W, 3]; the assignment and
    the maps are then on its own grid. `after_layer`: the language-model layer after which the rest
    leaves (0 = before the language model).
    """

    assign: np.ndarray
    weights: np.ndarray | None = None
    image: np.ndarray | None = None
    after_layer: int = 0
    maps: tuple[TokenMap, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def keeping(
        cls,
        grid: tuple[int, int],
        kept: np.ndarray,
        maps: tuple[TokenMap, ...] = (),
        warnings: tuple[str, ...] = (),
        image: np.ndarray | None = None,
    ) -> Plan:
        """Keep the cells at the flat indices `kept` and drop the rest."""
        return cls(assign=assignment(*grid, kept), image=image, maps=maps, warnings=warnings)
