"""Images: taken as the author has them, encoded once, lossless."""

import io
from pathlib import Path

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
