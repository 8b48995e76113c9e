"""Attention whose keys can be gated, so that a choice of image tokens has a gradient.

Weights are e_ij·m_j / Σ_k e_ik·m_k with a gate m_j for each key. With m in {0, 1} that is exactly
attention without the dropped tokens; and unlike a bias of log m it has a finite gradient at m = 0:
how the loss would change if the dropped token were let in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS


@dataclass
class Gate:
    """What gates the keys now: `keys` [B, S] or None for all ones, and attention on record."""

    keys: Tensor | None = None
    record: bool = False
    weights: list[Tensor] = field(default_factory=list)  # [B, heads, S, S] of each layer


_current: Gate | None = None


def _gated_attention(
    module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor, scaling: float, **_
) -> tuple[Tensor, None]:
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    logits = (query @ key.transpose(-1, -2)).float() * scaling
    weights = logits.masked_fill(~attention_mask, -torch.inf).softmax(-1)
    gate = _current
    if gate is not None and gate.keys is not None:
        weights = weights * gate.keys[:, None, None, :]
        weights = weights / weights.sum(-1, keepdim=True).clamp_min(1e-9)
    if gate is not None and gate.record:
        gate.weights.append(weights.detach())
    return (weights.to(value.dtype) @ value).transpose(1, 2).contiguous(), None


GATED = "training_gated"
ALL_ATTENTION_FUNCTIONS.register(GATED, _gated_attention)


@contextmanager
def gating(gate: Gate) -> Iterator[Gate]:
    """Within, attention by `GATED` goes through `gate`; for one thread at a time."""
    global _current
    _current = gate
    try:
        yield gate
    finally:
        _current = None


def choose(scores: Tensor, count: int, temperature: float) -> Tensor:
    """A gate [B, T]: 1 for the `count` highest scores and 0 else, with a sigmoid's gradient."""
    ranked = scores.sort(dim=1, descending=True, stable=True)
    hard = torch.zeros_like(scores).scatter_(1, ranked.indices[:, :count], 1.0)
    if count >= scores.shape[1]:
        return hard
    border = ranked.values[:, count - 1 : count + 1].mean(1, keepdim=True).detach()
    soft = ((scores - border) / temperature).sigmoid()
    return hard + soft - soft.detach()
