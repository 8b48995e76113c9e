"""The texture array of ARR-COC: 13 channels [.., 13, 32, 32] from one RGB image.

Channels: 0-2 RGB; 3 L*/100; 4 (a*+128)/255; 5, 6, 7 Sobel x, y and magnitude of the grey image,
each min-max scaled; 8, 9 normalised y and x; 10 distance from the centre over its maximum; 11 a
copy of 7; 12 a copy of 3 (djwar42/arr-coc-0-1, v0.1). The image's aspect ratio is not kept.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

GRID = 32
SIDE = 512
CHANNELS = (
    "red",
    "green",
    "blue",
    "lightness",
    "green to red",
    "edges across",
    "edges down",
    "edges",
    "y",
    "x",
    "distance from the centre",
    "edges (copy)",
    "lightness (copy)",
)
"""What each of the 13 channels holds, in order."""
EDGES = 7


def texture_array(image: torch.Tensor) -> torch.Tensor:
    """Texture float32 [13, 32, 32] of one image, uint8 [H, W, 3]."""
    rgb = image.to(torch.float32).permute(2, 0, 1).unsqueeze(0) / 255.0
    rgb = F.interpolate(rgb, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    lightness, green_red = _lab(rgb)
    edges = [min_max(_shrink(edge)) for edge in _sobel(_grey(rgb))]
    y, x, distance = _positions(rgb)
    lightness = _shrink(lightness / 100.0)
    green_red = _shrink((green_red + 128.0) / 255.0)
    channels = [_shrink(rgb), lightness, green_red, *edges, y, x, distance, edges[2], lightness]
    return torch.cat(channels, dim=1)[0]


def min_max(values: torch.Tensor) -> torch.Tensor:
    """The values on a scale of 0 to 1, over all of them."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low + 1e-8)


def _shrink(values: torch.Tensor) -> torch.Tensor:
    return F.interpolate(values, size=(GRID, GRID), mode="bilinear", align_corners=False)


def _grey(rgb: torch.Tensor) -> torch.Tensor:
    weights = rgb.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (rgb * weights).sum(dim=1, keepdim=True)


def _sobel(grey: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients along x and y and their magnitude; kernels sum to 1 in absolute value."""
    across = grey.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8.0
    kernels = torch.stack([across, across.T]).unsqueeze(1)
    gradients = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    x, y = gradients[:, :1], gradients[:, 1:]
    return x, y, torch.sqrt(x * x + y * y + 1e-8)


def _lab(rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """L* (0..100) and a* of CIE L*a*b* under D65, from sRGB in 0..1."""
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055).clamp(min=0) ** 2.4, rgb / 12.92)
    to_xy = rgb.new_tensor([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169]])
    xy = torch.einsum("kc,bchw->bkhw", to_xy, linear)
    xy = xy / rgb.new_tensor([0.95047, 1.0]).view(1, 2, 1, 1)
    bent = torch.where(xy > 0.008856, xy.clamp(min=0.008856) ** (1 / 3), 7.787 * xy + 4.0 / 29.0)
    x, y = bent[:, :1], bent[:, 1:]
    return 116.0 * y - 16.0, 500.0 * (x - y)


def _positions(like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    line = torch.linspace(0, 1, GRID, device=like.device, dtype=like.dtype)
    y, x = torch.meshgrid(line, line, indexing="ij")
    distance = torch.sqrt((y - 0.5) ** 2 + (x - 0.5) ** 2)
    distance = distance / distance.max()
    return y[None, None], x[None, None], distance[None, None]
