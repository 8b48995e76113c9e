"""Comparisons of several at once: the line that they wait in, and what each may have of the engine."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from application import App
from logs import JOURNAL, hider, record_factory
from menu import menu
from pace import Work
from page import build, launch_options
from places import Bounds, Places
from settings import Settings
from shelf import Shelf
from vlmscope import SharedBase
from vlmscope.checkpoints.hub import Hub

from .conftest import QUESTION

OTHERS = Work("together")


@pytest.fixture(scope="module", autouse=True)
def logs_without_secrets():
    """As the app starts."""
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(record_factory(hider({})))
    yield
    logging.setLogRecordFactory(before)


@pytest.fixture(scope="module")
def app(base) -> App:
    """One place, two who may wait, two for each of them."""
    settings = Settings(host="0.0.0.0", users=1, queue=2, max_new_tokens=6)
    bounds = Bounds(settings.queue, settings.most_each, settings.seconds)
    places = Places(settings.places, bounds)
    return App(base, settings, menu([]), (), Shelf.of(settings, [], Hub(), base), places=places)


@pytest.fixture(scope="module")
def address(app) -> Iterator[str | None]:
    page = build(app)
    page.launch(prevent_thread_lock=True, **launch_options(app.settings))
    yield page.local_url
    page.close()


@pytest.fixture
def client(address) -> Client:
    return Client(address, verbose=False)


def ask(client: Client, image_file):
    return client.submit(handle_file(image_file), QUESTION, ["baseline"], api_name="/compare")


@contextmanager
def engine_taken(app: App) -> Iterator[None]:
    with app.places.comparison("somebody", OTHERS) as theirs:
        assert theirs.take()
        yield


def until(holds, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_client_is_told_where_it_stands_and_gets_its_answer_in_the_end(app, client, image_file):
    with engine_taken(app):
        job = ask(client, image_file)
        until(job.outputs)
        waiting: Any = job.outputs()[0]
    assert (waiting["line"]["place"], waiting["variants"]) == (1, [])
    told = job.result(timeout=60)
    assert "line" not in told
    assert told["variants"][0]["status"] == "done"


def test_who_comes_beyond_the_line_is_told_to_come_back(app, client, image_file):
    with engine_taken(app), app.places.comparison("a", OTHERS), app.places.comparison("b", OTHERS):
        with pytest.raises(AppError, match="2 comparisons wait already"):
            ask(client, image_file).result(timeout=60)
        said, *_ = client.predict(*form(image_file), api_name="/compare_form")
        assert "2 comparisons wait already" in str(said)
    assert ask(client, image_file).result(timeout=60)["variants"]


def form(image_file):
    return [handle_file(image_file), QUESTION, ["baseline"], "", 50, False, {}]


def test_one_address_has_so_many_comparisons_whatever_it_opens(app, address, image_file):
    clients = [Client(address, verbose=False) for _ in range(3)]
    with engine_taken(app):
        jobs = [ask(each, image_file) for each in clients[:2]]
        until(lambda: all(job.outputs() for job in jobs))
        with pytest.raises(AppError, match="2 of yours run or wait already"):
            ask(clients[2], image_file).result(timeout=60)
    assert all(job.result(timeout=60)["variants"] for job in jobs)


def test_a_client_that_leaves_frees_its_place_in_the_line(app, address, image_file):
    with engine_taken(app):
        with httpx.Client(base_url=f"{address}gradio_api/", timeout=30) as browser:
            with image_file.open("rb") as file:
                (path,) = browser.post("upload", files={"files": file}).json()
            uploaded = {"path": path, "meta": {"_type": "gradio.FileData"}}
            asked = [uploaded, QUESTION, ["baseline"], "", 50, "together", 6]
            begun = browser.post("call/compare", json={"data": asked})
            event = begun.json()["event_id"]
            with browser.stream("GET", f"call/compare/{event}") as told:
                assert any("line" in line for line in told.iter_lines())
        # Its turn would come next.
        until(lambda: next_place(app) == 1)


def next_place(app: App) -> int:
    with app.places.comparison("me", OTHERS) as mine:
        return app.places.standing(mine).place


def test_each_has_a_line_in_the_log_that_says_how_it_went_and_no_question(
    app, client, image_file, caplog
):
    caplog.set_level(logging.INFO, JOURNAL)
    assert ask(client, image_file).result(timeout=60)["variants"]
    client.predict(*form(image_file), api_name="/compare_form")
    refused = [None, QUESTION, ["baseline"], "", 50, False, {}]
    client.predict(*refused, api_name="/compare_form")
    until(lambda: len(caplog.records) >= 3)
    api, page, empty = (record.getMessage() for record in caplog.records)
    assert " how=api " in api and " outcome=done" in api
    assert " how=page " in page and " kinds=baseline " in page and " outcome=done" in page
    assert " outcome=refused" in empty
    assert QUESTION not in caplog.text


def test_a_token_in_an_address_or_an_exception_reaches_neither_page_nor_log(
    client, image_file, caplog, monkeypatch
):
    token = "hf_" + "aB3" * 11
    address = {"path": f"http://me:{token}@127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(AppError) as said:
        client.predict(address, QUESTION, api_name="/compare")
    assert "cannot be fetched" in str(said.value)

    def refuse(*_: Any) -> None:
        raise OSError(f"401: https://someone:{token}@huggingface.co")

    with monkeypatch.context() as fault:
        fault.setattr(SharedBase, "pixels", refuse)
        shown = client.predict(*form(image_file), api_name="/compare_form")
    assert "failed unexpectedly" in str(shown)
    assert "401" in caplog.text
    for text in (str(said.value), str(shown), caplog.text):
        assert token not in text


def test_what_takes_too_long_is_stopped_says_so_and_keeps_what_there_is(
    app, client, image_file, monkeypatch
):
    # A limit that no comparison can keep.
    monkeypatch.setattr(
        Settings, "engine_options", property(lambda settings: {"max_seconds": 1e-6})
    )
    (outcome,) = ask(client, image_file).result(timeout=60)["variants"]
    assert outcome["status"] == "stopped"
    assert "Stopped after 1e-06 s, the limit here." in outcome["warnings"]
