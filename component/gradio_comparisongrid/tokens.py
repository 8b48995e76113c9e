"""The truth about a cell's image tokens: kept, dropped, or merged into another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from .errors import InvalidComparison
from .maps import as_grid, as_mask, decode, encode
from .model import WireModel

DROPPED = 65535

_UINT16 = np.dtype("<u2")


class Tokens(WireModel):
    """Which token carries each cell of the token grid `[rows, cols]`.

    `assign` is base64 of little-endian uint16 `[rows, cols]`: the flat index of the token that
    carries this one. Itself means kept, another means merged into that one, 65535 means dropped.
    """

    rows: int = Field(ge=1)
    cols: int = Field(ge=1)
    assign: str = Field(repr=False)

    @model_validator(mode="after")
    def _carried_by_kept(self) -> Tokens:
        if self.rows * self.cols > DROPPED:
            raise ValueError(
                f"Tokens has {self.rows} × {self.cols} tokens: it can hold {DROPPED} at most"
            )
        flat = self.to_assignment().ravel()
        carried = flat[flat != DROPPED]
        if carried.size and carried.max() >= flat.size:
            raise ValueError(
                f"Tokens.assign points at token {carried.max()}, "
                f"but there are {flat.size} (0 to {flat.size - 1})"
            )
        broken = carried[flat[carried] != carried]
        if broken.size:
            raise ValueError(
                f"Tokens.assign merges into token {broken[0]}, which is not kept itself"
            )
        return self

    @classmethod
    def from_mask(cls, kept: ArrayLike) -> Tokens:
        """Kept where the bool mask `[rows, cols]` is true, dropped elsewhere."""
        mask = as_mask(kept, "The mask of Tokens")
        own = np.arange(mask.size).reshape(mask.shape)
        return cls.from_assignment(np.where(mask, own, DROPPED))

    @classmethod
    def from_assignment(cls, assign: ArrayLike) -> Tokens:
        """Each token `[rows, cols]` with the flat index of the one that carries it.

        Itself means kept, another merged into it; 65535 and -1 mean dropped.
        """
        grid = as_grid(assign, "The assignment of Tokens")
        if not np.issubdtype(grid.dtype, np.integer):
            raise InvalidComparison(
                f"The assignment of Tokens holds {grid.dtype}: it needs whole numbers"
            )
        grid = np.where(grid == -1, DROPPED, grid.astype(np.int64))
        wrong = grid[(grid < 0) | (grid > DROPPED)]
        if wrong.size:
            raise InvalidComparison(
                f"The assignment of Tokens holds {wrong[0]}: it needs a flat index, or -1 for dropped"
            )
        rows, cols = grid.shape
        return cls(rows=rows, cols=cols, assign=encode(grid.astype(_UINT16)))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    @property
    def total(self) -> int:
        """How many tokens the image has."""
        return self.rows * self.cols

    @property
    def kept(self) -> int:
        """How many tokens carry something."""
        return int(self.to_mask().sum())

    def to_assignment(self) -> np.ndarray:
        """The flat index of the token that carries each one, uint16 `[rows, cols]`."""
        return decode(self.assign, _UINT16, self.rows, self.cols, "Tokens.assign")

    def to_mask(self) -> np.ndarray:
        """True where a token is kept as itself, bool `[rows, cols]`."""
        own = np.arange(self.total).reshape(self.shape)
        return self.to_assignment() == own
