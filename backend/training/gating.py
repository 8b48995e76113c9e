"""Attention whose keys can be gated, so that each image token's presence has a gradient.

Weights are e_ij·m_j / Σ_k e_ik·m_k with a gate m_j for each key. With m in {0, 1} that is exactly
attention without the dropped tokens; and unlike a bias of log m it has a finite gradient at m = 0:
how the loss would change if the dropped token were let in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

_keys: Tensor | None = None


def _gated_attention(
    module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor, scaling: float, **_
) -> tuple[Tensor, None]:
    assert _keys is not None, "gated attention outside of gating()"
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    logits = (query @ key.transpose(-1, -2)).float() * scaling
    weights = logits.masked_fill(~attention_mask, -torch.inf).softmax(-1) * _keys[:, None, None, :]
    weights = weights / weights.sum(-1, keepdim=True).clamp_min(1e-9)
    return (weights.to(value.dtype) @ value).transpose(1, 2).contiguous(), None


GATED = "training_gated"
ALL_ATTENTION_FUNCTIONS.register(GATED, _gated_attention)


@contextmanager
def gating(keys: Tensor) -> Iterator[None]:
    """Within, attention by `GATED` gates its keys by [B, S]; for one thread at a time."""
    global _keys
    _keys = keys
    try:
        yield
    finally:
        _keys = None
