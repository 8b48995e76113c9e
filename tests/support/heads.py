"""ARR-COC checkpoints with random weights, whole or broken in one way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file


def make_state(hidden: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """A head's tensors for a base of this hidden size."""
    generator = torch.Generator().manual_seed(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "participatory_scorer.texture_proj.0.weight": (64, 13, 1, 1),
        "participatory_scorer.texture_proj.0.bias": (64,),
        "participatory_scorer.texture_proj.2.weight": (hidden, 64, 1, 1),
        "participatory_scorer.texture_proj.2.bias": (hidden,),
        "balancer.weight_predictor.0.weight": (128, 9 + hidden),
        "balancer.weight_predictor.0.bias": (128,),
        "balancer.weight_predictor.2.weight": (128, 128),
        "balancer.weight_predictor.2.bias": (128,),
        "balancer.weight_predictor.4.weight": (3, 128),
        "balancer.weight_predictor.4.bias": (3,),
    }
    return {key: torch.randn(shape, generator=generator) * 0.3 for key, shape in shapes.items()}


def save_head(
    path: Path,
    hidden: int,
    metadata: Mapping[str, object] | None = None,
    state: dict[str, torch.Tensor] | None = None,
) -> Path:
    """Write a head; metadata that is no text is written as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in (metadata or {}).items()
    }
    save_file(make_state(hidden) if state is None else state, path, texts or None)
    return path
