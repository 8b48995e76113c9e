"""Saving and loading: one self-contained file, and a sentence for any other."""

import json
import os
import stat

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
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 4, "new": 1}))
    with pytest.raises(InvalidComparison, match=r"schema 4, but .* reads up to 3: install a newer"):
        Comparison.load(path)


@pytest.mark.parametrize(
    "version", [{}, {"schema_version": 1}, {"schema_version": 2}, {"schema_version": 3}]
)
def test_an_older_schema_opens_and_becomes_the_newest(version, tmp_path):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(version | {"cells": [{"id": "a"}], "view": {"zoom": 2}}))
    assert Comparison.load(path).schema_version == 3
    assert Comparison(**version).schema_version == 3
    assert Comparison.from_json(version).schema_version == 3


@pytest.mark.parametrize("version", [0, -1, 1.0, True, "2", None])
def test_a_schema_that_is_no_version_gets_one_sentence(version, tmp_path):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"schema_version": version, "cells": [], "new": 1}))
    says = "schema_version .*: it needs a whole number from 1 to 3$"
    with pytest.raises(InvalidComparison, match=says):
        Comparison.load(path)
    with pytest.raises(InvalidComparison, match=says):
        Comparison(schema_version=version)


def test_the_schema_in_memory_is_not_for_changing(value):
    with pytest.raises(
        InvalidComparison, match=r"Comparison\.schema_version is 4: field is frozen"
    ):
        value.schema_version = 4


def test_a_file_is_replaced_whole(value, tmp_path):
    path = value.save(tmp_path / "run.json")
    path.chmod(0o640)
    before = path.stat()
    value.query = "And now?"
    assert value.save(path) == path
    assert Comparison.load(path).query == "And now?"
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(before.st_mode)
    assert path.stat().st_ino != before.st_ino
    assert os.listdir(tmp_path) == ["run.json"]


def test_what_was_saved_before_stays_when_saving_fails(value, tmp_path, monkeypatch):
    path = value.save(tmp_path / "run.json")
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    value.query = "And now?"
    with pytest.raises(OSError, match=rf"No space left on device: '{path}'"):
        value.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.json"]


def test_a_link_is_followed_to_what_it_names(value, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "run.json", tmp_path / "link.json"
    link.symlink_to(real)
    for _ in "first", "again":
        assert value.save(link) == link
        assert link.is_symlink()
        assert Comparison.load(real).query == value.query
    assert os.listdir(real.parent) == ["run.json"]


def test_a_folder_and_a_device_are_not_written_over(value, tmp_path):
    with pytest.raises(OSError, match=r"is a folder: name a file in it"):
        value.save(tmp_path)
    with pytest.raises(OSError, match=r"/dev/null is no plain file: name another"):
        value.save("/dev/null")


def test_a_folder_that_is_not_there_is_named(value, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: '.*/none/run\.json'"):
        value.save(tmp_path / "none" / "run.json")


def test_an_image_that_was_deleted_is_named_with_its_cell(photo, tmp_path):
    photo.save(tmp_path / "gone.png")
    value = Comparison(cells=[Cell("a", image=tmp_path / "gone.png")])
    (tmp_path / "gone.png").unlink()
    with pytest.raises(
        InvalidComparison, match=r"The image of cell 'a' is '.*gone\.png', which cannot be read: No"
    ):
        value.save(tmp_path / "run.json")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"schema_version": 1, "base": {}, "query": "", "results": []}', "is a Run of the vlms"),
        ('{"a": 1}', "is no Comparison: it has no cells"),
        ("[1, 2]", "is no Comparison"),
        ("not json", "cannot be read as JSON"),
        ('{"cells": [3]}', r"Comparison\.cells\[0\] is 3: it needs an object"),
        ('{"cells": [{"title": "a"}]}', r"Comparison\.cells\[0\]\.id is missing"),
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


def test_what_was_put_into_a_list_or_a_dict_is_checked_when_it_is_saved(value, tmp_path):
    value.cells[0].metrics["total_s"] = np.float32("nan")
    assert Comparison.load(value.save(tmp_path / "a.json")).cells[0].metrics["total_s"] is None
    value.cells.append(value.cells[0])
    with pytest.raises(InvalidComparison, match=r"^Two cells have the id"):
        value.save(tmp_path / "b.json")
    with pytest.raises(InvalidComparison, match=r"^Two cells have the id"):
        value.to_html()
    assert not (tmp_path / "b.json").exists()


def test_a_file_with_the_mark_of_byte_order_opens(value, tmp_path):
    file = value.save(tmp_path / "a.json")
    file.write_text("\ufeff" + file.read_text("utf-8"), encoding="utf-8")
    assert Comparison.load(file).query == value.query


def test_an_image_that_is_none_is_named_with_its_file_and_cell(photo, tmp_path):
    file = Comparison(cells=[Cell("half", image=photo)]).save(tmp_path / "a.json")
    file.write_text(file.read_text("utf-8").replace(";base64,iVBOR", ";base64,AAAA"), "utf-8")
    with pytest.raises(InvalidComparison, match=r"a\.json: the image of cell 'half': its data URL"):
        Comparison.load(file)
