"""Images of the app's author as files in Gradio's cache, each encoded once."""

from __future__ import annotations

import base64
import hashlib
import io
import mimetypes
import os
import re
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path
from threading import Lock

import numpy as np
import PIL.Image
from gradio.data_classes import FileData
from gradio.utils import get_upload_folder

from .errors import InvalidComparison
from .files import write_whole
from .model import encodable

ImageLike = FileData | PIL.Image.Image | np.ndarray | str | os.PathLike

_DATA_URL = re.compile(r"data:(image/[\w.+-]+);base64,", re.ASCII)
_SHOWN_BY_BROWSERS = {"AVIF", "BMP", "GIF", "JPEG", "PNG", "WEBP"}
_ENCODED: OrderedDict[bytes, Future[str]] = OrderedDict()
_ENCODED_AT_MOST = 64
_lock = Lock()


def to_file(image: ImageLike, name: str) -> FileData:
    """An image as `FileData`; `name` says whose it is in an error.

    Takes a PIL image, an array (uint8, or floats from 0 to 1; `[H, W]`, `[H, W, 3]` or
    `[H, W, 4]`), a path, or FileData as it is. Pixels, and files that browsers do not show, are
    encoded as PNG once: the same pixels again cost a hash. Raises InvalidComparison for
    anything else.
    """
    if isinstance(image, FileData):
        return image
    if isinstance(image, (str, os.PathLike)):
        return _from_path(Path(image), name)
    if isinstance(image, np.ndarray):
        image = _from_array(image, name)
    if not isinstance(image, PIL.Image.Image):
        raise InvalidComparison(
            f"{name} is {type(image).__name__}: it needs a PIL image, an array or a path"
        )
    return _from_pixels(image, name)


def _from_pixels(image: PIL.Image.Image, name: str) -> FileData:
    if 0 in image.size:
        raise InvalidComparison(f"{name} has {image.width} × {image.height} pixels: it needs some")
    if image.mode == "F" or image.mode.startswith("I"):
        raise InvalidComparison(
            f"{name} has the mode {image.mode!r}, whose range nobody told: scale it to 8 bits"
        )
    return FileData(path=_encode_once(image), mime_type="image/png", orig_name="image.png")


def to_data_url(file: FileData, name: str) -> str:
    """The file's bytes as a data URL; raises InvalidComparison when it cannot be read."""
    try:
        raw = Path(file.path).read_bytes()
    except OSError as error:
        raise InvalidComparison(
            f"{name} is {file.path!r}, which cannot be read: {error.strerror}"
        ) from error
    kind = file.mime_type or mimetypes.guess_type(file.path)[0] or "image/png"
    return f"data:{kind};base64,{base64.b64encode(raw).decode('ascii')}"


def from_data_url(url: str, name: str) -> FileData:
    """The image of a data URL as a file in the cache; raises InvalidComparison when it is none."""
    match = _DATA_URL.match(url)
    if match is None:
        raise InvalidComparison(f"{name} is {url[:40]!r}: it needs a data URL of an image")
    try:
        raw = base64.b64decode(url[match.end() :], validate=True)
        with PIL.Image.open(io.BytesIO(raw)) as image:
            image.verify()
    except Exception as error:
        raise InvalidComparison(f"{name}: its data URL holds no image") from error
    suffix = mimetypes.guess_extension(match[1]) or ".png"
    path = _write(hashlib.blake2b(raw, digest_size=20).hexdigest(), f"image{suffix}", raw)
    return FileData(path=path, mime_type=match[1], orig_name=f"image{suffix}")


def _from_path(path: Path, name: str) -> FileData:
    if not path.is_file():
        raise InvalidComparison(f"{name} is {str(path)!r}: there is no such file")
    try:
        encodable(str(path))
    except ValueError as error:
        raise InvalidComparison(f"{name}: its path {error}") from error
    try:
        with PIL.Image.open(path) as image:
            if image.format not in _SHOWN_BY_BROWSERS:
                return _from_pixels(image, name)
            kind = PIL.Image.MIME[image.format]
    except InvalidComparison:
        raise
    except (OSError, ValueError) as error:
        raise InvalidComparison(
            f"{name} is {str(path)!r}, which holds no image that can be read: PNG, JPEG and WebP can"
        ) from error
    return FileData(path=str(path.resolve()), mime_type=kind, orig_name=path.name)


def _from_array(array: np.ndarray, name: str) -> PIL.Image.Image:
    shape = list(array.shape)
    if 0 in shape or not (array.ndim == 2 or (array.ndim == 3 and shape[2] in (3, 4))):
        raise InvalidComparison(
            f"{name} has shape {shape}: it needs [H, W], [H, W, 3] or [H, W, 4]"
        )
    if np.issubdtype(array.dtype, np.floating):
        if not (np.nanmin(array) >= 0 and np.nanmax(array) <= 1):
            raise InvalidComparison(
                f"{name} holds floats from {np.nanmin(array):g} to {np.nanmax(array):g}: "
                "they need to lie from 0 to 1, or be uint8"
            )
        array = np.rint(np.nan_to_num(array) * 255).astype(np.uint8)
    elif array.dtype == bool:
        array = array.astype(np.uint8) * 255
    elif array.dtype != np.uint8:
        raise InvalidComparison(
            f"{name} holds {array.dtype}: it needs uint8, or floats from 0 to 1"
        )
    return PIL.Image.fromarray(array)


def _encode_once(image: PIL.Image.Image) -> str:
    # Keyed by the pixels, not by the object: the same object may be drawn on between two yields.
    palette = image.getpalette("RGBA") if image.mode == "P" else None
    look = (image.mode, image.size, palette, image.info.get("transparency"))
    digest = hashlib.blake2b(repr(look).encode(), digest_size=20)
    digest.update(image.tobytes())
    digest.update(get_upload_folder().encode())
    key = digest.digest()
    encoded, is_mine = _claim(key)
    if is_mine:
        # Outside the lock: a large image takes seconds, and holds up only who asks for the same.
        try:
            encoded.set_result(_write(key.hex(), "image.png", _png(image)))
        except BaseException as error:
            with _lock:
                _ENCODED.pop(key, None)
            encoded.set_exception(error)
    return encoded.result()


def _claim(key: bytes) -> tuple[Future[str], bool]:
    """The path of these pixels' file, now or soon, and whether the caller is to write it."""
    with _lock:
        encoded = _ENCODED.get(key)
        if encoded is not None and not _was_cleaned_away(encoded):
            _ENCODED.move_to_end(key)
            return encoded, False
        encoded = _ENCODED[key] = Future()
        _ENCODED.move_to_end(key)
        while len(_ENCODED) > _ENCODED_AT_MOST:
            _ENCODED.popitem(last=False)
        return encoded, True


def _was_cleaned_away(encoded: Future[str]) -> bool:
    return encoded.done() and not (encoded.exception() or os.path.exists(encoded.result()))


def _png(image: PIL.Image.Image) -> bytes:
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        image = image.convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _write(folder: str, file_name: str, raw: bytes) -> str:
    place = Path(get_upload_folder()) / folder
    place.mkdir(parents=True, exist_ok=True)
    path = place / file_name
    if not path.exists():
        # A reader in another thread must never meet half a file.
        write_whole(path, raw)
    return str(path.resolve())
