"""A run as it lies in the history: its image apart, once for all runs about it; the rest compressed."""

import base64
import hashlib
import io
import zlib

from PIL import Image

from history.values import HistoryError
from vlmscope import InputError, Run
from vlmscope.values import strict_json

THUMBNAIL = 96
"""The longer side of a thumbnail, in pixels."""
MAX_DOCUMENT = 512 * 2**20
"""Bytes of a run's document, unpacked."""


def digest(image: Image.Image) -> str:
    """Tells images apart by their pixels."""
    head = f"{image.mode} {image.width} {image.height} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()


def pack(run: Run) -> bytes:
    """A run without its image's pixels."""
    # Base64 of maps shrinks by a quarter at any level; more effort gains little.
    return zlib.compress(strict_json.dumps(run.to_document(with_pixels=False)).encode(), 3)


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def unpack(document: bytes, pixels: bytes) -> Run:
    """The run of what `pack` and `png` gave; raises HistoryError when they are damaged."""
    try:
        whole = strict_json.loads(_inflated(document))
        whole["image"]["png"] = base64.b64encode(pixels).decode("ascii")
        return Run.from_document(whole, "What is kept of this run")
    except (zlib.error, ValueError, KeyError, TypeError, RecursionError, InputError) as error:
        raise HistoryError(
            f"This run is damaged and cannot be shown ({error}); its answers are in the list."
        ) from error


def thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def data_url(webp: bytes | None) -> str:
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii") if webp else ""


def _inflated(packed: bytes) -> bytes:
    inflate = zlib.decompressobj()
    text = inflate.decompress(packed, MAX_DOCUMENT)
    if not inflate.eof:
        raise ValueError("too long, or cut off")
    return text
