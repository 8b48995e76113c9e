"""Where the model looked as it wrote each token, made into what a result tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vlmscope.values.plan import TokenMap
from vlmscope.values.result import WordMap
from vlmscope.values.sinks import attention_sinks

Look = tuple[int, int, np.ndarray]
"""The code points, from start to end, that a token added, and attention [rows, cols]."""


def word_maps(looks: Sequence[Look], length: int) -> tuple[WordMap, ...]:
    """A map for each token of an answer of `length` code points.

    One that ended inside a character has the span of the whole one.
    """
    words: list[WordMap] = []
    span: tuple[int, int] | None = None
    for start, end, values in reversed(looks):
        if end > start or span is None:
            span = (start, end if end > start else length)
        words.append(WordMap(*span, values))
    return tuple(reversed(words))


def with_sinks(maps: Mapping[str, TokenMap], looks: Sequence[Look]) -> dict[str, TokenMap]:
    """The maps, with the image tokens marked that the model looked at whatever it wrote."""
    sinks = attention_sinks([values for _, _, values in looks])
    if sinks is None or not sinks.any():
        return dict(maps)
    return {**maps, "attention": replace(maps["attention"], sinks=sinks)}
