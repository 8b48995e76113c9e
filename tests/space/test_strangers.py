"""Two people at one server: what one sends, forged or not, neither shows nor changes the other's."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from application import App
from examples import Example
from history.exporting import export
from history.store import History
from history.values import HistoryError
from linking import NO_IMAGE
from menu import menu
from page import build
from people import Visit
from places import Places
from settings import Settings
from shelf import Shelf
from states import Handle
from vlmscope import peek
from vlmscope.checkpoints.hub import Hub

from .conftest import QUESTION
from .test_history import case_run, small_run

ME, OTHER = Visit("browser:me"), Visit("browser:other")
VIEW = ("", "All", [], "any")


@pytest.fixture
def app(base, head, image_file):
    history = History(None)
    settings = Settings(host="0.0.0.0", max_new_tokens=3)
    shelf = Shelf.of(settings, [str(head)], Hub(), base)
    example = Example(image_file, QUESTION)
    choices = menu([peek(head)])
    yield App(base, settings, choices, (example,), shelf, places=Places(2), history=history)
    history.close()


@pytest.fixture
def page(app) -> gr.Blocks:
    return build(app)


def handler(page: gr.Blocks, name: str, module: str) -> Any:
    """What the page does on some event, as a client's request reaches it."""
    found = {
        each.fn
        for each in page.fns.values()
        if (getattr(each.fn, "__name__", ""), getattr(each.fn, "__module__", "")) == (name, module)
    }
    (only,) = found
    return only


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_what_troubled_the_start_is_told_to_people_who_are_trusted_alone(app, host):
    troubled = replace(
        app, settings=Settings(host=host), notice="The small base.", trouble="No /of/the/owner."
    )
    told = str(build(troubled).get_config_file())
    assert "The small base." in told
    assert ("/of/the/owner" in told) == (host == "127.0.0.1")


def said(updates: Any) -> str:
    """All that some updates say, in text."""
    steps = [updates] if isinstance(updates, dict) else list(updates)
    return " ".join(repr(value) for step in steps for value in step.values())


def clicked(index: object) -> gr.EventData:
    return gr.EventData(None, {"index": index, "value": ""})


def test_the_number_of_anothers_entry_opens_nothing(app, page):
    theirs = app.history.keep_run(OTHER.person, small_run("A secret question?"))
    batch = app.history.begin_batch(OTHER.person, {"name": "A secret batch"}, 1)
    app.history.keep_case(OTHER.person, batch, case_run("1-1", small_run("A secret question?")))
    looking, picking = "history.looking", "history.picking"
    answers = [
        handler(page, "look", looking)(ME, clicked(str(theirs))),
        handler(page, "open_run", looking)(ME, theirs, ()),
        handler(page, "open_case", looking)(ME, batch, (), clicked("1-1")),
        handler(page, "side_by_side", picking)(ME, (theirs, theirs), ()),
        handler(page, "delete", picking)(ME, (theirs, batch), theirs, 0, *VIEW),
        handler(page, "run", "history.rerunning")(ME, theirs, (), gr.Request(), None),
        handler(page, "save", "history.transfer")(ME, (theirs, batch), "JSON", *VIEW),
    ]
    for answer in answers:
        text = said(answer)
        assert "not in your history" in text and "secret" not in text
    assert len(app.history.entries(OTHER.person)) == 2


@pytest.mark.parametrize("index", [None, "1-1\ud800", ["1-1"], {"a": 1}, "9" * 400])
def test_a_click_on_what_is_none_is_a_sentence(app, page, index):
    batch = app.history.begin_batch(ME.person, {"name": "Mine"}, 1)
    for event in (clicked(index), gr.EventData(None, None)):
        open_case = handler(page, "open_case", "history.looking")
        assert "not in your history" in said(open_case(ME, batch, (), event))
        assert "not in your history" in said(handler(page, "look", "history.looking")(ME, event))


def test_a_comparison_of_the_history_that_is_opened_can_be_linked_to(app, page):
    mine = app.history.keep_run(ME.person, small_run())
    updates = handler(page, "open_run", "history.looking")(ME, mine, ())
    (last,) = [value for value in updates.values() if isinstance(value, Handle)]
    link = handler(page, "make", "linking")
    assert f"run={mine}" in link(None, last, ())
    case = app.history.begin_batch(ME.person, {"name": "Mine"}, 1)
    app.history.keep_case(ME.person, case, case_run("1-1", small_run()))
    updates = handler(page, "open_case", "history.looking")(ME, case, (), clicked("1-1"))
    (last,) = [value for value in updates.values() if isinstance(value, Handle)]
    assert link(None, last, ()) == NO_IMAGE


def test_a_link_to_ones_own_comparison_opens_it_and_to_anothers_does_not(app, page):
    theirs = app.history.keep_run(OTHER.person, small_run("A secret question?"))
    follow = handler(page, "show", "linking")
    asks = SimpleNamespace(query_params=_Address(run=str(theirs)))
    assert "A secret question?" in said(follow(OTHER, (), asks))
    answer = said(follow(ME, (), asks))
    assert "secret" not in answer and "is not there, or is someone" in answer


def test_a_link_into_a_history_that_cannot_be_read_is_a_sentence(app, page, monkeypatch):
    def damaged(*_):
        raise HistoryError("This run is damaged.")

    monkeypatch.setattr(app.history, "entry", damaged)
    follow = handler(page, "show", "linking")
    answer = follow(ME, (), SimpleNamespace(query_params=_Address(run="1")))
    assert "This run is damaged." in said(answer)


def test_an_import_deletes_no_file_that_others_may_be_shown(app, page, tmp_path):
    app.history.keep_run(OTHER.person, small_run())
    file = export(app.history, OTHER.person, [1], "JSON", tmp_path)
    picture = tmp_path / "example.png"
    picture.write_bytes(b"shown to everyone")
    bring = handler(page, "bring", "history.transfer")
    assert "1 entry is in your history" in said(bring(ME, str(file), 0, (), None, *VIEW))
    assert "Nothing was imported" in said(bring(ME, str(picture), 0, (), None, *VIEW))
    assert file.exists() and picture.exists()
    assert "There is no file" in said(bring(ME, None, 0, (), None, *VIEW))


def test_no_page_says_where_files_lie_on_the_server(app, page, head, tiny_base, image_file):
    config = repr(page.get_config_file())
    for place in (head.parent, tiny_base.parent, app.history.folder):
        assert str(place) not in config
    assert str(Path(image_file).parent) not in config


class _Address(dict):
    """An address with some parameters."""

    def __init__(self, **parameters: str) -> None:
        super().__init__(parameters)

    def getlist(self, name: str) -> list[str]:
        return [self[name]] if name in self else []
