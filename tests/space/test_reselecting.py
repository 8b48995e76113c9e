"""The budget slider, live."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio as gr
import numpy as np
import pytest

from application import App
from convert import Context, from_run
from history.store import History
from menu import menu
from pace import Work
from page import build
from people import Visit
from places import Places
from reselecting import common_budget, reselected
from settings import Settings
from shelf import Shelf
from states import Last
from vlmscope import SharedBase, Variant, peek, run
from vlmscope.checkpoints.hub import Hub

from .conftest import QUESTION
from .test_line import until
from .test_strangers import handler


def test_a_new_budget_shows_what_the_engine_would_keep_beside_the_old_answer(
    base: SharedBase, image, head
):
    lines = ["baseline", f"arr-coc:{head},keep=50%", "random:keep=50%", "uniform:keep=4"]
    made = run(base, image, QUESTION, [Variant.parse(line) for line in lines], max_new_tokens=4)
    assert common_budget(made) == "50%"
    value = reselected(base, made, 25, Context())
    other = [line.replace("50%", "25%") for line in lines]
    anew = run(base, image, QUESTION, [Variant.parse(line) for line in other], max_new_tokens=4)
    for cell, was, now in zip(value.cells, made.results, anew.results, strict=True):
        assert cell.id == was.id
        assert cell.answer == was.answer
        assert cell.tokens is not None and now.assign is not None
        assert np.array_equal(cell.tokens.to_mask().ravel().nonzero()[0], now.kept)
    assert "answer of keep 50 %" in value.cells[1].subtitle
    assert value.cells[1].metrics == {"image_tokens": len(anew.results[1].kept)}
    # What has a budget of its own, or none, is as it was.
    before = from_run(made, Context())
    assert value.cells[0] == before.cells[0]
    assert value.cells[3] == before.cells[3]


def test_the_budget_of_the_answers_gives_the_comparison_as_it_was(base, image):
    made = run(base, image, QUESTION, ["baseline", "random:keep=50%"], max_new_tokens=4)
    assert reselected(base, made, 50, Context()).cells == from_run(made, Context()).cells


def test_a_variant_that_cannot_choose_says_so_in_its_own_cell(base, image):
    lines = ["random:keep=50%", "arr-coc:gone.safetensors,keep=50%"]
    made = run(base, image, QUESTION, lines, max_new_tokens=4)
    value = reselected(base, made, 25, Context())
    assert [cell.status for cell in value.cells] == ["done", "failed"]
    assert "gone.safetensors" in (value.cells[1].error or "")


@pytest.fixture
def app(base, head) -> Iterator[App]:
    """One place, and a page that shows a comparison."""
    shelf = Shelf.of(Settings(), [str(head)], Hub(), base)
    history = History(None)
    yield App(base, Settings(), menu([peek(head)]), (), shelf, places=Places(1), history=history)
    history.close()


@pytest.mark.parametrize("how", ["leaves", "compares"])
def test_who_waits_for_a_selection_and_leaves_or_compares_has_no_work_done_for_them(
    app, base, image, head, how, monkeypatch
):
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("the engine was asked without a place")

    monkeypatch.setattr("compare_tab.reselected", never)
    monkeypatch.setattr("inside.internals", never)
    line = f"arr-coc:{head},keep=50%"
    made = run(base, image, QUESTION, [Variant.parse(line)], max_new_tokens=2)
    handle, visit, page = app.lasts.keep(Last(made)), Visit("browser:me"), build(app)
    request = gr.Request(client=None)
    asked = (visit, (), request, None)
    acts: list[Callable[[], Any]] = [
        lambda: handler(page, "redraw", "compare_tab")(25, handle, *asked)
    ]
    if how == "leaves":
        look = handler(page, "show", "inside")
        acts.append(lambda: look(made.results[0].id, "", handle, visit, request, None))
    with ThreadPoolExecutor() as at_once, app.places.comparison("x", Work("together")) as theirs:
        assert theirs.take()
        waiting = [at_once.submit(act) for act in acts]
        until(lambda: len(app.places._lines["comparison"]) == len(acts))
        if how == "leaves":
            visit.stop.set()
        else:
            assert visit.stop.begin()
        for each in waiting:
            assert "grid" not in str(each.result(timeout=10))
