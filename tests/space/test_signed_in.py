"""People who signed in, over HTTP as their browsers do it: each reads what is theirs, and nobody else's."""

import base64
import hashlib
import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from itsdangerous import TimestampSigner
from tests.support.hub import LoopbackHub, hub_of

from application import App
from batch.batches import Batches, Held
from batch.plan import Plan
from batch.rows import Row
from history.store import History
from menu import menu
from offer import Offer
from page import build, launch_options
from places import Places
from readers import Readers
from settings import Settings
from shelf import Shelf
from sign_in import SIGN_IN
from vlmscope import Case, CheckpointError, Variant
from vlmscope.checkpoints.hub_errors import VISITOR

from .conftest import QUESTION

ALICE, BOB = "hf_token-of-alice", "hf_token-of-bob"
PRIVATE, FILE = "alice/private", "secret-head.safetensors"
CLIENT_SECRET = "what only the Space and the Hub know"
VIEW = ("", "all kinds", "modified", None)


@pytest.fixture(scope="module")
def server(head):
    with LoopbackHub() as server:
        server.put(PRIVATE, {FILE: head.read_bytes()}, token=ALICE)
        yield server


@pytest.fixture(scope="module")
def app(base, server, tmp_path_factory):
    settings = Settings(space="ada/vlmscope", public=False, sign_in=True, max_new_tokens=3)
    hub = hub_of(server, tmp_path_factory.mktemp("shared"), remedies=VISITOR)
    history = History(None)
    shelf = Shelf.of(settings, [], hub, base)
    yield App(base, settings, menu([]), (), shelf, places=Places(2), history=history)
    history.close()


@pytest.fixture(scope="module")
def page(app):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYSTEM", "spaces")
        patch.setenv("SPACE_ID", "ada/vlmscope")
        told = {
            "OAUTH_CLIENT_ID": "id",
            "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "OAUTH_SCOPES": "openid profile read-repos",
            "OPENID_PROVIDER_URL": "http://127.0.0.1:9",
        }
        for name, value in told.items():
            patch.setattr(f"gradio.oauth.{name}", value)
        page = build(app)
        options = launch_options() | {"server_name": "127.0.0.1", "mcp_server": False}
        page.launch(prevent_thread_lock=True, **options)
        yield page
        page.close()


def session(user: str, token: str, expires_at: int = 2**40) -> str:
    """The cookie of someone who signed in, as Gradio writes it."""
    info = {
        **{"access_token": token, "scope": "openid read-repos", "expires_at": expires_at},
        "userinfo": {"name": user, "preferred_username": user, "profile": "", "picture": ""},
    }
    key = hashlib.sha256(f"{CLIENT_SECRET}-v4".encode()).hexdigest()
    data = base64.b64encode(json.dumps({"oauth_info": info}).encode())
    return f"session={TimestampSigner(key).sign(data).decode()}"


@dataclass
class Visitor:
    """One open page; `heard` is all that the server has told it."""

    page: gr.Blocks
    cookie: str = ""
    heard: list[str] = field(default_factory=list)
    hash: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=f"{self.page.local_url}gradio_api/",
            headers={"Cookie": self.cookie} if self.cookie else {},
            timeout=120,
        )
        self.hear(self.client.get(f"{self.page.local_url}config").text)
        self.greeted = self.does("greet", "page", "")

    def hear(self, text: str) -> str:
        self.heard.append(text)
        return text

    def does(self, name: str, module: str, *data: Any, **event: Any) -> Any:
        """What an event of the page gives; states are the server's own, and None here."""
        index = next(
            index
            for index, each in self.page.fns.items()
            if (getattr(each.fn, "__name__", ""), getattr(each.fn, "__module__", ""))
            == (name, module)
        )
        asked = {"data": data, "fn_index": index, "session_hash": self.hash, "event_data": event}
        self.client.post("queue/join", json=asked).raise_for_status()
        told: dict[str, Any] = {}
        with self.client.stream("GET", f"queue/data?session_hash={self.hash}") as lines:
            for line in lines.iter_lines():
                message = json.loads(self.hear(line).removeprefix("data: ") or "{}")
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    told = message["output"]
                    break
        return told["data"]

    def looks_into(self, place: str) -> str:
        return repr(self.does("look_into", "checkpoints.looking", None, place, None, *VIEW))

    def picks_the_first(self) -> str:
        return repr(
            self.does("pick", "checkpoints.picking", None, index=[0, 0], value="1", row_value=["1"])
        )

    def adds(self) -> str:
        data = (None, None, None, ["baseline"], None, None)
        return repr(self.does("add", "checkpoints.adding", *data))

    def compares(self, image: Path, ticked: list[str], lines: str = "") -> str:
        with image.open("rb") as opened:
            (path,) = self.client.post("upload", files={"files": opened}).json()
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        form = (file, QUESTION, ticked, lines, 50, False, {}, None, None)
        self.does("wait", "running", None)
        self.heard.append(start := uuid.uuid4().hex)
        self.does("run", "running", *form)
        return "".join(self.heard[self.heard.index(start) :])


@pytest.fixture
def visitor(page):
    def come(*signed: Any) -> Visitor:
        return Visitor(page, session(*signed) if signed else "")

    return come


