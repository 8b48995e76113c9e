"""The prompt of one image and one question: token ids, and positions computed without state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from vlmscope.values.errors import BaseError, InputError


@dataclass(frozen=True, eq=False)
class Prompt:
    """Ids [S], positions [3, S] (t, h, w) and the places [N] of the image tokens among them.

    `grid` is that of the image's tokens (rows, cols), also when some of them were taken out.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    image_places: torch.Tensor
    grid: tuple[int, int]

    @property
    def next_position(self) -> int:
        """Where the first generated token stands, whatever is dropped from the prompt."""
        return int(self.positions.max()) + 1

    def keeping(self, kept: np.ndarray) -> Prompt:
        """The prompt with only these image tokens (flat indices), at the positions they had."""
        mask = torch.ones_like(self.ids, dtype=torch.bool)
        mask[self.image_places] = False
        mask[self.image_places[torch.from_numpy(kept).to(self.ids.device)]] = True
        shift = torch.cumsum(mask, 0) - 1
        kept_places = self.image_places[mask[self.image_places]]
        return Prompt(self.ids[mask], self.positions[:, mask], shift[kept_places], self.grid)


def reserved_tokens(config: Any, tokenizer: Any) -> tuple[str, ...]:
    """What no question may hold: what stands for an image or a video, or controls the chat."""
    images = tokenizer.convert_ids_to_tokens([config.image_token_id, config.video_token_id])
    added = tokenizer.added_tokens_decoder.values()
    control = [str(token) for token in added if token.special]
    return tuple(dict.fromkeys([*filter(None, images), *control]))


def build_prompt(model: Any, tokenizer: Any, query: str, grid_thw: torch.Tensor) -> Prompt:
    """The chat prompt of an image and a question; raises InputError for a question it cannot hold.

    Positions come from the model's own `get_rope_index`, which leaves nothing on the model.
    """
    config = model.config
    pad = tokenizer.convert_ids_to_tokens(config.image_token_id)
    for token in reserved_tokens(config, tokenizer):
        if token in query:
            raise InputError(
                f"The question holds {token!r}, which is no text to this base; remove it."
            )
    content = [{"type": "image"}, {"type": "text", "text": query}]
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
    )
    if text.count(pad) != 1:
        raise BaseError(
            f"This base's chat template puts {text.count(pad)} images where there is one; "
            "give a base with Qwen3-VL's template."
        )
    merge = int(config.vision_config.spatial_merge_size)
    tokens = int(grid_thw.prod()) // merge**2
    ids = tokenizer(text.replace(pad, pad * tokens), add_special_tokens=False)["input_ids"]
    batch = torch.tensor([ids], dtype=torch.long)
    is_image = batch == config.image_token_id
    positions, _ = model.model.get_rope_index(
        batch, mm_token_type_ids=is_image.int(), image_grid_thw=grid_thw
    )
    _, rows, cols = (int(side) for side in grid_thw[0])
    places = is_image[0].nonzero()[:, 0]
    return Prompt(batch[0], positions[:, 0], places, (rows // merge, cols // merge))
