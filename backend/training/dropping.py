"""Which image tokens a training step leaves out, so that the base can bear any compressor's choice.

Uniform dropping alone teaches little: a base that has only met it loses as much when the bare ground is
taken away as when things are. So some rows keep tokens evenly at random, some in patches, some with a
liking for contrast, as a compressor has.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .scenes import TOKEN

LEAST, MOST = 0.15, 0.95  # share of the tokens that stays


def contrast(images: Tensor) -> Tensor:
    """The standard deviation of each image token's pixels, uint8 [B, H, W, 3] to float32 [B, T]."""
    grey = images.float().mean(-1)
    blocks = grey.unfold(1, TOKEN, TOKEN).unfold(2, TOKEN, TOKEN)
    return blocks.flatten(3).std(-1).flatten(1)


def kept_tokens(
    images: Tensor, draw: torch.Generator, least: float = LEAST, most: float = MOST
) -> Tensor:
    """The tokens of each image that stay in one step, ascending: int64 [B, K], K the same for all."""
    count, height, width, _ = images.shape
    rows, cols = height // TOKEN, width // TOKEN
    noise = torch.rand(count, rows * cols, generator=draw)
    coarse = torch.rand(count, 1, 3, 3, generator=draw)
    patches = nn.functional.interpolate(coarse, (rows, cols), mode="bilinear").flatten(1)
    rank = contrast(images).argsort(1).argsort(1) / (rows * cols - 1)
    kind = torch.randint(3, (count, 1), generator=draw)
    liking = torch.where(kind == 1, 2 * patches, torch.where(kind == 2, rank, 0.0))
    strength = 3 * torch.rand(count, 1, generator=draw)
    share = least + (most - least) * torch.rand((), generator=draw).item()
    order = (noise + strength * liking).argsort(1, descending=True)
    return order[:, : max(1, round(share * rows * cols))].sort(1).values
