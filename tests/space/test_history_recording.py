"""A finished comparison is kept, and whatever hinders that leaves it as it is."""

from types import SimpleNamespace
from typing import Any

import pytest

from history.recording import record
from history.store import History
from history.values import HistoryError
from menu import menu
from people import Visit
from settings import Settings
from vlmscope import peek

ME = Visit("browser:me")


@pytest.fixture
def app(head) -> Any:
    history = History(None)
    yield SimpleNamespace(
        choices=menu([peek(head)]), settings=Settings(host="0.0.0.0"), history=history
    )
    history.close()


def test_a_comparison_is_kept_with_its_failures_and_names_offered_checkpoints_by_name(
    app, finished_run, head
):
    kept = record(app, ME, finished_run, "red")
    assert kept.problem == ""
    assert kept.id
    entry = app.history.entry(ME.person, kept.id)
    assert [answer.status for answer in entry.case.answers] == ["done", "done", "done", "failed"]
    assert entry.case.expected == ("red",)
    lines = [answer.variant for answer in entry.case.answers]
    assert not any(str(head.parent) in line for line in lines)
    assert f"arr-coc:{head.name}" in lines[1]
    assert app.history.run(ME.person, kept.id).results[1].id == finished_run.results[1].id


def test_where_the_base_lies_is_kept_at_the_desk_alone(app, finished_run, tiny_base):
    kept = record(app, ME, finished_run).id
    run = app.history.run(ME.person, kept)
    assert (run.base["name"], run.stamp["base"]) == (tiny_base.name, tiny_base.name)
    app.settings = Settings()
    kept = record(app, ME, finished_run).id
    assert app.history.run(ME.person, kept).stamp["base"] == str(tiny_base)


def test_nothing_is_kept_of_a_comparison_that_never_started_or_is_nobodys(app, finished_run):
    assert record(app, ME, None).id is None
    assert record(app, Visit(""), finished_run) == record(app, ME, None)
    assert app.history.entries("") == []


def test_a_full_disk_is_told_in_a_sentence(app, finished_run, monkeypatch):
    def full(*_, **__):
        raise HistoryError("The disk of the history is full.")

    monkeypatch.setattr(app.history, "keep_run", full)
    assert record(app, ME, finished_run).problem == (
        "Not in the history: The disk of the history is full."
    )


def test_a_fault_of_the_history_is_no_fault_of_the_comparison(app, finished_run, monkeypatch):
    monkeypatch.setattr(app.history, "keep_run", lambda *_, **__: 1 / 0)
    assert "could not be kept" in record(app, ME, finished_run).problem
