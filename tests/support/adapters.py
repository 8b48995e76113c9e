"""LoRA adapters of random weights, made and saved by PEFT itself."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model

LANGUAGE = ["q_proj", "v_proj", "down_proj"]
TOWER = ["qkv", "linear_fc1"]


def save_adapter(
    folder: Path, model: Any, targets: list[str] = LANGUAGE, seed: int = 0, **settings: Any
) -> Path:
    """An adapter for a copy of the model, wide enough to change its answers."""
    config = LoraConfig(**{"r": 4, "lora_alpha": 16, "target_modules": targets, **settings})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        adapted = get_peft_model(copy.deepcopy(model), config)
        with torch.no_grad():
            for name, parameter in adapted.named_parameters():
                if "lora_" in name:
                    parameter.normal_(0.0, 0.08)
    adapted.save_pretrained(str(folder))
    return folder
