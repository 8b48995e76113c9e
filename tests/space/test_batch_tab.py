"""What a click on the tab of batches does, without a browser."""

import zipfile
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from application import App
from batch.batches import Batches
from batch.form import UPLOADED
from history.store import History
from history.values import HistoryError
from menu import menu
from page import build
from people import Visit
from settings import Settings
from shelf import Shelf
from vlmscope.checkpoints.hub import Hub

from .test_batch_views import held_with
from .test_strangers import handler, said

TAB = "batch.tab"
ME = Visit("browser:me")
CLICKS: dict[str, tuple[Any, ...]] = {
    "stop": (ME, ()),
    "go_on": (ME, (), 1, "Image tokens", None),
    "turn": (ME, (), 1, "Image tokens", None),
    "from_gallery": (ME, (), 1, SimpleNamespace(index=0)),
    "from_matrix": (ME, (), "1 0.5"),
}


@pytest.fixture
def page(base, request):
    history = History(None)
    settings = Settings(host=getattr(request, "param", "127.0.0.1"), max_new_tokens=3)
    shelf = Shelf.of(settings, [], Hub(), base)
    yield build(App(base, settings, menu([]), (), shelf, history=history))
    history.close()


@pytest.mark.parametrize("name", CLICKS)
def test_a_history_that_cannot_be_read_is_a_sentence_and_later_clicks_take_it_away(
    page: gr.Blocks, monkeypatch, name
):
    def unreadable(*_: object) -> None:
        raise HistoryError("The history cannot be used (disk I/O error).")

    click = handler(page, name, TAB)
    with monkeypatch.context() as broken:
        broken.setattr(Batches, "find", unreadable)
        assert "disk I/O error" in said(click(*CLICKS[name]))
    (after,) = click(*CLICKS[name]).values()
    assert after["visible"] is False


def test_images_that_cannot_be_looked_at_are_a_sentence_too(page: gr.Blocks, monkeypatch):
    def unreadable(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere/of/the/server")

    monkeypatch.setattr(Batches, "_restored", unreadable)
    monkeypatch.setattr(History, "entries", lambda *_, **__: [SimpleNamespace(id=1)])
    answer = said(handler(page, "go_on", TAB)(*CLICKS["go_on"]))
    assert "Permission denied" in answer and "somewhere" not in answer


@pytest.mark.parametrize(("page_number", "index", "number"), [(1, 5, 6), (2, 5, 70), (3, 0, 129)])
def test_a_click_on_a_further_page_opens_the_case_that_stands_there(
    page: gr.Blocks, monkeypatch, tmp_path, finished_run, page_number, index, number
):
    asked = []

    def run_of(_: Batches, person: str, held: object, case: str) -> Any:
        asked.append((person, case))
        return finished_run

    held = held_with(129, tmp_path)
    monkeypatch.setattr(Batches, "find", lambda *_: held)
    monkeypatch.setattr(Batches, "run_of", run_of)
    click = handler(page, "from_gallery", TAB)
    updates = click(ME, (), page_number, SimpleNamespace(index=index))
    assert asked == [(ME.person, f"c{number}")]
    assert f"Case {number} of the batch" in said(updates)


@pytest.mark.parametrize("index", [-1, 1, 64, None, "0", [0, 0]])
def test_a_click_on_what_is_no_picture_of_the_page_opens_nothing(
    page: gr.Blocks, monkeypatch, tmp_path, index
):
    held = held_with(129, tmp_path)
    monkeypatch.setattr(Batches, "find", lambda *_: held)
    updates = handler(page, "from_gallery", TAB)(ME, (), 3, SimpleNamespace(index=index))
    assert len(updates) == 1


@pytest.mark.parametrize(
    ("page", "sentence"),
    [("127.0.0.1", "should be one suite file"), ("0.0.0.0", "more than 64 MiB, unpacked")],
    indirect=["page"],
)
def test_strangers_unpack_little_and_who_sits_at_the_desk_much(page: gr.Blocks, tmp_path, sentence):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.png", bytes(65 * 2**20))
    fields = (UPLOADED, None, "", [str(tmp_path / "a.zip")], 1, ["baseline"], "", 50, False)
    assert sentence in said(handler(page, "run", TAB)(ME, None, (), *fields))
