"""What base, heads, adapters, images and rows take, computed from the code's own shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from vlmscope.arr_coc.layout import expected_shapes
from vlmscope.engine.admission import cache_bytes_per_token
from vlmscope.engine.memory import limits_of
from vlmscope.engine.room import GIB

FLOAT32 = 4
CEILING_GIB = 14.5
"""Of the 16 GB of a T4: the rest is left to CUDA itself."""
RAM_GB = 15
SIDE = 1024
ROWS = 8
NEW_TOKENS = 128
"""As `MAX_NEW_TOKENS` is unless it is set."""
TEXT_TOKENS = 64
"""Of the chat template and a question of some length."""


@dataclass(frozen=True)
class Load:
    """What is asked for at once: `rows` that keep every token of an image of `side`² pixels."""

    side: int = SIDE
    rows: int = ROWS
    new_tokens: int = NEW_TOKENS
    text_tokens: int = TEXT_TOKENS
    heads: int = 2


@dataclass(frozen=True)
class Part:
    """Bytes of something, and how they are counted."""

    name: str
    nbytes: int
    how: str


def weights(model: Any) -> int:
    """Bytes of the parameters, tied ones once."""
    return sum(parameter.nbytes for parameter in model.parameters())


def image_tokens(config: Any, side: int) -> int:
    vision = config.vision_config
    return (side // (vision.patch_size * vision.spatial_merge_size)) ** 2


def features(model: Any, tokens: int) -> int:
    """Bytes of an image's features: the merged output and every DeepStack level."""
    vision = model.config.vision_config
    levels = 1 + len(vision.deepstack_visual_indexes)
    return levels * tokens * vision.out_hidden_size * model.dtype.itemsize


def head(hidden_size: int) -> int:
    """Bytes of an ARR-COC head, float32."""
    return sum(
        torch.Size(shape).numel() * FLOAT32 for shape in expected_shapes(hidden_size).values()
    )


def cache(model: Any, rows: int, length: int) -> int:
    """Bytes of the keys and values of rows that are padded to one length."""
    return rows * length * cache_bytes_per_token(model)


def tower_at_work(model: Any, side: int) -> int:
    """Bytes that the vision tower takes while it looks, at most: PyTorch's plain attention.

    For every head each patch's score for each other, and their softmax, in float32, and one layer's MLP. The
    memory-efficient kernel, which a T4 has, never holds these matrices.
    """
    vision = model.config.vision_config
    patches = (side // vision.patch_size) ** 2
    matrices = 2 * vision.num_heads * patches**2 * FLOAT32
    return matrices + 2 * patches * vision.intermediate_size * model.dtype.itemsize


def step_at_work(model: Any, rows: int, length: int) -> int:
    """Bytes that one step of the decode takes, at most.

    One layer's keys and values as they grow by a token (they are copied), once more for every head that
    shares them, and in float32 for plain attention; then the logits, and those in float32.
    """
    text = model.config.get_text_config()
    size = model.dtype.itemsize
    one_layer = cache(model, rows, length) // text.num_hidden_layers
    shared = text.num_attention_heads // text.num_key_value_heads
    grown = one_layer + one_layer * shared * (size + FLOAT32) // size
    return grown + rows * text.vocab_size * (size + FLOAT32)


def on_the_card(model: Any, load: Load) -> Iterator[Part]:
    """The parts that lie on the GPU at the same time, each at its most."""
    config = model.config
    text = config.get_text_config()
    limits = limits_of(torch.device("cpu"), CEILING_GIB, load.heads)
    tokens = image_tokens(config, load.side)
    length = tokens + load.text_tokens + load.new_tokens
    yield Part("base", weights(model), "every parameter once, float16")
    yield Part(
        f"{load.heads} ARR-COC heads",
        load.heads * head(text.hidden_size),
        f"the ten tensors of a head for {text.hidden_size}, float32",
    )
    yield Part("LoRA adapters", limits.adapter_bytes, "the most that may stay loaded")
    yield Part(
        f"features of {limits.images} images",
        limits.images * features(model, tokens),
        f"{tokens:,} tokens, the merged output and "
        f"{len(config.vision_config.deepstack_visual_indexes)} DeepStack levels each",
    )
    yield Part(
        f"keys and values of {load.rows} rows",
        cache(model, load.rows, length),
        f"{cache_bytes_per_token(model) // 1024} KiB for each of {length:,} tokens: image {tokens:,}, "
        f"text {load.text_tokens}, answer {load.new_tokens}",
    )
    tower = tower_at_work(model, load.side)
    step = step_at_work(model, load.rows, length)
    yield Part(
        "at work",
        max(tower, step),
        f"the vision tower ({tower / GIB:.2f} GiB) or a step of the decode ({step / GIB:.2f} GiB), "
        "whichever is more; plain attention",
    )
    yield Part(
        "float32 where float16 overflows",
        max(parameter.numel() for parameter in model.parameters()) * FLOAT32,
        "the largest weight, widened while it is used",
    )


def in_ram(model: Any) -> Iterator[Part]:
    """What loading takes of the machine's memory, beside Python and its libraries."""
    yield Part("base", weights(model), "in float16, until it is on the card")
    yield Part(
        "its file",
        weights(model),
        "bfloat16, mapped: pages that the system takes back when it needs them",
    )
    yield Part(
        "one tensor more",
        max(parameter.numel() for parameter in model.parameters()) * FLOAT32,
        "the largest, while its numbers are converted",
    )