def test_alice_finds_adds_and_compares_her_private_checkpoint_and_bob_does_not(
    visitor, app, server, image_file, caplog, tmp_path
):
    caplog.set_level(logging.DEBUG, "vlmscope")
    alice = visitor("alice", ALICE)
    assert "Sign out alice" in repr(alice.greeted)
    assert "secret-head" in alice.looks_into(f"hf://{PRIVATE}")
    assert "secret-head" in alice.picks_the_first()
    assert "is ticked in the comparison" in alice.adds()
    told = alice.compares(image_file, ["baseline", "arr-coc-secret-head"])
    assert '"done"' in told and "failed" not in told

    commit = server.repos["model", PRIVATE].refs["main"]
    line = f"arr-coc:hf://{PRIVATE}@{commit}/{FILE}"
    for other in (visitor("bob", BOB), visitor(), visitor("alice", ALICE, 1)):
        for place in (f"hf://{PRIVATE}", f"hf://{PRIVATE}@{commit}"):
            seen = other.looks_into(place)
            assert "is not there, or is private" in seen and "secret-head" not in seen
        told = other.compares(image_file, [], line)
        assert "is not there, or is private" in told and '"done"' not in told

    everything = "".join(alice.heard) + caplog.text
    kept = [file for file in app.history.folder.rglob("*") if file.is_file()]
    assert kept and ALICE not in everything
    assert not any(ALICE.encode() in file.read_bytes() for file in kept)
    assert {token for *_, token in server.requests} == {None, f"Bearer {ALICE}", f"Bearer {BOB}"}


def test_who_did_not_sign_in_is_offered_to(visitor):
    assert SIGN_IN in repr(visitor().greeted)
    assert SIGN_IN in repr(visitor("alice", ALICE, 1).greeted)  # it has ended


def test_a_session_that_the_space_did_not_sign_is_nobodys(page):
    forged = session("alice", ALICE).replace("session=", "session=x")
    assert SIGN_IN in repr(Visitor(page, forged).greeted)


def test_a_person_who_signed_in_is_the_same_wherever_they_sit(visitor, app):
    visitor("alice", ALICE)
    visitor("alice", ALICE)
    assert app.visits.is_here("user:alice")


def test_the_page_brings_the_way_in_and_back_to_its_address(page):
    with httpx.Client(base_url=page.local_url) as client:
        out = client.get("logout?_target_url=/?q=what")
        assert out.headers["location"] == "/?q=what"
    button = next(b for b in page.blocks.values() if getattr(b, "elem_id", "") == "sign-in")
    assert "/login/huggingface" in next(
        str(fn.js) for fn in page.fns.values() if (button._id, "click") in fn.targets
    )


@pytest.mark.parametrize(
    "elsewhere", [Settings(), Settings(space="ada/vlmscope", public=True, sign_in=True)]
)
def test_at_the_desk_and_among_strangers_nobody_is_asked_to_sign_in(app, base, elsewhere):
    assert not build(App(base, elsewhere, (), (), app.shelf)).expects_oauth


def as_token(token: str) -> gr.OAuthToken:
    return gr.OAuthToken(token, "read-repos", 2**40)


def test_only_who_signed_in_reads_with_a_token_of_their_own(app):
    readers = app.readers
    for person, token in (("user:alice", None), ("browser:x", as_token(ALICE)), ("", None)):
        assert readers.of(person, token) is app.shelf.hub
    assert readers.of("user:alice", as_token(ALICE)) is not app.shelf.hub


def test_what_was_fetched_for_a_person_goes_with_them(app, server):
    readers = Readers(app.shelf.hub, ())
    source = f"hf://{PRIVATE}/{FILE}"
    (path,) = readers.fetched("user:alice", as_token(ALICE), [source, "/a/file"], False).values()
    assert Path(path).is_file()
    with pytest.raises(CheckpointError, match="is not there, or is private"):
        readers.fetched("user:bob", as_token(BOB), [source], False)
    readers.forget("user:bob")
    readers.forget("browser:x")
    assert Path(path).is_file()
    readers.forget("user:alice")
    assert not Path(path).exists()
    assert readers.fetched("user:alice", None, [source], False) == {}


def test_a_batch_reads_a_private_checkpoint_without_keeping_a_token(app, base, image_file):
    source = f"hf://{PRIVATE}/{FILE}"
    variants = (Variant("arr-coc", source, options={"keep": "50%"}),)
    batches = Batches(base, Places(1), app.history)
    numbers = count()

    def begun(person: str, token: str) -> Mapping[str, Row]:
        def prepare(home: Path) -> Plan:
            copy = home / f"{next(numbers)}.png"
            copy.write_bytes(image_file.read_bytes())
            case = Case("1", "", copy, QUESTION)
            return Plan("a", (case,), variants, {"max_new_tokens": 2})

        held = batches.begin(
            person,
            Offer((), True),
            prepare,
            lambda v: app.readers.fetched(person, as_token(token), v[0].sources, False),
        )
        assert isinstance(held, Held)
        held.job.wait(60)
        return held.job.rows

    (row,) = begun("user:alice", ALICE).values()
    assert [outcome.status for outcome in row.outcomes.values()] == ["done"]
    with pytest.raises(CheckpointError, match="is not there, or is private"):
        begun("user:bob", BOB)
