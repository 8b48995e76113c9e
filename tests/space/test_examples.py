import json
import shutil

import pytest
from PIL import Image

from examples import expected_answer, one_for_each_image, read_examples
from vlmscope.engine.loading import shipped_folder

SHIPPED = shipped_folder().parent / "examples"


@pytest.fixture
def examples(tmp_path):
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / name)
    entries = [
        ("a.png", "What colour?", "red"),
        ("a.png", "A cat?", "no"),
        ("b.png", "What?", None),
    ]
    listing = [{"image": i, "question": q, "answer": a} for i, q, a in entries]
    (tmp_path / "examples.json").write_text(json.dumps(listing))
    return read_examples(tmp_path)


def test_a_folder_without_a_listing_has_no_examples(tmp_path):
    assert read_examples(tmp_path) == ()


def test_one_thumbnail_stands_for_each_image_with_its_first_question(examples):
    assert [e.question for e in one_for_each_image(examples)] == ["What colour?", "What?"]


def test_the_answer_is_known_for_an_examples_image_under_any_name_and_its_question(
    examples, tmp_path
):
    copy = shutil.copy(tmp_path / "a.png", tmp_path / "upload.png")
    assert expected_answer(examples, copy, " what  COLOUR ") == "red"
    assert expected_answer(examples, copy, "What shape?") is None
    assert expected_answer(examples, tmp_path / "b.png", "What colour?") is None


@pytest.mark.parametrize("example", read_examples(SHIPPED), ids=lambda e: e.question[:40])
def test_every_shipped_example_has_its_image_a_question_and_an_answer(example):
    with Image.open(example.image) as image:
        assert min(image.size) >= 224
    assert example.question
    assert example.answer
