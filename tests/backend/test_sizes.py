"""The larger bases, on the meta device: their shapes go through the engine's own calls, with no weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import DynamicCache, Qwen3VLConfig, Qwen3VLForConditionalGeneration

from vlmscope.arr_coc.layout import expected_shapes, fits, match
from vlmscope.engine.adapters import linear_modules
from vlmscope.engine.attention import last_position_attention
from vlmscope.engine.flops import prefill_flops

IMAGE_TOKEN, TOKENS, TEXT = 151_655, 1024, 40
ROPE = {
    "rope_type": "default",
    "rope_theta": 5_000_000.0,
    "mrope_interleaved": True,
    "mrope_section": [24, 20, 20],
}
SMALL_TOWER = {"hidden_size": 1024, "depth": 24, "num_heads": 16, "intermediate_size": 4096}
LARGE_TOWER = {"hidden_size": 1152, "depth": 27, "num_heads": 16, "intermediate_size": 4304}
# Width, layers, heads, MLP, tied, tower, DeepStack, billions of parameters.
SIZES = {
    "Qwen3-VL-2B": (2048, 28, 16, 6144, True, SMALL_TOWER, [5, 11, 17], 2.13),
    "Qwen3-VL-4B": (2560, 36, 32, 9728, True, SMALL_TOWER, [5, 11, 17], 4.44),
    "Qwen3-VL-8B": (4096, 36, 32, 12288, False, LARGE_TOWER, [8, 16, 24], 8.77),
}


def on_meta(name: str) -> Qwen3VLForConditionalGeneration:
    width, layers, heads, mlp, tied, tower, levels, _ = SIZES[name]
    config = Qwen3VLConfig(
        vision_config={**tower, "out_hidden_size": width, "deepstack_visual_indexes": levels},
        text_config={
            "hidden_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "intermediate_size": mlp,
            "vocab_size": 151_936,
            "rope_parameters": ROPE,
            "tie_word_embeddings": tied,
        },
        image_token_id=IMAGE_TOKEN,
        tie_word_embeddings=tied,
    )
    with torch.device("meta"):
        return Qwen3VLForConditionalGeneration(config).eval()


@pytest.mark.parametrize("name", SIZES)
def test_a_larger_base_has_its_size_and_its_checkpoints_fit(name: str):
    model = on_meta(name)
    width, layers, heads, mlp, *_, billions = SIZES[name]
    assert sum(p.numel() for p in model.parameters()) / 1e9 == pytest.approx(billions, rel=0.01)
    report = match(expected_shapes(width), width)
    assert report.exact and name in (fits(width) or "")
    linear = linear_modules(model)
    assert linear["model.language_model.layers.0.mlp.up_proj"] == (mlp, width)
    matrices = layers * (2 * width * 128 * (heads + 8) + 3 * width * mlp)
    assert prefill_flops(model, 1) == pytest.approx(2 * (matrices + 151_936 * width), rel=0.01)


@pytest.mark.parametrize("name", SIZES)
@torch.no_grad()
def test_the_calls_of_a_prefill_and_a_step_of_eight_rows_have_the_right_shapes(name: str):
    model = on_meta(name)
    width, layers, *_ = SIZES[name]
    length = TEXT + TOKENS
    cache: Any = DynamicCache(config=model.config.get_text_config())
    hidden = torch.empty(8, length, width, device="meta")
    with last_position_attention(model) as seen:
        out = model.model.language_model(
            inputs_embeds=hidden,
            position_ids=torch.empty(4, 8, length, dtype=torch.long, device="meta"),
            past_key_values=cache,
            use_cache=True,
        )
    assert out.last_hidden_state.shape == (8, length, width)
    assert all(attention.shape == (8, length) for attention in seen.values()) and len(seen) == 4
    held = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    assert (
        held == 8 * length * layers * 2 * 8 * 128
    )  # numbers; twice as many bytes in half precision
