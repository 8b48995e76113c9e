"""The shape of the base that ships: a small Qwen3-VL, the real classes in the standard folder layout."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerBase,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

from .scenes import TOKEN

PATCH = 16
MERGE = 2
MEAN, STD = 0.8, 0.3  # of pixels in 0..1: near the scenes' light grounds
MIN_TOKENS, MAX_TOKENS = 60, 120  # of an image


def make_config(tokenizer: PreTrainedTokenizerBase) -> Qwen3VLConfig:
    """The base's configuration, its special tokens taken from the tokenizer."""

    def token(text: str) -> int:
        index = tokenizer.convert_tokens_to_ids(text)
        assert isinstance(index, int)
        return index

    return Qwen3VLConfig(
        text_config=dict(
            vocab_size=len(tokenizer),
            hidden_size=192,
            intermediate_size=512,
            num_hidden_layers=4,
            num_attention_heads=6,
            num_key_value_heads=2,
            head_dim=32,
            max_position_embeddings=4096,
            rope_parameters={
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [6, 5, 5],
                "mrope_interleaved": True,
            },
            bos_token_id=None,
            eos_token_id=token("<|im_end|>"),
            pad_token_id=token("<|endoftext|>"),
            tie_word_embeddings=True,
        ),
        vision_config=dict(
            depth=4,
            hidden_size=128,
            intermediate_size=384,
            num_heads=4,
            patch_size=PATCH,
            spatial_merge_size=MERGE,
            temporal_patch_size=2,
            out_hidden_size=192,
            num_position_embeddings=576,
            deepstack_visual_indexes=[1, 2],
        ),
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
    )


def new_model(tokenizer: PreTrainedTokenizerBase, seed: int) -> Qwen3VLForConditionalGeneration:
    """A base in float32, initialised at random but for the vision tower's table of places."""
    torch.manual_seed(seed)
    model = Qwen3VLForConditionalGeneration(make_config(tokenizer)).float()
    table = model.model.visual.pos_embed.weight
    with torch.no_grad():
        table.copy_(places_table(*table.shape))
    return model


def places_table(count: int, width: int) -> torch.Tensor:
    """Waves over a square of `count` places, the first half of `width` down and the second across.

    Smooth, and as strong as what a patch shows: a table of small random numbers takes thousands of
    steps to say where a thing lies, each of them from the few of its places that an image's size picks.
    """
    side, waves = math.isqrt(count), width // 4
    turns = 0.5 * 16 ** (torch.arange(waves) / max(1, waves - 1))  # half a turn a side to eight
    angle = math.pi * torch.linspace(0, 1, side)[:, None] * turns
    line = 0.4 * torch.cat([angle.sin(), angle.cos()], 1)
    down = line[:, None].expand(side, side, -1)
    return torch.cat([down, down.transpose(0, 1)], -1).reshape(count, width)


def patches(images: torch.Tensor) -> torch.Tensor:
    """Patches in the order Qwen3-VL's image processor gives them.

    `images` uint8 [B, H, W, 3] of one size; returns float32 [B * H/16 * W/16, 3 * 2 * 16 * 16], the still
    image standing in both frames of the temporal patch.
    """
    batch, height, width, _ = images.shape
    pixels = (images.float() / 255 - MEAN) / STD
    rows, cols = height // PATCH, width // PATCH
    grid = pixels.reshape(
        batch, rows // MERGE, MERGE, PATCH, cols // MERGE, MERGE, PATCH, 3
    ).permute(0, 1, 4, 2, 5, 7, 3, 6)
    flat = grid.reshape(batch * rows * cols, 3, 1, PATCH * PATCH).expand(-1, -1, 2, -1)
    return flat.reshape(batch * rows * cols, -1)


def save_base(
    model: Qwen3VLForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
) -> None:
    """Write the standard model folder; weights in float16, which halves it and is what is measured."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: value.detach().to(torch.float16) for key, value in model.state_dict().items()}
    twin = Qwen3VLForConditionalGeneration(model.config).half()
    twin.load_state_dict(state)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    twin.generation_config = GenerationConfig(
        do_sample=False,
        eos_token_id=[end, tokenizer.pad_token_id],
        pad_token_id=tokenizer.pad_token_id,
    )
    twin.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor = {
        "image_processor_type": "Qwen2VLImageProcessor",
        "do_convert_rgb": True,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [MEAN] * 3,
        "image_std": [STD] * 3,
        "rescale_factor": 1 / 255,
        "resample": 3,
        "patch_size": PATCH,
        "temporal_patch_size": 2,
        "merge_size": MERGE,
        "size": {"shortest_edge": MIN_TOKENS * TOKEN**2, "longest_edge": MAX_TOKENS * TOKEN**2},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")
