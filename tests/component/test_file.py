"""Saving and loading: one self-contained file, and a sentence for any other."""

import json

import numpy as np
import PIL.Image
import pytest

from gradio_comparisongrid import Cell, Comparison, InvalidComparison


def test_a_saved_comparison_comes_back_with_its_maps_and_pixels(value, photo, scores, tmp_path):
    loaded = Comparison.load(value.save(tmp_path / "run.json"))
    assert loaded.model_dump(exclude={"image"}) == value.model_dump(exclude={"image"})
    assert np.array_equal(loaded.cells[1].layers[0].to_array(), scores)
    assert loaded.image is not None
    assert np.array_equal(np.asarray(PIL.Image.open(loaded.image.path)), np.asarray(photo))


def test_a_cells_own_image_is_saved_too(photo, tmp_path):
    small = photo.resize((12, 9))
    saved = Comparison(cells=[Cell("a", image=small)]).save(tmp_path / "run.json")
    image = Comparison.load(saved).cells[0].image
    assert image is not None
    assert np.array_equal(np.asarray(PIL.Image.open(image.path)), np.asarray(small))


def test_the_file_needs_nothing_of_the_machine_that_wrote_it(value, cache, tmp_path):
    text = value.save(tmp_path / "run.json").read_text()
    assert str(cache) not in text
    assert json.loads(text)["image"]["url"].startswith("data:image/png;base64,")


def test_a_newer_schema_gets_one_sentence(value, tmp_path):
    path = value.save(tmp_path / "run.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 7, "new": 1}))
    with pytest.raises(InvalidComparison, match=r"schema 7, but .* reads up to 1: install a newer"):
        Comparison.load(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"schema_version": 1, "base": {}, "query": "", "results": []}', "is a Run of the vlms"),
        ('{"a": 1}', "is no Comparison: it has no cells"),
        ("[1, 2]", "is no Comparison"),
        ("not json", "cannot be read as JSON"),
        ('{"cells": [{"id": ""}]}', r"Comparison\.cells\[0\]\.id is ''"),
        ('{"cells": [], "image": {"path": "/etc/passwd"}}', "needs a data URL"),
        ('{"cells": [], "image": "data:image/png;base64,AAAA"}', "holds no image"),
    ],
)
def test_another_file_gets_a_sentence_that_says_what_it_is(text, says, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InvalidComparison, match=says):
        Comparison.load(path)


def test_a_missing_file_gets_a_sentence(tmp_path):
    with pytest.raises(InvalidComparison, match=r"gone\.json cannot be read"):
        Comparison.load(tmp_path / "gone.json")
