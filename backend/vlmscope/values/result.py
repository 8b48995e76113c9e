"""One variant's outcome, and the image it answered about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from PIL import Image

from vlmscope.values.plan import TokenMap
from vlmscope.values.selection import carriers
from vlmscope.values.variant import Variant

Status = Literal["done", "failed", "stopped"]


@dataclass(frozen=True, eq=False)
class RunImage:
    """The image as the base saw it: upright RGB `pixels`, and its grid of image tokens."""

    pixels: Image.Image
    rows: int
    cols: int

    @property
    def width(self) -> int:
        return self.pixels.width

    @property
    def height(self) -> int:
        return self.pixels.height

    @property
    def tokens(self) -> int:
        return self.rows * self.cols


@dataclass(frozen=True, eq=False)
class WordMap:
    """Where the model looked as it wrote a token: attention float32 [rows, cols], NaN for no value.

    `start` and `end` count code points of the answer; tokens of one character share its span.
    """

    start: int
    end: int
    values: np.ndarray


@dataclass(frozen=True)
class Spread:
    """From the least to the largest of `n` measurements, whose median is the figure."""

    low: float
    high: float
    n: int


@dataclass(frozen=True, eq=False)
class Result:
    """One variant's outcome.

    `token_ids` are the answer's tokens without the end token. `assign` is uint16 [rows, cols] (see
    `Plan`), or None when the variant failed before it chose. `metrics` holds only what was
    measured. `error` is one sentence, set when `status` is "failed". `image` is what the variant was
    given in place of the run's image, when that was another one. `spreads` has the spread of each
    figure that was measured repeatedly. `words` has a map for each token of the answer, when asked
    for, and `lost` for each of the baseline's the share of its attention that lay on image tokens
    which this variant dropped (see `evidence`).
    """

    id: str
    variant: Variant
    status: Status
    answer: str = ""
    token_ids: tuple[int, ...] = ()
    grid: tuple[int, int] | None = None
    assign: np.ndarray | None = None
    maps: Mapping[str, TokenMap] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: str | None = None
    image: RunImage | None = None
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    words: tuple[WordMap, ...] = ()
    lost: tuple[float, ...] = ()

    @property
    def kept(self) -> np.ndarray:
        """Flat indices, ascending, of the tokens that carry something."""
        return np.empty(0, dtype=np.int64) if self.assign is None else carriers(self.assign)
