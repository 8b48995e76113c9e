"""What `compare` says while it runs, one frozen value at a time.

`index` is the variant's place in the order given, `id` its id, made unique.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vlmscope.values.plan import TokenMap
from vlmscope.values.result import Result, RunImage
from vlmscope.values.variant import Variant


@dataclass(frozen=True, eq=False)
class Started:
    """First of all: the image's grid, the conditions, and the variants with unique ids."""

    name: ClassVar[str] = "started"
    base: Mapping[str, Any]
    stamp: Mapping[str, Any]
    image: RunImage
    query: str
    variants: tuple[Variant, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Maps:
    """A variant has chosen its tokens; comes again when there are more maps, replacing the last.

    `image` is the variant's own input, when it is another one than the comparison's.
    """

    name: ClassVar[str] = "maps"
    index: int
    id: str
    grid: tuple[int, int]
    assign: np.ndarray
    maps: Mapping[str, TokenMap]
    metrics: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    image: RunImage | None = None


@dataclass(frozen=True, eq=False)
class Token:
    """One more answer token: `text` is what it adds at code points `start` to `end` of the answer.

    A token that ends inside a character adds nothing; the token that completes it adds it all. An
    answer that ends inside a character has a replacement character more, which only its result
    holds. `attention` float32 [rows, cols], when maps for words were asked for, is where the model
    looked as it chose the token.
    """

    name: ClassVar[str] = "token"
    index: int
    id: str
    token_id: int
    text: str
    start: int
    end: int
    attention: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Finished:
    """A variant's answer is complete."""

    name: ClassVar[str] = "finished"
    index: int
    id: str
    result: Result


@dataclass(frozen=True, eq=False)
class Failed:
    """A variant failed; `result.error` says why in one sentence, the others go on."""

    name: ClassVar[str] = "failed"
    index: int
    id: str
    result: Result


@dataclass(frozen=True, eq=False)
class Stopped:
    """A variant was stopped before its answer ended; `result.answer` is what there was."""

    name: ClassVar[str] = "stopped"
    index: int
    id: str
    result: Result


@dataclass(frozen=True, eq=False)
class Evidence:
    """After all have ended: what a variant dropped of what the baseline looked at as it answered."""

    name: ClassVar[str] = "evidence"
    index: int
    id: str
    result: Result


Event = Started | Maps | Token | Finished | Failed | Stopped | Evidence
