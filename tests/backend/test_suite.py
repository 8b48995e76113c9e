"""A suite is read from the files people have, and what cannot be used is said in one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.support.reference import picture

from vlmscope import InputError, read_suite
from vlmscope.engine.loading import shipped_folder
from vlmscope.evidence import suite as module

SUITES = shipped_folder().parent / "suites"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with an image, beside another one that is no business of a suite."""
    home = tmp_path / "home"
    (home / "images").mkdir(parents=True)
    picture(32, 32).save(home / "a.png")
    picture(32, 32).save(home / "images" / "b.png")
    picture(32, 32).save(tmp_path / "outside.png")
    return home


def entry(**more: Any) -> dict[str, Any]:
    return {"image": "a.png", "query": "What?"} | more


def written(home: Path, document: Any, name: str = "mine.json") -> Path:
    file = home / name
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


TWO = [entry(id="x", type="vague", expected="red"), {"image": "images/b.png", "question": "Who?"}]
LAYOUTS = [
    json.dumps(TWO),
    *(json.dumps({"version": 1, key: TWO}) for key in module.LISTS),
    "\n".join(map(json.dumps, TWO)),
    "\r\n\r\n".join(map(json.dumps, TWO)) + "\n",
    "\ufeff" + json.dumps(TWO, indent=2),
]


@pytest.mark.parametrize("text", LAYOUTS)
def test_a_list_an_object_around_it_and_lines_are_the_same_suite(home: Path, text: str):
    suite = read_suite(written(home, text))
    assert suite.name == "mine"
    first, second = suite.cases
    assert (first.id, first.type, first.query, first.expected) == ("x", "vague", "What?", ("red",))
    assert (second.id, second.type, second.query, second.expected) == ("2", "other", "Who?", ())
    assert [case.image.name for case in suite.cases] == ["a.png", "b.png"]
    assert all(case.image.is_file() for case in suite.cases)


def test_one_object_in_one_line_is_a_suite_of_one_and_a_suite_may_say_its_name(home: Path):
    assert len(read_suite(written(home, entry(), "one.jsonl")).cases) == 1
    assert read_suite(written(home, {"name": "Mine", "cases": [entry()]})).name == "Mine"


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ({"expected": "red"}, ("red",)),
        ({"expected": ["red", " crimson ", "red"]}, ("red", "crimson")),
        ({"expected": True}, ("yes",)),
        ({"expected": False}, ("no",)),
        ({"expected": [0, 2.0, 2.5, "two"]}, ("0", "2", "2.5", "two")),
        ({"answer": 3}, ("3",)),
        ({"answers": ["a", True]}, ("a", "yes")),
        ({"expected": None, "answer": "red"}, ("red",)),
        ({"expected": None}, ()),
        ({"expected": []}, ()),
        ({"expected": " "}, ()),
        ({}, ()),
    ],
)
def test_an_expected_answer_is_a_text_a_number_a_boolean_or_a_list(home: Path, given, accepted):
    (case,) = read_suite(written(home, [entry(**given)])).cases
    assert case.expected == accepted


UNUSABLE = [
    ("[", "is no JSON"),
    ("", "is no JSON"),
    ('[{"image": "a.png", "query": "What?", "expected": NaN}]', "NaN"),
    ("[" * 40 + "]" * 40, "nested too deep"),
    ("[" * 100_000, "nested too deep"),
    ("\xff", "is no JSON"),
    ('[{"id": 1, "id": 2}]', "twice"),
    ("9" * 5000, "is no JSON"),
    (json.dumps(entry()) + "\n{oh\n", "Line 2 of mine.json is no JSON"),
    ([], "holds no case"),
    ({"cases": []}, "holds no case"),
    ({"items": [entry()]}, "no list of cases"),
    ("3", "no list of cases"),
    ([entry(), 3], "Entry 2"),
    ([entry(), entry(id=None), [entry()]], "Entry 3"),
    ([{"query": "What?"}], "image is None"),
    ([entry(image=3)], "image is 3"),
    ([entry(image="")], "image is ''"),
    ([{"image": "a.png"}], "no query"),
    ([entry(query=3)], "of type int"),
    ([entry(query=" ")], "question is empty"),
    ([entry(query="a" * 20_001)], "20,001"),
    ('[{"image": "a.png", "query": "\\ud800"}]', "half a character"),
    ('[{"image": "\\ud800.png", "query": "What?"}]', "no name of a file"),
    ([entry(image="a\0.png")], "no name of a file"),
    ([entry(id=True)], "id is True"),
    ([entry(id=[1])], "id is [1]"),
    ([entry(id="a\nb")], "one line"),
    ([entry(id="a" * 201)], "201"),
    ([entry(type=1.5)], "type is 1.5"),
    ([entry(type="a" * 201)], "201"),
    ([entry(id="x"), entry(id="x")], "Entry 2 of mine.json cannot be used: its id 'x'"),
    ([entry(id="2"), entry()], "its id '2' is there before"),
    ([entry(expected={"a": 1})], "expected answer is {'a': 1}"),
    ([entry(expected=[["red"]])], "expected answer is ['red']"),
    ([entry(expected=["red", None])], "expected answer is None"),
    ('[{"image": "a.png", "query": "What?", "expected": 1e999}]', "expected answer is inf"),
    ([entry(expected="a" * 2001)], "2,001"),
    ([entry(expected=["a"] * 101)], "101"),
    ([entry(image="none.png")], "no image 'none.png'"),
    ([entry(image="images")], "no image 'images'"),
    ([entry(image="a" * 5000)], "no image"),
    ([entry(image="../outside.png")], "outside the suite's folder"),
    ([entry(image="images/../../none.png")], "outside the suite's folder"),
    ([entry(image="..\\outside.png")], "outside the suite's folder"),
    ([entry(image="/etc/hostname")], "outside the suite's folder"),
    ([entry()] * 5001, "5,001 cases"),
]


