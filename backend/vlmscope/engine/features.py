"""Image features: the vision tower's merged output and every DeepStack level, for one image."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

from vlmscope.values.plan import Plan
from vlmscope.values.selection import DROPPED, carriers, merges


@dataclass(frozen=True, eq=False)
class Pixels:
    """What the vision tower is given: patches, and their grid (t, h, w) in patches."""

    values: torch.Tensor
    grid_thw: torch.Tensor
    rows: int
    cols: int
    key: str


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """`merged` [N, D] and one [N, D] for each DeepStack level.

    `is_wide` where float16 overflowed in the tower and they were computed in float32.
    """

    merged: torch.Tensor
    deepstack: tuple[torch.Tensor, ...]
    is_wide: bool = False

    @property
    def nbytes(self) -> int:
        return sum(level.nbytes for level in (self.merged, *self.deepstack))

    @property
    def is_finite(self) -> bool:
        return all(bool(torch.isfinite(level).all()) for level in (self.merged, *self.deepstack))

    def for_plan(self, plan: Plan) -> BaseModelOutputWithDeepstackFeatures:
        """The features of the tokens a plan keeps, in the form the model's forward pass takes."""
        levels = [_carried(level, plan) for level in (self.merged, *self.deepstack)]
        return BaseModelOutputWithDeepstackFeatures(
            pooler_output=(levels[0],),  # type: ignore[arg-type]
            deepstack_features=[(level,) for level in levels[1:]],  # type: ignore[misc]
        )


def to_pixels(image_processor: Any, image: Image.Image) -> Pixels:
    """Resize and cut the image as the base wants it; one image token per merge² patches."""
    batch = image_processor(images=[image], return_tensors="pt")
    grid = batch["image_grid_thw"]
    merge = int(image_processor.merge_size)
    values = batch["pixel_values"]
    digest = hashlib.sha256(str(grid.tolist()).encode())
    digest.update(np.ascontiguousarray(values.numpy()).data)
    return Pixels(
        values, grid, int(grid[0, 1]) // merge, int(grid[0, 2]) // merge, digest.hexdigest()
    )


def _carried(level: torch.Tensor, plan: Plan) -> torch.Tensor:
    """[K, D]: each carrier's features, the weighted mean of the cells it carries."""
    kept = torch.from_numpy(carriers(plan.assign)).to(level.device)
    if not merges(plan.assign):
        return level[kept]
    assign = torch.from_numpy(plan.assign.astype(np.int64).ravel()).to(level.device)
    weights = torch.ones(assign.numel(), device=level.device)
    if plan.weights is not None:
        weights = torch.from_numpy(np.asarray(plan.weights, np.float32).ravel()).to(level.device)
    carried = assign != DROPPED
    places = torch.searchsorted(kept, assign[carried])
    shares = weights[carried]
    total = torch.zeros(kept.numel(), device=level.device).index_add_(0, places, shares)
    sums = torch.zeros(kept.numel(), level.shape[1], device=level.device)
    sums.index_add_(0, places, shares[:, None] * level[carried].float())
    return (sums / total[:, None]).to(level.dtype)
