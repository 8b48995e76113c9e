"""Images: taken as the author has them, encoded once, lossless."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import PIL.Image
import pytest
from gradio.data_classes import FileData

from gradio_comparisongrid import Cell, Comparison, InvalidComparison


def pixels(file: FileData | None) -> np.ndarray:
    assert file is not None
    return np.asarray(PIL.Image.open(file.path))


@pytest.fixture
def encodings(monkeypatch) -> list[str]:
    """The format of every encoding that Pillow is asked for."""
    seen: list[str] = []
    save = PIL.Image.Image.save

    def counted(self, target, format=None, **options):
        seen.append(format or str(target))
        return save(self, target, format, **options)

    monkeypatch.setattr(PIL.Image.Image, "save", counted)
    return seen


def test_pixels_are_kept_exactly(photo):
    assert np.array_equal(pixels(Comparison(image=photo).image), np.asarray(photo))
    assert np.array_equal(pixels(Comparison(image=np.asarray(photo)).image), np.asarray(photo))


def test_floats_from_0_to_1_are_grey_levels():
    image = Comparison(image=np.array([[0.0, 0.5, 1.0]])).image
    assert pixels(image).tolist() == [[0, 128, 255]]


def test_the_same_image_again_is_not_encoded_again(photo, encodings):
    first = Comparison(image=photo)
    second = Comparison(image=photo, cells=[Cell("a", image=photo.copy())])
    assert encodings == ["PNG"]
    assert first.image == second.image == second.cells[0].image


def test_the_same_image_from_many_threads_is_encoded_once(photo, encodings):
    with ThreadPoolExecutor(4) as threads:
        images = list(threads.map(lambda _: Comparison(image=photo).image, range(8)))
    assert encodings == ["PNG"]
    assert all(image == images[0] for image in images)


def test_a_slow_encoding_holds_up_no_other_image(photo, monkeypatch):
    small = PIL.Image.new("RGB", (8, 8), "teal")
    started, free = Event(), Event()
    save = PIL.Image.Image.save

    def slow(self, *args, **options):
        if self.size == photo.size:
            started.set()
            assert free.wait(20)
        return save(self, *args, **options)

    monkeypatch.setattr(PIL.Image.Image, "save", slow)
    with ThreadPoolExecutor(2) as threads:
        large = threads.submit(lambda: Comparison(image=photo).image)
        try:
            assert started.wait(20)
            quick = threads.submit(lambda: Comparison(image=small).image).result(5)
            assert not large.done()
        finally:
            free.set()
        assert np.array_equal(pixels(quick), np.asarray(small))
        assert np.array_equal(pixels(large.result(20)), np.asarray(photo))


def test_an_encoding_that_failed_is_tried_again(photo, monkeypatch):
    def full(*_args, **_options):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(PIL.Image.Image, "save", full)
        with pytest.raises(OSError, match="No space left"):
            Comparison(image=photo)
    assert np.array_equal(pixels(Comparison(image=photo).image), np.asarray(photo))


def test_the_same_indices_with_another_palette_are_another_image(photo):
    palette = photo.convert("P")
    before = Comparison(image=palette).image
    colours = palette.getpalette()
    palette.putpalette(colours[::-1])
    assert Comparison(image=palette).image != before


def test_an_image_drawn_on_in_place_is_another_image(photo, encodings):
    before = Comparison(image=photo).image
    photo.putpixel((0, 0), (1, 2, 3))
    assert Comparison(image=photo).image != before
    assert len(encodings) == 2


def test_an_encoded_image_that_was_cleaned_away_is_written_again(photo):
    image = Comparison(image=photo).image
    assert image is not None
    Path(image.path).unlink()
    assert np.array_equal(pixels(Comparison(image=photo).image), np.asarray(photo))


def test_a_path_is_taken_as_it_is(tmp_path, photo, encodings):
    path = tmp_path / "photo.jpg"
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG")
    path.write_bytes(buffer.getvalue())
    encodings.clear()
    image = Comparison(image=path).image
    assert image is not None
    assert (image.path, image.mime_type) == (str(path), "image/jpeg")
    assert encodings == []


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("/no/such.png", "The image of cell 'a' is '/no/such.png': there is no such file"),
        (np.zeros((2, 2, 5), np.uint8), r"has shape \[2, 2, 5\]"),
        (np.full((2, 2), 7.0), "holds floats from 7 to 7"),
        (np.zeros((2, 2), np.int64), "holds int64"),
        (3, "is int: it needs a PIL image, an array or a path"),
    ],
)
def test_what_is_no_image_is_refused_with_the_cell(image, says):
    with pytest.raises(InvalidComparison, match=says):
        Cell("a", image=image)


def test_pictures_with_a_palette_or_in_cmyk_are_taken(photo):
    for mode in ("P", "CMYK", "L", "1", "RGBA"):
        assert pixels(Comparison(image=photo.convert(mode)).image).shape[:2] == (90, 120)


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"words"])
def test_a_file_that_holds_no_image_is_refused_with_its_path(content, tmp_path):
    path = tmp_path / "picture.svg"
    path.write_bytes(content)
    with pytest.raises(
        InvalidComparison, match=r"The image of cell 'a' is .*picture\.svg.*no image"
    ):
        Cell("a", image=path)


def test_a_file_that_browsers_do_not_show_becomes_one_that_they_do(photo, tmp_path):
    path = tmp_path / "scan.tiff"
    photo.save(path)
    image = Comparison(image=path).image
    assert image is not None and image.mime_type == "image/png"
    assert np.array_equal(pixels(image), np.asarray(photo))


def test_the_type_of_a_file_is_what_it_holds_not_what_it_is_called(photo, tmp_path):
    path = tmp_path / "photo.png"
    photo.save(path, "JPEG")
    image = Comparison(image=path).image
    assert image is not None and image.mime_type == "image/jpeg"


@pytest.mark.parametrize("mode", ["F", "I", "I;16"])
def test_pixels_of_no_told_range_are_refused_with_the_way_out(mode):
    with pytest.raises(InvalidComparison, match=rf"has the mode '{mode}'.*8 bits"):
        Comparison(image=PIL.Image.new(mode, (4, 4)))


def test_an_image_without_pixels_is_refused():
    with pytest.raises(InvalidComparison, match="has 0 × 5 pixels"):
        Comparison(image=PIL.Image.new("RGB", (0, 5)))


def test_a_file_of_pixels_of_no_told_range_says_that_not_that_it_holds_none(tmp_path):
    path = tmp_path / "depth.tiff"
    PIL.Image.new("F", (4, 4)).save(path)
    with pytest.raises(InvalidComparison, match=r"has the mode 'F'.*8 bits"):
        Comparison(image=path)
