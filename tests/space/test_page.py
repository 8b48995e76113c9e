"""The page without a browser: what a client of its API is told."""

from pathlib import Path

import pytest
from gradio_client import Client, handle_file

import layout
import request
from application import App
from examples import Example
from menu import menu
from page import build, launch_options
from settings import Settings
from shelf import Shelf
from vlmscope import InputError, SharedBase, peek
from vlmscope.checkpoints.hub import Hub

from .conftest import QUESTION

EXAMPLE = "scene.png"


@pytest.fixture(scope="module")
def page(base, head, image_file):
    example = Example(image_file, QUESTION)
    assert image_file.name == EXAMPLE
    settings = Settings(max_new_tokens=6)
    shelf = Shelf.of(settings, [str(head)], Hub(), base)
    page = build(App(base, settings, menu([peek(head)]), (example,), shelf))
    page.launch(prevent_thread_lock=True, **launch_options())
    yield page
    page.close()


@pytest.fixture(scope="module")
def client(page):
    return Client(page.local_url, verbose=False)


def ask(client: Client, image: Path | None, question=QUESTION, words=False):
    """The sentences beside the fields, and the grid; buttons are no part of an API."""
    form = [image and handle_file(image), question, ["baseline", "arr-coc-late"], "", 50, words, {}]
    *_, grid, _table, told = client.predict(*form, api_name="/compare_form")
    return list(told.values()), grid


def test_a_client_gets_the_answers_and_the_maps(client, image_file, finished_run):
    problems, grid = ask(client, image_file)
    assert not any(problems)
    for cell, result in zip(grid["cells"], finished_run.results, strict=False):
        assert cell["status"] == "done"
        assert cell["answer"] == result.answer
        assert cell["metrics"]["image_tokens"] == len(result.kept)


def test_a_map_for_each_word_comes_where_it_is_asked_for_with_what_was_lost(client, image_file):
    _, plain = ask(client, image_file)
    problems, grid = ask(client, image_file, words=True)
    assert not any(problems)
    assert [cell["answer"] for cell in grid["cells"]] == [cell["answer"] for cell in plain["cells"]]
    assert not any(cell["words"] for cell in plain["cells"])
    for cell in grid["cells"]:
        assert cell["words"] and cell["words"][-1]["end"] == len(cell["answer"])
        assert "lost_evidence" in cell["metrics"]


def test_maps_for_words_that_no_page_would_hold_are_refused_before_anything_runs(
    client, image_file, monkeypatch
):
    monkeypatch.setattr(request, "MOST_WORD_MAPS_BYTES", 2**8)
    problems, _ = ask(client, image_file, words=True)
    assert "Maps for each of up to 6 words from 2 variants at 20 image tokens" in problems[2]
    assert not any(ask(client, image_file)[0])


def test_a_client_that_sends_no_image_is_told_so(client):
    problems, _ = ask(client, None)
    assert "There is no image yet" in problems[0]


def test_a_client_that_sends_no_image_but_some_text_file_is_told_so(client, tmp_path):
    notes = tmp_path / "notes.png"
    notes.write_text("not an image")
    problems, _ = ask(client, notes)
    assert "is no image that can be read" in problems[0]


@pytest.mark.parametrize(
    ("refused", "index"), [("pixels", 0), ("prompt", 1)], ids=["the image", "the question"]
)
def test_what_the_engine_alone_refuses_is_said_beside_what_it_is_about(
    client, image_file, monkeypatch, refused, index
):
    def refuse(*arguments):
        raise InputError("This base wants another one.")

    monkeypatch.setattr(SharedBase, refused, refuse)
    problems, _ = ask(client, image_file)
    assert "This base wants another one." in problems[index]
    assert sum(map(bool, problems)) == 1


def test_a_fault_of_the_app_is_one_sentence_and_the_form_comes_back(
    client, image_file, monkeypatch
):
    with monkeypatch.context() as fault:
        fault.setattr(layout, "table", lambda value: 1 / 0)
        problems, _ = ask(client, image_file)
    assert "failed unexpectedly" in problems[2]
    assert not any(ask(client, image_file)[0])


def test_what_was_compared_is_deleted_after_a_day_but_no_example(client, page, image_file):
    ask(client, image_file)
    assert page.delete_cache == (3600, 86400)
    blocks = {block.elem_id: block for block in page.blocks.values()}
    grid = blocks["grid"]
    assert grid.temp_files - grid.keep_in_cache
    assert grid.temp_files in page.temp_file_sets
    assert any(Path(file).name == EXAMPLE for file in blocks["image"].keep_in_cache)


@pytest.mark.parametrize("own", [["seed"], {"random": "seed=7"}, {"random": {"seed": 7}}])
def test_options_that_are_none_are_told_and_nothing_runs(client, image_file, own):
    form = [handle_file(image_file), QUESTION, ["baseline"], "", 50, False, own]
    *_, told = client.predict(*form, api_name="/compare_form")
    assert "has no options of variants" in told["variants"]


def test_gradios_progress_costs_every_update_of_a_stream_and_stands_nowhere_else(page):
    events = [
        fn for fn in page.fns.values() if fn.fn and fn.outputs and fn.api_visibility != "public"
    ]
    shown = {event.name for event in events if event.show_progress_on != []}
    # Looking inside, which takes a moment; the fields of options, which Gradio renders itself.
    assert shown == {"show", "apply"}
