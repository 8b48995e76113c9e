"""Comparisons that were recorded elsewhere: labelled as that, and never mixed with live ones."""

from dataclasses import replace
from typing import Any

import pytest

from application import App
from menu import menu
from page import build
from people import Visit
from recorded import read_recorded
from settings import Settings
from shelf import Shelf
from vlmscope import Run
from vlmscope.checkpoints.hub import Hub

DAY = "2026-11-27"


@pytest.fixture
def folder(tmp_path, finished_run: Run):
    stamp = {**finished_run.stamp, "base": "Qwen/Qwen3-VL-2B-Instruct", "hardware": "Tesla T4"}
    replace(finished_run, stamp=stamp).save(tmp_path / f"{DAY}-shapes.json")
    return tmp_path


def test_a_run_says_with_what_on_what_and_when_it_was_recorded(folder):
    (found,), problems = read_recorded(folder, is_private=True)
    assert problems == ()
    assert found.label == f"Recorded with Qwen/Qwen3-VL-2B-Instruct on Tesla T4, {DAY}"
    assert found.label in found.note and "nothing of it was computed here" in found.note
    stamp = found.value().stamp
    assert stamp["recorded"] == DAY
    assert "Tesla T4" in stamp.values()


def test_its_answers_and_maps_are_those_that_were_saved(folder, finished_run):
    (found,), _ = read_recorded(folder, is_private=True)
    assert [c.answer for c in found.value().cells] == [r.answer for r in finished_run.results]


def test_a_file_without_a_day_and_one_that_is_no_run_are_left_out_and_said(folder):
    (folder / f"{DAY}-shapes.json").rename(folder / "shapes.json")
    (folder / f"{DAY}-other.json").write_text("{}")
    found, problems = read_recorded(folder, is_private=True)
    assert found == ()
    assert any(
        "shapes.json of RECORDED is left out: its name begins with no day" in p for p in problems
    )
    assert any(f"{DAY}-other.json of RECORDED is left out" in p for p in problems)
    assert not any(str(folder) in p for p in problems)


def test_strangers_do_not_learn_where_its_checkpoints_lay(folder, head):
    (found,), _ = read_recorded(folder, is_private=False)
    said = found.value().model_dump_json() + found.note + found.name
    assert str(head.parent) not in said


def test_what_is_recorded_is_offered_and_opened_as_no_live_comparison(folder, base, finished_run):
    recorded, _ = read_recorded(folder, is_private=True)
    shelf = Shelf.of(Settings(), [], Hub(), base)
    page = build(App(base, Settings(), menu([]), (), shelf, recorded=recorded))
    by_id = {getattr(b, "elem_id", None): b for b in page.blocks.values()}
    event = next(f for f in page.fns.values() if by_id["recorded"] in f.inputs)

    show: Any = event.fn
    visit = Visit("browser:me")
    told = show(0, visit)
    changed = {type(block).__name__: value for block, value in told.items()}
    assert [c.answer for c in changed["ComparisonGrid"].cells] == [
        r.answer for r in finished_run.results
    ]
    # Nothing is the last comparison: the budget and the look inside leave it alone.
    assert changed["State"] is None
    assert visit.stop.begin()
    assert not any(type(block).__name__ == "ComparisonGrid" for block in show(0, visit))


def test_without_a_folder_there_is_no_menu(base):
    assert read_recorded(None, is_private=True) == ((), ())
    page = build(App(base, Settings(), menu([]), (), Shelf.of(Settings(), [], Hub(), base)))
    assert not any(getattr(b, "elem_id", None) == "recorded" for b in page.blocks.values())
