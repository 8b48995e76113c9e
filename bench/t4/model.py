"""Bases of random weights: of Qwen3-VL-2B's dimensions, and a tiny one to try things on a CPU."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

from vlmscope.engine.loading import shipped_folder

TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "preprocessor_config.json",
)

# Of Qwen/Qwen3-VL-2B-Instruct: 2.13 billion parameters, 0.41 of them in the vision tower.
VISION_2B: dict[str, Any] = {
    "hidden_size": 1024,
    "depth": 24,
    "num_heads": 16,
    "intermediate_size": 4096,
    "out_hidden_size": 2048,
    "num_position_embeddings": 2304,
    "deepstack_visual_indexes": [5, 11, 17],
}
TEXT_2B: dict[str, Any] = {
    "hidden_size": 2048,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 6144,
    "vocab_size": 151_936,
    "max_position_embeddings": 262_144,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 5_000_000.0,
        "mrope_interleaved": True,
        "mrope_section": [24, 20, 20],
    },
}
TINY_VISION = VISION_2B | {
    "hidden_size": 64,
    "depth": 4,
    "num_heads": 4,
    "intermediate_size": 128,
    "out_hidden_size": 64,
    "deepstack_visual_indexes": [0, 1, 2],
}
TINY_TEXT = TEXT_2B | {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "intermediate_size": 128,
    "vocab_size": 2048,
    "rope_parameters": TEXT_2B["rope_parameters"] | {"mrope_section": [6, 5, 5]},
}


def config_of(tiny: bool = False) -> Qwen3VLConfig:
    """The dimensions, with the ids of the tokenizer that ships."""
    ids = json.loads((shipped_folder() / "config.json").read_text())
    names = ("image", "video", "vision_start", "vision_end")
    return Qwen3VLConfig(
        vision_config=TINY_VISION if tiny else VISION_2B,
        text_config=TINY_TEXT if tiny else TEXT_2B,
        tie_word_embeddings=True,
        **{f"{name}_token_id": ids[f"{name}_token_id"] for name in names},
    )


def unloaded(config: Qwen3VLConfig) -> Any:
    """The model as names and shapes alone, in float16 and in no memory."""
    with torch.device("meta"):
        return Qwen3VLForConditionalGeneration(config).half()


def save_random(folder: Path, config: Qwen3VLConfig, side: int, device: torch.device) -> None:
    """A folder with random weights, bfloat16 as bases are given out, made on the device.

    An image of `side`² pixels keeps its size. Nothing ends an answer early.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with device:
            model = Qwen3VLForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(torch.float32)
    model.generation_config.eos_token_id = [config.get_text_config().vocab_size - 1]
    model.generation_config.pad_token_id = 0
    model.save_pretrained(folder)
    for name in TOKENIZER:
        shutil.copy(shipped_folder() / name, folder / name)
    described = folder / "preprocessor_config.json"
    settings = json.loads(described.read_text())
    settings["size"] = {"shortest_edge": side * side, "longest_edge": side * side}
    described.write_text(json.dumps(settings))
