"""Synthetic scenes: coloured shapes, letters and a small printed tag on textured, cluttered grounds.

A `Scene` is plain data that draws to the same pixels everywhere (Pillow's own font, no other files),
and its hash decides whether it may be trained on: `is_held_out` splits all scenes that can ever be
drawn into two sets that never meet.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SHAPES = ("circle", "square", "triangle", "star", "cross")
COLOURS = {
    "red": (214, 40, 40),
    "blue": (38, 84, 214),
    "green": (34, 150, 60),
    "yellow": (240, 200, 20),
    "purple": (140, 50, 170),
    "orange": (245, 130, 30),
}
LETTERS = tuple("ABEFHKLRSTXZ")
DIGITS = tuple("0123456789")
WORDS = ("OPEN", "SALE", "STOP", "EXIT", "FREE", "CAFE", "TAXI", "BUS")
TEXTURES = ("plain", "stripes", "dots", "checks")
TOKEN = 32  # pixels of an image token's side: patch 16, merged 2 by 2
GRIDS = ((10, 10), (8, 10), (10, 8), (8, 12), (12, 8), (9, 11), (11, 9), (8, 8), (10, 12), (12, 10))
HELD_OUT_SHARE = 1 / 16


@dataclass(frozen=True)
class Item:
    """One thing to be asked about; `x`, `y` its centre and `width`, `height` its box, in pixels."""

    kind: str  # a shape's name, "letter" or "tag"
    x: int
    y: int
    width: int
    height: int
    colour: str = ""  # of a shape
    text: str = ""  # of a letter or a tag
    rgb: tuple[int, int, int] = (0, 0, 0)
    size: int = 0  # of the print, in pixels


@dataclass(frozen=True)
class Scene:
    """Everything that decides the pixels of one image."""

    width: int
    height: int
    tint: tuple[int, int, int]
    slope: int  # of the ground's gradient, in grey levels from side to side
    texture: str
    pitch: int  # of the texture, in pixels
    angle: int  # of the stripes, in degrees
    contrast: int  # of the texture, in grey levels
    smudges: tuple[tuple[int, int, int, int, int], ...]  # x, y, width, height, seed of the speckle
    strokes: tuple[tuple[int, ...], ...]  # grey, line width, then x, y pairs
    items: tuple[Item, ...]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of image tokens."""
        return self.height // TOKEN, self.width // TOKEN

    def digest(self) -> str:
        """A hash of everything that is drawn."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def is_held_out(scene: Scene) -> bool:
    """Whether the scene belongs to the held-out set, decided by its own hash."""
    return int(scene.digest()[:8], 16) / 0xFFFFFFFF < HELD_OUT_SHARE


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType, which the scenes' print needs")
    return font


@lru_cache(maxsize=512)
def _glyph_mask(text: str, size: int, stroke: int) -> np.ndarray:
    """The print's coverage 0..1, cropped to its ink: float32 [h, w]."""
    font = _font(size)
    left, top, right, bottom = (int(v) for v in font.getbbox(text, stroke_width=stroke))
    image = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=font, stroke_width=stroke)
    return np.asarray(image, np.float32) / 255


@lru_cache(maxsize=512)
def _shape_mask(shape: str, size: int) -> np.ndarray:
    """The shape's coverage 0..1, drawn four times as large and averaged down: float32 [s, s]."""
    big = size * 4
    image = Image.new("L", (big, big), 0)
    draw = ImageDraw.Draw(image)
    middle = big / 2
    if shape == "circle":
        draw.ellipse((0, 0, big - 1, big - 1), fill=255)
    elif shape == "square":
        edge = big * 0.07
        draw.rectangle((edge, edge, big - edge, big - edge), fill=255)
    elif shape == "triangle":
        draw.polygon([(middle, 0), (big, big * 0.9), (0, big * 0.9)], fill=255)
    elif shape == "cross":
        arm = big * 0.17
        draw.rectangle((middle - arm, 0, middle + arm, big), fill=255)
        draw.rectangle((0, middle - arm, big, middle + arm), fill=255)
    else:
        points = []
        for k in range(10):
            radius = middle if k % 2 == 0 else middle * 0.42
            turn = math.pi * k / 5 - math.pi / 2
            points.append((middle + radius * math.cos(turn), middle + radius * math.sin(turn)))
        draw.polygon(points, fill=255)
    return np.asarray(image.resize((size, size), Image.Resampling.BOX), np.float32) / 255


