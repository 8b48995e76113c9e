"""Images of every sort become upright RGB, or are refused in one sentence."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.support.reference import picture

from vlmscope import InputError
from vlmscope.values.images import open_image


def test_a_path_an_array_and_a_picture_are_the_same_image(tmp_path: Path):
    image = picture(60, 40)
    image.save(tmp_path / "a.png")
    arrays = [np.asarray(open_image(s)) for s in (image, np.asarray(image), tmp_path / "a.png")]
    assert all(np.array_equal(array, np.asarray(image)) for array in arrays)


def test_exif_orientation_is_respected(tmp_path: Path):
    image = picture(60, 40)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter to the right
    image.save(tmp_path / "a.png", exif=exif)
    upright = open_image(tmp_path / "a.png")
    assert np.array_equal(np.asarray(upright), np.rot90(np.asarray(image), -1))


def test_transparency_lies_over_white():
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (10, 20, 30, 255)
    pixels[0, 1] = (0, 0, 0, 128)
    shown = np.asarray(open_image(Image.fromarray(pixels)))
    assert shown[0, 0].tolist() == [10, 20, 30]
    assert abs(int(shown[0, 1, 0]) - 127) <= 1
    assert shown[1, 1].tolist() == [255, 255, 255]


def test_a_transparent_palette_lies_over_white():
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 9, 9, 9])
    image.putdata([0, 1])
    image.info["transparency"] = 0
    assert np.asarray(open_image(image))[0].tolist() == [[255] * 3, [9] * 3]


def test_sixteen_bits_become_eight(tmp_path: Path):
    grey = np.array([[0, 257, 32896, 65535]], np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    assert np.asarray(open_image(tmp_path / "a.png"))[0, :, 0].tolist() == [0, 1, 128, 255]


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of 70 bytes that says it has this many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(13_000, 13_000), (40_000, 40_000)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    tmp_path: Path, width: int, height: int, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "bomb.png").write_bytes(png_claiming(width, height))
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    with pytest.raises(InputError, match="pixels"):
        open_image(tmp_path / "bomb.png")


def test_the_limit_is_an_option():
    with pytest.raises(InputError, match="60×40"):
        open_image(picture(60, 40), max_pixels=100)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (np.zeros((4, 4, 3), np.float32), "float32"),
        (np.zeros((4, 4), np.uint8), r"\[4, 4\]"),
        (np.zeros((0, 4, 3), np.uint8), r"\[0, 4, 3\]"),
        (None, "NoneType"),
        (3, "int"),
        ("/nowhere/a.png", "/nowhere/a.png"),
        (Image.new("RGB", (1000, 2)), "1000×2"),
        (Image.new("F", (4, 4)), "floating-point"),
    ],
)
def test_what_is_no_image_is_refused_by_what_it_is(source, named: str):
    with pytest.raises(InputError, match=named):
        open_image(source)


def test_a_file_that_is_no_image_is_refused(tmp_path: Path):
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(InputError, match=r"a\.png.*no image"):
        open_image(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_usual_formats_are_opened_whatever_their_names(tmp_path: Path, kind: str):
    more = {"save_all": True, "append_images": [picture(60, 40)]} if kind == "MPO" else {}
    picture(60, 40).save(tmp_path / "a.dat", kind, **more)
    assert open_image(tmp_path / "a.dat").size == (60, 40)


@pytest.mark.parametrize("kind", ["EPS", "PPM", "ICO", "PCX", "TGA", "DDS", "PDF", "SGI"])
@pytest.mark.parametrize("name", ["a.png", "a.dat"])
def test_any_other_format_is_refused_by_its_content(tmp_path: Path, kind: str, name: str):
    picture(60, 40).save(tmp_path / name, kind)
    with pytest.raises(InputError, match="no image that can be read; give a PNG or a JPEG"):
        open_image(tmp_path / name)


@pytest.mark.parametrize("fault", [PermissionError("locked"), OverflowError("too far")])
def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path, monkeypatch, fault: Exception):
    def refuse(*args, **kwargs):
        raise fault

    picture(60, 40).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(InputError, match=rf"a\.png.*{fault}"):
        open_image(tmp_path / "a.png")


def test_a_truncated_file_is_refused(tmp_path: Path):
    picture(200, 200).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        open_image(tmp_path / "half.png")
