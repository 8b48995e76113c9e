"""A Qwen3-VL of about 235 million random weights, and the plain way to run a variant on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration
from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

from vlmscope import SharedBase

NEW_TOKENS = 64
QUERY = "What does the image show, and where in it?"
KEEPS = (1.0, 0.25, 0.5, 0.125)


def random_base(side: int, threads: int) -> SharedBase:
    """A base in float32 whose image of `side`² pixels has (side / 32)² tokens.

    Tokenizer and chat template are those of the base that ships; nothing ends an answer early.
    """
    torch.set_num_threads(threads)
    shipped = SharedBase.load(device="cpu")
    ids = shipped.model.config
    config = Qwen3VLConfig(
        vision_config={
            "hidden_size": 768,
            "depth": 8,
            "num_heads": 12,
            "intermediate_size": 3072,
            "patch_size": 16,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "out_hidden_size": 768,
            "num_position_embeddings": 2304,
            "deepstack_visual_indexes": [2, 4, 6],
        },
        text_config={
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "num_key_value_heads": 4,
            "head_dim": 64,
            "intermediate_size": 3072,
            "vocab_size": 32_000,
            "max_position_embeddings": 8192,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 5_000_000.0,
                "mrope_interleaved": True,
                "mrope_section": [12, 10, 10],
            },
        },
        image_token_id=ids.image_token_id,
        video_token_id=ids.video_token_id,
        vision_start_token_id=ids.vision_start_token_id,
        vision_end_token_id=ids.vision_end_token_id,
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)
    model = Qwen3VLForConditionalGeneration(config).eval()
    model.generation_config.eos_token_id = [config.get_text_config().vocab_size - 1]
    model.generation_config.pad_token_id = 0
    processor = type(shipped.image_processor)(
        patch_size=16,
        merge_size=2,
        temporal_patch_size=2,
        size={"shortest_edge": side * side, "longest_edge": side * side},
    )
    cpu = torch.device("cpu")
    return SharedBase("random", None, model, shipped.tokenizer, processor, cpu, torch.float32)


def lines(count: int) -> list[str]:
    """So many variants, their budgets 1, a quarter, a half and an eighth in turn."""
    return [
        "baseline" if (keep := KEEPS[i % len(KEEPS)]) == 1 else f"random:keep={keep},seed={i}"
        for i in range(count)
    ]


def picture(side: int, seed: int) -> np.ndarray:
    """Noise of `side`² pixels: another image each time, so that nothing is remembered."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    grown = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(grown)


@torch.inference_mode()
def plainly(base: SharedBase, image: np.ndarray, keep: float, streamer: Any = None) -> None:
    """One variant the plain way: the image prepared, the vision tower, `generate`.

    The tokens it keeps are given as those of a smaller grid: the same number of them, the same work.
    """
    batch = base.image_processor(images=[Image.fromarray(image)], return_tensors="pt")
    grid = batch["image_grid_thw"]
    total = int(grid.prod()) // 4
    rows, cols = smaller(int(grid[0, 1]) // 2, int(grid[0, 2]) // 2, max(1, round(total * keep)))
    seen = base.model.get_image_features(batch["pixel_values"], grid, return_dict=True)
    count = rows * cols
    kept = BaseModelOutputWithDeepstackFeatures(
        pooler_output=(seen.pooler_output[0][:count],),  # type: ignore[arg-type]
        deepstack_features=[(level[0][:count],) for level in seen.deepstack_features],  # type: ignore[misc]
    )
    content = [{"type": "image"}, {"type": "text", "text": QUERY}]
    text = base.tokenizer.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
    )
    pad = base.tokenizer.convert_ids_to_tokens(base.model.config.image_token_id)
    ids = base.tokenizer(
        text.replace(pad, pad * count), add_special_tokens=False, return_tensors="pt"
    )["input_ids"]
    base.model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == base.model.config.image_token_id).int(),
        image_grid_thw=torch.tensor([[1, 2 * rows, 2 * cols]]),
        mm_encoder_outputs={"image": kept},
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        streamer=streamer,
    )


def smaller(rows: int, cols: int, count: int) -> tuple[int, int]:
    """A grid within rows × cols of about so many tokens, never more than one row off."""
    lines = max(1, min(rows, round(rows * (count / (rows * cols)) ** 0.5)))
    return lines, max(1, min(cols, round(count / lines)))
