"""One row's prefill: the prompt with the image tokens its plan keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from vlmscope.engine.attention import last_position_attention, mean_attention
from vlmscope.engine.features import ImageFeatures
from vlmscope.engine.prompt import Prompt
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.selection import carriers

MIB = 2**20


@dataclass(frozen=True, eq=False)
class Prefilled:
    """Logits [V] of the first answer token, the row's cache, and where its answer begins.

    `image_places` [K] are those of the image tokens in the cache.
    """

    logits: torch.Tensor
    cache: Any
    length: int
    next_position: int
    image_places: torch.Tensor
    attention: TokenMap

    @property
    def kv_mib(self) -> float:
        """MiB of the row's keys and values."""
        return sum(layer.keys.nbytes + layer.values.nbytes for layer in self.cache.layers) / MIB


@torch.inference_mode()
def prefill(model: Any, prompt: Prompt, features: ImageFeatures, plan: Plan) -> Prefilled:
    """Run the prompt through the language model with the plan's tokens, by itself.

    Kept tokens keep their positions and every DeepStack level; the first answer position is that
    of the full prompt. Nothing is left on the model.
    """
    device = features.merged.device
    kept = carriers(plan.assign)
    shown = prompt.keeping(kept)
    length = shown.ids.numel()
    in_order = torch.arange(length)[None]
    positions = torch.cat([in_order, shown.positions])[:, None].to(device)
    cache = DynamicCache(config=model.config.get_text_config())
    with last_position_attention(model) as seen:
        output = model(
            input_ids=shown.ids[None].to(device),
            position_ids=positions,
            mm_encoder_outputs={"image": features.for_plan(plan)},
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
    places = shown.image_places
    mean = mean_attention(seen)[0]
    attention = _attention_map(on_grid(mean[places.to(mean.device)], plan.assign), seen)
    return Prefilled(
        output.logits[0, -1].float(), cache, length, prompt.next_position, places, attention
    )


def on_grid(values: torch.Tensor, assign: np.ndarray) -> np.ndarray:
    """Values [K] of the kept tokens on their grid, float32 [rows, cols]; NaN for the others."""
    out = np.full(assign.size, np.nan, dtype=np.float32)
    out[carriers(assign)] = values.float().cpu().numpy()
    return out.reshape(assign.shape)


def _attention_map(values: np.ndarray, seen: dict[int, torch.Tensor]) -> TokenMap:
    layers = ", ".join(str(index) for index in sorted(seen))
    method = (
        "attention of the last prompt token over the image tokens, mean of all heads of "
        f"language-model layers {layers} (from 0); a token that was dropped or merged into another "
        "has no value"
    )
    highest = float(np.fmax.reduce(values, axis=None))  # NaN, and no warning, where there is none
    high = highest if np.isfinite(highest) and highest > 0 else 1.0
    return TokenMap("attention", "Attention", values, method, high=high)
