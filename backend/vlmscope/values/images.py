"""Any image a person may bring, as an upright RGB picture."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vlmscope.values.errors import InputError

MAX_PIXELS = 50_000_000
MAX_ASPECT = 200
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""What a file may be, by its content; a JPEG of several pictures (MPO) is a JPEG.

Pillow would also open formats by running a program (EPS by Ghostscript), and many whose decoders
hardly anybody reads.
"""
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


def open_image(source: Any, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """An upright RGB image from a PIL image, a uint8 array [H, W, 3] or a path.

    EXIF orientation is applied, transparency is laid over white, 16-bit grey is scaled to 8. The
    size is checked before anything is decoded; a file is one of `FORMATS`, whatever its name.
    Raises InputError for what is no image.
    """
    if isinstance(source, Image.Image):
        return _upright_rgb(source, "the image", max_pixels)
    if isinstance(source, np.ndarray):
        return _from_array(source, max_pixels)
    if isinstance(source, str | os.PathLike):
        return _from_path(os.fspath(source), max_pixels)
    raise InputError(
        f"An image of type {type(source).__name__} cannot be read; "
        "give a PIL image, a uint8 array [H, W, 3] or a path."
    )


def _from_array(array: np.ndarray, max_pixels: int) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise InputError(
            f"An array of {array.dtype} {list(array.shape)} is no image; give uint8 [H, W, 3]."
        )
    _check_size(array.shape[1], array.shape[0], "the image", max_pixels)
    return Image.fromarray(np.ascontiguousarray(array))


def _from_path(path: str | bytes, max_pixels: int) -> Image.Image:
    name = os.fsdecode(path)
    if not os.path.isfile(path):
        raise InputError(f"There is no image file {name!r}; check the path.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                return _upright_rgb(image, repr(name), max_pixels)
    except UnidentifiedImageError:
        raise InputError(f"{name!r} is no image that can be read; give a PNG or a JPEG.") from None
    except Image.DecompressionBombError:
        raise InputError(
            f"{name!r} has more pixels than is safe to open; give one of at most "
            f"{max_pixels:,} pixels."
        ) from None
    except InputError:
        raise
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise InputError(
            f"{name!r} cannot be opened as an image ({error}); give another file."
        ) from error


def _upright_rgb(image: Image.Image, name: str, max_pixels: int) -> Image.Image:
    _check_size(image.width, image.height, name, max_pixels)
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
        return _rgb(upright, name)
    except InputError:
        raise
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise InputError(
            f"{name} is damaged and cannot be decoded ({error}); give another file."
        ) from error


def _check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise InputError(f"{name} is empty ({width}×{height} pixels); give another image.")
    if width * height > max_pixels:
        raise InputError(
            f"{name} has {width}×{height} pixels, more than the {max_pixels:,} allowed; "
            "give a smaller image or raise max_image_pixels."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InputError(
            f"{name} has {width}×{height} pixels, longer than {MAX_ASPECT} times its width; "
            "give a less extreme shape."
        )


def _rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode in _SIXTEEN_BIT or image.mode == "I":
        grey = np.asarray(image).astype(np.float64)
        if image.mode != "I" or grey.max() > 255:
            grey = grey / 257
        eight_bit = np.clip(np.floor(grey + 0.5), 0, 255).astype(np.uint8)
        return Image.fromarray(eight_bit).convert("RGB")
    if image.mode == "F":
        raise InputError(f"{name} holds floating-point pixels; save it as 8 or 16 bits.")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")