@pytest.mark.parametrize(("document", "named"), UNUSABLE)
def test_what_cannot_be_used_is_said_in_one_sentence(home: Path, document: Any, named: str):
    file = written(home, document)
    if document == "\xff":
        file.write_bytes(b"\xff")
    with pytest.raises(InputError) as raised:
        read_suite(file)
    said = str(raised.value)
    assert named in said and "mine.json" in said and said.endswith(".")
    assert len(said) < 400 and "\n" not in said and str(home) not in said


def test_files_that_are_none_too_large_or_no_file_are_refused(home: Path, monkeypatch):
    with pytest.raises(InputError, match="no suite file"):
        read_suite(home / "none.json")
    os.mkfifo(home / "pipe.json")
    with pytest.raises(InputError, match="no suite file"):
        read_suite(home / "pipe.json")
    with open(home / "large.json", "wb") as file:
        file.truncate(module.MAX_FILE_BYTES + 1)
    with pytest.raises(InputError, match=r"large\.json has 50,000,001 bytes"):
        read_suite(home / "large.json")
    monkeypatch.setattr(module, "MAX_NESTED", 10)
    with pytest.raises(InputError, match="more than 10 lists"):
        read_suite(written(home, [entry()] * 11))


def test_a_link_that_leads_out_is_refused_and_one_that_stays_is_followed(home: Path):
    (home / "out.png").symlink_to(home.parent / "outside.png")
    (home / "up").symlink_to(home.parent)
    (home / "in.png").symlink_to("images/b.png")
    for name in ("out.png", "up/outside.png"):
        with pytest.raises(InputError, match="outside the suite's folder"):
            read_suite(written(home, [entry(image=name)]))
    (case,) = read_suite(written(home, [entry(image="in.png")])).cases
    assert case.image.name == "b.png"


def test_at_a_desk_images_may_lie_anywhere(home: Path):
    outside = home.parent / "outside.png"
    file = written(home, [entry(image="../outside.png"), entry(image=str(outside))])
    assert [case.image for case in read_suite(file, anywhere=True).cases] == [outside] * 2


def test_in_a_folder_of_images_each_is_found_by_the_last_part_of_its_name(home: Path):
    names = ["images/b.png", "C:\\pictures\\b.png", "/data/b.png", "../b.png"]
    for name in names:
        file = written(home, [entry(image=name)])
        (case,) = read_suite(file, folder=home / "images").cases
        assert case.image == home / "images" / "b.png"
    for name in ("a.png", "b.png/..", ".."):
        with pytest.raises(InputError, match=r"among the images|outside"):
            read_suite(written(home, [entry(image=name)]), folder=home / "images", anywhere=True)
    with pytest.raises(InputError, match=r"Entry 2 of mine\.json .*rename one"):
        read_suite(
            written(home, [entry(image="x/b.png"), entry(image="y/b.png")]), folder=home / "images"
        )


def test_the_suite_that_ships_has_25_cases_of_each_type_and_its_images():
    suite = read_suite(SUITES / "held_out_100.json")
    types = [case.type for case in suite.cases]
    assert [types.count(kind) for kind in ("specific", "vague", "detail", "counting")] == [25] * 4
    assert all(len(case.expected) == 1 for case in suite.cases)
    assert {case.image for case in suite.cases} == set((SUITES / "images").resolve().glob("*"))
    assert sum(file.stat().st_size for file in SUITES.rglob("*.*")) < 600_000


def test_the_suite_that_ships_shows_none_of_the_examples():
    def pixels(file: Path) -> bytes:
        with Image.open(file) as image:
            return image.tobytes()

    examples = {pixels(file) for file in (SUITES.parent / "examples").glob("*.png")}
    cases = {pixels(file) for file in (SUITES / "images").glob("*.png")}
    assert len(examples) == 6 and not examples & cases
