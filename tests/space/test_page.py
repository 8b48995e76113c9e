"""The page without a browser: what a client of its API is told."""

from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from menu import menu
from page import App, build, launch_options
from settings import Settings
from vlmscope import peek

from .conftest import QUESTION


@pytest.fixture(scope="module")
def client(base, head):
    page = build(App(base, Settings(max_new_tokens=6), menu([peek(head)]), ()))
    page.launch(prevent_thread_lock=True, **launch_options())
    assert page.local_url
    yield Client(page.local_url, verbose=False)
    page.close()


def ask(client: Client, image: Path | None, lines: str = "", ticked=("baseline", "arr-coc-late")):
    """The sentences beside the fields, and the grid; buttons are no part of an API."""
    form = [image and handle_file(image), QUESTION, list(ticked), lines, 50]
    *problems, grid, _table = client.predict(*form, api_name="/compare")
    return [problem.get("value") for problem in problems], grid


def test_a_client_gets_the_answers_and_the_maps(client, image_file, finished_run):
    problems, grid = ask(client, image_file)
    assert not any(problems)
    for cell, result in zip(grid["cells"], finished_run.results, strict=False):
        assert cell["status"] == "done"
        assert cell["answer"] == result.answer
        assert cell["metrics"]["image_tokens"] == len(result.kept)


def test_a_client_that_sends_no_image_is_told_so(client):
    problems, _ = ask(client, None)
    assert "There is no image yet" in problems[0]


def test_a_client_that_sends_no_image_but_some_text_file_is_told_so(client, tmp_path):
    notes = tmp_path / "notes.png"
    notes.write_text("not an image")
    problems, _ = ask(client, notes)
    assert "is no image that can be read" in problems[0]
