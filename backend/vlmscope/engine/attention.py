"""Attention of the last position of each row over all before it, without eager attention.

A hook on a few language-model layers recomputes the query of the last position alone and
multiplies it with the keys that the layer has just cached; no attention matrix is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers.models.qwen3_vl.modeling_qwen3_vl import apply_rotary_pos_emb

LAYERS = 4


def watched_layers(depth: int) -> tuple[int, ...]:
    """Up to four layers, evenly spaced over the second half of a model of this depth."""
    first = depth // 2
    count = min(LAYERS, depth - first)
    return tuple(first + (i * (depth - first)) // count for i in range(count))


@contextmanager
def last_position_attention(
    model: Any, real: torch.Tensor | None = None
) -> Iterator[dict[int, torch.Tensor]]:
    """While open, a forward pass fills layer -> attention [B, S], float32.

    Each is the mean over heads of the last position's attention over all S cached tokens; `real`
    bool [B, S] says which of them are no padding (all, when None).
    """
    layers = model.model.language_model.layers
    seen: dict[int, torch.Tensor] = {}
    handles = [
        layers[index].self_attn.register_forward_hook(_watcher(seen, index, real), with_kwargs=True)
        for index in watched_layers(len(layers))
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def mean_attention(seen: dict[int, torch.Tensor]) -> torch.Tensor:
    """The mean [B, S] of the layers that were watched."""
    return torch.stack([seen[index] for index in sorted(seen)]).mean(dim=0)


def _watcher(seen: dict[int, torch.Tensor], index: int, real: torch.Tensor | None) -> Any:
    def watch(layer: Any, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        hidden = kwargs["hidden_states"][:, -1:]
        cos, sin = (table[:, -1:] for table in kwargs["position_embeddings"])
        keys = kwargs["past_key_values"].layers[index].keys
        rows, heads = keys.shape[:2]
        query = layer.q_norm(layer.q_proj(hidden).view(rows, 1, -1, layer.head_dim))
        query, _ = apply_rotary_pos_emb(query.transpose(1, 2), query.transpose(1, 2), cos, sin)
        grouped = query.reshape(rows, heads, -1, layer.head_dim)
        logits = grouped.float() @ keys.float().transpose(2, 3) * layer.scaling
        if real is not None:
            logits = logits.masked_fill(~real[:, None, None], -torch.inf)
        seen[index] = logits.softmax(dim=-1).mean(dim=(1, 2))

    return watch
