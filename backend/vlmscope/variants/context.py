"""What a kind may look at when it plans: each thing is made only when it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from vlmscope.checkpoints.head import LoadedHead


@dataclass(eq=False)
class Context:
    """One image and one question, as a kind sees them.

    `image` uint8 [H, W, 3], upright, as it came; `grid` the base's image tokens (rows, cols);
    `hidden_size` of the language model; `device` of the base; `grid_of` gives the image tokens that
    another image, uint8 [H, W, 3], would have, and `embed` the embeddings [T, D] of another query.
    `aside_seconds` are no part of the selection's.
    """

    image: np.ndarray
    query: str
    grid: tuple[int, int]
    hidden_size: int
    device: torch.device
    make_query_embeddings: Callable[[], torch.Tensor]
    make_features: Callable[[], torch.Tensor]
    load_head: Callable[[str], LoadedHead]
    grid_of: Callable[[np.ndarray], tuple[int, int]]
    embed: Callable[[str], torch.Tensor] | None = None
    aside_seconds: float = 0.0

    @property
    def total(self) -> int:
        """Image tokens of the whole image."""
        return self.grid[0] * self.grid[1]

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For what is told of a variant and not needed for its answer: its seconds are left out."""
        self._wait()
        start = time.perf_counter()
        try:
            yield
        finally:
            self._wait()
            self.aside_seconds += time.perf_counter() - start

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    @cached_property
    def query_embeddings(self) -> torch.Tensor:
        """The language model's input embeddings of the bare query's tokens, float32 [T, D]."""
        return self.make_query_embeddings()

    @cached_property
    def features(self) -> torch.Tensor:
        """The vision tower's merged output, [tokens, D]."""
        return self.make_features()
