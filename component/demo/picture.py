"""A drawn picture and maps computed from its own pixels: data for the demo, with no model."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 960, 720
ROWS, COLS = 9, 12

COLOURS = {
    "blue": (41, 86, 214),
    "red": (208, 40, 40),
    "green": (38, 158, 62),
    "yellow": (234, 196, 32),
    "orange": (235, 120, 40),
}
"""What words name as a colour, in RGB."""


def draw_picture() -> Image.Image:
    """Shapes, a letter and small print on a pale ground, 960 × 720."""
    ramp = np.linspace(0, 1, WIDTH)[None, :] * 0.6 + np.linspace(0, 1, HEIGHT)[:, None] * 0.4
    ground = np.stack([242 - 22 * ramp, 238 - 10 * ramp, 230 + 6 * ramp], axis=-1)
    image = Image.fromarray(ground.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.ellipse((135, 120, 325, 310), fill=COLOURS["blue"])
    angles = np.pi * (np.arange(10) / 5 - 0.5)
    radii = np.where(np.arange(10) % 2 == 0, 125, 50)
    star = np.stack([675 + radii * np.cos(angles), 245 + radii * np.sin(angles)], axis=1)
    pen.polygon([(float(x), float(y)) for x, y in star], fill=COLOURS["red"])
    pen.rectangle((135, 450, 315, 630), fill=COLOURS["green"])
    pen.polygon([(770, 470), (690, 610), (855, 610)], fill=COLOURS["yellow"])
    pen.text((290, 345), "no. 27", fill=(40, 40, 44), font_size=44)
    pen.text((455, 480), "K", fill=(24, 24, 28), font_size=150)
    return image


def by_token(values: np.ndarray, rows: int = ROWS, cols: int = COLS) -> np.ndarray:
    """The mean over each token's pixels, `[rows, cols]`."""
    height, width = values.shape[0] // rows, values.shape[1] // cols
    cut = values[: height * rows, : width * cols]
    return cut.reshape(rows, height, cols, width).mean(axis=(1, 3))


def edges(image: Image.Image, rows: int = ROWS, cols: int = COLS) -> np.ndarray:
    """Mean gradient of the brightness in each token, grey levels a pixel."""
    down, right = np.gradient(np.asarray(image.convert("L"), dtype=np.float64))
    return by_token(np.hypot(down, right), rows, cols)


def colourfulness(image: Image.Image) -> np.ndarray:
    """Mean saturation of each token, 0 to 1."""
    return by_token(np.asarray(image.convert("HSV"), dtype=np.float64)[..., 1] / 255)


def redness(image: Image.Image) -> np.ndarray:
    """How much redder than green or blue each token is, from -1 to 1."""
    red, green, blue = np.moveaxis(np.asarray(image, dtype=np.float64) / 255, -1, 0)
    return by_token(red - np.maximum(green, blue))


def likeness(image: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    """The share of each token's pixels that are about of this colour, 0 to 1."""
    away = np.asarray(image, dtype=np.float64) - colour
    return by_token((np.linalg.norm(away, axis=-1) < 60).astype(np.float64))


def best(scores: np.ndarray, keep: int) -> np.ndarray:
    """The mask of the `keep` highest scores."""
    mask = np.zeros(scores.size, dtype=bool)
    mask[np.argsort(-scores, axis=None, kind="stable")[:keep]] = True
    return mask.reshape(scores.shape)


def pooled(scores: np.ndarray, side: int = 2) -> np.ndarray:
    """An assignment that merges each block of `side` by `side` tokens into its best one."""
    rows, cols = scores.shape
    flat = np.arange(scores.size).reshape(scores.shape)
    assign = flat.copy()
    for row in range(0, rows, side):
        for col in range(0, cols, side):
            block = np.s_[row : row + side, col : col + side]
            assign[block] = flat[block].ravel()[scores[block].argmax()]
    return assign
