"""A comparison that is opened: asked again it is the same, and its images are deleted in their time."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from starlette.datastructures import QueryParams

from application import App
from examples import Example, expected_answer
from gradio_comparisongrid import Comparison
from history.store import History
from menu import menu
from page import build
from people import Visit
from settings import Settings
from shelf import Shelf
from vlmscope import Run, run
from vlmscope.checkpoints.hub import Hub

from .conftest import QUESTION
from .test_history import case_run
from .test_strangers import VIEW, clicked, handler

ME = Visit("browser:me")
LOOKING, DAY = "history.looking", 86400


@pytest.fixture
def app(base, image_file):
    history = History(None)
    settings = Settings(max_new_tokens=3)
    example = Example(image_file, QUESTION, "red")
    shelf = Shelf.of(settings, [], Hub(), base)
    yield App(base, settings, menu([]), (example,), shelf, history=history)
    history.close()


@pytest.fixture
def page(app) -> gr.Blocks:
    return build(app)


@pytest.fixture(scope="module")
def noise(base) -> Run:
    """A comparison of no example, with a cell that has an image of its own."""
    pixels = np.random.default_rng(7).integers(0, 255, (128, 160, 3), np.uint8)
    asked = ("baseline", "downsample:keep=50%")
    return run(base, Image.fromarray(pixels), QUESTION, asked, max_new_tokens=2)


def open_run(app: App, page: gr.Blocks, noise: Run, _: Path) -> dict:
    id = app.history.keep_run(ME.person, noise)
    return handler(page, "open_run", LOOKING)(ME, id, ())


def open_case(app: App, page: gr.Blocks, noise: Run, _: Path) -> dict:
    batch = app.history.begin_batch(ME.person, {"name": "Mine"}, 1)
    app.history.keep_case(ME.person, batch, case_run("1-1", noise))
    return handler(page, "open_case", LOOKING)(ME, batch, (), clicked("1-1"))


def follow_a_link(app: App, page: gr.Blocks, noise: Run, _: Path) -> dict:
    id = app.history.keep_run(ME.person, noise)
    asks = SimpleNamespace(query_params=QueryParams(run=str(id)))
    return handler(page, "show", "linking")(ME, (), asks)


def side_by_side(app: App, page: gr.Blocks, noise: Run, _: Path) -> dict:
    ids = tuple(app.history.keep_run(ME.person, noise) for _ in range(2))
    return handler(page, "side_by_side", "history.picking")(ME, ids, ())


def bring_a_file(app: App, page: gr.Blocks, noise: Run, folder: Path) -> dict:
    Comparison(image=noise.image.pixels, query="What?").save(folder / "grid.json")
    *_, last = handler(page, "bring", "history.transfer")(
        ME, str(folder / "grid.json"), 0, (), None, *VIEW
    )
    return last


def by(elem_id: str, page: gr.Blocks) -> Any:
    (found,) = [each for each in page.blocks.values() if each.elem_id == elem_id]
    return found


def images_of(value: Comparison) -> set[str]:
    return {each.path for each in (value.image, *(cell.image for cell in value.cells)) if each}


@pytest.mark.parametrize("way", [open_run, open_case, follow_a_link, side_by_side, bring_a_file])
def test_its_images_are_deleted_a_day_after_it_was_opened(
    app, page, noise, tmp_path, way: Callable[..., dict]
):
    grid = by("grid", page)
    before = way(app, page, noise, tmp_path)[grid]
    for image in images_of(before):
        os.utime(image, (0, 0))
    grid.temp_files.clear()
    value = way(app, page, noise, tmp_path)[grid]
    assert images_of(value) and images_of(value) <= grid.temp_files
    # Shown anew, though the same pixels were a file already.
    assert all(os.stat(image).st_mtime > DAY for image in images_of(value))


def test_what_is_asked_again_has_the_very_pixels(app, page, noise):
    updates = open_run(app, page, noise, Path())
    shown = Image.open(updates[by("image", page)])
    assert np.array_equal(np.asarray(shown.convert("RGB")), np.asarray(noise.image.pixels))


def test_an_examples_own_question_asked_again_is_judged_again(app, page, base, image):
    asked = run(base, image, QUESTION, ["baseline"], max_new_tokens=2)
    updates = open_run(app, page, asked, Path())
    assert expected_answer(app.examples, updates[by("image", page)], QUESTION) == "red"
