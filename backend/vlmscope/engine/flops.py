"""Floating-point operations of a prefill, computed from the model's dimensions, not measured."""

from __future__ import annotations

from typing import Any

import torch


def prefill_flops(model: Any, tokens: int) -> float:
    """Operations of the language model over a prompt of so many tokens, two for a multiply and add.

    Every linear layer once for each token (2 · tokens · weights), attention's two products over the
    causal half (2 · 2 · layers · heads · head size · tokens · (tokens + 1) / 2), and the output
    layer for the last token. Norms, activations, rotary positions and the vision tower are left out.
    """
    config = model.config.get_text_config()
    linear = sum(
        module.weight.numel()
        for module in model.model.language_model.layers.modules()
        if isinstance(module, torch.nn.Linear)
    )
    width = config.num_attention_heads * config.head_dim
    pairs = tokens * (tokens + 1) / 2
    attention = 2 * 2 * config.num_hidden_layers * width * pairs
    output = 2 * config.vocab_size * config.hidden_size
    return 2.0 * tokens * linear + attention + output
