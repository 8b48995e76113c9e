"""A shared server as strangers meet it, one who means well, and a watch over what must not change."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from safetensors.torch import save
from tests.support.heads import make_state
from tests.support.hub import LoopbackHub, hub_of
from tests.support.visitor import Told, Visitor

from application import App
from examples import Example
from history.store import History
from menu import menu
from page import build, launch_options
from places import Bounds, Places
from settings import Settings
from shelf import Shelf
from vlmscope import SharedBase, peek, run

from ..conftest import QUESTION

LINES = ["baseline", "arr-coc:late.safetensors,keep=50%", "random:keep=25%,seed=3"]
MOST_TOKENS = 4


@dataclass
class Server:
    """The running app, the folders it writes, and what an honest comparison answers."""

    app: App
    page: gr.Blocks
    hub: LoopbackHub
    cache: Path
    hub_cache: Path
    image_file: Path
    answers: list[str]
    attackers: list[Visitor] = field(default_factory=list)
    honest: Any = None
    entry: int = 0

    def visitor(self) -> Visitor:
        """Somebody else, with a page of their own."""
        self.attackers.append(Visitor(self.page).comes())
        return self.attackers[-1]

    def state(self) -> dict[str, Any]:
        """The history of everyone and the files of both caches, but for what is an attacker's own."""
        theirs = {f"browser:{visitor.key}" for visitor in self.attackers}
        with sqlite3.connect(self.app.history.folder / "history.sqlite3") as database:
            entries = database.execute(
                "SELECT person, entries.*, cases.* FROM entries LEFT JOIN cases ON entry = entries.id "
                "ORDER BY entries.id, cases.id"
            )
            kept = [row for row in entries if row[0] not in theirs]
        sent = {place for visitor in self.attackers for place in visitor.sent} - {*self.honest.sent}
        files = {
            str(file): hashlib.sha256(file.read_bytes()).hexdigest()
            for folder in (self.cache, self.hub_cache)
            for file in folder.rglob("*")
            # Gradio leaves an empty one beside each file that an event is given.
            if file.is_file() and str(file) not in sent and file.stat().st_size
        }
        return {"history": kept, "files": sorted(files.items())}

    def is_well(self) -> bool:
        """Whether the honest visitor's next comparison is what it was, and their history too."""
        image = self.honest.sends(self.image_file)
        told = self.honest.compares(image, QUESTION, variants=LINES)
        assert told.is_done, told.text
        (document,) = json.loads(told.text)
        run = self.app.history.run(self.person, self.entry)
        return [each["answer"] for each in document["variants"]] == self.answers and (
            run.query == QUESTION
        )

    @property
    def person(self) -> str:
        return f"browser:{self.honest.key}"


@pytest.fixture(scope="session")
def server(tiny_base, image, image_file, head, tmp_path_factory) -> Iterator[Server]:
    cache, hub_cache = (tmp_path_factory.mktemp(name) for name in ("uploads", "hub"))
    with pytest.MonkeyPatch.context() as patch, LoopbackHub() as hub:
        patch.setenv("GRADIO_TEMP_DIR", str(cache))
        settings = Settings(
            host="0.0.0.0", max_new_tokens=MOST_TOKENS, max_variants=8, hub=("someone",)
        )
        assert not settings.is_private
        reader = hub_of(hub, hub_cache, allowed=settings.hub)
        base = SharedBase.load(tiny_base, device="cpu", hub=reader, pickles=settings.is_private)
        for owner in ("someone", "else"):
            hub.put(f"{owner}/heads", {"a.safetensors": save(make_state(base.hidden_size))})
        bounds = Bounds(settings.queue, settings.most_each, settings.seconds)
        history = History(None, settings.history_bytes)
        app = App(
            base,
            settings,
            menu([peek(head)]),
            (Example(image_file, QUESTION),),
            Shelf.of(settings, [str(head)], reader, base),
            places=Places(settings.places, bounds),
            history=history,
        )
        page = build(app)
        page.launch(prevent_thread_lock=True, **launch_options(settings))
        lines = [line.replace("late.safetensors", str(head)) for line in LINES]
        expected = run(base, image, QUESTION, lines, max_new_tokens=MOST_TOKENS)
        answers = [result.answer for result in expected.results]
        server = Server(app, page, hub, cache, hub_cache, image_file, answers)
        server.honest = Visitor(page).comes()
        sent = server.honest.sends(image_file)
        server.honest.does(
            "", "compare_form", image=sent, question=QUESTION, variants=["baseline", "random"]
        )
        (entry,) = app.history.entries(server.person)
        server.entry = entry.id
        assert server.is_well()
        yield server
        page.close()
        history.close()


@pytest.fixture
def attacker(server) -> Visitor:
    return server.visitor()


@pytest.fixture
def nothing_changes(server) -> Iterator[None]:
    """Whatever the test does: nobody's history, no file of anybody's, and no answer is another."""
    before = server.state()
    yield
    after = server.state()
    for part in ("files", "history"):
        assert after[part] == before[part]
    assert server.is_well()


@pytest.fixture
def sentence(server) -> Callable[[Told], str]:
    """The one sentence of a refusal, which says nothing of the server's disk and shows no trace."""

    def checked(told: Told) -> str:
        said = told.said
        assert said.endswith("."), told.text[:500]
        assert len(said) < 2100 and "\n" not in said.strip()
        for place in (str(server.cache), str(server.hub_cache), "Traceback", "site-packages"):
            assert place not in told.text
        return said

    return checked
