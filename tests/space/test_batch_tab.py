"""What a click on the tab of batches does, without a browser."""

from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from application import App
from batch.batches import Batches
from history.store import History
from history.values import HistoryError
from menu import menu
from page import build
from people import Visit
from settings import Settings
from shelf import Shelf
from vlmscope.checkpoints.hub import Hub

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
def page(base):
    history = History(None)
    settings = Settings(max_new_tokens=3)
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