def _paint(canvas: np.ndarray, mask: np.ndarray, left: int, top: int, rgb) -> None:
    height, width = mask.shape
    window = canvas[top : top + height, left : left + width]
    cover = mask[: window.shape[0], : window.shape[1], None]
    window += cover * (np.asarray(rgb, np.float32) - window)


def _ground(scene: Scene) -> np.ndarray:
    y, x = np.mgrid[0 : scene.height, 0 : scene.width].astype(np.float32)
    level = scene.slope * (x / scene.width - 0.5)
    if scene.texture == "stripes":
        turn = math.radians(scene.angle)
        wave = (x * math.cos(turn) + y * math.sin(turn)) / scene.pitch
        level = level - scene.contrast * (wave % 1 < 0.5)
    elif scene.texture == "dots":
        dx, dy = x % scene.pitch - scene.pitch / 2, y % scene.pitch - scene.pitch / 2
        level = level - scene.contrast * (dx * dx + dy * dy < (scene.pitch * 0.28) ** 2)
    elif scene.texture == "checks":
        level = level - scene.contrast * ((x // scene.pitch + y // scene.pitch) % 2)
    return np.asarray(scene.tint, np.float32) + level[..., None]


def draw(scene: Scene) -> np.ndarray:
    """The scene's picture: uint8 [H, W, 3]."""
    canvas = _ground(scene)
    for x, y, width, height, seed in scene.smudges:
        grains = np.random.default_rng(seed).random((height // 4, width // 4), np.float32)
        grains = np.repeat(np.repeat(grains, 4, 0), 4, 1)[..., None]
        window = canvas[y : y + grains.shape[0], x : x + grains.shape[1]]
        window += (grains[: window.shape[0], : window.shape[1]] - 0.6) * 110
    if scene.strokes:
        layer = Image.fromarray(canvas.clip(0, 255).astype(np.uint8))
        pen = ImageDraw.Draw(layer)
        for grey, width, *points in scene.strokes:
            pen.line(points, fill=(grey, grey, grey), width=width, joint="curve")
        canvas = np.asarray(layer, np.float32).copy()
    for item in scene.items:
        left, top = item.x - item.width // 2, item.y - item.height // 2
        if item.kind == "tag":
            plate = np.ones((item.height, item.width), np.float32)
            _paint(canvas, plate, left, top, (70, 70, 70))
            _paint(canvas, plate[2:-2, 2:-2], left + 2, top + 2, (252, 252, 248))
            ink = _glyph_mask(item.text, item.size, 0)
            inset = ((item.height - ink.shape[0]) // 2, (item.width - ink.shape[1]) // 2)
            _paint(canvas, ink, left + inset[1], top + inset[0], item.rgb)
        elif item.kind == "letter":
            _paint(canvas, _glyph_mask(item.text, item.size, 1), left, top, item.rgb)
        else:
            _paint(canvas, _shape_mask(item.kind, item.width), left, top, item.rgb)
    return canvas.clip(0, 255).round().astype(np.uint8)


def _place(rng, width, height, size, taken, step) -> tuple[int, int] | None:
    """A free centre for a box of `size`, or None when ten tries find none."""
    w, h = size
    for _ in range(10):
        x = int(rng.integers(w // 2 + 3, width - w // 2 - 2) // step * step)
        y = int(rng.integers(h // 2 + 3, height - h // 2 - 2) // step * step)
        if x - w // 2 < 1 or y - h // 2 < 1 or x + w // 2 > width - 2 or y + h // 2 > height - 2:
            continue
        if all(
            abs(x - a) > (w + c) / 2 + 4 or abs(y - b) > (h + d) / 2 + 4 for a, b, c, d in taken
        ):
            taken.append((x, y, w, h))
            return x, y
    return None


# Finds a free centre for a box (width, height) on a raster of so many pixels.
Place = Callable[[tuple[int, int], int], tuple[int, int] | None]


def _shape(rng, place: Place, colour, shape, sizes) -> Item | None:
    size = int(rng.integers(sizes[0], sizes[1] + 1)) // 2 * 2
    spot = place((size, size), 1)
    if spot is None:
        return None
    jitter = rng.integers(-12, 13, 3)
    red, green, blue = (int(v) for v in np.clip(np.asarray(COLOURS[colour]) + jitter, 0, 255))
    return Item(shape, *spot, size, size, colour=colour, rgb=(red, green, blue))


def _letter(rng, place: Place, text, sizes) -> Item | None:
    size = int(rng.integers(sizes[0], sizes[1] + 1)) // 4 * 4
    mask = _glyph_mask(text, size, 1)
    spot = place(mask.shape[::-1], 2)
    if spot is None:
        return None
    red, green, blue = (int(v) for v in rng.integers(10, 60, 3))
    return Item(
        "letter", *spot, mask.shape[1], mask.shape[0], text=text, rgb=(red, green, blue), size=size
    )


def _tag(rng, place: Place, text) -> Item | None:
    size = int(rng.choice((24, 28)))
    mask = _glyph_mask(text, size, 0)
    width, height = mask.shape[1] + 14, size + 8
    spot = place((width, height), 4)
    if spot is None:
        return None
    red, green, blue = (int(v) for v in rng.integers(0, 50, 3))
    return Item("tag", *spot, width, height, text=text, rgb=(red, green, blue), size=size)


def _ground_options(rng, width, height, clutter: int) -> dict:
    light = int(rng.integers(185, 242))
    tint = tuple(int(v) for v in np.clip(light + rng.integers(-14, 15, 3), 0, 250))
    smudges = tuple(
        (
            int(rng.integers(0, width - 64)),
            int(rng.integers(0, height - 64)),
            int(rng.integers(28, 64)) // 4 * 4,
            int(rng.integers(28, 64)) // 4 * 4,
            int(rng.integers(1 << 30)),
        )
        for _ in range(int(rng.integers(0, clutter // 2 + 1)))
    )
    strokes = []
    for _ in range(int(rng.integers(0, clutter + 1))):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        points = [x, y]
        for _ in range(int(rng.integers(1, 4))):
            x, y = x + int(rng.integers(-40, 41)), y + int(rng.integers(-40, 41))
            points += [x, y]
        strokes.append((int(rng.integers(50, 170)), int(rng.integers(1, 5)), *points))
    return dict(
        width=width,
        height=height,
        tint=tint,
        slope=int(rng.integers(-30, 31)),
        texture=str(rng.choice(TEXTURES)),
        pitch=int(rng.integers(14, 29)),
        angle=int(rng.integers(0, 180)),
        contrast=int(rng.integers(10, 27)),
        smudges=smudges,
        strokes=tuple(strokes),
    )


def sample_scene(rng: np.random.Generator, grid: tuple[int, int] = (10, 10)) -> Scene:
    """A whole scene on `grid` (rows, columns of image tokens), varied in all that is drawn."""
    height, width = grid[0] * TOKEN, grid[1] * TOKEN
    options = _ground_options(rng, width, height, clutter=6)
    taken: list = []

    def place(size: tuple[int, int], step: int) -> tuple[int, int] | None:
        return _place(rng, width, height, size, taken, step)

    items: list[Item | None] = []
    if rng.random() < 0.6:
        text = str(rng.choice(DIGITS)) if rng.random() < 0.6 else str(rng.choice(WORDS))
        items.append(_tag(rng, place, text))
    letters = rng.choice(3, p=(0.35, 0.45, 0.2))
    for text in rng.choice(LETTERS, letters, replace=False):
        items.append(_letter(rng, place, str(text), (40, 60)))
    # A favoured shape and colour now and then: counts above one need them.
    favoured = (str(rng.choice(SHAPES)), str(rng.choice(tuple(COLOURS))))
    liking = rng.choice((0.0, 0.35, 0.7))
    for _ in range(int(rng.integers(1, 7))):
        shape = favoured[0] if rng.random() < liking else str(rng.choice(SHAPES))
        colour = favoured[1] if rng.random() < liking * 0.6 else str(rng.choice(tuple(COLOURS)))
        items.append(_shape(rng, place, colour, shape, (34, 72)))
    return Scene(items=tuple(i for i in items if i is not None), **options)


def sample_crop(rng: np.random.Generator, tokens: int = 4) -> Scene:
    """A small scene crowded with one to three things: what the vision tower learns to read from."""
    side = tokens * TOKEN
    options = _ground_options(rng, side, side, clutter=2)
    taken: list = []

    def place(size: tuple[int, int], step: int) -> tuple[int, int] | None:
        return _place(rng, side, side, size, taken, step)

    items: list[Item | None] = []
    for _ in range(3):
        pick = rng.random()
        if pick < 0.4:
            text = str(rng.choice(DIGITS)) if rng.random() < 0.6 else str(rng.choice(WORDS))
            items.append(_tag(rng, place, text))
        elif pick < 0.7:
            items.append(_letter(rng, place, str(rng.choice(LETTERS)), (40, 60)))
        else:
            items.append(
                _shape(
                    rng, place, str(rng.choice(tuple(COLOURS))), str(rng.choice(SHAPES)), (34, 72)
                )
            )
    return Scene(items=tuple(i for i in items if i is not None), **options)
