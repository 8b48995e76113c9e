"""Images made to harm whoever opens them: each gets a sentence, and costs nothing but that."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageFile

pytestmark = pytest.mark.usefixtures("nothing_changes")


def saved(image: Image.Image, format: str = "PNG", **options) -> bytes:
    raw = io.BytesIO()
    image.save(raw, format, **options)
    return raw.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG that claims so many grey pixels, and has these chunks beside an empty body."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + body + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    packed = zlib.compress(bytes(2**26), 9)
    return png(64, 64, *[chunk(b"zTXt", b"a\0\0" + packed)] * 8)


SMALL = Image.new("RGB", (64, 48), "red")
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n(/etc/passwd) run\n"
TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "13000x13000 in 21 kB": lambda: saved(Image.new("1", (13000, 13000))),
    "60000x60000, claimed": lambda: png(60_000, 60_000),
    "2^31 - 1 a side, claimed": lambda: png(2**31 - 1, 2**31 - 1),
    "a GIF of 65535x65535": lambda: (
        b"GIF89a"
        + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
        + b","
        + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0)
        + b"\x02\x02\x4c\x01\0;"
    ),
    "1x100000": lambda: saved(Image.new("L", (1, 100_000))),
    "100000x1": lambda: saved(Image.new("L", (100_000, 1))),
}
NONE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"not an image",
    "SVG": lambda: SVG,
    "EPS": lambda: EPS,
    "PDF": lambda: b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
    "zip": lambda: b"PK\x03\x04" + bytes(100),
    "0x0": lambda: png(0, 0),
    "half a PNG": lambda: saved(Image.effect_noise((200, 200), 90))[:9000],
    "half a JPEG": lambda: saved(Image.effect_noise((200, 200), 90), "JPEG")[:600],
    "half a GIF": lambda: saved(SMALL, "GIF")[:30],
    "a body of too few rows": lambda: png(64, 64),
    "texts that unpack to half a gigabyte": text_bomb,
    "a TIFF whose directory is itself": lambda: (
        b"II*\0\x08\0\0\0\x01\0" + b"\xff" * 12 + b"\x08\0\0\0"
    ),
    "floating-point": lambda: saved(Image.new("F", (64, 64)), "TIFF"),
}
RUBBISH = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 40_000
UNUSUAL: dict[str, Callable[[], bytes]] = {
    "CMYK": lambda: saved(SMALL.convert("CMYK"), "JPEG"),
    "16 bits": lambda: saved(Image.new("I;16", (64, 48), 40_000)),
    "transparent": lambda: saved(Image.new("RGBA", (64, 48), (255, 0, 0, 90))),
    "animated GIF": lambda: saved(
        SMALL.convert("P"), "GIF", save_all=True, append_images=[SMALL.convert("P")] * 200
    ),
    "turned by EXIF": lambda: saved(SMALL, "JPEG", exif=_exif()),
    "EXIF of rubbish": lambda: saved(SMALL, "JPEG", exif=RUBBISH),
    "a zip file behind it": lambda: saved(SMALL) + b"PK\x05\x06" + bytes(18),
    "a script behind it": lambda: saved(SMALL, "GIF") + b"/*<script>alert(1)</script>*/",
}  # fmt: skip


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.fixture
def undecoded(monkeypatch) -> list[str]:
    """The formats of images that were decoded since."""
    decoded: list[str] = []
    load = ImageFile.ImageFile.load

    def noted(self):
        decoded.append(f"{self.format} {self.size}")
        return load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", noted)
    return decoded


def everywhere(attacker, image) -> list:
    """What is told where an image comes in: to programs, in the form, in a batch."""
    ticked = ["baseline"]
    return [
        attacker.compares(image),
        attacker.does("", "compare_form", image=image, question="What?", variants=ticked),
        attacker.does(
            *("run", "batch.tab"),
            batch_images=[{"image": image, "caption": None}],
            batch_questions="What?",
            batch_variants=ticked,
        ),
    ]


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_size_that_is_too_much_is_refused_before_a_pixel_is_decoded(
    attacker, sentence, undecoded, name
):
    program, form, batch = everywhere(attacker, attacker.sends(TOO_LARGE[name]()))
    assert undecoded == []
    assert not program.is_done
    sentence(program)
    assert "scene.png" in form.text and "pixels" in form.text
    assert "scene.png" in batch.said or "1 cases" in batch.said


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_image_is_said_to_be_none(attacker, sentence, name):
    program, form, batch = everywhere(attacker, attacker.sends(NONE[name]()))
    assert not program.is_done
    assert "scene.png" in sentence(program)
    assert "scene.png" in form.text
    # Each case of a batch is asked by itself: what only shows when it is decoded is told there.
    assert "scene.png" in batch.said or "1 cases" in batch.said


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_and_sound_is_answered(attacker, name):
    told = attacker.compares(attacker.sends(UNUSUAL[name]()))
    assert told.is_done, told.text


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.js", "a.xml", "a.xhtml"])
def test_what_was_sent_is_never_served_as_a_page(attacker, name):
    place = attacker.sends(b"<script>alert(1)</script>", name)["path"]
    answer = attacker.web.get(f"file={place}")
    assert answer.status_code in (403, 404) or "attachment" in answer.headers["content-disposition"]
    assert answer.headers.get("content-type", "") not in ("text/html", "image/svg+xml")


def test_a_file_that_is_too_large_does_not_come_in(attacker):
    answer = attacker.web.post("upload", files={"files": ("a.png", bytes(65 * 2**20))})
    assert answer.status_code == 413
    assert "maximum allowed size" in answer.text


@pytest.mark.parametrize("name", ["../../../a.png", "/etc/a.png", "..", "a\0.png", "a/../../b.png"])
def test_a_files_name_leads_nowhere(server, attacker, name):
    answer = attacker.web.post("upload", files={"files": (name, saved(SMALL))})
    if answer.status_code == 200:
        (place,) = answer.json()
        attacker.sent.append(place)
        assert place.startswith(str(server.cache)) and ".." not in place
    for part in server.cache.glob("tmp*"):
        part.unlink()  # what Gradio leaves of a file whose name it refuses
