"""The tab of checkpoints, without a browser: looked for, picked, noted upon, added."""

from types import SimpleNamespace

import gradio as gr
import pytest

from application import App
from checkpoints.looking import Beside
from menu import Choice, menu
from page import build
from people import Visit
from settings import Settings
from shelf import Found, Shelf
from vlmscope import peek
from vlmscope.checkpoints.hub import Hub

from .test_strangers import handler, said

VIEW = ("", "all kinds", "modified", "")
NOTES = ("keep", "Good.", "", "")
NOBODY = Visit("")


def page_of(base, head, host: str) -> tuple[gr.Blocks, Found]:
    settings = Settings(host=host)
    shelf = Shelf.of(settings, [str(head)], Hub(), base)
    return build(App(base, settings, menu([]), (), shelf)), shelf.look()


@pytest.mark.parametrize("row", [None, [], ["x"], [0], ["2"], [-1], [10**30]])
def test_a_row_that_is_none_shows_no_card(base, head, row):
    page, found = page_of(base, head, "127.0.0.1")
    pick = handler(page, "pick", "checkpoints.picking")
    assert all(each == gr.skip() for each in pick(found, SimpleNamespace(row_value=row)))
    source, card, *_ = pick(found, SimpleNamespace(row_value=["1"]))
    assert source == str(head) and "late" in card


@pytest.mark.parametrize(("host", "is_written"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_notes_are_written_at_the_desk_alone(base, head, tmp_path, host, is_written):
    (mine := tmp_path / "mine.safetensors").write_bytes(head.read_bytes())
    page, found = page_of(base, mine, host)
    save = handler(page, "save", "checkpoints.picking")
    save(NOBODY, None, str(mine), found, Beside(), *NOTES, *VIEW)
    assert (peek(mine).notes == "Good.") == is_written
    # A checkpoint that was not found is none that may be written to, wherever it lies.
    other = tmp_path / "other.safetensors"
    other.write_bytes(head.read_bytes())
    save(NOBODY, None, str(other), found, Beside(), *NOTES, *VIEW)
    assert peek(other).notes is None


def test_what_is_added_is_offered_to_that_person_and_ticked(base, head):
    page, found = page_of(base, head, "127.0.0.1")
    add = handler(page, "add", "checkpoints.adding")
    signal = SimpleNamespace(begin=lambda: True, end=lambda: None, is_set=lambda: False)
    *_, last = add(str(head), found, (), ["baseline"], signal, NOBODY, None)
    assert "is ticked in the comparison" in said(last)
    (own,) = [v for v in last.values() if isinstance(v, tuple) and v and isinstance(v[0], Choice)]
    assert own[0].variant.source == str(head)


def test_a_shared_server_looks_into_no_folder(base, head):
    page, _ = page_of(base, head, "0.0.0.0")
    look_into = handler(page, "look_into", "checkpoints.looking")
    beside = Beside()
    updates = look_into(NOBODY, None, str(head.parent), beside, *VIEW)
    assert "only into repositories on the Hub" in repr(updates)
    assert updates[0] == updates[-1] == gr.skip()
    assert beside.places == ()


def test_a_slow_look_takes_nothing_away_that_another_found_meanwhile(
    base, head, tmp_path, monkeypatch
):
    (mine := tmp_path / "mine.safetensors").write_bytes(head.read_bytes())
    page, _ = page_of(base, head, "127.0.0.1")
    look, look_into = (handler(page, each, "checkpoints.looking") for each in ("look", "look_into"))
    beside, meanwhile, shelf_look = Beside(), [], Shelf.look

    def slow(shelf: Shelf, *asked) -> Found:
        found = shelf_look(shelf, *asked)
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(look_into(NOBODY, None, str(mine), beside, *VIEW))
        return found

    monkeypatch.setattr(Shelf, "look", slow)
    assert all(each == gr.skip() for each in look(NOBODY, None, beside, *VIEW))
    found, *_ = meanwhile[1]
    assert {each.source for each in found.records} == {str(head), str(mine)}
