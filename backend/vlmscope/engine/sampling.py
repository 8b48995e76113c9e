"""The next token: the likeliest, or one drawn from a row's own random stream."""

from __future__ import annotations

import torch


class Chooser:
    """Greedy at temperature 0, else inverse-CDF sampling from one number of a seeded stream.

    Each row has its own stream of the same seed, so that a variant draws the same numbers alone
    and beside others.
    """

    def __init__(self, temperature: float, seed: int) -> None:
        self._temperature = temperature
        self._stream = torch.Generator().manual_seed(seed)

    def __call__(self, logits: torch.Tensor) -> int:
        """The chosen token of logits [V]."""
        if self._temperature == 0:
            return int(logits.argmax())
        shares = (logits.double().cpu() / self._temperature).softmax(dim=-1)
        drawn = torch.rand((), generator=self._stream, dtype=torch.float64)
        place = int(torch.searchsorted(shares.cumsum(0), drawn, right=True))
        return min(place, logits.numel() - 1)
